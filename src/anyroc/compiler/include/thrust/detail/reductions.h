/* Thrust: algorithms that make one value of a sequence. */
#pragma once

#include "run.h"

namespace thrust {

template <typename P, typename In, typename F, typename T, typename Op>
ANYROC_HD detail::plain_t<T> transform_reduce(const execution_policy<P> &policy, In first,
                                                In last, F f, T init, Op combine)
{
    using Sum = detail::plain_t<T>;
    auto in = detail::raw(first);
    auto load = [=] ANYROC_HD(size_t i) mutable -> Sum { return f(in[i]); };
    return detail::reduce<Sum>(detail::way(policy), last - first, load, init, combine);
}
ANYROC_THRUST_PLAIN(transform_reduce)

template <typename P, typename In, typename T, typename Op>
ANYROC_HD detail::plain_t<T> reduce(const execution_policy<P> &policy, In first, In last, T init,
                                      Op combine)
{
    using Sum = detail::plain_t<T>;
    auto in = detail::raw(first);
    auto load = [=] ANYROC_HD(size_t i) -> Sum { return static_cast<Sum>(in[i]); };
    return detail::reduce<Sum>(detail::way(policy), last - first, load, init, combine);
}
template <typename P, typename In, typename T>
ANYROC_HD detail::plain_t<T> reduce(const execution_policy<P> &policy, In first, In last, T init)
{
    return thrust::reduce(policy, first, last, init, thrust::plus<>());
}
template <typename P, typename In>
ANYROC_HD detail::value_of<In> reduce(const execution_policy<P> &policy, In first, In last)
{
    return thrust::reduce(policy, first, last, detail::value_of<In>(), thrust::plus<>());
}
ANYROC_THRUST_PLAIN(reduce)

template <typename P, typename A, typename B, typename T, typename Op, typename Combine>
ANYROC_HD detail::plain_t<T> inner_product(const execution_policy<P> &policy, A first, A last,
                                             B other, T init, Op sum, Combine product)
{
    using Sum = detail::plain_t<T>;
    auto a = detail::raw(first);
    auto b = detail::raw(other);
    auto load = [=] ANYROC_HD(size_t i) mutable -> Sum { return product(a[i], b[i]); };
    return detail::reduce<Sum>(detail::way(policy), last - first, load, init, sum);
}
template <typename P, typename A, typename B, typename T>
ANYROC_HD detail::plain_t<T> inner_product(const execution_policy<P> &policy, A first, A last,
                                             B other, T init)
{
    return thrust::inner_product(policy, first, last, other, init, thrust::plus<>(),
                                 thrust::multiplies<>());
}
ANYROC_THRUST_PLAIN(inner_product)

template <typename P, typename In, typename Predicate>
ANYROC_HD std::ptrdiff_t count_if(const execution_policy<P> &policy, In first, In last,
                                    Predicate chosen)
{
    auto in = detail::raw(first);
    auto load = [=] ANYROC_HD(size_t i) mutable -> std::ptrdiff_t { return chosen(in[i]) ? 1 : 0; };
    return detail::reduce<std::ptrdiff_t>(detail::way(policy), last - first, load, 0,
                                          thrust::plus<>());
}
template <typename P, typename In, typename T>
ANYROC_HD std::ptrdiff_t count(const execution_policy<P> &policy, In first, In last,
                                 const T &value)
{
    detail::plain_t<T> copy = value;
    return thrust::count_if(policy, first, last,
                            [=] ANYROC_HD(const auto &v) { return v == copy; });
}
ANYROC_THRUST_PLAIN(count_if)
ANYROC_THRUST_PLAIN(count)

namespace detail {

/* The first i below n for which found(i), else n. */
template <typename Way, typename Found>
ANYROC_HD size_t first_of(const Way &run, size_t n, Found found)
{
    auto load = [=] ANYROC_HD(size_t i) mutable -> size_t { return found(i) ? i : n; };
    return detail::reduce<size_t>(run, n, load, n, thrust::minimum<>());
}

/* The index of the item before which, by `better`, none is; of equals the first, or the last. */
template <bool LAST, typename Way, typename Items, typename Better>
ANYROC_HD size_t best_of(const Way &run, size_t n, Items items, Better better)
{
    auto pick = [=] ANYROC_HD(size_t i, size_t j) mutable -> size_t {
        size_t low = i < j ? i : j, high = i < j ? j : i;
        if constexpr (LAST)
            return better(items[low], items[high]) ? low : high;
        else
            return better(items[high], items[low]) ? high : low;
    };
    auto load = [=] ANYROC_HD(size_t i) -> size_t { return i; };
    return detail::reduce<size_t>(run, n, load, 0, pick);
}

}  // namespace detail

template <typename P, typename In, typename Less>
ANYROC_HD In min_element(const execution_policy<P> &policy, In first, In last, Less less)
{
    auto in = detail::raw(first);
    return first + detail::best_of<false>(detail::way(policy), last - first, in, less);
}
template <typename P, typename In>
ANYROC_HD In min_element(const execution_policy<P> &policy, In first, In last)
{
    return thrust::min_element(policy, first, last, thrust::less<>());
}
template <typename P, typename In, typename Less>
ANYROC_HD In max_element(const execution_policy<P> &policy, In first, In last, Less less)
{
    auto in = detail::raw(first);
    auto more = [=] ANYROC_HD(const auto &a, const auto &b) mutable { return less(b, a); };
    return first + detail::best_of<false>(detail::way(policy), last - first, in, more);
}
template <typename P, typename In>
ANYROC_HD In max_element(const execution_policy<P> &policy, In first, In last)
{
    return thrust::max_element(policy, first, last, thrust::less<>());
}
template <typename P, typename In, typename Less>
ANYROC_HD pair<In, In> minmax_element(const execution_policy<P> &policy, In first, In last,
                                        Less less)
{
    return pair<In, In>(thrust::min_element(policy, first, last, less),
                        thrust::max_element(policy, first, last, less));
}
template <typename P, typename In>
ANYROC_HD pair<In, In> minmax_element(const execution_policy<P> &policy, In first, In last)
{
    return thrust::minmax_element(policy, first, last, thrust::less<>());
}
ANYROC_THRUST_PLAIN(min_element)
ANYROC_THRUST_PLAIN(max_element)
ANYROC_THRUST_PLAIN(minmax_element)

template <typename P, typename In, typename Predicate>
ANYROC_HD In find_if(const execution_policy<P> &policy, In first, In last, Predicate chosen)
{
    auto in = detail::raw(first);
    return first + detail::first_of(detail::way(policy), last - first,
                                    [=] ANYROC_HD(size_t i) mutable { return chosen(in[i]); });
}
template <typename P, typename In, typename Predicate>
ANYROC_HD In find_if_not(const execution_policy<P> &policy, In first, In last, Predicate chosen)
{
    auto in = detail::raw(first);
    return first + detail::first_of(detail::way(policy), last - first,
                                    [=] ANYROC_HD(size_t i) mutable { return !chosen(in[i]); });
}
template <typename P, typename In, typename T>
ANYROC_HD In find(const execution_policy<P> &policy, In first, In last, const T &value)
{
    detail::plain_t<T> copy = value;
    return thrust::find_if(policy, first, last,
                           [=] ANYROC_HD(const auto &v) { return v == copy; });
}
ANYROC_THRUST_PLAIN(find_if)
ANYROC_THRUST_PLAIN(find_if_not)
ANYROC_THRUST_PLAIN(find)

template <typename P, typename In, typename Predicate>
ANYROC_HD bool all_of(const execution_policy<P> &policy, In first, In last, Predicate chosen)
{
    return thrust::find_if_not(policy, first, last, chosen) == last;
}
template <typename P, typename In, typename Predicate>
ANYROC_HD bool any_of(const execution_policy<P> &policy, In first, In last, Predicate chosen)
{
    return thrust::find_if(policy, first, last, chosen) != last;
}
template <typename P, typename In, typename Predicate>
ANYROC_HD bool none_of(const execution_policy<P> &policy, In first, In last, Predicate chosen)
{
    return thrust::find_if(policy, first, last, chosen) == last;
}
ANYROC_THRUST_PLAIN(all_of)
ANYROC_THRUST_PLAIN(any_of)
ANYROC_THRUST_PLAIN(none_of)

template <typename P, typename A, typename B, typename Equal>
ANYROC_HD pair<A, B> mismatch(const execution_policy<P> &policy, A first, A last, B other,
                                Equal equal)
{
    auto a = detail::raw(first);
    auto b = detail::raw(other);
    size_t at = detail::first_of(detail::way(policy), last - first,
                                 [=] ANYROC_HD(size_t i) mutable { return !equal(a[i], b[i]); });
    return pair<A, B>(first + at, other + at);
}
template <typename P, typename A, typename B>
ANYROC_HD pair<A, B> mismatch(const execution_policy<P> &policy, A first, A last, B other)
{
    return thrust::mismatch(policy, first, last, other, thrust::equal_to<>());
}
template <typename P, typename A, typename B, typename Equal>
ANYROC_HD bool equal(const execution_policy<P> &policy, A first, A last, B other, Equal same)
{
    return thrust::mismatch(policy, first, last, other, same).first == last;
}
template <typename P, typename A, typename B>
ANYROC_HD bool equal(const execution_policy<P> &policy, A first, A last, B other)
{
    return thrust::equal(policy, first, last, other, thrust::equal_to<>());
}
ANYROC_THRUST_PLAIN(mismatch)
ANYROC_THRUST_PLAIN(equal)

template <typename P, typename In, typename Less>
ANYROC_HD In is_sorted_until(const execution_policy<P> &policy, In first, In last, Less less)
{
    auto in = detail::raw(first);
    return first + detail::first_of(detail::way(policy), last - first,
                                    [=] ANYROC_HD(size_t i) mutable {
                                        return i > 0 && less(in[i], in[i - 1]);
                                    });
}
template <typename P, typename In>
ANYROC_HD In is_sorted_until(const execution_policy<P> &policy, In first, In last)
{
    return thrust::is_sorted_until(policy, first, last, thrust::less<>());
}
template <typename P, typename In, typename... Less>
ANYROC_HD bool is_sorted(const execution_policy<P> &policy, In first, In last, Less... less)
{
    return thrust::is_sorted_until(policy, first, last, less...) == last;
}
ANYROC_THRUST_PLAIN(is_sorted_until)
ANYROC_THRUST_PLAIN(is_sorted)

template <typename P, typename In, typename Predicate>
ANYROC_HD In partition_point(const execution_policy<P> &policy, In first, In last,
                               Predicate chosen)
{
    return thrust::find_if_not(policy, first, last, chosen);
}
template <typename P, typename In, typename Predicate>
ANYROC_HD bool is_partitioned(const execution_policy<P> &policy, In first, In last,
                                Predicate chosen)
{
    In middle = thrust::partition_point(policy, first, last, chosen);
    return thrust::none_of(policy, middle, last, chosen);
}
ANYROC_THRUST_PLAIN(partition_point)
ANYROC_THRUST_PLAIN(is_partitioned)

}  // namespace thrust
