/* CUB: stores of several neighbouring (blocked) or interleaved (striped) items per thread. */
#pragma once

#include "../util_ptx.cuh"

namespace cub {

enum BlockStoreAlgorithm {
    BLOCK_STORE_DIRECT,
    BLOCK_STORE_STRIPED,
    BLOCK_STORE_VECTORIZE,
    BLOCK_STORE_TRANSPOSE,
    BLOCK_STORE_WARP_TRANSPOSE,
    BLOCK_STORE_WARP_TRANSPOSE_TIMESLICED
};

template <typename T, int ITEMS, typename Iterator>
ANYROC_DEVICE void StoreDirectBlocked(int thread, Iterator to, T (&items)[ITEMS])
{
    for (int i = 0; i < ITEMS; ++i)
        to[thread * ITEMS + i] = items[i];
}
template <typename T, int ITEMS, typename Iterator>
ANYROC_DEVICE void StoreDirectBlocked(int thread, Iterator to, T (&items)[ITEMS], int valid)
{
    for (int i = 0; i < ITEMS; ++i)
        if (thread * ITEMS + i < valid)
            to[thread * ITEMS + i] = items[i];
}
template <typename T, int ITEMS>
ANYROC_DEVICE void StoreDirectBlockedVectorized(int thread, T *to, T (&items)[ITEMS])
{
    StoreDirectBlocked(thread, to, items);
}
template <int THREADS, typename T, int ITEMS, typename Iterator>
ANYROC_DEVICE void StoreDirectStriped(int thread, Iterator to, T (&items)[ITEMS])
{
    for (int i = 0; i < ITEMS; ++i)
        to[thread + i * THREADS] = items[i];
}
template <int THREADS, typename T, int ITEMS, typename Iterator>
ANYROC_DEVICE void StoreDirectStriped(int thread, Iterator to, T (&items)[ITEMS], int valid)
{
    for (int i = 0; i < ITEMS; ++i)
        if (thread + i * THREADS < valid)
            to[thread + i * THREADS] = items[i];
}

template <typename T, int X, int ITEMS, BlockStoreAlgorithm HOW = BLOCK_STORE_DIRECT, int Y = 1,
          int Z = 1, int = 0>
class BlockStore {
public:
    struct TempStorage {
        unsigned char unused;
    };
    __device__ BlockStore() {}
    __device__ explicit BlockStore(TempStorage &) {}

    template <typename Iterator, typename... Limits>
    __device__ void Store(Iterator to, T (&items)[ITEMS], Limits... limits)
    {
        int thread = detail::thread_of_block<X, Y, Z>();
        if constexpr (HOW == BLOCK_STORE_STRIPED)
            StoreDirectStriped<X * Y * Z>(thread, to, items, limits...);
        else
            StoreDirectBlocked(thread, to, items, limits...);
    }
};

}  // namespace cub
