/* Thrust: the few ways of running that all algorithms are made of: for each index, a reduction, a
 * scan, a selection, a stable sort. On the device they are kernels (CUB's), else loops.
 *
 * All of it is for both sides; inside kernels there are only loops. */
#pragma once

#include <new>

#include <cub/device/device_merge_sort.cuh>
#include <cub/device/device_radix_sort.cuh>

#include "../execution_policy.h"
#include "../system_error.h"
#include "common.h"
#include "raw.h"

namespace thrust {
namespace detail {

struct Sequential {
    ANYROC_HD void finish() const {}
};
struct Parallel {
    hipStream_t stream;
    bool waits;
    ANYROC_HD void finish() const
    {
#if !defined(__HIP_DEVICE_COMPILE__)
        if (waits)
            check(hipStreamSynchronize(stream));
#endif
    }
};

template <typename Policy>
ANYROC_HD auto way(const execution_policy<Policy> &policy)
{
    if constexpr (std::is_base_of_v<device_system_tag, Policy>) {
        const device_system_tag &tag = static_cast<const Policy &>(policy);
        return Parallel{tag.stream, tag.waits};
    } else if constexpr (std::is_base_of_v<device_execution_policy<Policy>, Policy>) {
        return Parallel{nullptr, true};
    } else {
        return Sequential();
    }
}

/* Room for n of T that lasts as long as this: the device's memory, whose elements nothing
 * constructs, or that of the thread. */
template <typename T, typename Way>
class Scratch {
#if defined(__HIP_DEVICE_COMPILE__)
    static constexpr bool on_device = false;
#else
    static constexpr bool on_device = std::is_same_v<Way, Parallel>;
#endif
    static constexpr bool bare = on_device || std::is_trivially_default_constructible_v<T>;

public:
    ANYROC_HD Scratch(const Way &, size_t n) : count_(n)
    {
        size_t bytes = n ? n * sizeof(T) : 1;
        if constexpr (on_device) {
            void *place;
            check(hipMalloc(&place, bytes));
            data_ = static_cast<T *>(place);
        } else {
            data_ = static_cast<T *>(malloc(bytes));
            if (data_ == nullptr)
                __builtin_trap();
        }
        if constexpr (!bare)
            for (size_t i = 0; i < n; ++i)
                ::new (static_cast<void *>(data_ + i)) T;
    }
    Scratch(const Scratch &) = delete;
    ANYROC_HD ~Scratch()
    {
        if constexpr (on_device) {
            (void)hipFree(data_);
        } else {
            if constexpr (!bare)
                for (size_t i = 0; i < count_; ++i)
                    data_[i].~T();
            free(data_);
        }
    }
    ANYROC_HD T *data() const { return data_; }

private:
    T *data_;
    size_t count_;
};

/* The value at a place in the memory that a way of running works on. */
template <typename Way, typename T>
ANYROC_HD T fetch(const Way &run, const T *place)
{
#if !defined(__HIP_DEVICE_COMPILE__)
    if constexpr (std::is_same_v<Way, Parallel>) {
        alignas(T) unsigned char copy[sizeof(T)];
        check(hipMemcpyAsync(copy, place, sizeof(T), hipMemcpyDefault, run.stream));
        check(hipStreamSynchronize(run.stream));
        return *reinterpret_cast<T *>(copy);
    }
#endif
    return *place;
}

/* Launching the kernels, which only the host does.
 *
 * Kernels are instantiated where they are launched from. In the compilation for the device an
 * algorithm has a loop in the launch's place, so it names the launch there without calling it: for
 * the type of what it returns, its body is instantiated. */
#define ANYROC_THRUST_INSTANTIATE(call) (void)sizeof(call)
namespace launch {

/* Runs an algorithm of CUB's with the temporary storage that it asks for. */
template <typename Algorithm>
__host__ void with_storage(const Parallel &run, Algorithm algorithm)
{
    size_t bytes = 0;
    check(algorithm(nullptr, bytes));
    Scratch<char, Parallel> storage(run, bytes);
    check(algorithm(static_cast<void *>(storage.data()), bytes));
}

template <typename F>
__host__ auto each(const Parallel &run, size_t n, F f)
{
    check(cub::detail::over(n, run.stream, f));
    return 0;
}

template <typename T, typename Load, typename Op>
__host__ auto reduce(const Parallel &run, size_t n, Load load, const T &init, Op combine, T *place)
{
    auto store = [=] __device__(const T &value) { *place = value; };
    with_storage(run, [&](void *storage, size_t &bytes) {
        cub::detail::Workspace room(storage, bytes);
        return cub::detail::reduce<T>(room, n, load, combine, init, store, run.stream);
    });
    return 0;
}

template <typename T, typename Load, typename Op, typename Visit>
__host__ auto scan(const Parallel &run, size_t n, Load load, Op combine, Visit visit)
{
    with_storage(run, [&](void *storage, size_t &bytes) {
        cub::detail::Workspace room(storage, bytes);
        return cub::detail::scan<T>(room, n, load, combine, visit, run.stream);
    });
    return 0;
}

template <typename Chosen, typename Take, typename Leave>
__host__ auto select(const Parallel &run, size_t n, Chosen chosen, Take take, Leave leave,
                     size_t *total)
{
    with_storage(run, [&](void *storage, size_t &bytes) {
        cub::detail::Workspace room(storage, bytes);
        return cub::detail::select(room, n, chosen, take, leave, total, run.stream);
    });
    return 0;
}

}  // namespace launch

/* f(i) for every i below n. */
template <typename F>
ANYROC_HD void each(const Sequential &, size_t n, F f)
{
    for (size_t i = 0; i < n; ++i)
        f(i);
}
template <typename F>
ANYROC_HD void each(const Parallel &run, size_t n, F f)
{
#if defined(__HIP_DEVICE_COMPILE__)
    ANYROC_THRUST_INSTANTIATE(launch::each(run, n, f));
    each(Sequential(), n, f);
#else
    launch::each(run, n, f);
#endif
}

/* init ∘ load(0) ∘ load(1) ∘ …, on the device in any order. */
template <typename T, typename Load, typename Op>
ANYROC_HD T reduce(const Sequential &, size_t n, Load load, T init, Op combine)
{
    for (size_t i = 0; i < n; ++i)
        init = combine(init, load(i));
    return init;
}
template <typename T, typename Load, typename Op>
ANYROC_HD T reduce(const Parallel &run, size_t n, Load load, T init, Op combine)
{
#if defined(__HIP_DEVICE_COMPILE__)
    ANYROC_THRUST_INSTANTIATE(launch::reduce(run, n, load, init, combine, &init));
    return detail::reduce<T>(Sequential(), n, load, init, combine);
#else
    if (n == 0)
        return init;
    Scratch<T, Parallel> result(run, 1);
    launch::reduce(run, n, load, init, combine, result.data());
    return fetch(run, result.data());
#endif
}

/* What f gives, run once where the data is. */
template <typename Way, typename F>
ANYROC_HD size_t once(const Way &run, F f)
{
    Scratch<size_t, Way> result(run, 1);
    size_t *place = result.data();
    each(run, 1, [=] ANYROC_HD(size_t) mutable { *place = f(); });
    return fetch(run, place);
}

/* visit(i, load(0) ∘ … ∘ load(i - 1), … ∘ load(i), i > 0) for every i below n. */
template <typename T, typename Load, typename Op, typename Visit>
ANYROC_HD void scan(const Sequential &, size_t n, Load load, Op combine, Visit visit)
{
    if (n == 0)
        return;
    T before = load(0);
    visit(0, before, before, false);
    for (size_t i = 1; i < n; ++i) {
        T up_to = combine(before, load(i));
        visit(i, before, up_to, true);
        before = up_to;
    }
}
template <typename T, typename Load, typename Op, typename Visit>
ANYROC_HD void scan(const Parallel &run, size_t n, Load load, Op combine, Visit visit)
{
#if defined(__HIP_DEVICE_COMPILE__)
    ANYROC_THRUST_INSTANTIATE(launch::scan<T>(run, n, load, combine, visit));
    detail::scan<T>(Sequential(), n, load, combine, visit);
#else
    launch::scan<T>(run, n, load, combine, visit);
#endif
}

/* take(i, k) for the k-th chosen i, leave(i, k) for the others with k chosen ones before; how many
 * are chosen. */
template <typename Chosen, typename Take, typename Leave>
ANYROC_HD size_t select(const Sequential &, size_t n, Chosen chosen, Take take, Leave leave)
{
    size_t taken = 0;
    for (size_t i = 0; i < n; ++i) {
        if (chosen(i)) {
            take(i, taken);
            ++taken;
        } else {
            leave(i, taken);
        }
    }
    return taken;
}
template <typename Chosen, typename Take, typename Leave>
ANYROC_HD size_t select(const Parallel &run, size_t n, Chosen chosen, Take take, Leave leave)
{
#if defined(__HIP_DEVICE_COMPILE__)
    ANYROC_THRUST_INSTANTIATE(launch::select(run, n, chosen, take, leave, &n));
    return detail::select(Sequential(), n, chosen, take, leave);
#else
    if (n == 0)
        return 0;
    Scratch<size_t, Parallel> total(run, 1);
    launch::select(run, n, chosen, take, leave, total.data());
    return fetch(run, total.data());
#endif
}

struct no_leave {
    ANYROC_HD void operator()(size_t, size_t) const {}
};

/* The number of the first items that are before `value`, or not after it. */
template <bool AFTER_EQUAL, typename Items, typename T, typename Less>
ANYROC_HD size_t bound(Items items, size_t n, const T &value, Less less)
{
    size_t low = 0, high = n;
    while (low < high) {
        size_t at = low + (high - low) / 2;
        bool before;
        if constexpr (AFTER_EQUAL)
            before = !less(value, items[at]);
        else
            before = less(items[at], value);
        if (before)
            low = at + 1;
        else
            high = at;
    }
    return low;
}

/* Sorts keys, and values with them unless they are a null pointer to NullType. Equal ones keep
 * their order. */
using NoValues = cub::NullType *;

template <typename Key, typename Less>
struct radix_order {
    static constexpr bool ascending =
        std::is_same_v<Less, thrust::less<Key>> || std::is_same_v<Less, thrust::less<>> ||
        std::is_same_v<Less, std::less<Key>> || std::is_same_v<Less, std::less<>>;
    static constexpr bool descending =
        std::is_same_v<Less, thrust::greater<Key>> || std::is_same_v<Less, thrust::greater<>> ||
        std::is_same_v<Less, std::greater<Key>> || std::is_same_v<Less, std::greater<>>;
    static constexpr bool known = std::is_arithmetic_v<Key> && !std::is_same_v<Key, bool> &&
                                  sizeof(Key) <= 8 && (ascending || descending);
};

namespace launch {

template <typename Key, typename Value>
__host__ auto radix_sort(const Parallel &run, Key *keys, Value *values, size_t n, bool descending)
{
    constexpr bool pairs = !std::is_same_v<Value, cub::NullType>;
    Scratch<Key, Parallel> other_keys(run, n);
    Scratch<Value, Parallel> other_values(run, pairs ? n : 0);
    cub::DoubleBuffer<Key> both(keys, other_keys.data());
    cub::DoubleBuffer<Value> both_values(values, other_values.data());
    with_storage(run, [&](void *storage, size_t &bytes) {
        using Sort = cub::DeviceRadixSort;
        if constexpr (pairs)
            return descending ? Sort::SortPairsDescending(storage, bytes, both, both_values, n, 0,
                                                          8 * sizeof(Key), run.stream)
                              : Sort::SortPairs(storage, bytes, both, both_values, n, 0,
                                                8 * sizeof(Key), run.stream);
        else
            return descending ? Sort::SortKeysDescending(storage, bytes, both, n, 0,
                                                         8 * sizeof(Key), run.stream)
                              : Sort::SortKeys(storage, bytes, both, n, 0, 8 * sizeof(Key),
                                               run.stream);
    });
    if (both.selector == 1) {
        Key *from = both.Current();
        Value *from_values = both_values.Current();
        launch::each(run, n, [=] __device__(size_t i) {
            keys[i] = from[i];
            if constexpr (pairs)
                values[i] = from_values[i];
        });
    }
    check(hipStreamSynchronize(run.stream));
    return 0;
}

template <typename Keys, typename Values, typename Less>
__host__ auto sort(const Parallel &run, Keys keys, Values values, size_t n, Less less)
{
    using Key = typename std::iterator_traits<Keys>::value_type;
    using Order = radix_order<Key, Less>;
    if constexpr (Order::known && std::is_pointer_v<Keys> && std::is_pointer_v<Values>)
        radix_sort(run, keys, values, n, Order::descending);
    else
        with_storage(run, [&](void *storage, size_t &bytes) {
            return cub::detail::merge_sort(storage, bytes, keys, values, n, less, run.stream);
        });
    return 0;
}

}  // namespace launch

template <typename Keys, typename Values, typename Keys2, typename Values2, typename Less>
ANYROC_HD void merge_neighbours(Keys keys, Values values, Keys2 to, Values2 values_to, size_t n,
                                size_t length, Less less)
{
    constexpr bool pairs = !std::is_same_v<Values, NoValues>;
    for (size_t first = 0; first < n; first += 2 * length) {
        size_t middle = first + length < n ? first + length : n;
        size_t last = middle + length < n ? middle + length : n, a = first, b = middle;
        for (size_t i = first; i < last; ++i) {
            size_t from = b == last || (a < middle && !less(keys[b], keys[a])) ? a++ : b++;
            to[i] = keys[from];
            if constexpr (pairs)
                values_to[i] = values[from];
        }
    }
}

template <typename Keys, typename Values, typename Less>
ANYROC_HD void sort(const Sequential &run, Keys keys, Values values, size_t n, Less less)
{
    using Key = typename std::iterator_traits<Keys>::value_type;
    using Value = typename std::iterator_traits<Values>::value_type;
    constexpr bool pairs = !std::is_same_v<Values, NoValues>;
    constexpr size_t short_run = 16;
    for (size_t first = 0; first < n; first += short_run) {
        size_t last = first + short_run < n ? first + short_run : n;
        for (size_t i = first + 1; i < last; ++i) {
            size_t to = i;
            Key key = keys[i];
            for (; to > first && less(key, keys[to - 1]); --to)
                keys[to] = static_cast<Key>(keys[to - 1]);
            keys[to] = key;
            if constexpr (pairs) {
                Value value = values[i];
                for (size_t k = i; k > to; --k)
                    values[k] = static_cast<Value>(values[k - 1]);
                values[to] = value;
            }
        }
    }
    if (n <= short_run)
        return;
    Scratch<Key, Sequential> other(run, n);
    Scratch<Value, Sequential> other_values(run, pairs ? n : 0);
    bool moved = false;
    for (size_t length = short_run; length < n; length *= 2, moved = !moved) {
        if (moved)
            merge_neighbours(other.data(), other_values.data(), keys, values, n, length, less);
        else
            merge_neighbours(keys, values, other.data(), other_values.data(), n, length, less);
    }
    for (size_t i = 0; moved && i < n; ++i) {
        keys[i] = other.data()[i];
        if constexpr (pairs)
            values[i] = other_values.data()[i];
    }
}

template <typename Keys, typename Values, typename Less>
ANYROC_HD void sort(const Parallel &run, Keys keys, Values values, size_t n, Less less)
{
#if defined(__HIP_DEVICE_COMPILE__)
    ANYROC_THRUST_INSTANTIATE(launch::sort(run, keys, values, n, less));
    sort(Sequential(), keys, values, n, less);
#else
    if (n > 1)
        launch::sort(run, keys, values, n, less);
#endif
}

/* What a value is that was taken out of a sequence in device memory. */
template <typename T>
struct plain {
    using type = T;
};
template <typename T>
struct plain<device_reference<T>> {
    using type = std::remove_cv_t<T>;
};
template <typename T>
using plain_t = typename plain<T>::type;

template <typename Iterator>
using value_of = typename std::iterator_traits<Iterator>::value_type;

}  // namespace detail
}  // namespace thrust

/* For each algorithm that takes a policy first: the one that runs where its iterators point. */
#define ANYROC_THRUST_PLAIN(name)                                                          \
    template <typename First, typename... Rest,                                            \
              std::enable_if_t<!thrust::detail::is_policy<First>, int> = 0>                \
    ANYROC_HD decltype(auto) name(First first, Rest... rest)                             \
    {                                                                                      \
        return thrust::name(thrust::detail::system_for<First, Rest...>(), first, rest...); \
    }
