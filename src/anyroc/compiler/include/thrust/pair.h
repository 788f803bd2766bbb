/* Thrust: two values, usable on both sides. */
#pragma once

#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>

#include "detail/config.h"

namespace thrust {

template <typename A, typename B>
struct pair {
    using first_type = A;
    using second_type = B;
    A first{};
    B second{};

    pair() = default;
    ANYROC_HD pair(const A &a, const B &b) : first(a), second(b) {}
    template <typename U, typename V>
    ANYROC_HD pair(const pair<U, V> &other) : first(other.first), second(other.second)
    {
    }
    template <typename U, typename V>
    ANYROC_HD pair(const std::pair<U, V> &other) : first(other.first), second(other.second)
    {
    }
    template <typename U, typename V>
    ANYROC_HD pair &operator=(const pair<U, V> &other)
    {
        first = other.first;
        second = other.second;
        return *this;
    }
    ANYROC_HD void swap(pair &other)
    {
        pair old = *this;
        *this = other;
        other = old;
    }
    template <typename U, typename V>
    operator std::pair<U, V>() const
    {
        return std::pair<U, V>(first, second);
    }
};

template <typename A, typename B>
pair(A, B) -> pair<A, B>;

template <typename A, typename B>
ANYROC_HD pair<std::decay_t<A>, std::decay_t<B>> make_pair(A &&a, B &&b)
{
    return {static_cast<A &&>(a), static_cast<B &&>(b)};
}
template <typename A, typename B>
ANYROC_HD void swap(pair<A, B> &x, pair<A, B> &y)
{
    x.swap(y);
}
template <typename A, typename B, typename U, typename V>
ANYROC_HD bool operator==(const pair<A, B> &x, const pair<U, V> &y)
{
    return x.first == y.first && x.second == y.second;
}
template <typename A, typename B, typename U, typename V>
ANYROC_HD bool operator<(const pair<A, B> &x, const pair<U, V> &y)
{
    return x.first < y.first || (!(y.first < x.first) && x.second < y.second);
}
template <typename A, typename B, typename U, typename V>
ANYROC_HD bool operator!=(const pair<A, B> &x, const pair<U, V> &y)
{
    return !(x == y);
}
template <typename A, typename B, typename U, typename V>
ANYROC_HD bool operator>(const pair<A, B> &x, const pair<U, V> &y)
{
    return y < x;
}
template <typename A, typename B, typename U, typename V>
ANYROC_HD bool operator<=(const pair<A, B> &x, const pair<U, V> &y)
{
    return !(y < x);
}
template <typename A, typename B, typename U, typename V>
ANYROC_HD bool operator>=(const pair<A, B> &x, const pair<U, V> &y)
{
    return !(x < y);
}

template <size_t I, typename A, typename B>
ANYROC_HD constexpr auto &get(pair<A, B> &p)
{
    if constexpr (I == 0)
        return p.first;
    else
        return p.second;
}
template <size_t I, typename A, typename B>
ANYROC_HD constexpr const auto &get(const pair<A, B> &p)
{
    if constexpr (I == 0)
        return p.first;
    else
        return p.second;
}

}  // namespace thrust

template <typename A, typename B>
struct std::tuple_size<thrust::pair<A, B>> : std::integral_constant<std::size_t, 2> {};
template <std::size_t I, typename A, typename B>
struct std::tuple_element<I, thrust::pair<A, B>> {
    using type = std::conditional_t<I == 0, A, B>;
};
