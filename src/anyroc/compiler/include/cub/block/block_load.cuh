/* CUB: loads of several neighbouring (blocked) or interleaved (striped) items per thread. */
#pragma once

#include "../util_ptx.cuh"

namespace cub {

enum BlockLoadAlgorithm {
    BLOCK_LOAD_DIRECT,
    BLOCK_LOAD_STRIPED,
    BLOCK_LOAD_VECTORIZE,
    BLOCK_LOAD_TRANSPOSE,
    BLOCK_LOAD_WARP_TRANSPOSE,
    BLOCK_LOAD_WARP_TRANSPOSE_TIMESLICED
};

template <typename T, int ITEMS, typename Iterator>
ANYROC_DEVICE void LoadDirectBlocked(int thread, Iterator from, T (&items)[ITEMS])
{
    for (int i = 0; i < ITEMS; ++i)
        items[i] = from[thread * ITEMS + i];
}
template <typename T, int ITEMS, typename Iterator>
ANYROC_DEVICE void LoadDirectBlocked(int thread, Iterator from, T (&items)[ITEMS], int valid)
{
    for (int i = 0; i < ITEMS; ++i)
        if (thread * ITEMS + i < valid)
            items[i] = from[thread * ITEMS + i];
}
template <typename T, typename Default, int ITEMS, typename Iterator>
ANYROC_DEVICE void LoadDirectBlocked(int thread, Iterator from, T (&items)[ITEMS], int valid,
                                     Default otherwise)
{
    for (int i = 0; i < ITEMS; ++i)
        items[i] = static_cast<T>(otherwise);
    LoadDirectBlocked(thread, from, items, valid);
}
template <typename T, int ITEMS>
ANYROC_DEVICE void LoadDirectBlockedVectorized(int thread, T *from, T (&items)[ITEMS])
{
    LoadDirectBlocked(thread, from, items);
}
template <int THREADS, typename T, int ITEMS, typename Iterator>
ANYROC_DEVICE void LoadDirectStriped(int thread, Iterator from, T (&items)[ITEMS])
{
    for (int i = 0; i < ITEMS; ++i)
        items[i] = from[thread + i * THREADS];
}
template <int THREADS, typename T, int ITEMS, typename Iterator>
ANYROC_DEVICE void LoadDirectStriped(int thread, Iterator from, T (&items)[ITEMS], int valid)
{
    for (int i = 0; i < ITEMS; ++i)
        if (thread + i * THREADS < valid)
            items[i] = from[thread + i * THREADS];
}
template <int THREADS, typename T, typename Default, int ITEMS, typename Iterator>
ANYROC_DEVICE void LoadDirectStriped(int thread, Iterator from, T (&items)[ITEMS], int valid,
                                     Default otherwise)
{
    for (int i = 0; i < ITEMS; ++i)
        items[i] = static_cast<T>(otherwise);
    LoadDirectStriped<THREADS>(thread, from, items, valid);
}

template <typename T, int X, int ITEMS, BlockLoadAlgorithm HOW = BLOCK_LOAD_DIRECT, int Y = 1,
          int Z = 1, int = 0>
class BlockLoad {
public:
    struct TempStorage {
        unsigned char unused;
    };
    __device__ BlockLoad() {}
    __device__ explicit BlockLoad(TempStorage &) {}

    template <typename Iterator, typename... Limits>
    __device__ void Load(Iterator from, T (&items)[ITEMS], Limits... limits)
    {
        int thread = detail::thread_of_block<X, Y, Z>();
        if constexpr (HOW == BLOCK_LOAD_STRIPED)
            LoadDirectStriped<X * Y * Z>(thread, from, items, limits...);
        else
            LoadDirectBlocked(thread, from, items, limits...);
    }
};

}  // namespace cub
