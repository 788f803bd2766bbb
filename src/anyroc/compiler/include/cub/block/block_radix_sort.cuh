/* CUB: a stable sort of the keys that the threads of a block hold, bit by bit. */
#pragma once

#include "block_exchange.cuh"
#include "block_scan.cuh"

namespace cub {

template <typename Key, int X, int ITEMS, typename Value = NullType, int = 4, bool = true,
          BlockScanAlgorithm = BLOCK_SCAN_WARP_SCANS, int = 0, int Y = 1, int Z = 1, int = 0>
class BlockRadixSort {
    using Scan = BlockScan<int, X, BLOCK_SCAN_WARP_SCANS, Y, Z>;
    using Keys = BlockExchange<Key, X, ITEMS, false, Y, Z>;
    using Values = BlockExchange<Value, X, ITEMS, false, Y, Z>;
    static constexpr bool pairs = !std::is_same<Value, NullType>::value;

public:
    union TempStorage {
        typename Scan::TempStorage scan;
        typename Keys::TempStorage keys;
        typename Values::TempStorage values;
    };
    __device__ BlockRadixSort() : temp_(own_storage()) {}
    __device__ explicit BlockRadixSort(TempStorage &temp) : temp_(temp) {}

    __device__ void Sort(Key (&keys)[ITEMS], int begin = 0, int end = 8 * sizeof(Key))
    {
        NullType none[ITEMS];
        sort(keys, none, begin, end, false);
    }
    __device__ void SortDescending(Key (&keys)[ITEMS], int begin = 0, int end = 8 * sizeof(Key))
    {
        NullType none[ITEMS];
        sort(keys, none, begin, end, true);
    }
    __device__ void Sort(Key (&keys)[ITEMS], Value (&values)[ITEMS], int begin = 0,
                         int end = 8 * sizeof(Key))
    {
        sort(keys, values, begin, end, false);
    }
    __device__ void SortDescending(Key (&keys)[ITEMS], Value (&values)[ITEMS], int begin = 0,
                                   int end = 8 * sizeof(Key))
    {
        sort(keys, values, begin, end, true);
    }
    __device__ void SortBlockedToStriped(Key (&keys)[ITEMS], int begin = 0,
                                         int end = 8 * sizeof(Key))
    {
        Sort(keys, begin, end);
        detail::sync_block();
        Keys(temp_.keys).BlockedToStriped(keys, keys);
    }
    __device__ void SortBlockedToStriped(Key (&keys)[ITEMS], Value (&values)[ITEMS], int begin = 0,
                                         int end = 8 * sizeof(Key))
    {
        Sort(keys, values, begin, end);
        detail::sync_block();
        Keys(temp_.keys).BlockedToStriped(keys, keys);
        detail::sync_block();
        Values(temp_.values).BlockedToStriped(values, values);
    }

private:
    template <typename V>
    __device__ void sort(Key (&keys)[ITEMS], V (&values)[ITEMS], int begin, int end,
                         bool descending)
    {
        int thread = detail::thread_of_block<X, Y, Z>();
        for (int bit = begin; bit < end; ++bit) {
            int ones[ITEMS], before[ITEMS], total;
            for (int i = 0; i < ITEMS; ++i)
                ones[i] = static_cast<int>(detail::ordered_bits(keys[i]) >> bit & 1) ^ descending;
            detail::sync_block();
            Scan(temp_.scan).ExclusiveSum(ones, before, total);
            int zeros = X * Y * Z * ITEMS - total, ranks[ITEMS];
            for (int i = 0; i < ITEMS; ++i)
                ranks[i] = ones[i] ? zeros + before[i] : thread * ITEMS + i - before[i];
            detail::sync_block();
            Keys(temp_.keys).ScatterToBlocked(keys, keys, ranks);
            if constexpr (pairs && std::is_same<V, Value>::value) {
                detail::sync_block();
                Values(temp_.values).ScatterToBlocked(values, values, ranks);
            }
        }
    }
    static __device__ TempStorage &own_storage()
    {
        __shared__ TempStorage storage;
        return storage;
    }
    TempStorage &temp_;
};

}  // namespace cub
