/* CUB: scans of sequences in device memory; the output may be the input. */
#pragma once

#include "../detail/launch.cuh"

namespace cub {

struct DeviceScan {
    template <typename In, typename Out, typename Op, typename N>
    static hipError_t InclusiveScan(void *temp, size_t &bytes, In in, Out out, Op combine, N count,
                                    hipStream_t stream = 0, bool = false)
    {
        using T = detail::result_of<Op, detail::value_of<In>, detail::value_of<In>>;
        detail::Workspace room(temp, bytes);
        return detail::scan<T>(
            room, count, [=] __device__(size_t i) -> T { return in[i]; }, combine,
            [=] __device__(size_t i, const T &, const T &value, bool) mutable { out[i] = value; },
            stream);
    }
    template <typename In, typename Out, typename Op, typename T, typename N>
    static hipError_t ExclusiveScan(void *temp, size_t &bytes, In in, Out out, Op combine, T first,
                                    N count, hipStream_t stream = 0, bool = false)
    {
        using Result = detail::result_of<Op, T, detail::value_of<In>>;
        detail::Workspace room(temp, bytes);
        return detail::scan<Result>(
            room, count, [=] __device__(size_t i) -> Result { return in[i]; }, combine,
            [=] __device__(size_t i, const Result &before, const Result &, bool any) mutable {
                out[i] = any ? static_cast<Result>(combine(first, before))
                             : static_cast<Result>(first);
            },
            stream);
    }
    template <typename In, typename Out, typename N>
    static hipError_t InclusiveSum(void *temp, size_t &bytes, In in, Out out, N count,
                                   hipStream_t stream = 0, bool = false)
    {
        return InclusiveScan(temp, bytes, in, out, Sum(), count, stream);
    }
    template <typename In, typename Out, typename N>
    static hipError_t ExclusiveSum(void *temp, size_t &bytes, In in, Out out, N count,
                                   hipStream_t stream = 0, bool = false)
    {
        return ExclusiveScan(temp, bytes, in, out, Sum(), detail::value_of<In>(0), count, stream);
    }
};

}  // namespace cub
