/* CUB: a function for every index or item. */
#pragma once

#include "../detail/launch.cuh"

namespace cub {

struct DeviceFor {
    template <typename N, typename F>
    static hipError_t Bulk(N count, F work, hipStream_t stream = 0)
    {
        return detail::over(count, stream, [=] __device__(size_t i) mutable { work(N(i)); });
    }
    template <typename Iterator, typename N, typename F>
    static hipError_t ForEachN(Iterator first, N count, F work, hipStream_t stream = 0)
    {
        return detail::over(count, stream, [=] __device__(size_t i) mutable { work(first[i]); });
    }
    template <typename Iterator, typename F>
    static hipError_t ForEach(Iterator first, Iterator last, F work, hipStream_t stream = 0)
    {
        return ForEachN(first, last - first, work, stream);
    }
};

}  // namespace cub
