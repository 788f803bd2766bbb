/* Thrust: any number of values, usable on both sides. Its elements may be references, to which
 * assignment goes through. */
#pragma once

#include "pair.h"

namespace thrust {

struct null_type {};

template <typename... T>
class tuple;

namespace detail {

template <size_t I, typename T>
struct tuple_leaf {
    T value;
};
template <size_t I, typename T>
ANYROC_HD constexpr T &element(tuple_leaf<I, T> &leaf)
{
    return leaf.value;
}
template <size_t I, typename T>
ANYROC_HD constexpr const T &element(const tuple_leaf<I, T> &leaf)
{
    return leaf.value;
}

template <typename Indices, typename... T>
struct tuple_leaves;
template <size_t... I, typename... T>
struct tuple_leaves<std::index_sequence<I...>, T...> : tuple_leaf<I, T>... {
    constexpr tuple_leaves() : tuple_leaf<I, T>{T()}... {}
    template <typename... U>
    ANYROC_HD constexpr tuple_leaves(std::in_place_t, U &&...values)
        : tuple_leaf<I, T>{static_cast<T>(static_cast<U &&>(values))}...
    {
    }
    template <typename Other>
    ANYROC_HD constexpr tuple_leaves(std::in_place_type_t<Other>, Other &other)
        : tuple_leaf<I, T>{static_cast<T>(element<I>(other))}...
    {
    }
    template <typename Other>
    ANYROC_HD void assign(const Other &other)
    {
        ((element<I>(*this) = element<I>(other)), ...);
    }
    template <typename Other>
    ANYROC_HD bool equals(const Other &other) const
    {
        return ((element<I>(*this) == element<I>(other)) && ...);
    }
    template <typename Other>
    ANYROC_HD bool precedes(const Other &other) const
    {
        bool less = false, decided = false;
        ((decided || (less = element<I>(*this) < element<I>(other),
                      decided = less || element<I>(other) < element<I>(*this))),
         ...);
        return less;
    }
};

template <typename T>
struct is_tuple : std::false_type {};
template <typename... T>
struct is_tuple<tuple<T...>> : std::true_type {};

template <typename... U>
struct one_tuple : std::false_type {};
template <typename U>
struct one_tuple<U> : is_tuple<std::decay_t<U>> {};

}  // namespace detail

template <typename... T>
class tuple : public detail::tuple_leaves<std::index_sequence_for<T...>, T...> {
    using leaves = detail::tuple_leaves<std::index_sequence_for<T...>, T...>;

public:
    tuple() = default;
    tuple(const tuple &) = default;
    template <typename... U,
              std::enable_if_t<(sizeof...(U) == sizeof...(T)) && (sizeof...(U) > 0) &&
                                   !detail::one_tuple<U...>::value,
                               std::enable_if_t<(std::is_constructible_v<T, U> && ...), int>> = 0>
    ANYROC_HD constexpr tuple(U &&...values) : leaves(std::in_place, static_cast<U &&>(values)...)
    {
    }
    template <typename... U, std::enable_if_t<sizeof...(U) == sizeof...(T), int> = 0>
    ANYROC_HD constexpr tuple(const tuple<U...> &other)
        : leaves(std::in_place_type<const tuple<U...>>, other)
    {
    }
    template <typename A, typename B>
    ANYROC_HD constexpr tuple(const pair<A, B> &other)
        : leaves(std::in_place, other.first, other.second)
    {
    }
    ANYROC_HD tuple &operator=(const tuple &other)
    {
        leaves::assign(other);
        return *this;
    }
    template <typename... U>
    ANYROC_HD tuple &operator=(const tuple<U...> &other)
    {
        leaves::assign(other);
        return *this;
    }
    template <typename A, typename B>
    ANYROC_HD tuple &operator=(const pair<A, B> &other)
    {
        leaves::assign(tuple<const A &, const B &>(other.first, other.second));
        return *this;
    }
    template <size_t I>
    ANYROC_HD auto &get()
    {
        return detail::element<I>(*this);
    }
    template <size_t I>
    ANYROC_HD const auto &get() const
    {
        return detail::element<I>(*this);
    }
    ANYROC_HD void swap(tuple &other)
    {
        tuple old = *this;
        *this = other;
        other = old;
    }
};

template <typename... T>
tuple(T...) -> tuple<T...>;

template <typename T>
struct tuple_size : std::tuple_size<T> {};
template <size_t I, typename T>
struct tuple_element : std::tuple_element<I, T> {};
template <size_t I, typename T>
using tuple_element_t = typename tuple_element<I, T>::type;

template <size_t I, typename... T>
ANYROC_HD constexpr auto &get(tuple<T...> &t)
{
    return detail::element<I>(t);
}
template <size_t I, typename... T>
ANYROC_HD constexpr auto &get(const tuple<T...> &t)
{
    return detail::element<I>(t);
}
template <size_t I, typename... T>
ANYROC_HD constexpr std::tuple_element_t<I, tuple<T...>> &&get(tuple<T...> &&t)
{
    return static_cast<std::tuple_element_t<I, tuple<T...>> &&>(detail::element<I>(t));
}
template <typename... T>
ANYROC_HD constexpr tuple<std::decay_t<T>...> make_tuple(T &&...values)
{
    return tuple<std::decay_t<T>...>(static_cast<T &&>(values)...);
}
template <typename... T>
ANYROC_HD constexpr tuple<T &...> tie(T &...values)
{
    return tuple<T &...>(values...);
}
template <typename... T>
ANYROC_HD void swap(tuple<T...> &x, tuple<T...> &y)
{
    x.swap(y);
}

template <typename... T, typename... U>
ANYROC_HD bool operator==(const tuple<T...> &x, const tuple<U...> &y)
{
    return x.equals(y);
}
template <typename... T, typename... U>
ANYROC_HD bool operator<(const tuple<T...> &x, const tuple<U...> &y)
{
    return x.precedes(y);
}
template <typename... T, typename... U>
ANYROC_HD bool operator!=(const tuple<T...> &x, const tuple<U...> &y)
{
    return !(x == y);
}
template <typename... T, typename... U>
ANYROC_HD bool operator>(const tuple<T...> &x, const tuple<U...> &y)
{
    return y < x;
}
template <typename... T, typename... U>
ANYROC_HD bool operator<=(const tuple<T...> &x, const tuple<U...> &y)
{
    return !(y < x);
}
template <typename... T, typename... U>
ANYROC_HD bool operator>=(const tuple<T...> &x, const tuple<U...> &y)
{
    return !(x < y);
}

}  // namespace thrust

template <typename... T>
struct std::tuple_size<thrust::tuple<T...>> : std::integral_constant<std::size_t, sizeof...(T)> {};
template <std::size_t I, typename... T>
struct std::tuple_element<I, thrust::tuple<T...>> : std::tuple_element<I, std::tuple<T...>> {};
