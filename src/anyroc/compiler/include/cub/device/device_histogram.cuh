/* CUB: histograms of sequences in device memory. */
#pragma once

#include "../detail/launch.cuh"

namespace cub {

struct DeviceHistogram {
    /* Bins of equal width from lower to upper, one fewer than there are levels. */
    template <typename Samples, typename Counter, typename Level, typename N>
    static hipError_t HistogramEven(void *temp, size_t &bytes, Samples samples, Counter *histogram,
                                    int levels, Level lower, Level upper, N count,
                                    hipStream_t stream = 0, bool = false)
    {
        int bins = levels - 1;
        return count_in(temp, bytes, samples, histogram, bins, count, stream,
                        [=] __device__(auto sample) -> int {
                            Level value = static_cast<Level>(sample);
                            if (!(value >= lower) || !(value < upper))
                                return -1;
                            if constexpr (std::is_integral<Level>::value)
                                return static_cast<int>(1ull * (value - lower) * bins /
                                                        (upper - lower));
                            else
                                return static_cast<int>((value - lower) * (bins / (upper - lower)));
                        });
    }
    /* Bins between neighbouring levels, which ascend. */
    template <typename Samples, typename Counter, typename Level, typename N>
    static hipError_t HistogramRange(void *temp, size_t &bytes, Samples samples, Counter *histogram,
                                     int levels, const Level *bounds, N count,
                                     hipStream_t stream = 0, bool = false)
    {
        return count_in(temp, bytes, samples, histogram, levels - 1, count, stream,
                        [=] __device__(auto sample) -> int {
                            int below = 0, above = levels;
                            while (below < above) {
                                int middle = (below + above) / 2;
                                if (static_cast<Level>(sample) < bounds[middle])
                                    above = middle;
                                else
                                    below = middle + 1;
                            }
                            return below - 1;
                        });
    }

private:
    template <typename Samples, typename Counter, typename Bin>
    static hipError_t count_in(void *temp, size_t &bytes, Samples samples, Counter *histogram,
                               int bins, size_t count, hipStream_t stream, Bin bin_of)
    {
        detail::Workspace room(temp, bytes);
        if (room.asked_for_size())
            return hipSuccess;
        detail::over(bins, stream, [=] __device__(size_t bin) { histogram[bin] = 0; });
        return detail::over(count, stream, [=] __device__(size_t i) {
            int bin = bin_of(samples[i]);
            if (bin >= 0 && bin < bins)
                atomicAdd(histogram + bin, Counter(1));
        });
    }
};

}  // namespace cub
