/* CUB: scans over the threads of a block. */
#pragma once

#include "../warp/warp_scan.cuh"

namespace cub {

enum BlockScanAlgorithm { BLOCK_SCAN_RAKING, BLOCK_SCAN_RAKING_MEMOIZE, BLOCK_SCAN_WARP_SCANS };

/* Whatever the algorithm asked for, warps scan with shuffles and every thread combines the sums of
 * the warps before its own. */
template <typename T, int X, BlockScanAlgorithm = BLOCK_SCAN_RAKING, int Y = 1, int Z = 1, int = 0>
class BlockScan {
    static constexpr int threads = X * Y * Z, warps = (threads + 31) / 32;

public:
    struct TempStorage {
        Uninitialized<T> of_warp[warps];
        Uninitialized<T> prefix;
    };

    __device__ BlockScan() : temp_(own_storage()) {}
    __device__ explicit BlockScan(TempStorage &temp) : temp_(temp) {}

    /* One value of each thread. */
    template <typename Op>
    __device__ void InclusiveScan(T input, T &output, Op combine)
    {
        T total;
        InclusiveScan(input, output, combine, total);
    }
    template <typename Op>
    __device__ void InclusiveScan(T input, T &output, Op combine, T &total)
    {
        output = scan(input, combine, total).inclusive;
    }
    template <typename Op, typename Prefix>
    __device__ void InclusiveScan(T input, T &output, Op combine, Prefix &prefix)
    {
        T total;
        T inclusive = scan(input, combine, total).inclusive;
        output = combine(prefix_of_block(prefix, total), inclusive);
    }
    template <typename Op>
    __device__ void ExclusiveScan(T input, T &output, T first, Op combine)
    {
        T total;
        ExclusiveScan(input, output, first, combine, total);
    }
    template <typename Op>
    __device__ void ExclusiveScan(T input, T &output, T first, Op combine, T &total)
    {
        Both both = scan(input, combine, total);
        output = thread() == 0 ? first : static_cast<T>(combine(first, both.exclusive));
    }
    template <typename Op>
    __device__ void ExclusiveScan(T input, T &output, Op combine)
    {
        T total;
        output = scan(input, combine, total).exclusive;
    }
    template <typename Op, typename Prefix,
              typename = std::enable_if_t<!std::is_same<Prefix, T>::value>>
    __device__ void ExclusiveScan(T input, T &output, Op combine, Prefix &prefix)
    {
        T total;
        Both both = scan(input, combine, total);
        T before = prefix_of_block(prefix, total);
        output = thread() == 0 ? before : static_cast<T>(combine(before, both.exclusive));
    }
    __device__ void InclusiveSum(T input, T &output) { InclusiveScan(input, output, Sum()); }
    template <typename TotalOrPrefix>
    __device__ void InclusiveSum(T input, T &output, TotalOrPrefix &more)
    {
        InclusiveScan(input, output, Sum(), more);
    }
    __device__ void ExclusiveSum(T input, T &output) { ExclusiveScan(input, output, T(), Sum()); }
    __device__ void ExclusiveSum(T input, T &output, T &total)
    {
        ExclusiveScan(input, output, T(), Sum(), total);
    }
    template <typename Prefix, typename = std::enable_if_t<!std::is_same<Prefix, T>::value>>
    __device__ void ExclusiveSum(T input, T &output, Prefix &prefix)
    {
        ExclusiveScan(input, output, Sum(), prefix);
    }

