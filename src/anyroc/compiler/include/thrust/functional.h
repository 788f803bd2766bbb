/* Thrust: function objects. */
#pragma once

#include <functional>
#include <type_traits>

#include "detail/config.h"
#include "detail/placeholders.h"

namespace thrust {

/* With a type, an operator takes two of it; without, whatever it is given. */
#define ANYROC_THRUST_BINARY(name, result, expression)                          \
    template <typename T = void>                                                \
    struct name {                                                               \
        using first_argument_type = T;                                          \
        using second_argument_type = T;                                         \
        using result_type = result;                                             \
        ANYROC_HD constexpr result operator()(const T &a, const T &b) const     \
        {                                                                       \
            return expression;                                                  \
        }                                                                       \
    };                                                                          \
    template <>                                                                 \
    struct name<void> {                                                         \
        using is_transparent = void;                                            \
        template <typename A, typename B>                                       \
        ANYROC_HD constexpr auto operator()(const A &a, const B &b) const       \
            -> std::decay_t<decltype(expression)>                               \
        {                                                                       \
            return expression;                                                  \
        }                                                                       \
    };
ANYROC_THRUST_BINARY(plus, T, a + b)
ANYROC_THRUST_BINARY(minus, T, a - b)
ANYROC_THRUST_BINARY(multiplies, T, a *b)
ANYROC_THRUST_BINARY(divides, T, a / b)
ANYROC_THRUST_BINARY(modulus, T, a % b)
ANYROC_THRUST_BINARY(bit_and, T, a &b)
ANYROC_THRUST_BINARY(bit_or, T, a | b)
ANYROC_THRUST_BINARY(bit_xor, T, a ^ b)
ANYROC_THRUST_BINARY(maximum, T, a < b ? b : a)
ANYROC_THRUST_BINARY(minimum, T, b < a ? b : a)
ANYROC_THRUST_BINARY(equal_to, bool, a == b)
ANYROC_THRUST_BINARY(not_equal_to, bool, a != b)
ANYROC_THRUST_BINARY(greater, bool, a > b)
ANYROC_THRUST_BINARY(less, bool, a < b)
ANYROC_THRUST_BINARY(greater_equal, bool, a >= b)
ANYROC_THRUST_BINARY(less_equal, bool, a <= b)
ANYROC_THRUST_BINARY(logical_and, bool, a &&b)
ANYROC_THRUST_BINARY(logical_or, bool, a || b)
#undef ANYROC_THRUST_BINARY

#define ANYROC_THRUST_UNARY(name, result, expression)                        \
    template <typename T = void>                                             \
    struct name {                                                            \
        using argument_type = T;                                             \
        using result_type = result;                                          \
        ANYROC_HD constexpr result operator()(const T &a) const              \
        {                                                                    \
            return expression;                                               \
        }                                                                    \
    };                                                                       \
    template <>                                                              \
    struct name<void> {                                                      \
        template <typename A>                                                \
        ANYROC_HD constexpr auto operator()(const A &a) const                \
            -> std::decay_t<decltype(expression)>                            \
        {                                                                    \
            return expression;                                               \
        }                                                                    \
    };
ANYROC_THRUST_UNARY(negate, T, -a)
ANYROC_THRUST_UNARY(square, T, a *a)
ANYROC_THRUST_UNARY(logical_not, bool, !a)
ANYROC_THRUST_UNARY(bit_not, T, ~a)
ANYROC_THRUST_UNARY(identity, T, a)
#undef ANYROC_THRUST_UNARY

template <typename A = void, typename B = void>
struct project1st {
    using result_type = A;
    template <typename X, typename Y>
    ANYROC_HD constexpr X operator()(const X &a, const Y &) const
    {
        return a;
    }
};
template <typename A = void, typename B = void>
struct project2nd {
    using result_type = B;
    template <typename X, typename Y>
    ANYROC_HD constexpr Y operator()(const X &, const Y &b) const
    {
        return b;
    }
};

template <typename Argument, typename Result>
struct unary_function {
    using argument_type = Argument;
    using result_type = Result;
};
template <typename First, typename Second, typename Result>
struct binary_function {
    using first_argument_type = First;
    using second_argument_type = Second;
    using result_type = Result;
};

/* The opposite of a predicate of any number of arguments. */
template <typename Predicate>
struct unary_negate {
    Predicate predicate;
    ANYROC_HD constexpr explicit unary_negate(Predicate p) : predicate(p) {}
    template <typename... A>
    ANYROC_HD constexpr bool operator()(const A &...a) const
    {
        return !predicate(a...);
    }
};
template <typename Predicate>
using binary_negate = unary_negate<Predicate>;
template <typename Predicate>
ANYROC_HD constexpr unary_negate<Predicate> not1(const Predicate &predicate)
{
    return unary_negate<Predicate>(predicate);
}
template <typename Predicate>
ANYROC_HD constexpr unary_negate<Predicate> not2(const Predicate &predicate)
{
    return unary_negate<Predicate>(predicate);
}
template <typename Predicate>
ANYROC_HD constexpr unary_negate<Predicate> not_fn(const Predicate &predicate)
{
    return unary_negate<Predicate>(predicate);
}

}  // namespace thrust
