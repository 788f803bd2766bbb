/* CUB: where runs of items begin and end. */
#pragma once

#include "block_adjacent_difference.cuh"

namespace cub {

template <typename T, int X, int Y = 1, int Z = 1, int = 0>
class BlockDiscontinuity {
    using Neighbours = BlockAdjacentDifference<T, X, Y, Z>;

public:
    using TempStorage = typename Neighbours::TempStorage;
    __device__ BlockDiscontinuity() {}
    __device__ explicit BlockDiscontinuity(TempStorage &temp) : neighbours_(temp) {}

    /* The first item of the block is a head, the last one a tail, unless a neighbour is given. */
    template <int ITEMS, typename Flag, typename Op>
    __device__ void FlagHeads(Flag (&heads)[ITEMS], T (&input)[ITEMS], Op differ)
    {
        neighbours_.SubtractLeft(input, heads, flipped(differ));
        if (detail::thread_of_block<X, Y, Z>() == 0)
            heads[0] = 1;
    }
    template <int ITEMS, typename Flag, typename Op>
    __device__ void FlagHeads(Flag (&heads)[ITEMS], T (&input)[ITEMS], Op differ, T before)
    {
        neighbours_.SubtractLeft(input, heads, flipped(differ), before);
    }
    template <int ITEMS, typename Flag, typename Op>
    __device__ void FlagTails(Flag (&tails)[ITEMS], T (&input)[ITEMS], Op differ)
    {
        neighbours_.SubtractRight(input, tails, differ);
        if (detail::thread_of_block<X, Y, Z>() == X * Y * Z - 1)
            tails[ITEMS - 1] = 1;
    }
    template <int ITEMS, typename Flag, typename Op>
    __device__ void FlagTails(Flag (&tails)[ITEMS], T (&input)[ITEMS], Op differ, T after)
    {
        neighbours_.SubtractRight(input, tails, differ, after);
    }

private:
    template <typename Op>
    static __device__ auto flipped(Op differ)
    {
        return [=](const T &item, const T &before) { return differ(before, item); };
    }
    Neighbours neighbours_;
};

}  // namespace cub
