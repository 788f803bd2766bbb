/* CUB: rearrangements of the items that the lanes of a warp hold. */
#pragma once

#include "../util_ptx.cuh"

namespace cub {

enum WarpExchangeAlgorithm { WARP_EXCHANGE_SMEM, WARP_EXCHANGE_SHUFFLE };

template <typename T, int ITEMS, int LANES = 32, int = 0,
          WarpExchangeAlgorithm = WARP_EXCHANGE_SMEM>
class WarpExchange {
public:
    struct TempStorage {
        Uninitialized<T> items[LANES * ITEMS];
    };
    __device__ explicit WarpExchange(TempStorage &temp) : temp_(temp) {}

    template <typename U>
    __device__ void StripedToBlocked(const T (&input)[ITEMS], U (&output)[ITEMS])
    {
        move(input, output, striped, blocked);
    }
    template <typename U>
    __device__ void BlockedToStriped(const T (&input)[ITEMS], U (&output)[ITEMS])
    {
        move(input, output, blocked, striped);
    }
    template <typename U, typename Rank>
    __device__ void ScatterToStriped(const T (&input)[ITEMS], U (&output)[ITEMS],
                                     Rank (&ranks)[ITEMS])
    {
        move(input, output, [&](int i) -> int { return ranks[i]; }, striped);
    }
    template <typename Rank>
    __device__ void ScatterToStriped(T (&items)[ITEMS], Rank (&ranks)[ITEMS])
    {
        ScatterToStriped(items, items, ranks);
    }

private:
    static __device__ int lane() { return LaneId() & (LANES - 1); }
    static __device__ int blocked(int i) { return lane() * ITEMS + i; }
    static __device__ int striped(int i) { return lane() + i * LANES; }

    template <typename U, typename To, typename From>
    __device__ void move(const T (&input)[ITEMS], U (&output)[ITEMS], To to, From from)
    {
        for (int i = 0; i < ITEMS; ++i)
            temp_.items[to(i)].Alias() = input[i];
        anyroc::sync_lanes();
        for (int i = 0; i < ITEMS; ++i)
            output[i] = temp_.items[from(i)].Alias();
    }
    TempStorage &temp_;
};

}  // namespace cub
