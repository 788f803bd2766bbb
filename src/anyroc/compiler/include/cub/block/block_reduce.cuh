/* CUB: reductions over the threads of a block. */
#pragma once

#include "../warp/warp_reduce.cuh"

namespace cub {

enum BlockReduceAlgorithm {
    BLOCK_REDUCE_RAKING_COMMUTATIVE_ONLY,
    BLOCK_REDUCE_RAKING,
    BLOCK_REDUCE_WARP_REDUCTIONS
};

/* Whatever the algorithm asked for, warps reduce with shuffles and the first thread combines their
 * results in order; it alone has the result. */
template <typename T, int X, BlockReduceAlgorithm = BLOCK_REDUCE_WARP_REDUCTIONS, int Y = 1,
          int Z = 1, int = 0>
class BlockReduce {
    static constexpr int threads = X * Y * Z, warps = (threads + 31) / 32;

public:
    struct TempStorage {
        Uninitialized<T> of_warp[warps];
    };

    __device__ BlockReduce() : temp_(own_storage()) {}
    __device__ explicit BlockReduce(TempStorage &temp) : temp_(temp) {}

    template <typename Op>
    __device__ T Reduce(T value, Op combine, int valid)
    {
        typename WarpReduce<T>::TempStorage unused;
        int self = detail::thread_of_block<X, Y, Z>(), warp = self / 32;
        value = WarpReduce<T>(unused).Reduce(value, combine, valid - 32 * warp);
        if (self % 32 == 0)
            temp_.of_warp[warp].Alias() = value;
        detail::sync_block();
        if (self == 0)
            for (int i = 1; i < warps && 32 * i < valid; ++i)
                value = combine(value, temp_.of_warp[i].Alias());
        return value;
    }
    template <typename Op>
    __device__ T Reduce(T value, Op combine)
    {
        return Reduce(value, combine, threads);
    }
    template <int ITEMS, typename Op>
    __device__ T Reduce(T (&values)[ITEMS], Op combine)
    {
        T value = values[0];
        for (int i = 1; i < ITEMS; ++i)
            value = combine(value, values[i]);
        return Reduce(value, combine);
    }
    __device__ T Sum(T value) { return Reduce(value, cub::Sum()); }
    __device__ T Sum(T value, int valid) { return Reduce(value, cub::Sum(), valid); }
    template <int ITEMS>
    __device__ T Sum(T (&values)[ITEMS])
    {
        return Reduce(values, cub::Sum());
    }

private:
    static __device__ TempStorage &own_storage()
    {
        __shared__ TempStorage storage;
        return storage;
    }
    TempStorage &temp_;
};

}  // namespace cub
