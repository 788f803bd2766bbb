/* CUB: the lengths of runs of equal items. */
#pragma once

#include "device_reduce.cuh"

namespace cub {

struct DeviceRunLengthEncode {
    template <typename In, typename Unique, typename Lengths, typename Runs, typename N>
    static hipError_t Encode(void *temp, size_t &bytes, In in, Unique unique, Lengths lengths,
                             Runs runs, N count, hipStream_t stream = 0, bool = false)
    {
        return DeviceReduce::ReduceByKey(temp, bytes, in, unique, Ones(), lengths, runs, Sum(),
                                         count, stream);
    }

private:
    struct Ones {
        __host__ __device__ int operator[](size_t) const { return 1; }
    };
};

}  // namespace cub
