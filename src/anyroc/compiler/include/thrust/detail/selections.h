/* Thrust: algorithms that choose items of a sequence. */
#pragma once

#include "run.h"

namespace thrust {
namespace detail {

/* Copies what is chosen, in order; in place, since what is read lies in a copy. */
template <typename P, typename In, typename Out, typename Chosen>
ANYROC_HD size_t choose(const execution_policy<P> &policy, In in, size_t count, Out out,
                          Chosen chosen)
{
    auto run = way(policy);
    return detail::select(
        run, count, chosen, [=] ANYROC_HD(size_t i, size_t to) mutable { out[to] = in[i]; },
        no_leave());
}
template <typename P, typename In, typename Chosen>
ANYROC_HD size_t choose_in_place(const execution_policy<P> &policy, In in, size_t count,
                                   Chosen chosen)
{
    using T = value_of<In>;
    auto run = way(policy);
    Scratch<T, decltype(run)> copy(run, count);
    T *items = copy.data();
    detail::each(run, count, [=] ANYROC_HD(size_t i) mutable { items[i] = in[i]; });
    return choose(policy, items, count, in, [=] ANYROC_HD(size_t i) mutable -> bool {
        return chosen(items, i);
    });
}

}  // namespace detail

template <typename P, typename In, typename Stencil, typename Out, typename Predicate>
ANYROC_HD Out copy_if(const execution_policy<P> &policy, In first, In last, Stencil stencil,
                        Out to, Predicate predicate)
{
    auto by = detail::raw(stencil);
    auto chosen = [=] ANYROC_HD(size_t i) mutable -> bool { return predicate(by[i]); };
    return to + detail::choose(policy, detail::raw(first), last - first, detail::raw(to), chosen);
}
template <typename P, typename In, typename Out, typename Predicate>
ANYROC_HD Out copy_if(const execution_policy<P> &policy, In first, In last, Out to,
                        Predicate predicate)
{
    return thrust::copy_if(policy, first, last, first, to, predicate);
}
template <typename P, typename In, typename Stencil, typename Out, typename Predicate>
ANYROC_HD Out remove_copy_if(const execution_policy<P> &policy, In first, In last,
                               Stencil stencil, Out to, Predicate predicate)
{
    return thrust::copy_if(policy, first, last, stencil, to,
                           [=] ANYROC_HD(const auto &v) mutable { return !predicate(v); });
}
template <typename P, typename In, typename Out, typename Predicate>
ANYROC_HD Out remove_copy_if(const execution_policy<P> &policy, In first, In last, Out to,
                               Predicate predicate)
{
    return thrust::remove_copy_if(policy, first, last, first, to, predicate);
}
template <typename P, typename In, typename Out, typename T>
ANYROC_HD Out remove_copy(const execution_policy<P> &policy, In first, In last, Out to,
                            const T &value)
{
    return thrust::remove_copy_if(policy, first, last, to,
                                  [=] ANYROC_HD(const auto &v) { return v == value; });
}
template <typename P, typename In, typename Predicate>
ANYROC_HD In remove_if(const execution_policy<P> &policy, In first, In last, Predicate predicate)
{
    return first + detail::choose_in_place(policy, detail::raw(first), last - first,
                                           [=] ANYROC_HD(auto *items, size_t i) mutable {
                                               return !predicate(items[i]);
                                           });
}
template <typename P, typename In, typename Stencil, typename Predicate>
ANYROC_HD In remove_if(const execution_policy<P> &policy, In first, In last, Stencil stencil,
                         Predicate predicate)
{
    auto by = detail::raw(stencil);
    return first + detail::choose_in_place(policy, detail::raw(first), last - first,
                                           [=] ANYROC_HD(auto *, size_t i) mutable {
                                               return !predicate(by[i]);
                                           });
}
template <typename P, typename In, typename T>
ANYROC_HD In remove(const execution_policy<P> &policy, In first, In last, const T &value)
{
    return thrust::remove_if(policy, first, last,
                             [=] ANYROC_HD(const auto &v) { return v == value; });
}
ANYROC_THRUST_PLAIN(copy_if)
ANYROC_THRUST_PLAIN(remove_copy_if)
ANYROC_THRUST_PLAIN(remove_copy)
ANYROC_THRUST_PLAIN(remove_if)
ANYROC_THRUST_PLAIN(remove)

template <typename P, typename In, typename Out, typename Equal>
ANYROC_HD Out unique_copy(const execution_policy<P> &policy, In first, In last, Out to,
                            Equal equal)
{
    auto in = detail::raw(first);
    return to + detail::choose(policy, in, last - first, detail::raw(to),
                               [=] ANYROC_HD(size_t i) mutable -> bool {
                                   return i == 0 || !equal(in[i - 1], in[i]);
                               });
}
template <typename P, typename In, typename Out>
ANYROC_HD Out unique_copy(const execution_policy<P> &policy, In first, In last, Out to)
{
    return thrust::unique_copy(policy, first, last, to, thrust::equal_to<>());
}
template <typename P, typename In, typename Equal>
ANYROC_HD In unique(const execution_policy<P> &policy, In first, In last, Equal equal)
{
    return first + detail::choose_in_place(policy, detail::raw(first), last - first,
                                           [=] ANYROC_HD(auto *items, size_t i) mutable {
                                               return i == 0 || !equal(items[i - 1], items[i]);
                                           });
}
template <typename P, typename In>
ANYROC_HD In unique(const execution_policy<P> &policy, In first, In last)
{
    return thrust::unique(policy, first, last, thrust::equal_to<>());
}
template <typename P, typename In, typename Equal>
ANYROC_HD std::ptrdiff_t unique_count(const execution_policy<P> &policy, In first, In last,
                                        Equal equal)
{
    return thrust::unique_copy(policy, first, last, thrust::make_discard_iterator(), equal) -
           thrust::make_discard_iterator();
}
template <typename P, typename In>
ANYROC_HD std::ptrdiff_t unique_count(const execution_policy<P> &policy, In first, In last)
{
    return thrust::unique_count(policy, first, last, thrust::equal_to<>());
}
ANYROC_THRUST_PLAIN(unique_copy)
ANYROC_THRUST_PLAIN(unique)
ANYROC_THRUST_PLAIN(unique_count)

template <typename P, typename Keys, typename Values, typename KeysOut, typename ValuesOut,
          typename Equal>
ANYROC_HD pair<KeysOut, ValuesOut> unique_by_key_copy(const execution_policy<P> &policy,
                                                        Keys first, Keys last, Values values,
                                                        KeysOut keys_to, ValuesOut values_to,
                                                        Equal equal)
{
    auto keys = detail::raw(first);
    auto in = detail::raw(values);
    auto keys_out = detail::raw(keys_to);
    auto out = detail::raw(values_to);
    auto run = detail::way(policy);
    size_t taken = detail::select(
        run, last - first,
        [=] ANYROC_HD(size_t i) mutable -> bool { return i == 0 || !equal(keys[i - 1], keys[i]); },
        [=] ANYROC_HD(size_t i, size_t to) mutable {
            keys_out[to] = keys[i];
            out[to] = in[i];
        },
        detail::no_leave());
    return pair<KeysOut, ValuesOut>(keys_to + taken, values_to + taken);
}
template <typename P, typename Keys, typename Values, typename KeysOut, typename ValuesOut>
ANYROC_HD pair<KeysOut, ValuesOut> unique_by_key_copy(const execution_policy<P> &policy,
                                                        Keys first, Keys last, Values values,
                                                        KeysOut keys_to, ValuesOut values_to)
{
    return thrust::unique_by_key_copy(policy, first, last, values, keys_to, values_to,
                                      thrust::equal_to<>());
}
template <typename P, typename Keys, typename Values, typename Equal>
ANYROC_HD pair<Keys, Values> unique_by_key(const execution_policy<P> &policy, Keys first,
                                             Keys last, Values values, Equal equal)
{
    using Key = detail::value_of<Keys>;
    using Value = detail::value_of<Values>;
    auto run = detail::way(policy);
    size_t count = last - first;
    detail::Scratch<Key, decltype(run)> key_copy(run, count);
    detail::Scratch<Value, decltype(run)> value_copy(run, count);
    Key *key = key_copy.data();
    Value *value = value_copy.data();
    auto keys = detail::raw(first);
    auto in = detail::raw(values);
    detail::each(run, count, [=] ANYROC_HD(size_t i) mutable {
        key[i] = keys[i];
        value[i] = in[i];
    });
    auto ends =
        thrust::unique_by_key_copy(policy, key, key + count, value, keys, in, equal);
    size_t taken = ends.first - keys;
    return pair<Keys, Values>(first + taken, values + taken);
}
template <typename P, typename Keys, typename Values>
ANYROC_HD pair<Keys, Values> unique_by_key(const execution_policy<P> &policy, Keys first,
                                             Keys last, Values values)
{
    return thrust::unique_by_key(policy, first, last, values, thrust::equal_to<>());
}
ANYROC_THRUST_PLAIN(unique_by_key_copy)
ANYROC_THRUST_PLAIN(unique_by_key)

/* Both parts keep their order, as in the stable variants. */
template <typename P, typename In, typename Stencil, typename Yes, typename No, typename Predicate>
ANYROC_HD pair<Yes, No> stable_partition_copy(const execution_policy<P> &policy, In first,
                                                In last, Stencil stencil, Yes yes, No no,
                                                Predicate predicate)
{
    auto in = detail::raw(first);
    auto by = detail::raw(stencil);
    auto yes_out = detail::raw(yes);
    auto no_out = detail::raw(no);
    size_t count = last - first;
    auto run = detail::way(policy);
    size_t taken = detail::select(
        run, count, [=] ANYROC_HD(size_t i) mutable -> bool { return predicate(by[i]); },
        [=] ANYROC_HD(size_t i, size_t to) mutable { yes_out[to] = in[i]; },
        [=] ANYROC_HD(size_t i, size_t before) mutable { no_out[i - before] = in[i]; });
    return pair<Yes, No>(yes + taken, no + (count - taken));
}
template <typename P, typename In, typename Yes, typename No, typename Predicate>
ANYROC_HD pair<Yes, No> stable_partition_copy(const execution_policy<P> &policy, In first,
                                                In last, Yes yes, No no, Predicate predicate)
{
    return thrust::stable_partition_copy(policy, first, last, first, yes, no, predicate);
}
template <typename P, typename In, typename Stencil, typename Predicate>
ANYROC_HD In stable_partition(const execution_policy<P> &policy, In first, In last,
                                Stencil stencil, Predicate predicate)
{
    using T = detail::value_of<In>;
    auto run = detail::way(policy);
    size_t count = last - first;
    detail::Scratch<T, decltype(run)> yes(run, count), no(run, count);
    T *chosen = yes.data(), *others = no.data();
    auto ends = thrust::stable_partition_copy(policy, detail::raw(first), detail::raw(last),
                                              detail::raw(stencil), chosen, others, predicate);
    size_t taken = ends.first - chosen;
    auto in = detail::raw(first);
    detail::each(run, count, [=] ANYROC_HD(size_t i) mutable {
        in[i] = i < taken ? chosen[i] : others[i - taken];
    });
    run.finish();
    return first + taken;
}
template <typename P, typename In, typename Predicate>
ANYROC_HD In stable_partition(const execution_policy<P> &policy, In first, In last,
                                Predicate predicate)
{
    return thrust::stable_partition(policy, first, last, first, predicate);
}
template <typename P, typename... Arguments>
ANYROC_HD auto partition(const execution_policy<P> &policy, Arguments... arguments)
{
    return thrust::stable_partition(policy, arguments...);
}
template <typename P, typename... Arguments>
ANYROC_HD auto partition_copy(const execution_policy<P> &policy, Arguments... arguments)
{
    return thrust::stable_partition_copy(policy, arguments...);
}
ANYROC_THRUST_PLAIN(stable_partition_copy)
ANYROC_THRUST_PLAIN(stable_partition)
ANYROC_THRUST_PLAIN(partition)
ANYROC_THRUST_PLAIN(partition_copy)

}  // namespace thrust
