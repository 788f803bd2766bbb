/* Thrust: expressions over arguments, _1 * 2 + _2, that are functions of them. */
#pragma once

#include <type_traits>

#include "config.h"

namespace thrust {
namespace detail {

/* A function of the arguments that operators make greater ones of. */
template <typename F>
struct actor {
    F function;
    template <typename... A>
    ANYROC_HD constexpr decltype(auto) operator()(A &&...arguments) const
    {
        return function(arguments...);
    }
};

template <int N>
struct argument {
    template <typename First, typename... Rest>
    ANYROC_HD constexpr decltype(auto) operator()(First &first, Rest &...rest) const
    {
        if constexpr (N == 0)
            return static_cast<First &>(first);
        else
            return argument<N - 1>()(rest...);
    }
};
template <typename T>
struct literal {
    T value;
    template <typename... A>
    ANYROC_HD constexpr T operator()(A &...) const
    {
        return value;
    }
};

template <typename T>
ANYROC_HD constexpr literal<T> as_function(const T &value)
{
    return {value};
}
template <typename F>
ANYROC_HD constexpr F as_function(const actor<F> &expression)
{
    return expression.function;
}
template <typename T>
struct is_actor : std::false_type {};
template <typename F>
struct is_actor<actor<F>> : std::true_type {};

#define ANYROC_THRUST_EXPRESSION(op, name)                                                       \
    template <typename F, typename G>                                                            \
    struct name {                                                                                \
        F f;                                                                                     \
        G g;                                                                                     \
        template <typename... A>                                                                 \
        ANYROC_HD constexpr decltype(auto) operator()(A &...arguments) const                     \
        {                                                                                        \
            return f(arguments...) op g(arguments...);                                           \
        }                                                                                        \
    };                                                                                           \
    template <typename X, typename Y,                                                            \
              std::enable_if_t<is_actor<X>::value || is_actor<Y>::value, int> = 0>               \
    ANYROC_HD constexpr auto operator op(const X &x, const Y &y)                                 \
    {                                                                                            \
        return actor<name<decltype(as_function(x)), decltype(as_function(y))>>{                  \
            {as_function(x), as_function(y)}};                                                   \
    }
ANYROC_THRUST_EXPRESSION(+, sum_of)
ANYROC_THRUST_EXPRESSION(-, difference_of)
ANYROC_THRUST_EXPRESSION(*, product_of)
ANYROC_THRUST_EXPRESSION(/, quotient_of)
ANYROC_THRUST_EXPRESSION(%, remainder_of)
ANYROC_THRUST_EXPRESSION(&, conjunction_of)
ANYROC_THRUST_EXPRESSION(|, disjunction_of)
ANYROC_THRUST_EXPRESSION(^, exclusive_of)
ANYROC_THRUST_EXPRESSION(<<, left_shift_of)
ANYROC_THRUST_EXPRESSION(>>, right_shift_of)
ANYROC_THRUST_EXPRESSION(==, equality_of)
ANYROC_THRUST_EXPRESSION(!=, inequality_of)
ANYROC_THRUST_EXPRESSION(<, less_of)
ANYROC_THRUST_EXPRESSION(>, greater_of)
ANYROC_THRUST_EXPRESSION(<=, at_most_of)
ANYROC_THRUST_EXPRESSION(>=, at_least_of)
ANYROC_THRUST_EXPRESSION(&&, both_of)
ANYROC_THRUST_EXPRESSION(||, either_of)
ANYROC_THRUST_EXPRESSION(+=, addition_to)
ANYROC_THRUST_EXPRESSION(-=, subtraction_from)
ANYROC_THRUST_EXPRESSION(*=, multiplication_of)
ANYROC_THRUST_EXPRESSION(/=, division_of)
#undef ANYROC_THRUST_EXPRESSION

#define ANYROC_THRUST_EXPRESSION(op, name)                              \
    template <typename F>                                               \
    struct name {                                                       \
        F f;                                                            \
        template <typename... A>                                        \
        ANYROC_HD constexpr auto operator()(A &...arguments) const      \
        {                                                               \
            return op f(arguments...);                                  \
        }                                                               \
    };                                                                  \
    template <typename F>                                               \
    ANYROC_HD constexpr auto operator op(const actor<F> &expression)    \
    {                                                                   \
        return actor<name<F>>{{expression.function}};                   \
    }
ANYROC_THRUST_EXPRESSION(-, negative_of)
ANYROC_THRUST_EXPRESSION(!, not_of)
ANYROC_THRUST_EXPRESSION(~, complement_of)
#undef ANYROC_THRUST_EXPRESSION

}  // namespace detail

namespace placeholders {
#define ANYROC_THRUST_PLACEHOLDER(number) \
    static constexpr detail::actor<detail::argument<number - 1>> _##number{};
ANYROC_THRUST_PLACEHOLDER(1)
ANYROC_THRUST_PLACEHOLDER(2)
ANYROC_THRUST_PLACEHOLDER(3)
ANYROC_THRUST_PLACEHOLDER(4)
ANYROC_THRUST_PLACEHOLDER(5)
ANYROC_THRUST_PLACEHOLDER(6)
ANYROC_THRUST_PLACEHOLDER(7)
ANYROC_THRUST_PLACEHOLDER(8)
ANYROC_THRUST_PLACEHOLDER(9)
ANYROC_THRUST_PLACEHOLDER(10)
#undef ANYROC_THRUST_PLACEHOLDER
}  // namespace placeholders

}  // namespace thrust
