/* CUB: reductions of sequences in device memory. */
#pragma once

#include "../detail/launch.cuh"

namespace cub {

struct DeviceReduce {
    template <typename In, typename Out, typename Op, typename T, typename N>
    static hipError_t Reduce(void *temp, size_t &bytes, In in, Out out, N count, Op combine,
                             T first, hipStream_t stream = 0, bool = false)
    {
        using Result = detail::result_of<Op, T, detail::value_of<In>>;
        detail::Workspace room(temp, bytes);
        return detail::reduce<Result>(
            room, count, [=] __device__(size_t i) -> Result { return in[i]; }, combine, first,
            [=] __device__(const Result &value) mutable { *out = value; }, stream);
    }
    template <typename In, typename Out, typename Op, typename Transform, typename T, typename N>
    static hipError_t TransformReduce(void *temp, size_t &bytes, In in, Out out, N count,
                                      Op combine, Transform transform, T first,
                                      hipStream_t stream = 0)
    {
        using Item = detail::result_of<Transform, detail::value_of<In>>;
        using Result = detail::result_of<Op, T, Item>;
        detail::Workspace room(temp, bytes);
        return detail::reduce<Result>(
            room, count, [=] __device__(size_t i) -> Result { return transform(in[i]); }, combine,
            first, [=] __device__(const Result &value) mutable { *out = value; }, stream);
    }
    template <typename In, typename Out, typename N>
    static hipError_t Sum(void *temp, size_t &bytes, In in, Out out, N count,
                          hipStream_t stream = 0, bool = false)
    {
        using T = typename detail::output_value<Out, detail::value_of<In>>::type;
        return Reduce(temp, bytes, in, out, count, cub::Sum(), T(0), stream);
    }
    template <typename In, typename Out, typename N>
    static hipError_t Min(void *temp, size_t &bytes, In in, Out out, N count,
                          hipStream_t stream = 0, bool = false)
    {
        using T = detail::value_of<In>;
        return Reduce(temp, bytes, in, out, count, cub::Min(), Traits<T>::Max(), stream);
    }
    template <typename In, typename Out, typename N>
    static hipError_t Max(void *temp, size_t &bytes, In in, Out out, N count,
                          hipStream_t stream = 0, bool = false)
    {
        using T = detail::value_of<In>;
        return Reduce(temp, bytes, in, out, count, cub::Max(), Traits<T>::Lowest(), stream);
    }
    template <typename In, typename Out, typename N>
    static hipError_t ArgMin(void *temp, size_t &bytes, In in, Out out, N count,
                             hipStream_t stream = 0, bool = false)
    {
        using T = detail::value_of<In>;
        return indexed(temp, bytes, in, out, count, cub::ArgMin(), Traits<T>::Max(), stream);
    }
    template <typename In, typename Out, typename N>
    static hipError_t ArgMax(void *temp, size_t &bytes, In in, Out out, N count,
                             hipStream_t stream = 0, bool = false)
    {
        using T = detail::value_of<In>;
        return indexed(temp, bytes, in, out, count, cub::ArgMax(), Traits<T>::Lowest(), stream);
    }

    /* The combination of the values of each run of equal keys. */
    template <typename Keys, typename Unique, typename Values, typename Out, typename Runs,
              typename Op, typename N>
    static hipError_t ReduceByKey(void *temp, size_t &bytes, Keys keys, Unique unique,
                                  Values values, Out out, Runs runs, Op combine, N count,
                                  hipStream_t stream = 0, bool = false)
    {
        detail::Workspace room(temp, bytes);
        size_t *starts = room.take<size_t>(count), *total = room.take<size_t>(1);
        hipError_t error = detail::select(
            room, count,
            [=] __device__(size_t i) { return i == 0 || !(keys[i] == keys[i - 1]); },
            [=] __device__(size_t i, size_t run) mutable {
                starts[run] = i;
                unique[run] = keys[i];
            },
            detail::Nothing(), total, stream);
        if (error != hipSuccess || temp == nullptr)
            return error;
        return detail::over(count ? count : 1, stream, [=] __device__(size_t run) mutable {
            if (run == 0)
                *runs = *total;
            if (run >= *total)
                return;
            size_t end = run + 1 < *total ? starts[run + 1] : count;
            auto value = std::decay_t<decltype(combine(values[0], values[0]))>(values[starts[run]]);
            for (size_t i = starts[run] + 1; i < end; ++i)
                value = combine(value, values[i]);
            out[run] = value;
        });
    }

private:
    template <typename In, typename Out, typename N, typename Op, typename T>
    static hipError_t indexed(void *temp, size_t &bytes, In in, Out out, N count, Op combine,
                              T worst, hipStream_t stream)
    {
        using Pair = KeyValuePair<int, T>;
        detail::Workspace room(temp, bytes);
        return detail::reduce<Pair>(
            room, count,
            [=] __device__(size_t i) { return Pair(static_cast<int>(i), in[i]); }, combine,
            Pair(count ? 0x7fffffff : 1, worst),
            [=] __device__(const Pair &best) mutable { *out = best; }, stream);
    }
};

struct DeviceSegmentedReduce {
    template <typename In, typename Out, typename Begin, typename End, typename Op, typename T>
    static hipError_t Reduce(void *temp, size_t &bytes, In in, Out out, int segments, Begin begin,
                             End end, Op combine, T first, hipStream_t stream = 0, bool = false)
    {
        using Result = detail::result_of<Op, T, detail::value_of<In>>;
        detail::Workspace room(temp, bytes);
        if (room.asked_for_size())
            return hipSuccess;
        return detail::over(segments, stream, [=] __device__(size_t segment) mutable {
            Result value = static_cast<Result>(first);
            for (auto i = begin[segment]; i < end[segment]; ++i)
                value = combine(value, in[i]);
            out[segment] = value;
        });
    }
    template <typename In, typename Out, typename Begin, typename End>
    static hipError_t Sum(void *temp, size_t &bytes, In in, Out out, int segments, Begin begin,
                          End end, hipStream_t stream = 0, bool = false)
    {
        using T = typename detail::output_value<Out, detail::value_of<In>>::type;
        return Reduce(temp, bytes, in, out, segments, begin, end, cub::Sum(), T(0), stream);
    }
    template <typename In, typename Out, typename Begin, typename End>
    static hipError_t Min(void *temp, size_t &bytes, In in, Out out, int segments, Begin begin,
                          End end, hipStream_t stream = 0, bool = false)
    {
        using T = detail::value_of<In>;
        return Reduce(temp, bytes, in, out, segments, begin, end, cub::Min(), Traits<T>::Max(),
                      stream);
    }
    template <typename In, typename Out, typename Begin, typename End>
    static hipError_t Max(void *temp, size_t &bytes, In in, Out out, int segments, Begin begin,
                          End end, hipStream_t stream = 0, bool = false)
    {
        using T = detail::value_of<In>;
        return Reduce(temp, bytes, in, out, segments, begin, end, cub::Max(), Traits<T>::Lowest(),
                      stream);
    }
};

}  // namespace cub
