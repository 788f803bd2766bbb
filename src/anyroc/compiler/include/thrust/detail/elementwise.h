/* Thrust: algorithms that treat elements one by one. */
#pragma once

#include "run.h"

namespace thrust {

template <typename P, typename In, typename N, typename F>
ANYROC_HD In for_each_n(const execution_policy<P> &policy, In first, N count, F f)
{
    auto run = detail::way(policy);
    auto in = detail::raw(first);
    detail::each(run, count, [=] ANYROC_HD(size_t i) mutable { f(in[i]); });
    run.finish();
    return first + count;
}
template <typename P, typename In, typename F>
ANYROC_HD In for_each(const execution_policy<P> &policy, In first, In last, F f)
{
    return thrust::for_each_n(policy, first, last - first, f);
}
ANYROC_THRUST_PLAIN(for_each_n)
ANYROC_THRUST_PLAIN(for_each)

template <typename P, typename In, typename Out, typename F>
ANYROC_HD Out transform(const execution_policy<P> &policy, In first, In last, Out to, F f)
{
    auto run = detail::way(policy);
    auto in = detail::raw(first);
    auto out = detail::raw(to);
    detail::each(run, last - first, [=] ANYROC_HD(size_t i) mutable { out[i] = f(in[i]); });
    run.finish();
    return to + (last - first);
}
template <typename P, typename A, typename B, typename Out, typename F>
ANYROC_HD Out transform(const execution_policy<P> &policy, A first, A last, B other, Out to, F f)
{
    auto run = detail::way(policy);
    auto a = detail::raw(first);
    auto b = detail::raw(other);
    auto out = detail::raw(to);
    detail::each(run, last - first, [=] ANYROC_HD(size_t i) mutable { out[i] = f(a[i], b[i]); });
    run.finish();
    return to + (last - first);
}
ANYROC_THRUST_PLAIN(transform)

template <typename P, typename In, typename Out, typename F, typename Predicate>
ANYROC_HD Out transform_if(const execution_policy<P> &policy, In first, In last, Out to, F f,
                             Predicate chosen)
{
    auto run = detail::way(policy);
    auto in = detail::raw(first);
    auto out = detail::raw(to);
    detail::each(run, last - first, [=] ANYROC_HD(size_t i) mutable {
        if (chosen(in[i]))
            out[i] = f(in[i]);
    });
    run.finish();
    return to + (last - first);
}
template <typename P, typename In, typename Stencil, typename Out, typename F, typename Predicate>
ANYROC_HD Out transform_if(const execution_policy<P> &policy, In first, In last,
                             Stencil stencil, Out to, F f, Predicate chosen)
{
    auto run = detail::way(policy);
    auto in = detail::raw(first);
    auto by = detail::raw(stencil);
    auto out = detail::raw(to);
    detail::each(run, last - first, [=] ANYROC_HD(size_t i) mutable {
        if (chosen(by[i]))
            out[i] = f(in[i]);
    });
    run.finish();
    return to + (last - first);
}
template <typename P, typename A, typename B, typename Stencil, typename Out, typename F,
          typename Predicate>
ANYROC_HD Out transform_if(const execution_policy<P> &policy, A first, A last, B other,
                             Stencil stencil, Out to, F f, Predicate chosen)
{
    auto run = detail::way(policy);
    auto a = detail::raw(first);
    auto b = detail::raw(other);
    auto by = detail::raw(stencil);
    auto out = detail::raw(to);
    detail::each(run, last - first, [=] ANYROC_HD(size_t i) mutable {
        if (chosen(by[i]))
            out[i] = f(a[i], b[i]);
    });
    run.finish();
    return to + (last - first);
}
ANYROC_THRUST_PLAIN(transform_if)

template <typename P, typename Out, typename T>
ANYROC_HD void fill(const execution_policy<P> &policy, Out first, Out last, const T &value)
{
    auto run = detail::way(policy);
    auto out = detail::raw(first);
    detail::plain_t<T> copy = value;
    detail::each(run, last - first, [=] ANYROC_HD(size_t i) mutable { out[i] = copy; });
    run.finish();
}
template <typename P, typename Out, typename N, typename T>
ANYROC_HD Out fill_n(const execution_policy<P> &policy, Out first, N count, const T &value)
{
    thrust::fill(policy, first, first + count, value);
    return first + count;
}
template <typename P, typename Out, typename T>
ANYROC_HD void uninitialized_fill(const execution_policy<P> &policy, Out first, Out last,
                                    const T &value)
{
    thrust::fill(policy, first, last, value);
}
template <typename P, typename Out, typename N, typename T>
ANYROC_HD Out uninitialized_fill_n(const execution_policy<P> &policy, Out first, N count,
                                     const T &value)
{
    return thrust::fill_n(policy, first, count, value);
}
ANYROC_THRUST_PLAIN(fill)
ANYROC_THRUST_PLAIN(fill_n)
ANYROC_THRUST_PLAIN(uninitialized_fill)
ANYROC_THRUST_PLAIN(uninitialized_fill_n)

template <typename P, typename Out, typename F>
ANYROC_HD void generate(const execution_policy<P> &policy, Out first, Out last, F f)
{
    auto run = detail::way(policy);
    auto out = detail::raw(first);
    detail::each(run, last - first, [=] ANYROC_HD(size_t i) mutable { out[i] = f(); });
    run.finish();
}
template <typename P, typename Out, typename N, typename F>
ANYROC_HD Out generate_n(const execution_policy<P> &policy, Out first, N count, F f)
{
    thrust::generate(policy, first, first + count, f);
    return first + count;
}
ANYROC_THRUST_PLAIN(generate)
ANYROC_THRUST_PLAIN(generate_n)

template <typename P, typename Out, typename F>
ANYROC_HD void tabulate(const execution_policy<P> &policy, Out first, Out last, F f)
{
    using Index = typename std::iterator_traits<Out>::difference_type;
    auto run = detail::way(policy);
    auto out = detail::raw(first);
    detail::each(run, last - first,
                 [=] ANYROC_HD(size_t i) mutable { out[i] = f(static_cast<Index>(i)); });
    run.finish();
}
ANYROC_THRUST_PLAIN(tabulate)

template <typename P, typename Out, typename T, typename Step>
ANYROC_HD void sequence(const execution_policy<P> &policy, Out first, Out last, T start,
                          Step step)
{
    using Value = detail::value_of<Out>;
    thrust::tabulate(policy, first, last, [=] ANYROC_HD(size_t i) {
        return static_cast<Value>(start + static_cast<T>(step * static_cast<T>(i)));
    });
}
template <typename P, typename Out, typename T>
ANYROC_HD void sequence(const execution_policy<P> &policy, Out first, Out last, T start)
{
    thrust::sequence(policy, first, last, start, static_cast<T>(1));
}
template <typename P, typename Out>
ANYROC_HD void sequence(const execution_policy<P> &policy, Out first, Out last)
{
    thrust::sequence(policy, first, last, static_cast<detail::value_of<Out>>(0));
}
ANYROC_THRUST_PLAIN(sequence)

template <typename P, typename In, typename Out>
ANYROC_HD Out copy(const execution_policy<P> &policy, In first, In last, Out to)
{
    return thrust::transform(policy, first, last, to,
                             [] ANYROC_HD(const auto &value) { return value; });
}
template <typename P, typename In, typename N, typename Out>
ANYROC_HD Out copy_n(const execution_policy<P> &policy, In first, N count, Out to)
{
    return thrust::copy(policy, first, first + count, to);
}
template <typename P, typename In, typename Out>
ANYROC_HD Out uninitialized_copy(const execution_policy<P> &policy, In first, In last, Out to)
{
    return thrust::copy(policy, first, last, to);
}
template <typename P, typename In, typename N, typename Out>
ANYROC_HD Out uninitialized_copy_n(const execution_policy<P> &policy, In first, N count, Out to)
{
    return thrust::copy(policy, first, first + count, to);
}
ANYROC_THRUST_PLAIN(uninitialized_copy)
ANYROC_THRUST_PLAIN(uninitialized_copy_n)

template <typename P, typename Map, typename In, typename Out>
ANYROC_HD Out gather(const execution_policy<P> &policy, Map first, Map last, In from, Out to)
{
    auto run = detail::way(policy);
    auto map = detail::raw(first);
    auto in = detail::raw(from);
    auto out = detail::raw(to);
    detail::each(run, last - first, [=] ANYROC_HD(size_t i) mutable { out[i] = in[map[i]]; });
    run.finish();
    return to + (last - first);
}
template <typename P, typename Map, typename Stencil, typename In, typename Out,
          typename Predicate>
ANYROC_HD Out gather_if(const execution_policy<P> &policy, Map first, Map last, Stencil stencil,
                          In from, Out to, Predicate chosen)
{
    auto run = detail::way(policy);
    auto map = detail::raw(first);
    auto by = detail::raw(stencil);
    auto in = detail::raw(from);
    auto out = detail::raw(to);
    detail::each(run, last - first, [=] ANYROC_HD(size_t i) mutable {
        if (chosen(by[i]))
            out[i] = in[map[i]];
    });
    run.finish();
    return to + (last - first);
}
template <typename P, typename Map, typename Stencil, typename In, typename Out>
ANYROC_HD Out gather_if(const execution_policy<P> &policy, Map first, Map last, Stencil stencil,
                          In from, Out to)
{
    return thrust::gather_if(policy, first, last, stencil, from, to, thrust::identity<bool>());
}
ANYROC_THRUST_PLAIN(gather)
ANYROC_THRUST_PLAIN(gather_if)

template <typename P, typename In, typename Map, typename Out>
ANYROC_HD void scatter(const execution_policy<P> &policy, In first, In last, Map places, Out to)
{
    auto run = detail::way(policy);
    auto in = detail::raw(first);
    auto map = detail::raw(places);
    auto out = detail::raw(to);
    detail::each(run, last - first, [=] ANYROC_HD(size_t i) mutable { out[map[i]] = in[i]; });
    run.finish();
}
template <typename P, typename In, typename Map, typename Stencil, typename Out,
          typename Predicate>
ANYROC_HD void scatter_if(const execution_policy<P> &policy, In first, In last, Map places,
                            Stencil stencil, Out to, Predicate chosen)
{
    auto run = detail::way(policy);
    auto in = detail::raw(first);
    auto map = detail::raw(places);
    auto by = detail::raw(stencil);
    auto out = detail::raw(to);
    detail::each(run, last - first, [=] ANYROC_HD(size_t i) mutable {
        if (chosen(by[i]))
            out[map[i]] = in[i];
    });
    run.finish();
}
template <typename P, typename In, typename Map, typename Stencil, typename Out>
ANYROC_HD void scatter_if(const execution_policy<P> &policy, In first, In last, Map places,
                            Stencil stencil, Out to)
{
    thrust::scatter_if(policy, first, last, places, stencil, to, thrust::identity<bool>());
}
ANYROC_THRUST_PLAIN(scatter)
ANYROC_THRUST_PLAIN(scatter_if)

template <typename P, typename In, typename Out, typename Predicate, typename T>
ANYROC_HD Out replace_copy_if(const execution_policy<P> &policy, In first, In last, Out to,
                                Predicate chosen, const T &value)
{
    using Value = detail::value_of<In>;
    return thrust::transform(policy, first, last, to, [=] ANYROC_HD(const Value &old) mutable {
        return chosen(old) ? static_cast<Value>(value) : old;
    });
}
template <typename P, typename In, typename Stencil, typename Out, typename Predicate, typename T>
ANYROC_HD Out replace_copy_if(const execution_policy<P> &policy, In first, In last,
                                Stencil stencil, Out to, Predicate chosen, const T &value)
{
    using Value = detail::value_of<In>;
    using Mark = detail::value_of<Stencil>;
    return thrust::transform(policy, first, last, stencil, to,
                             [=] ANYROC_HD(const Value &old, const Mark &mark) mutable {
                                 return chosen(mark) ? static_cast<Value>(value) : old;
                             });
}
template <typename P, typename In, typename Out, typename T>
ANYROC_HD Out replace_copy(const execution_policy<P> &policy, In first, In last, Out to,
                             const T &old, const T &value)
{
    return thrust::replace_copy_if(
        policy, first, last, to, [=] ANYROC_HD(const auto &v) { return v == old; }, value);
}
template <typename P, typename In, typename Predicate, typename T>
ANYROC_HD void replace_if(const execution_policy<P> &policy, In first, In last, Predicate chosen,
                            const T &value)
{
    thrust::replace_copy_if(policy, first, last, first, chosen, value);
}
template <typename P, typename In, typename Stencil, typename Predicate, typename T>
ANYROC_HD void replace_if(const execution_policy<P> &policy, In first, In last, Stencil stencil,
                            Predicate chosen, const T &value)
{
    thrust::replace_copy_if(policy, first, last, stencil, first, chosen, value);
}
template <typename P, typename In, typename T>
ANYROC_HD void replace(const execution_policy<P> &policy, In first, In last, const T &old,
                         const T &value)
{
    thrust::replace_copy(policy, first, last, first, old, value);
}
ANYROC_THRUST_PLAIN(replace_copy_if)
ANYROC_THRUST_PLAIN(replace_copy)
ANYROC_THRUST_PLAIN(replace_if)
ANYROC_THRUST_PLAIN(replace)

template <typename P, typename A, typename B>
ANYROC_HD B swap_ranges(const execution_policy<P> &policy, A first, A last, B other)
{
    using Value = detail::value_of<A>;
    auto run = detail::way(policy);
    auto a = detail::raw(first);
    auto b = detail::raw(other);
    detail::each(run, last - first, [=] ANYROC_HD(size_t i) mutable {
        Value old = a[i];
        a[i] = b[i];
        b[i] = old;
    });
    run.finish();
    return other + (last - first);
}
ANYROC_THRUST_PLAIN(swap_ranges)

template <typename P, typename In>
ANYROC_HD void reverse(const execution_policy<P> &policy, In first, In last)
{
    using Value = detail::value_of<In>;
    auto run = detail::way(policy);
    auto in = detail::raw(first);
    size_t count = last - first;
    detail::each(run, count / 2, [=] ANYROC_HD(size_t i) mutable {
        Value old = in[i];
        in[i] = static_cast<Value>(in[count - 1 - i]);
        in[count - 1 - i] = old;
    });
    run.finish();
}
template <typename P, typename In, typename Out>
ANYROC_HD Out reverse_copy(const execution_policy<P> &policy, In first, In last, Out to)
{
    auto run = detail::way(policy);
    auto in = detail::raw(first);
    auto out = detail::raw(to);
    size_t count = last - first;
    detail::each(run, count, [=] ANYROC_HD(size_t i) mutable { out[i] = in[count - 1 - i]; });
    run.finish();
    return to + count;
}
ANYROC_THRUST_PLAIN(reverse)
ANYROC_THRUST_PLAIN(reverse_copy)

}  // namespace thrust
