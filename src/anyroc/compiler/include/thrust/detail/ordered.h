/* Thrust: sorting, and what works on sorted sequences. */
#pragma once

#include "elementwise.h"
#include "run.h"

namespace thrust {
namespace detail {

/* Whether the k-th of equal items, of which the other sequence has m, belongs to the result. */
struct both_have {
    static ANYROC_HD bool of_first(size_t k, size_t m) { return k < m; }
    static ANYROC_HD bool of_second(size_t, size_t) { return false; }
};
struct only_first_has {
    static ANYROC_HD bool of_first(size_t k, size_t m) { return k >= m; }
    static ANYROC_HD bool of_second(size_t, size_t) { return false; }
};
struct one_has {
    static ANYROC_HD bool of_first(size_t k, size_t m) { return k >= m; }
    static ANYROC_HD bool of_second(size_t k, size_t m) { return k >= m; }
};
struct either_has {
    static ANYROC_HD bool of_first(size_t, size_t) { return true; }
    static ANYROC_HD bool of_second(size_t k, size_t m) { return k >= m; }
};

/* How many items that are equal to the i-th come before it, and how many there are among others. */
template <typename Items, typename Others, typename Less>
struct Repeated {
    size_t before, among_others;
    ANYROC_HD Repeated(Items items, size_t n, size_t i, Others others, size_t m, Less less)
    {
        before = i - bound<false>(items, n, items[i], less);
        among_others =
            bound<true>(others, m, items[i], less) - bound<false>(others, m, items[i], less);
    }
};

}  // namespace detail

template <typename P, typename Keys, typename Less>
ANYROC_HD void stable_sort(const execution_policy<P> &policy, Keys first, Keys last, Less less)
{
    detail::sort(detail::way(policy), detail::raw(first), detail::NoValues(), last - first, less);
}
template <typename P, typename Keys>
ANYROC_HD void stable_sort(const execution_policy<P> &policy, Keys first, Keys last)
{
    thrust::stable_sort(policy, first, last, thrust::less<>());
}
template <typename P, typename Keys, typename... Less>
ANYROC_HD void sort(const execution_policy<P> &policy, Keys first, Keys last, Less... less)
{
    thrust::stable_sort(policy, first, last, less...);
}
template <typename P, typename Keys, typename Values, typename Less>
ANYROC_HD void stable_sort_by_key(const execution_policy<P> &policy, Keys first, Keys last,
                                    Values values, Less less)
{
    detail::sort(detail::way(policy), detail::raw(first), detail::raw(values), last - first, less);
}
template <typename P, typename Keys, typename Values>
ANYROC_HD void stable_sort_by_key(const execution_policy<P> &policy, Keys first, Keys last,
                                    Values values)
{
    thrust::stable_sort_by_key(policy, first, last, values, thrust::less<>());
}
template <typename P, typename Keys, typename Values, typename... Less>
ANYROC_HD void sort_by_key(const execution_policy<P> &policy, Keys first, Keys last,
                             Values values, Less... less)
{
    thrust::stable_sort_by_key(policy, first, last, values, less...);
}
ANYROC_THRUST_PLAIN(stable_sort)
ANYROC_THRUST_PLAIN(sort)
ANYROC_THRUST_PLAIN(stable_sort_by_key)
ANYROC_THRUST_PLAIN(sort_by_key)

/* Searches: for one value where it belongs, for a sequence of them their indices. */
#define ANYROC_THRUST_SEARCH(name, after_equal)                                               \
    template <typename P, typename Items, typename T, typename Less,                          \
              std::enable_if_t<!detail::is_iterator<Less>::value, int> = 0>                   \
    ANYROC_HD Items name(const execution_policy<P> &policy, Items first, Items last,        \
                           const T &value, Less less)                                         \
    {                                                                                         \
        auto items = detail::raw(first);                                                      \
        detail::plain_t<T> wanted = value;                                                    \
        size_t count = last - first;                                                          \
        return first + detail::once(detail::way(policy), [=] ANYROC_HD() mutable {            \
                   return detail::bound<after_equal>(items, count, wanted, less);             \
               });                                                                            \
    }                                                                                         \
    template <typename P, typename Items, typename T>                                         \
    ANYROC_HD Items name(const execution_policy<P> &policy, Items first, Items last,        \
                           const T &value)                                                    \
    {                                                                                         \
        return thrust::name(policy, first, last, value, thrust::less<>());                    \
    }                                                                                         \
    template <typename P, typename Items, typename In, typename Out, typename Less>           \
    ANYROC_HD Out name(const execution_policy<P> &policy, Items first, Items last,          \
                         In values, In values_end, Out to, Less less)                         \
    {                                                                                         \
        auto items = detail::raw(first);                                                      \
        size_t count = last - first;                                                          \
        return thrust::transform(policy, values, values_end, to,                              \
                                 [=] ANYROC_HD(const auto &value) mutable {                   \
                                     return detail::bound<after_equal>(items, count, value,   \
                                                                       less);                 \
                                 });                                                          \
    }                                                                                         \
    template <typename P, typename Items, typename In, typename Out>                          \
    ANYROC_HD Out name(const execution_policy<P> &policy, Items first, Items last,          \
                         In values, In values_end, Out to)                                    \
    {                                                                                         \
        return thrust::name(policy, first, last, values, values_end, to, thrust::less<>());   \
    }                                                                                         \
    ANYROC_THRUST_PLAIN(name)
ANYROC_THRUST_SEARCH(lower_bound, false)
ANYROC_THRUST_SEARCH(upper_bound, true)
#undef ANYROC_THRUST_SEARCH

template <typename P, typename Items, typename T, typename... Less>
ANYROC_HD pair<Items, Items> equal_range(const execution_policy<P> &policy, Items first,
                                           Items last, const T &value, Less... less)
{
    return pair<Items, Items>(thrust::lower_bound(policy, first, last, value, less...),
                              thrust::upper_bound(policy, first, last, value, less...));
}
ANYROC_THRUST_PLAIN(equal_range)

template <typename P, typename Items, typename T, typename Less,
          std::enable_if_t<!detail::is_iterator<Less>::value, int> = 0>
ANYROC_HD bool binary_search(const execution_policy<P> &policy, Items first, Items last,
                               const T &value, Less less)
{
    return thrust::lower_bound(policy, first, last, value, less) !=
           thrust::upper_bound(policy, first, last, value, less);
}
template <typename P, typename Items, typename T>
ANYROC_HD bool binary_search(const execution_policy<P> &policy, Items first, Items last,
                               const T &value)
{
    return thrust::binary_search(policy, first, last, value, thrust::less<>());
}
template <typename P, typename Items, typename In, typename Out, typename Less>
ANYROC_HD Out binary_search(const execution_policy<P> &policy, Items first, Items last,
                              In values, In values_end, Out to, Less less)
{
    auto items = detail::raw(first);
    size_t count = last - first;
    return thrust::transform(
        policy, values, values_end, to, [=] ANYROC_HD(const auto &value) mutable {
            size_t at = detail::bound<false>(items, count, value, less);
            return at < count && !less(value, items[at]);
        });
}
template <typename P, typename Items, typename In, typename Out>
ANYROC_HD Out binary_search(const execution_policy<P> &policy, Items first, Items last,
                              In values, In values_end, Out to)
{
    return thrust::binary_search(policy, first, last, values, values_end, to, thrust::less<>());
}
ANYROC_THRUST_PLAIN(binary_search)

/* Equal items of the first sequence come first. An item's place is its rank in both. */
template <typename P, typename A, typename B, typename AValues, typename BValues, typename Out,
          typename ValuesOut, typename Less>
ANYROC_HD pair<Out, ValuesOut> merge_by_key(const execution_policy<P> &policy, A a_first,
                                              A a_last, B b_first, B b_last, AValues a_values,
                                              BValues b_values, Out to, ValuesOut values_to,
                                              Less less)
{
    auto run = detail::way(policy);
    auto a = detail::raw(a_first);
    auto b = detail::raw(b_first);
    auto va = detail::raw(a_values);
    auto vb = detail::raw(b_values);
    auto out = detail::raw(to);
    auto values_out = detail::raw(values_to);
    size_t na = a_last - a_first, nb = b_last - b_first;
    detail::each(run, na + nb, [=] ANYROC_HD(size_t i) mutable {
        if (i < na) {
            size_t place = i + detail::bound<false>(b, nb, a[i], less);
            out[place] = a[i];
            values_out[place] = va[i];
        } else {
            size_t j = i - na, place = j + detail::bound<true>(a, na, b[j], less);
            out[place] = b[j];
            values_out[place] = vb[j];
        }
    });
    run.finish();
    return pair<Out, ValuesOut>(to + (na + nb), values_to + (na + nb));
}
template <typename P, typename A, typename B, typename AValues, typename BValues, typename Out,
          typename ValuesOut>
ANYROC_HD pair<Out, ValuesOut> merge_by_key(const execution_policy<P> &policy, A a_first,
                                              A a_last, B b_first, B b_last, AValues a_values,
                                              BValues b_values, Out to, ValuesOut values_to)
{
    return thrust::merge_by_key(policy, a_first, a_last, b_first, b_last, a_values, b_values, to,
                                values_to, thrust::less<>());
}
template <typename P, typename A, typename B, typename Out, typename Less>
ANYROC_HD Out merge(const execution_policy<P> &policy, A a_first, A a_last, B b_first, B b_last,
                      Out to, Less less)
{
    thrust::constant_iterator<int> none(0);
    return thrust::merge_by_key(policy, a_first, a_last, b_first, b_last, none, none, to,
                                thrust::make_discard_iterator(), less)
        .first;
}
template <typename P, typename A, typename B, typename Out>
ANYROC_HD Out merge(const execution_policy<P> &policy, A a_first, A a_last, B b_first, B b_last,
                      Out to)
{
    return thrust::merge(policy, a_first, a_last, b_first, b_last, to, thrust::less<>());
}
ANYROC_THRUST_PLAIN(merge_by_key)
ANYROC_THRUST_PLAIN(merge)

namespace detail {

template <typename Rule, typename P, typename A, typename B, typename AValues, typename BValues,
          typename Out, typename ValuesOut, typename Less>
ANYROC_HD pair<Out, ValuesOut> combine_sets(const execution_policy<P> &policy, A a_first,
                                              A a_last, B b_first, B b_last, AValues a_values,
                                              BValues b_values, Out to, ValuesOut values_to,
                                              Less less)
{
    auto run = way(policy);
    auto a = raw(a_first);
    auto b = raw(b_first);
    using Key = value_of<decltype(a)>;
    using Value = value_of<AValues>;
    size_t na = a_last - a_first, nb = b_last - b_first;
    Scratch<Key, decltype(run)> a_keys(run, na), b_keys(run, nb);
    Scratch<Value, decltype(run)> a_kept(run, na), b_kept(run, nb);
    auto va = raw(a_values);
    auto vb = raw(b_values);
    Key *a_out = a_keys.data(), *b_out = b_keys.data();
    Value *va_out = a_kept.data(), *vb_out = b_kept.data();
    size_t ka = detail::select(
        run, na,
        [=] ANYROC_HD(size_t i) mutable -> bool {
            Repeated<decltype(a), decltype(b), Less> r(a, na, i, b, nb, less);
            return Rule::of_first(r.before, r.among_others);
        },
        [=] ANYROC_HD(size_t i, size_t place) mutable {
            a_out[place] = a[i];
            va_out[place] = va[i];
        },
        no_leave());
    size_t kb = detail::select(
        run, nb,
        [=] ANYROC_HD(size_t i) mutable -> bool {
            Repeated<decltype(b), decltype(a), Less> r(b, nb, i, a, na, less);
            return Rule::of_second(r.before, r.among_others);
        },
        [=] ANYROC_HD(size_t i, size_t place) mutable {
            b_out[place] = b[i];
            vb_out[place] = vb[i];
        },
        no_leave());
    return thrust::merge_by_key(policy, a_out, a_out + ka, b_out, b_out + kb, va_out, vb_out, to,
                                values_to, less);
}

}  // namespace detail

/* In two of the operations by key the second set has no values. */
#define ANYROC_THRUST_SET(name, rule)                                                            \
    template <typename P, typename A, typename B, typename Out, typename Less>                   \
    ANYROC_HD Out name(const execution_policy<P> &policy, A a, A a_end, B b, B b_end, Out to,  \
                         Less less)                                                              \
    {                                                                                            \
        thrust::constant_iterator<int> none(0);                                                  \
        return detail::combine_sets<detail::rule>(policy, a, a_end, b, b_end, none, none, to,    \
                                                  thrust::make_discard_iterator(), less)         \
            .first;                                                                              \
    }                                                                                            \
    template <typename P, typename A, typename B, typename Out>                                  \
    ANYROC_HD Out name(const execution_policy<P> &policy, A a, A a_end, B b, B b_end, Out to)  \
    {                                                                                            \
        return thrust::name(policy, a, a_end, b, b_end, to, thrust::less<>());                   \
    }                                                                                            \
    ANYROC_THRUST_PLAIN(name)
ANYROC_THRUST_SET(set_intersection, both_have)
ANYROC_THRUST_SET(set_difference, only_first_has)
ANYROC_THRUST_SET(set_symmetric_difference, one_has)
ANYROC_THRUST_SET(set_union, either_has)
#undef ANYROC_THRUST_SET

template <typename P, typename A, typename B, typename VA, typename Out, typename VOut,
          typename Less>
ANYROC_HD pair<Out, VOut> set_intersection_by_key(const execution_policy<P> &policy, A a,
                                                    A a_end, B b, B b_end, VA values, Out to,
                                                    VOut values_to, Less less)
{
    return detail::combine_sets<detail::both_have>(policy, a, a_end, b, b_end, values, values, to,
                                                   values_to, less);
}
template <typename P, typename A, typename B, typename VA, typename Out, typename VOut>
ANYROC_HD pair<Out, VOut> set_intersection_by_key(const execution_policy<P> &policy, A a,
                                                    A a_end, B b, B b_end, VA values, Out to,
                                                    VOut values_to)
{
    return thrust::set_intersection_by_key(policy, a, a_end, b, b_end, values, to, values_to,
                                           thrust::less<>());
}
ANYROC_THRUST_PLAIN(set_intersection_by_key)

#define ANYROC_THRUST_SET(name, rule)                                                           \
    template <typename P, typename A, typename B, typename VA, typename VB, typename Out,       \
              typename VOut, typename Less>                                                     \
    ANYROC_HD pair<Out, VOut> name(const execution_policy<P> &policy, A a, A a_end, B b,      \
                                     B b_end, VA a_values, VB b_values, Out to, VOut values_to, \
                                     Less less)                                                 \
    {                                                                                           \
        return detail::combine_sets<detail::rule>(policy, a, a_end, b, b_end, a_values,         \
                                                  b_values, to, values_to, less);               \
    }                                                                                           \
    template <typename P, typename A, typename B, typename VA, typename VB, typename Out,       \
              typename VOut>                                                                    \
    ANYROC_HD pair<Out, VOut> name(const execution_policy<P> &policy, A a, A a_end, B b,      \
                                     B b_end, VA a_values, VB b_values, Out to, VOut values_to) \
    {                                                                                           \
        return thrust::name(policy, a, a_end, b, b_end, a_values, b_values, to, values_to,      \
                            thrust::less<>());                                                  \
    }                                                                                           \
    ANYROC_THRUST_PLAIN(name)
ANYROC_THRUST_SET(set_difference_by_key, only_first_has)
ANYROC_THRUST_SET(set_symmetric_difference_by_key, one_has)
ANYROC_THRUST_SET(set_union_by_key, either_has)
#undef ANYROC_THRUST_SET

}  // namespace thrust
