/* CUB: scans over the lanes of a warp, or of a power of two of its lanes. */
#pragma once

#include "../thread/thread_operators.cuh"
#include "../util_ptx.cuh"

namespace cub {

template <typename T, int LANES = 32, int = 0>
class WarpScan {
    static_assert(PowerOfTwo<LANES>::VALUE && LANES <= 32, "a power of two of at most 32 lanes");

public:
    struct TempStorage {
        unsigned char unused;
    };
    __device__ explicit WarpScan(TempStorage &) {}

    template <typename Op>
    __device__ void InclusiveScan(T input, T &output, Op combine)
    {
        output = input;
        for (int delta = 1; delta < LANES; delta *= 2) {
            T before = anyroc::shuffle_up(output, delta, LANES);
            if (lane() >= delta)
                output = combine(before, output);
        }
    }
    template <typename Op>
    __device__ void InclusiveScan(T input, T &output, Op combine, T &aggregate)
    {
        InclusiveScan(input, output, combine);
        aggregate = anyroc::shuffle(output, LANES - 1, LANES);
    }
    /* Without a first value the first lane's result is undefined: here its own input. */
    template <typename Op>
    __device__ void ExclusiveScan(T input, T &output, Op combine)
    {
        T inclusive;
        InclusiveScan(input, inclusive, combine);
        output = anyroc::shuffle_up(inclusive, 1, LANES);
    }
    template <typename Op>
    __device__ void ExclusiveScan(T input, T &output, T first, Op combine)
    {
        T before;
        ExclusiveScan(input, before, combine);
        output = lane() == 0 ? first : static_cast<T>(combine(first, before));
    }
    template <typename Op>
    __device__ void ExclusiveScan(T input, T &output, T first, Op combine, T &aggregate)
    {
        T inclusive;
        InclusiveScan(input, inclusive, combine, aggregate);
        T before = anyroc::shuffle_up(inclusive, 1, LANES);
        output = lane() == 0 ? first : static_cast<T>(combine(first, before));
    }
    template <typename Op>
    __device__ void Scan(T input, T &inclusive, T &exclusive, Op combine)
    {
        InclusiveScan(input, inclusive, combine);
        exclusive = anyroc::shuffle_up(inclusive, 1, LANES);
    }
    __device__ void InclusiveSum(T input, T &output) { InclusiveScan(input, output, cub::Sum()); }
    __device__ void InclusiveSum(T input, T &output, T &aggregate)
    {
        InclusiveScan(input, output, cub::Sum(), aggregate);
    }
    __device__ void ExclusiveSum(T input, T &output)
    {
        ExclusiveScan(input, output, T(0), cub::Sum());
    }
    __device__ void ExclusiveSum(T input, T &output, T &aggregate)
    {
        ExclusiveScan(input, output, T(0), cub::Sum(), aggregate);
    }
    __device__ T Broadcast(T input, unsigned int from)
    {
        return anyroc::shuffle(input, from, LANES);
    }

private:
    static __device__ int lane() { return LaneId() & (LANES - 1); }
};

}  // namespace cub
