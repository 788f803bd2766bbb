/* CUB: stable sorts by a comparison. */
#pragma once

#include "../detail/launch.cuh"

namespace cub {
namespace detail {

/* Merges neighbouring sorted runs: an item's place is its rank in its own run and in the other. */
template <typename Key, typename Value, typename Less>
hipError_t merge_runs(const Key *keys, Key *keys_out, const Value *values, Value *values_out,
                      size_t count, size_t run, Less less, hipStream_t stream)
{
    return over(count, stream, [=] __device__(size_t i) mutable {
        size_t first = i / (2 * run) * (2 * run), middle = first + run, last = middle + run;
        middle = middle < count ? middle : count;
        last = last < count ? last : count;
        bool left = i < middle;
        size_t low = left ? middle : first, high = left ? last : middle, base = low;
        while (low < high) {
            size_t at = low + (high - low) / 2;
            bool before = left ? less(keys[at], keys[i]) : !less(keys[i], keys[at]);
            if (before)
                low = at + 1;
            else
                high = at;
        }
        size_t to = left ? i + (low - base) : first + (i - middle) + (low - base);
        keys_out[to] = keys[i];
        if constexpr (!std::is_same<Value, NullType>::value)
            values_out[to] = values[i];
    });
}

template <typename Keys, typename Values, typename Less>
hipError_t merge_sort(void *temp, size_t &bytes, Keys keys, Values values, size_t count, Less less,
                      hipStream_t stream)
{
    using Key = value_of<Keys>;
    using Value = value_of<Values>;
    constexpr bool pairs = !std::is_same<Value, NullType>::value;
    Workspace room(temp, bytes);
    Key *a = room.take<Key>(count), *b = room.take<Key>(count);
    Value *va = room.take<Value>(pairs ? count : 0), *vb = room.take<Value>(pairs ? count : 0);
    if (room.asked_for_size() || count == 0)
        return hipSuccess;
    hipError_t error = over(count, stream, [=] __device__(size_t i) {
        a[i] = keys[i];
        if constexpr (pairs)
            va[i] = values[i];
    });
    for (size_t run = 1; run < count && error == hipSuccess; run *= 2) {
        error = merge_runs(a, b, va, vb, count, run, less, stream);
        Key *key = a;
        Value *value = va;
        a = b, va = vb, b = key, vb = value;
    }
    if (error != hipSuccess)
        return error;
    return over(count, stream, [=] __device__(size_t i) mutable {
        keys[i] = a[i];
        if constexpr (pairs)
            values[i] = va[i];
    });
}

}  // namespace detail

struct DeviceMergeSort {
#define ANYROC_CUB_SORT(stable)                                                                   \
    template <typename Keys, typename N, typename Less>                                           \
    static hipError_t stable##SortKeys(void *temp, size_t &bytes, Keys keys, N count, Less less,  \
                                       hipStream_t stream = 0, bool = false)                      \
    {                                                                                             \
        return detail::merge_sort(temp, bytes, keys, static_cast<NullType *>(nullptr), count,     \
                                  less, stream);                                                  \
    }                                                                                             \
    template <typename Keys, typename Values, typename N, typename Less>                          \
    static hipError_t stable##SortPairs(void *temp, size_t &bytes, Keys keys, Values values,      \
                                        N count, Less less, hipStream_t stream = 0, bool = false) \
    {                                                                                             \
        return detail::merge_sort(temp, bytes, keys, values, count, less, stream);                \
    }
    ANYROC_CUB_SORT()
    ANYROC_CUB_SORT(Stable)
#undef ANYROC_CUB_SORT
};

}  // namespace cub
