/* CUB: stable sorts by the bits of keys, four bits at a time. */
#pragma once

#include "../detail/launch.cuh"

namespace cub {
namespace detail {

static constexpr int digit_bits = 4, digits = 1 << digit_bits;
static constexpr size_t most_sorters = 4096;

/* Each of `threads` threads has a piece of neighbours: counts of its digits, ordered by digit and
 * then by thread, become the places where it puts them. */
template <typename Key, typename Value>
hipError_t sort_by_digit(Workspace room, const Key *keys, Key *keys_out, const Value *values,
                         Value *values_out, size_t count, int begin, int bits, bool descending,
                         hipStream_t stream)
{
    size_t length = count / most_sorters < 16 ? 16 : (count + most_sorters - 1) / most_sorters;
    size_t threads = (count + length - 1) / length;
    size_t *counts = room.take<size_t>(most_sorters * digits);
    unsigned int mask = (1u << bits) - 1, flip = descending ? mask : 0;
    auto digit = [=] __device__(const Key &key) -> unsigned int {
        return (static_cast<unsigned int>(ordered_bits(key) >> begin) & mask) ^ flip;
    };
    over(threads, stream, [=] __device__(size_t thread) {
        size_t found[digits] = {}, end = (thread + 1) * length;
        for (size_t i = thread * length; i < (end < count ? end : count); ++i)
            ++found[digit(keys[i])];
        for (int d = 0; d < digits; ++d)
            counts[d * threads + thread] = found[d];
    });
    scan<size_t>(
        room, threads * digits, [=] __device__(size_t i) { return counts[i]; }, Sum(),
        [=] __device__(size_t i, size_t before, size_t, bool any) { counts[i] = any ? before : 0; },
        stream);
    return over(threads, stream, [=] __device__(size_t thread) {
        size_t place[digits], end = (thread + 1) * length;
        for (int d = 0; d < digits; ++d)
            place[d] = counts[d * threads + thread];
        for (size_t i = thread * length; i < (end < count ? end : count); ++i) {
            size_t to = place[digit(keys[i])]++;
            keys_out[to] = keys[i];
            if constexpr (!std::is_same<Value, NullType>::value)
                values_out[to] = values[i];
        }
    });
}

/* Sorts from the first pair of arrays into one of two others: passes go back and forth between
 * them, beginning with number `written`, which becomes the number of the last one. */
template <typename Key, typename Value>
hipError_t radix_sort(Workspace &room, const Key *keys, const Value *values, Key *const (&to)[2],
                      Value *const (&values_to)[2], size_t count, int begin, int end,
                      bool descending, int &written, hipStream_t stream)
{
    int passes = (end - begin + digit_bits - 1) / digit_bits;
    hipError_t error = hipSuccess;
    for (int pass = 0; pass < passes && error == hipSuccess; ++pass) {
        int at = begin + pass * digit_bits, bits = end - at < digit_bits ? end - at : digit_bits;
        error = sort_by_digit(room, keys, to[written], values, values_to[written], count, at, bits,
                              descending, stream);
        keys = to[written];
        values = values_to[written];
        written ^= 1;
    }
    written ^= 1;
    return error;
}

inline void reserve_counts(Workspace &room)
{
    room.take<size_t>(most_sorters * digits);
    room.take<size_t>(most_chunks);
}

}  // namespace detail

struct DeviceRadixSort {
#define ANYROC_CUB_SORT(suffix, descending)                                                   \
    template <typename Key, typename N>                                                       \
    static hipError_t SortKeys##suffix(void *temp, size_t &bytes, const Key *in, Key *out,    \
                                       N count, int begin = 0, int end = 8 * sizeof(Key),     \
                                       hipStream_t stream = 0, bool = false)                  \
    {                                                                                         \
        return sort<Key, NullType>(temp, bytes, in, out, nullptr, nullptr, count, begin, end, \
                                   descending, stream);                                       \
    }                                                                                         \
    template <typename Key, typename Value, typename N>                                       \
    static hipError_t SortPairs##suffix(void *temp, size_t &bytes, const Key *in, Key *out,   \
                                        const Value *values, Value *values_out, N count,      \
                                        int begin = 0, int end = 8 * sizeof(Key),             \
                                        hipStream_t stream = 0, bool = false)                 \
    {                                                                                         \
        return sort(temp, bytes, in, out, values, values_out, count, begin, end, descending,  \
                    stream);                                                                  \
    }                                                                                         \
    template <typename Key, typename N>                                                       \
    static hipError_t SortKeys##suffix(void *temp, size_t &bytes, DoubleBuffer<Key> &keys,    \
                                       N count, int begin = 0, int end = 8 * sizeof(Key),     \
                                       hipStream_t stream = 0, bool = false)                  \
    {                                                                                         \
        DoubleBuffer<NullType> none;                                                          \
        return sort(temp, bytes, keys, none, count, begin, end, descending, stream);          \
    }                                                                                         \
    template <typename Key, typename Value, typename N>                                       \
    static hipError_t SortPairs##suffix(void *temp, size_t &bytes, DoubleBuffer<Key> &keys,   \
                                        DoubleBuffer<Value> &values, N count, int begin = 0,  \
                                        int end = 8 * sizeof(Key), hipStream_t stream = 0,    \
                                        bool = false)                                         \
    {                                                                                         \
        return sort(temp, bytes, keys, values, count, begin, end, descending, stream);        \
    }
    ANYROC_CUB_SORT(, false)
    ANYROC_CUB_SORT(Descending, true)
#undef ANYROC_CUB_SORT

private:
    template <typename Key, typename Value>
    static hipError_t sort(void *temp, size_t &bytes, const Key *in, Key *out, const Value *values,
                           Value *values_out, size_t count, int begin, int end, bool descending,
                           hipStream_t stream)
    {
        detail::Workspace room(temp, bytes);
        Key *spare = room.take<Key>(count);
        Value *spare_values = room.take<Value>(std::is_same<Value, NullType>::value ? 0 : count);
        detail::Workspace rest = room;
        detail::reserve_counts(room);
        if (room.asked_for_size() || count == 0)
            return hipSuccess;
        Key *const to[2] = {out, spare};
        Value *const values_to[2] = {values_out, spare_values};
        int passes = (end - begin + detail::digit_bits - 1) / detail::digit_bits;
        int written = passes % 2 == 0;
        if (passes == 0)
            return detail::over(count, stream, [=] __device__(size_t i) {
                out[i] = in[i];
                if constexpr (!std::is_same<Value, NullType>::value)
                    values_out[i] = values[i];
            });
        return detail::radix_sort(rest, in, values, to, values_to, count, begin, end, descending,
                                  written, stream);
    }
    template <typename Key, typename Value>
    static hipError_t sort(void *temp, size_t &bytes, DoubleBuffer<Key> &keys,
                           DoubleBuffer<Value> &values, size_t count, int begin, int end,
                           bool descending, hipStream_t stream)
    {
        detail::Workspace room(temp, bytes), rest = room;
        detail::reserve_counts(room);
        if (room.asked_for_size() || count == 0)
            return hipSuccess;
        Key *const to[2] = {keys.Alternate(), keys.Current()};
        Value *const values_to[2] = {values.Alternate(), values.Current()};
        int written = 0;
        hipError_t error = detail::radix_sort(rest, keys.Current(), values.Current(), to, values_to,
                                              count, begin, end, descending, written, stream);
        if (written == 0) {
            keys.selector ^= 1;
            values.selector ^= 1;
        }
        return error;
    }
};

}  // namespace cub