    /* Several values of each thread, neighbours in the sequence. */
    template <int ITEMS, typename Op, typename... TotalOrPrefix>
    __device__ void InclusiveScan(T (&input)[ITEMS], T (&output)[ITEMS], Op combine,
                                  TotalOrPrefix &...more)
    {
        T sum = reduce(input, combine), before;
        bool any = exclusive_of_threads(sum, before, combine, more...);
        for (int i = 0; i < ITEMS; ++i) {
            before = i == 0 && !any ? input[0] : static_cast<T>(combine(before, input[i]));
            output[i] = before;
        }
    }
    template <int ITEMS, typename Op>
    __device__ void ExclusiveScan(T (&input)[ITEMS], T (&output)[ITEMS], T first, Op combine)
    {
        T total;
        ExclusiveScan(input, output, first, combine, total);
    }
    template <int ITEMS, typename Op>
    __device__ void ExclusiveScan(T (&input)[ITEMS], T (&output)[ITEMS], T first, Op combine,
                                  T &total)
    {
        T before;
        ExclusiveScan(reduce(input, combine), before, first, combine, total);
        spread(input, output, before, combine);
    }
    template <int ITEMS, typename Op, typename Prefix,
              typename = std::enable_if_t<!std::is_same<Prefix, T>::value>>
    __device__ void ExclusiveScan(T (&input)[ITEMS], T (&output)[ITEMS], Op combine, Prefix &prefix)
    {
        T before;
        ExclusiveScan(reduce(input, combine), before, combine, prefix);
        spread(input, output, before, combine);
    }
    template <int ITEMS, typename... TotalOrPrefix>
    __device__ void InclusiveSum(T (&input)[ITEMS], T (&output)[ITEMS], TotalOrPrefix &...more)
    {
        InclusiveScan(input, output, Sum(), more...);
    }
    template <int ITEMS>
    __device__ void ExclusiveSum(T (&input)[ITEMS], T (&output)[ITEMS])
    {
        ExclusiveScan(input, output, T(), Sum());
    }
    template <int ITEMS>
    __device__ void ExclusiveSum(T (&input)[ITEMS], T (&output)[ITEMS], T &total)
    {
        ExclusiveScan(input, output, T(), Sum(), total);
    }
    template <int ITEMS, typename Prefix,
              typename = std::enable_if_t<!std::is_same<Prefix, T>::value>>
    __device__ void ExclusiveSum(T (&input)[ITEMS], T (&output)[ITEMS], Prefix &prefix)
    {
        ExclusiveScan(input, output, Sum(), prefix);
    }

private:
    /* The first thread's exclusive value is undefined: here its own input. */
    struct Both {
        T inclusive, exclusive;
    };

    template <typename Op>
    __device__ Both scan(T input, Op combine, T &total)
    {
        typename WarpScan<T>::TempStorage unused;
        int self = thread(), warp = self / 32;
        Both both;
        WarpScan<T>(unused).InclusiveScan(input, both.inclusive, combine);
        both.exclusive = anyroc::shuffle_up(both.inclusive, 1, 32);
        if (self % 32 == 31 || self == threads - 1)
            temp_.of_warp[warp].Alias() = both.inclusive;
        detail::sync_block();
        T before = temp_.of_warp[0].Alias();
        total = before;
        for (int i = 1; i < warps; ++i) {
            if (i == warp)
                before = total;
            total = combine(total, temp_.of_warp[i].Alias());
        }
        if (warp > 0) {
            both.inclusive = combine(before, both.inclusive);
            both.exclusive = self % 32 == 0 ? before
                                            : static_cast<T>(combine(before, both.exclusive));
        }
        return both;
    }

    /* What comes before the whole block: the callback's answer to the first warp. */
    template <typename Prefix>
    __device__ T prefix_of_block(Prefix &prefix, T total)
    {
        if (thread() < 32) {
            T before = prefix(total);
            if (thread() == 0)
                temp_.prefix.Alias() = before;
        }
        detail::sync_block();
        return temp_.prefix.Alias();
    }

    /* What comes before a thread's first value; false where nothing does. */
    template <typename Op>
    __device__ bool exclusive_of_threads(T sum, T &before, Op combine)
    {
        T total;
        return exclusive_of_threads(sum, before, combine, total);
    }
    template <typename Op>
    __device__ bool exclusive_of_threads(T sum, T &before, Op combine, T &total)
    {
        before = scan(sum, combine, total).exclusive;
        return thread() != 0;
    }
    template <typename Op, typename Prefix>
    __device__ bool exclusive_of_threads(T sum, T &before, Op combine, Prefix &prefix)
    {
        ExclusiveScan(sum, before, combine, prefix);
        return true;
    }

    template <int ITEMS, typename Op>
    static __device__ T reduce(T (&input)[ITEMS], Op combine)
    {
        T sum = input[0];
        for (int i = 1; i < ITEMS; ++i)
            sum = combine(sum, input[i]);
        return sum;
    }
    template <int ITEMS, typename Op>
    static __device__ void spread(T (&input)[ITEMS], T (&output)[ITEMS], T before, Op combine)
    {
        for (int i = 0; i < ITEMS; ++i) {
            T value = input[i];
            output[i] = before;
            before = combine(before, value);
        }
    }
    static __device__ int thread() { return detail::thread_of_block<X, Y, Z>(); }
    static __device__ TempStorage &own_storage()
    {
        __shared__ TempStorage storage;
        return storage;
    }
    TempStorage &temp_;
};

}  // namespace cub
