/* CUB: rearrangements of the items that the threads of a block hold. */
#pragma once

#include "../util_ptx.cuh"

namespace cub {

template <typename T, int X, int ITEMS, bool = false, int Y = 1, int Z = 1, int = 0>
class BlockExchange {
    static constexpr int threads = X * Y * Z;

public:
    struct TempStorage {
        Uninitialized<T> items[threads * ITEMS];
    };
    __device__ BlockExchange() : temp_(own_storage()) {}
    __device__ explicit BlockExchange(TempStorage &temp) : temp_(temp) {}

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
    __device__ void ScatterToBlocked(const T (&input)[ITEMS], U (&output)[ITEMS],
                                     Rank (&ranks)[ITEMS])
    {
        move(input, output, [&](int i) -> int { return ranks[i]; }, blocked);
    }
    template <typename U, typename Rank>
    __device__ void ScatterToStriped(const T (&input)[ITEMS], U (&output)[ITEMS],
                                     Rank (&ranks)[ITEMS])
    {
        move(input, output, [&](int i) -> int { return ranks[i]; }, striped);
    }
    __device__ void StripedToBlocked(T (&items)[ITEMS]) { StripedToBlocked(items, items); }
    __device__ void BlockedToStriped(T (&items)[ITEMS]) { BlockedToStriped(items, items); }
    template <typename Rank>
    __device__ void ScatterToBlocked(T (&items)[ITEMS], Rank (&ranks)[ITEMS])
    {
        ScatterToBlocked(items, items, ranks);
    }
    template <typename Rank>
    __device__ void ScatterToStriped(T (&items)[ITEMS], Rank (&ranks)[ITEMS])
    {
        ScatterToStriped(items, items, ranks);
    }

private:
    static __device__ int blocked(int i) { return thread() * ITEMS + i; }
    static __device__ int striped(int i) { return thread() + i * threads; }
    static __device__ int thread() { return detail::thread_of_block<X, Y, Z>(); }

    template <typename U, typename To, typename From>
    __device__ void move(const T (&input)[ITEMS], U (&output)[ITEMS], To to, From from)
    {
        for (int i = 0; i < ITEMS; ++i)
            temp_.items[to(i)].Alias() = input[i];
        detail::sync_block();
        for (int i = 0; i < ITEMS; ++i)
            output[i] = temp_.items[from(i)].Alias();
    }
    static __device__ TempStorage &own_storage()
    {
        __shared__ TempStorage storage;
        return storage;
    }
    TempStorage &temp_;
};

}  // namespace cub
