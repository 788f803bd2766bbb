/* Thrust: algorithms along a sequence. Their outputs may be their inputs:
 * what a thread reads again lies in a copy. */
#pragma once

#include "run.h"

namespace thrust {
namespace detail {

/* A sum since the last beginning of a run of equal keys, and how many runs have begun. */
template <typename T>
struct Segment {
    size_t begun;
    T sum;
};
template <typename Op>
struct within_segments {
    Op combine;
    template <typename T>
    ANYROC_HD Segment<T> operator()(const Segment<T> &a, const Segment<T> &b)
    {
        return {a.begun + b.begun, b.begun ? b.sum : static_cast<T>(combine(a.sum, b.sum))};
    }
};

}  // namespace detail

template <typename P, typename In, typename Out, typename Op>
ANYROC_HD Out inclusive_scan(const execution_policy<P> &policy, In first, In last, Out to,
                               Op combine)
{
    using T = detail::value_of<In>;
    auto run = detail::way(policy);
    auto in = detail::raw(first);
    auto out = detail::raw(to);
    detail::scan<T>(
        run, last - first, [=] ANYROC_HD(size_t i) -> T { return in[i]; }, combine,
        [=] ANYROC_HD(size_t i, const T &, const T &up_to, bool) mutable { out[i] = up_to; });
    run.finish();
    return to + (last - first);
}
template <typename P, typename In, typename Out>
ANYROC_HD Out inclusive_scan(const execution_policy<P> &policy, In first, In last, Out to)
{
    return thrust::inclusive_scan(policy, first, last, to, thrust::plus<>());
}
/* With a first value: it goes before the first item. */
template <typename P, typename In, typename Out, typename T, typename Op>
ANYROC_HD Out inclusive_scan(const execution_policy<P> &policy, In first, In last, Out to,
                               T init, Op combine)
{
    using Sum = detail::plain_t<T>;
    auto run = detail::way(policy);
    auto in = detail::raw(first);
    auto out = detail::raw(to);
    Sum start = init;
    detail::scan<Sum>(
        run, last - first, [=] ANYROC_HD(size_t i) -> Sum { return in[i]; }, combine,
        [=] ANYROC_HD(size_t i, const Sum &, const Sum &up_to, bool) mutable {
            out[i] = combine(start, up_to);
        });
    run.finish();
    return to + (last - first);
}
template <typename P, typename In, typename Out, typename T, typename Op>
ANYROC_HD Out exclusive_scan(const execution_policy<P> &policy, In first, In last, Out to,
                               T init, Op combine)
{
    using Sum = detail::plain_t<T>;
    auto run = detail::way(policy);
    auto in = detail::raw(first);
    auto out = detail::raw(to);
    Sum start = init;
    detail::scan<Sum>(
        run, last - first, [=] ANYROC_HD(size_t i) -> Sum { return in[i]; }, combine,
        [=] ANYROC_HD(size_t i, const Sum &before, const Sum &, bool any) mutable {
            out[i] = any ? static_cast<Sum>(combine(start, before)) : start;
        });
    run.finish();
    return to + (last - first);
}
template <typename P, typename In, typename Out, typename T>
ANYROC_HD Out exclusive_scan(const execution_policy<P> &policy, In first, In last, Out to,
                               T init)
{
    return thrust::exclusive_scan(policy, first, last, to, init, thrust::plus<>());
}
template <typename P, typename In, typename Out>
ANYROC_HD Out exclusive_scan(const execution_policy<P> &policy, In first, In last, Out to)
{
    return thrust::exclusive_scan(policy, first, last, to, detail::value_of<In>());
}
ANYROC_THRUST_PLAIN(inclusive_scan)
ANYROC_THRUST_PLAIN(exclusive_scan)

template <typename P, typename In, typename Out, typename F, typename Op>
ANYROC_HD Out transform_inclusive_scan(const execution_policy<P> &policy, In first, In last,
                                         Out to, F f, Op combine)
{
    return thrust::inclusive_scan(policy, thrust::make_transform_iterator(first, f),
                                  thrust::make_transform_iterator(last, f), to, combine);
}
template <typename P, typename In, typename Out, typename F, typename T, typename Op>
ANYROC_HD Out transform_inclusive_scan(const execution_policy<P> &policy, In first, In last,
                                         Out to, F f, T init, Op combine)
{
    return thrust::inclusive_scan(policy, thrust::make_transform_iterator(first, f),
                                  thrust::make_transform_iterator(last, f), to, init, combine);
}
template <typename P, typename In, typename Out, typename F, typename T, typename Op>
ANYROC_HD Out transform_exclusive_scan(const execution_policy<P> &policy, In first, In last,
                                         Out to, F f, T init, Op combine)
{
    return thrust::exclusive_scan(policy, thrust::make_transform_iterator(first, f),
                                  thrust::make_transform_iterator(last, f), to, init, combine);
}
ANYROC_THRUST_PLAIN(transform_inclusive_scan)
ANYROC_THRUST_PLAIN(transform_exclusive_scan)

namespace detail {

/* Copies a sequence, for what reads a neighbour that another thread may have written. */
template <typename Way, typename In, typename T>
ANYROC_HD void keep(const Way &run, size_t n, In in, T *copy)
{
    detail::each(run, n, [=] ANYROC_HD(size_t i) mutable { copy[i] = in[i]; });
}

}  // namespace detail

template <typename P, typename In, typename Out, typename Op>
ANYROC_HD Out adjacent_difference(const execution_policy<P> &policy, In first, In last, Out to,
                                    Op difference)
{
    using T = detail::value_of<In>;
    auto run = detail::way(policy);
    auto out = detail::raw(to);
    size_t count = last - first;
    detail::Scratch<T, decltype(run)> copy(run, count);
    T *in = copy.data();
    detail::keep(run, count, detail::raw(first), in);
    detail::each(run, count, [=] ANYROC_HD(size_t i) mutable {
        if (i == 0)
            out[i] = in[i];
        else
            out[i] = difference(in[i], in[i - 1]);
    });
    run.finish();
    return to + count;
}
template <typename P, typename In, typename Out>
ANYROC_HD Out adjacent_difference(const execution_policy<P> &policy, In first, In last, Out to)
{
    return thrust::adjacent_difference(policy, first, last, to, thrust::minus<>());
}
ANYROC_THRUST_PLAIN(adjacent_difference)

namespace detail {

/* visit(i, run of equal keys from 1 on, whether i begins it, sum before i, sum up to i). */
template <typename T, typename Way, typename Keys, typename Values, typename Equal, typename Op,
          typename Visit>
ANYROC_HD void scan_by_key(const Way &run, size_t n, Keys keys, Values values, Equal equal,
                             Op combine, Visit visit)
{
    using Key = value_of<Keys>;
    Scratch<Key, Way> key_copy(run, n);
    Key *key = key_copy.data();
    keep(run, n, keys, key);
    auto load = [=] ANYROC_HD(size_t i) mutable -> Segment<T> {
        bool begins = i == 0 || !equal(key[i - 1], key[i]);
        return {begins ? size_t(1) : size_t(0), static_cast<T>(values[i])};
    };
    auto see = [=] ANYROC_HD(size_t i, const Segment<T> &before, const Segment<T> &up_to,
                             bool any) mutable {
        visit(i, up_to.begun, !any || before.begun != up_to.begun, before.sum, up_to.sum);
    };
    detail::scan<Segment<T>>(run, n, load, within_segments<Op>{combine}, see);
    run.finish();
}

}  // namespace detail

template <typename P, typename Keys, typename Values, typename Out, typename Equal, typename Op>
ANYROC_HD Out inclusive_scan_by_key(const execution_policy<P> &policy, Keys first, Keys last,
                                      Values values, Out to, Equal equal, Op combine)
{
    using T = detail::value_of<Values>;
    auto out = detail::raw(to);
    detail::scan_by_key<T>(
        detail::way(policy), last - first, detail::raw(first), detail::raw(values), equal, combine,
        [=] ANYROC_HD(size_t i, size_t, bool, const T &, const T &sum) mutable { out[i] = sum; });
    return to + (last - first);
}
template <typename P, typename Keys, typename Values, typename Out, typename Equal>
ANYROC_HD Out inclusive_scan_by_key(const execution_policy<P> &policy, Keys first, Keys last,
                                      Values values, Out to, Equal equal)
{
    return thrust::inclusive_scan_by_key(policy, first, last, values, to, equal, thrust::plus<>());
}
template <typename P, typename Keys, typename Values, typename Out>
ANYROC_HD Out inclusive_scan_by_key(const execution_policy<P> &policy, Keys first, Keys last,
                                      Values values, Out to)
{
    return thrust::inclusive_scan_by_key(policy, first, last, values, to, thrust::equal_to<>());
}
template <typename P, typename Keys, typename Values, typename Out, typename T, typename Equal,
          typename Op>
ANYROC_HD Out exclusive_scan_by_key(const execution_policy<P> &policy, Keys first, Keys last,
                                      Values values, Out to, T init, Equal equal, Op combine)
{
    auto out = detail::raw(to);
    detail::scan_by_key<T>(
        detail::way(policy), last - first, detail::raw(first), detail::raw(values), equal, combine,
        [=] ANYROC_HD(size_t i, size_t, bool begins, const T &before, const T &) mutable {
            out[i] = begins ? init : static_cast<T>(combine(init, before));
        });
    return to + (last - first);
}
template <typename P, typename Keys, typename Values, typename Out, typename T, typename Equal>
ANYROC_HD Out exclusive_scan_by_key(const execution_policy<P> &policy, Keys first, Keys last,
                                      Values values, Out to, T init, Equal equal)
{
    return thrust::exclusive_scan_by_key(policy, first, last, values, to, init, equal,
                                         thrust::plus<>());
}
template <typename P, typename Keys, typename Values, typename Out, typename T>
ANYROC_HD Out exclusive_scan_by_key(const execution_policy<P> &policy, Keys first, Keys last,
                                      Values values, Out to, T init)
{
    return thrust::exclusive_scan_by_key(policy, first, last, values, to, init,
                                         thrust::equal_to<>());
}
template <typename P, typename Keys, typename Values, typename Out>
ANYROC_HD Out exclusive_scan_by_key(const execution_policy<P> &policy, Keys first, Keys last,
                                      Values values, Out to)
{
    return thrust::exclusive_scan_by_key(policy, first, last, values, to,
                                         detail::value_of<Values>());
}
ANYROC_THRUST_PLAIN(inclusive_scan_by_key)
ANYROC_THRUST_PLAIN(exclusive_scan_by_key)

/* The keys of the runs of equal keys, and the sums of their values. */
template <typename P, typename Keys, typename Values, typename KeysOut, typename ValuesOut,
          typename Equal, typename Op>
ANYROC_HD pair<KeysOut, ValuesOut> reduce_by_key(const execution_policy<P> &policy, Keys first,
                                                   Keys last, Values values, KeysOut keys_to,
                                                   ValuesOut values_to, Equal equal, Op combine)
{
    using T = detail::value_of<Values>;
    auto run = detail::way(policy);
    auto keys = detail::raw(first);
    auto keys_out = detail::raw(keys_to);
    auto values_out = detail::raw(values_to);
    size_t count = last - first;
    if (count == 0)
        return pair<KeysOut, ValuesOut>(keys_to, values_to);
    detail::Scratch<size_t, decltype(run)> runs(run, 1);
    size_t *total = runs.data();
    detail::scan_by_key<T>(
        run, count, keys, detail::raw(values), equal, combine,
        [=] ANYROC_HD(size_t i, size_t number, bool begins, const T &, const T &sum) mutable {
            if (begins)
                keys_out[number - 1] = keys[i];
            if (i + 1 == count || !equal(keys[i], keys[i + 1]))
                values_out[number - 1] = sum;
            if (i + 1 == count)
                *total = number;
        });
    size_t number = detail::fetch(run, total);
    return pair<KeysOut, ValuesOut>(keys_to + number, values_to + number);
}
template <typename P, typename Keys, typename Values, typename KeysOut, typename ValuesOut,
          typename Equal>
ANYROC_HD pair<KeysOut, ValuesOut> reduce_by_key(const execution_policy<P> &policy, Keys first,
                                                   Keys last, Values values, KeysOut keys_to,
                                                   ValuesOut values_to, Equal equal)
{
    return thrust::reduce_by_key(policy, first, last, values, keys_to, values_to, equal,
                                 thrust::plus<>());
}
template <typename P, typename Keys, typename Values, typename KeysOut, typename ValuesOut>
ANYROC_HD pair<KeysOut, ValuesOut> reduce_by_key(const execution_policy<P> &policy, Keys first,
                                                   Keys last, Values values, KeysOut keys_to,
                                                   ValuesOut values_to)
{
    return thrust::reduce_by_key(policy, first, last, values, keys_to, values_to,
                                 thrust::equal_to<>());
}
ANYROC_THRUST_PLAIN(reduce_by_key)

}  // namespace thrust
