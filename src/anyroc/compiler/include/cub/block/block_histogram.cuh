/* CUB: histograms over the items of a block. */
#pragma once

#include "../util_ptx.cuh"

namespace cub {

enum BlockHistogramAlgorithm { BLOCK_HISTO_SORT, BLOCK_HISTO_ATOMIC };

template <typename T, int X, int ITEMS, int BINS, BlockHistogramAlgorithm = BLOCK_HISTO_SORT,
          int Y = 1, int Z = 1, int = 0>
class BlockHistogram {
public:
    struct TempStorage {
        unsigned char unused;
    };
    __device__ BlockHistogram() {}
    __device__ explicit BlockHistogram(TempStorage &) {}

    template <typename Counter>
    __device__ void InitHistogram(Counter (&histogram)[BINS])
    {
        for (int i = detail::thread_of_block<X, Y, Z>(); i < BINS; i += X * Y * Z)
            histogram[i] = 0;
    }
    template <typename Counter>
    __device__ void Histogram(T (&items)[ITEMS], Counter (&histogram)[BINS])
    {
        InitHistogram(histogram);
        detail::sync_block();
        Composite(items, histogram);
    }
    template <typename Counter>
    __device__ void Composite(T (&items)[ITEMS], Counter (&histogram)[BINS])
    {
        for (int i = 0; i < ITEMS; ++i)
            atomicAdd(histogram + items[i], Counter(1));
    }
};

}  // namespace cub
