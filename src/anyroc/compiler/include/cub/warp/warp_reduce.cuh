/* CUB: reductions over the lanes of a warp, or of a power of two of its lanes. */
#pragma once

#include "../thread/thread_operators.cuh"
#include "../util_ptx.cuh"

namespace cub {

template <typename T, int LANES = 32, int = 0>
class WarpReduce {
    static_assert(PowerOfTwo<LANES>::VALUE && LANES <= 32, "a power of two of at most 32 lanes");

public:
    struct TempStorage {
        unsigned char unused;
    };
    __device__ explicit WarpReduce(TempStorage &) {}

    /* The combination of the lanes' values in their order; the first lane has it. */
    template <typename Op>
    __device__ T Reduce(T value, Op combine)
    {
        return Reduce(value, combine, LANES);
    }
    template <typename Op>
    __device__ T Reduce(T value, Op combine, int valid)
    {
        int lane = LaneId() & (LANES - 1);
        for (int delta = 1; delta < LANES; delta *= 2) {
            T other = anyroc::shuffle_down(value, delta, LANES);
            if (lane + delta < valid && lane + delta < LANES)
                value = combine(value, other);
        }
        return value;
    }
    __device__ T Sum(T value) { return Reduce(value, cub::Sum()); }
    __device__ T Sum(T value, int valid) { return Reduce(value, cub::Sum(), valid); }
    __device__ T Max(T value) { return Reduce(value, cub::Max()); }
    __device__ T Min(T value) { return Reduce(value, cub::Min()); }

    /* The same up to the lane before the next flag; the first lane of each segment has it. */
    template <typename Op, typename Flag>
    __device__ T HeadSegmentedReduce(T value, Flag head, Op combine)
    {
        unsigned int lane = LaneId() & (LANES - 1), first = LaneId() & ~(LANES - 1);
        unsigned int heads = half_ballot(head) >> first;
        unsigned int after = heads & ~(2u * (1u << lane) - 1);
        return Reduce(value, combine, after ? __builtin_ctz(after) : LANES);
    }
    template <typename Op, typename Flag>
    __device__ T TailSegmentedReduce(T value, Flag tail, Op combine)
    {
        unsigned int lane = LaneId() & (LANES - 1), first = LaneId() & ~(LANES - 1);
        unsigned int tails = (half_ballot(tail) >> first) & ~((1u << lane) - 1);
        return Reduce(value, combine, tails ? __builtin_ctz(tails) + 1 : LANES);
    }
    template <typename Flag>
    __device__ T HeadSegmentedSum(T value, Flag head)
    {
        return HeadSegmentedReduce(value, head, cub::Sum());
    }
    template <typename Flag>
    __device__ T TailSegmentedSum(T value, Flag tail)
    {
        return TailSegmentedReduce(value, tail, cub::Sum());
    }

private:
    static __device__ unsigned int half_ballot(bool flag)
    {
        auto votes = anyroc::ballot(flag);
        return sizeof(votes) == 8 && (anyroc::lane_of_wave() & 32)
                   ? static_cast<unsigned int>(static_cast<unsigned long long>(votes) >> 32)
                   : static_cast<unsigned int>(votes);
    }
};

}  // namespace cub
