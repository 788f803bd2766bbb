/* CUB: the chosen items of a sequence in device memory, in their order. */
#pragma once

#include "../detail/launch.cuh"

namespace cub {

struct DeviceSelect {
    template <typename In, typename Flags, typename Out, typename Count, typename N>
    static hipError_t Flagged(void *temp, size_t &bytes, In in, Flags flags, Out out,
                              Count selected, N count, hipStream_t stream = 0, bool = false)
    {
        return choose(temp, bytes, in, out, selected, count,
                      [=] __device__(size_t i) -> bool { return flags[i]; }, stream);
    }
    template <typename In, typename Out, typename Count, typename N, typename Predicate>
    static hipError_t If(void *temp, size_t &bytes, In in, Out out, Count selected, N count,
                         Predicate predicate, hipStream_t stream = 0, bool = false)
    {
        return choose(temp, bytes, in, out, selected, count,
                      [=] __device__(size_t i) mutable -> bool { return predicate(in[i]); },
                      stream);
    }
    template <typename In, typename Out, typename Count, typename N>
    static hipError_t Unique(void *temp, size_t &bytes, In in, Out out, Count selected, N count,
                             hipStream_t stream = 0, bool = false)
    {
        return choose(temp, bytes, in, out, selected, count,
                      [=] __device__(size_t i) { return i == 0 || !(in[i] == in[i - 1]); }, stream);
    }

private:
    template <typename In, typename Out, typename Count, typename Chosen>
    static hipError_t choose(void *temp, size_t &bytes, In in, Out out, Count selected,
                             size_t count, Chosen chosen, hipStream_t stream)
    {
        detail::Workspace room(temp, bytes);
        return detail::select(
            room, count, chosen,
            [=] __device__(size_t i, size_t place) mutable { out[place] = in[i]; },
            detail::Nothing(), selected, stream);
    }
};

/* The chosen items first, then the others in reverse order. */
struct DevicePartition {
    template <typename In, typename Flags, typename Out, typename Count, typename N>
    static hipError_t Flagged(void *temp, size_t &bytes, In in, Flags flags, Out out,
                              Count selected, N count, hipStream_t stream = 0, bool = false)
    {
        return part(temp, bytes, in, out, selected, count,
                    [=] __device__(size_t i) -> bool { return flags[i]; }, stream);
    }
    template <typename In, typename Out, typename Count, typename N, typename Predicate>
    static hipError_t If(void *temp, size_t &bytes, In in, Out out, Count selected, N count,
                         Predicate predicate, hipStream_t stream = 0, bool = false)
    {
        return part(temp, bytes, in, out, selected, count,
                    [=] __device__(size_t i) mutable -> bool { return predicate(in[i]); }, stream);
    }

private:
    template <typename In, typename Out, typename Count, typename Chosen>
    static hipError_t part(void *temp, size_t &bytes, In in, Out out, Count selected, size_t count,
                           Chosen chosen, hipStream_t stream)
    {
        detail::Workspace room(temp, bytes);
        return detail::select(
            room, count, chosen,
            [=] __device__(size_t i, size_t place) mutable { out[place] = in[i]; },
            [=] __device__(size_t i, size_t before) mutable {
                out[count - 1 - (i - before)] = in[i];
            },
            selected, stream);
    }
};

}  // namespace cub
