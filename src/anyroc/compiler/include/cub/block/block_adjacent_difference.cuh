/* CUB: what each item of a block makes with its neighbour. */
#pragma once

#include "../thread/thread_operators.cuh"

namespace cub {

template <typename T, int X, int Y = 1, int Z = 1, int = 0>
class BlockAdjacentDifference {
    static constexpr int threads = X * Y * Z;

public:
    struct TempStorage {
        Uninitialized<T> first[threads], last[threads];
    };
    __device__ BlockAdjacentDifference() : temp_(own_storage()) {}
    __device__ explicit BlockAdjacentDifference(TempStorage &temp) : temp_(temp) {}

    /* Item i becomes difference(item i, item i - 1); the first stays, or follows `before`. */
    template <int ITEMS, typename Out, typename Op, typename... Before>
    __device__ void SubtractLeft(const T (&input)[ITEMS], Out (&output)[ITEMS], Op difference,
                                 Before... before)
    {
        share(input);
        int self = detail::thread_of_block<X, Y, Z>();
        for (int i = ITEMS - 1; i > 0; --i)
            output[i] = apply(difference, input[i], input[i - 1]);
        if (self > 0)
            output[0] = apply(difference, input[0], temp_.last[self - 1].Alias());
        else if constexpr (sizeof...(Before) == 0)
            output[0] = input[0];
        else
            output[0] = apply(difference, input[0], before...);
    }
    /* Item i becomes difference(item i, item i + 1); the last stays, or precedes `after`. */
    template <int ITEMS, typename Out, typename Op, typename... After>
    __device__ void SubtractRight(const T (&input)[ITEMS], Out (&output)[ITEMS], Op difference,
                                  After... after)
    {
        share(input);
        int self = detail::thread_of_block<X, Y, Z>();
        for (int i = 0; i < ITEMS - 1; ++i)
            output[i] = apply(difference, input[i], input[i + 1]);
        if (self < threads - 1)
            output[ITEMS - 1] = apply(difference, input[ITEMS - 1], temp_.first[self + 1].Alias());
        else if constexpr (sizeof...(After) == 0)
            output[ITEMS - 1] = input[ITEMS - 1];
        else
            output[ITEMS - 1] = apply(difference, input[ITEMS - 1], after...);
    }

private:
    /* Programs' functions may want variables. */
    template <typename Op>
    static __device__ auto apply(Op &difference, T item, T neighbour)
    {
        return difference(item, neighbour);
    }
    template <int ITEMS>
    __device__ void share(const T (&input)[ITEMS])
    {
        int self = detail::thread_of_block<X, Y, Z>();
        temp_.first[self].Alias() = input[0];
        temp_.last[self].Alias() = input[ITEMS - 1];
        detail::sync_block();
    }
    static __device__ TempStorage &own_storage()
    {
        __shared__ TempStorage storage;
        return storage;
    }
    TempStorage &temp_;
};

}  // namespace cub
