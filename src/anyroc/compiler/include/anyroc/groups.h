/* Cooperative groups: the threads that work together, as objects. */
#pragma once

#include <type_traits>

#include "anyroc/device.h"

#if defined(__HIP__)

extern "C" __device__ void __ockl_grid_sync(void);
extern "C" __device__ int __ockl_grid_is_valid(void);
extern "C" __device__ void __ockl_multi_grid_sync(void);
extern "C" __device__ int __ockl_multi_grid_is_valid(void);
extern "C" __device__ unsigned int __ockl_multi_grid_num_grids(void);
extern "C" __device__ unsigned int __ockl_multi_grid_grid_rank(void);
extern "C" __device__ unsigned int __ockl_multi_grid_size(void);
extern "C" __device__ unsigned int __ockl_multi_grid_thread_rank(void);

namespace cooperative_groups {

using anyroc::lane_mask;

namespace detail {

ANYROC_DEVICE unsigned int rank_in_block()
{
    return (threadIdx.z * blockDim.y + threadIdx.y) * blockDim.x + threadIdx.x;
}
ANYROC_DEVICE unsigned int block_threads() { return blockDim.x * blockDim.y * blockDim.z; }
ANYROC_DEVICE int count(lane_mask mask) { return __builtin_popcountll(mask); }
ANYROC_DEVICE lane_mask below()
{
    return (static_cast<lane_mask>(1) << anyroc::lane_of_warp()) - 1;
}

/* The lane that holds the n-th bit of the mask. */
ANYROC_DEVICE int nth_lane(lane_mask mask, int n)
{
    for (; n > 0; --n)
        mask &= mask - 1;
    return anyroc::first_lane(mask);
}

}  // namespace detail

/* Lanes of one warp, as a mask of the warp's lanes. */
class coalesced_group {
public:
    __device__ explicit coalesced_group(lane_mask mask) : mask_(mask) {}

    __device__ unsigned int num_threads() const { return detail::count(mask_); }
    __device__ unsigned int size() const { return num_threads(); }
    __device__ unsigned int thread_rank() const { return detail::count(mask_ & detail::below()); }
    __device__ unsigned int meta_group_rank() const { return 0; }
    __device__ unsigned int meta_group_size() const { return 1; }
    __device__ void sync() const { anyroc::sync_lanes(); }
    __device__ lane_mask mask() const { return mask_; }

    template <typename T>
    __device__ T shfl(T value, int rank) const
    {
        return anyroc::shuffle(value, detail::nth_lane(mask_, rank), warpSize);
    }
    template <typename T>
    __device__ T shfl_up(T value, unsigned int delta) const
    {
        int rank = static_cast<int>(thread_rank()) - static_cast<int>(delta);
        return shfl(value, rank < 0 ? thread_rank() : rank);
    }
    template <typename T>
    __device__ T shfl_down(T value, unsigned int delta) const
    {
        unsigned int rank = thread_rank() + delta;
        return shfl(value, rank >= size() ? thread_rank() : rank);
    }
    template <typename T>
    __device__ T shfl_xor(T value, unsigned int other) const
    {
        unsigned int rank = thread_rank() ^ other;
        return shfl(value, rank >= size() ? thread_rank() : rank);
    }
    __device__ int any(int predicate) const { return (anyroc::ballot(predicate) & mask_) != 0; }
    __device__ int all(int predicate) const { return (anyroc::ballot(!predicate) & mask_) == 0; }
    __device__ lane_mask ballot(int predicate) const
    {
        return ranks(anyroc::ballot(predicate));
    }
    template <typename T>
    __device__ lane_mask match_any(T value) const
    {
        return ranks(anyroc::match_any(mask_, value));
    }
    template <typename T>
    __device__ lane_mask match_all(T value, int &all) const
    {
        return ranks(anyroc::match_all(mask_, value, &all));
    }

private:
    /* The ranks of those of the group that lanes belong to. */
    __device__ lane_mask ranks(lane_mask lanes) const
    {
        lane_mask result = 0;
        int bit = 0;
        for (lane_mask left = mask_; left != 0; left &= left - 1, ++bit)
            result |= static_cast<lane_mask>(lanes >> anyroc::first_lane(left) & 1) << bit;
        return result;
    }

    lane_mask mask_;
};

ANYROC_DEVICE coalesced_group coalesced_threads() { return coalesced_group(anyroc::ballot(true)); }

class thread_block {
public:
    static __device__ void sync() { anyroc::sync_group(); }
    static __device__ unsigned int thread_rank() { return detail::rank_in_block(); }
    static __device__ unsigned int num_threads() { return detail::block_threads(); }
    static __device__ unsigned int size() { return num_threads(); }
    static __device__ dim3 group_index() { return blockIdx; }
    static __device__ dim3 thread_index() { return threadIdx; }
    static __device__ dim3 group_dim() { return blockDim; }
    static __device__ dim3 dim_threads() { return blockDim; }

    /* Whoever waits has arrived. */
    struct arrival_token {};
    static __device__ arrival_token barrier_arrive() { return {}; }
    static __device__ void barrier_wait(arrival_token &&) { sync(); }
};

ANYROC_DEVICE thread_block this_thread_block() { return thread_block(); }

class grid_group {
public:
    static __device__ bool is_valid() { return __ockl_grid_is_valid(); }
    static __device__ void sync() { __ockl_grid_sync(); }
    static __device__ unsigned long long num_blocks()
    {
        return static_cast<unsigned long long>(gridDim.x) * gridDim.y * gridDim.z;
    }
    static __device__ unsigned long long block_rank()
    {
        return (static_cast<unsigned long long>(blockIdx.z) * gridDim.y + blockIdx.y) * gridDim.x +
               blockIdx.x;
    }
    static __device__ unsigned long long thread_rank()
    {
        return block_rank() * detail::block_threads() + detail::rank_in_block();
    }
    static __device__ unsigned long long num_threads()
    {
        return num_blocks() * detail::block_threads();
    }
    static __device__ unsigned long long size() { return num_threads(); }
    static __device__ dim3 group_dim() { return gridDim; }
    static __device__ dim3 dim_blocks() { return gridDim; }
    static __device__ dim3 block_index() { return blockIdx; }
};

ANYROC_DEVICE grid_group this_grid() { return grid_group(); }

/* The grids of a launch on several devices. */
class multi_grid_group {
public:
    static __device__ bool is_valid() { return __ockl_multi_grid_is_valid(); }
    static __device__ void sync() { __ockl_multi_grid_sync(); }
    static __device__ unsigned int num_grids() { return __ockl_multi_grid_num_grids(); }
    static __device__ unsigned int grid_rank() { return __ockl_multi_grid_grid_rank(); }
    static __device__ unsigned int num_threads() { return __ockl_multi_grid_size(); }
    static __device__ unsigned int size() { return num_threads(); }
    static __device__ unsigned int thread_rank() { return __ockl_multi_grid_thread_rank(); }
};

ANYROC_DEVICE multi_grid_group this_multi_grid() { return multi_grid_group(); }

/* A power of two of neighbouring lanes. */
template <unsigned int SIZE, typename Parent = void>
class thread_block_tile {
    static_assert(SIZE > 0 && (SIZE & (SIZE - 1)) == 0, "a tile's size is a power of two");
    static_assert(SIZE <= warpSize, "a tile is part of a warp");

public:
    thread_block_tile() = default;
    template <typename Other>
    __device__ thread_block_tile(const thread_block_tile<SIZE, Other> &)
    {
    }

    static __device__ unsigned int thread_rank() { return anyroc::lane_of_warp() & (SIZE - 1); }
    static constexpr __device__ unsigned int num_threads() { return SIZE; }
    static constexpr __device__ unsigned int size() { return SIZE; }
    static __device__ unsigned int meta_group_rank() { return detail::rank_in_block() / SIZE; }
    static __device__ unsigned int meta_group_size()
    {
        return (detail::block_threads() + SIZE - 1) / SIZE;
    }
    static __device__ void sync() { anyroc::sync_lanes(); }
    static __device__ lane_mask mask()
    {
        return (anyroc::all_lanes() >> (warpSize - SIZE)) << first();
    }

    template <typename T>
    __device__ T shfl(T value, int rank) const
    {
        return anyroc::shuffle(value, rank, SIZE);
    }
    template <typename T>
    __device__ T shfl_up(T value, unsigned int delta) const
    {
        return anyroc::shuffle_up(value, delta, SIZE);
    }
    template <typename T>
    __device__ T shfl_down(T value, unsigned int delta) const
    {
        return anyroc::shuffle_down(value, delta, SIZE);
    }
    template <typename T>
    __device__ T shfl_xor(T value, unsigned int mask) const
    {
        return anyroc::shuffle_xor(value, mask, SIZE);
    }
    __device__ int any(int predicate) const { return (anyroc::ballot(predicate) & mask()) != 0; }
    __device__ int all(int predicate) const { return (anyroc::ballot(!predicate) & mask()) == 0; }
    __device__ lane_mask ballot(int predicate) const
    {
        return (anyroc::ballot(predicate) & mask()) >> first();
    }
    template <typename T>
    __device__ lane_mask match_any(T value) const
    {
        return anyroc::match_any(mask(), value) >> first();
    }
    template <typename T>
    __device__ lane_mask match_all(T value, int &all) const
    {
        return anyroc::match_all(mask(), value, &all) >> first();
    }

private:
    static __device__ int first() { return anyroc::lane_of_warp() & ~(SIZE - 1); }
};

template <unsigned int SIZE, typename Parent>
ANYROC_DEVICE thread_block_tile<SIZE, Parent> tiled_partition(const Parent &)
{
    return {};
}

/* A group whose kind is known when the program runs: lanes of a warp, a block, a grid or several. */
class thread_group {
    enum kind { LANES, BLOCK, GRID, GRIDS };

public:
    __device__ thread_group(const thread_block &) : mask_(0), kind_(BLOCK) {}
    __device__ thread_group(const grid_group &) : mask_(0), kind_(GRID) {}
    __device__ thread_group(const multi_grid_group &) : mask_(0), kind_(GRIDS) {}
    __device__ thread_group(const coalesced_group &group) : mask_(group.mask()), kind_(LANES) {}
    template <unsigned int SIZE, typename Parent>
    __device__ thread_group(const thread_block_tile<SIZE, Parent> &tile)
        : mask_(tile.mask()), kind_(LANES)
    {
    }

    __device__ unsigned int num_threads() const
    {
        switch (kind_) {
        case LANES: return detail::count(mask_);
        case BLOCK: return detail::block_threads();
        case GRID: return grid_group::num_threads();
        default: return multi_grid_group::num_threads();
        }
    }
    __device__ unsigned int size() const { return num_threads(); }
    __device__ unsigned int thread_rank() const
    {
        switch (kind_) {
        case LANES: return detail::count(mask_ & detail::below());
        case BLOCK: return detail::rank_in_block();
        case GRID: return grid_group::thread_rank();
        default: return multi_grid_group::thread_rank();
        }
    }
    __device__ bool is_valid() const
    {
        switch (kind_) {
        case GRID: return grid_group::is_valid();
        case GRIDS: return multi_grid_group::is_valid();
        default: return true;
        }
    }
    __device__ void sync() const
    {
        switch (kind_) {
        case LANES: anyroc::sync_lanes(); break;
        case BLOCK: anyroc::sync_group(); break;
        case GRID: grid_group::sync(); break;
        default: multi_grid_group::sync();
        }
    }
    template <typename T>
    __device__ T shfl(T value, int rank) const
    {
        return coalesced_group(mask_).shfl(value, rank);
    }
    template <typename T>
    __device__ T shfl_down(T value, unsigned int delta) const
    {
        return coalesced_group(mask_).shfl_down(value, delta);
    }
    template <typename T>
    __device__ T shfl_up(T value, unsigned int delta) const
    {
        return coalesced_group(mask_).shfl_up(value, delta);
    }
    template <typename T>
    __device__ T shfl_xor(T value, unsigned int other) const
    {
        return coalesced_group(mask_).shfl_xor(value, other);
    }
    __device__ int any(int predicate) const { return coalesced_group(mask_).any(predicate); }
    __device__ int all(int predicate) const { return coalesced_group(mask_).all(predicate); }
    __device__ lane_mask ballot(int predicate) const
    {
        return coalesced_group(mask_).ballot(predicate);
    }
    __device__ bool is_block() const { return kind_ == BLOCK; }
    __device__ lane_mask mask() const { return mask_; }

private:
    lane_mask mask_;
    kind kind_;
};

/* Runs of `size` of the group's threads, in the order of their ranks. */
ANYROC_DEVICE coalesced_group tiled_partition(const coalesced_group &group, unsigned int size)
{
    lane_mask left = group.mask(), tile = 0;
    unsigned int first = group.thread_rank() / size * size;
    for (unsigned int rank = 0; left != 0 && rank < first + size; ++rank, left &= left - 1)
        if (rank >= first)
            tile |= left & (~left + 1);
    return coalesced_group(tile);
}
ANYROC_DEVICE thread_group tiled_partition(const thread_group &group, unsigned int size)
{
    if (!group.is_block())
        return tiled_partition(coalesced_group(group.mask()), size);
    lane_mask lanes = anyroc::all_lanes() >> (warpSize - size);
    return coalesced_group(lanes << (anyroc::lane_of_warp() & ~(size - 1)));
}

template <typename Group>
ANYROC_DEVICE coalesced_group labeled_partition(const Group &group, int label)
{
    return coalesced_group(anyroc::match_any(group.mask(), label));
}
template <typename Group>
ANYROC_DEVICE coalesced_group binary_partition(const Group &group, bool predicate)
{
    lane_mask yes = anyroc::ballot(predicate) & group.mask();
    return coalesced_group(predicate ? yes : group.mask() & ~yes);
}

template <typename Group>
ANYROC_DEVICE void sync(const Group &group)
{
    group.sync();
}
template <typename Group>
ANYROC_DEVICE unsigned int thread_rank(const Group &group)
{
    return group.thread_rank();
}
template <typename Group>
ANYROC_DEVICE bool is_valid(const Group &group)
{
    return thread_group(group).is_valid();
}
template <typename Group>
ANYROC_DEVICE unsigned int group_size(const Group &group)
{
    return group.size();
}

/* Combining functions, reductions and scans. */
#define ANYROC_COMBINE(name, expression)                                                          \
    template <typename T = void>                                                                  \
    struct name {                                                                                 \
        __host__ __device__ T operator()(const T &a, const T &b) const { return expression; }     \
    };                                                                                            \
    template <>                                                                                   \
    struct name<void> {                                                                           \
        template <typename T>                                                                     \
        __host__ __device__ T operator()(const T &a, const T &b) const                            \
        {                                                                                         \
            return expression;                                                                    \
        }                                                                                         \
    };
ANYROC_COMBINE(plus, a + b)
ANYROC_COMBINE(less, b < a ? b : a)
ANYROC_COMBINE(greater, a < b ? b : a)
ANYROC_COMBINE(bit_and, a &b)
ANYROC_COMBINE(bit_or, a | b)
ANYROC_COMBINE(bit_xor, a ^ b)
#undef ANYROC_COMBINE

template <typename Group, typename T, typename Op>
ANYROC_DEVICE T inclusive_scan(const Group &group, T value, Op combine)
{
    for (unsigned int delta = 1; delta < group.size(); delta *= 2) {
        T before = group.shfl_up(value, delta);
        if (group.thread_rank() >= delta)
            value = combine(before, value);
    }
    return value;
}
template <typename Group, typename T>
ANYROC_DEVICE T inclusive_scan(const Group &group, T value)
{
    return inclusive_scan(group, value, plus<T>());
}
template <typename Group, typename T, typename Op>
ANYROC_DEVICE T exclusive_scan(const Group &group, T value, Op combine)
{
    T before = group.shfl_up(inclusive_scan(group, value, combine), 1);
    return group.thread_rank() == 0 ? T() : before;
}
template <typename Group, typename T>
ANYROC_DEVICE T exclusive_scan(const Group &group, T value)
{
    return exclusive_scan(group, value, plus<T>());
}
template <typename Group, typename T, typename Op>
ANYROC_DEVICE T reduce(const Group &group, T value, Op combine)
{
    return group.shfl(inclusive_scan(group, value, combine), group.size() - 1);
}

/* Calls a function in the group's first thread, and gives the others its result. */
template <typename Group, typename F, typename... Arguments>
ANYROC_DEVICE void invoke_one(const Group &group, F &&call, Arguments &&...arguments)
{
    if (group.thread_rank() == 0)
        call(arguments...);
}
template <typename Group, typename F, typename... Arguments>
ANYROC_DEVICE auto invoke_one_broadcast(const Group &group, F &&call, Arguments &&...arguments)
    -> std::decay_t<decltype(call(arguments...))>
{
    std::decay_t<decltype(call(arguments...))> result{};
    if (group.thread_rank() == 0)
        result = call(arguments...);
    return group.shfl(result, 0);
}

/* A number of bytes with an alignment that is known. */
template <size_t ALIGNMENT>
struct aligned_size_t {
    static constexpr size_t align = ALIGNMENT;
    size_t value;
    __host__ __device__ constexpr explicit aligned_size_t(size_t size) : value(size) {}
    __host__ __device__ constexpr operator size_t() const { return value; }
};

/* Copies that CUDA lets run on their own are done at once. */
template <typename Group, typename T>
ANYROC_DEVICE void memcpy_async(const Group &group, T *to, const T *from, size_t bytes)
{
    char *target = reinterpret_cast<char *>(to);
    const char *source = reinterpret_cast<const char *>(from);
    for (size_t i = group.thread_rank(); i < bytes; i += group.size())
        target[i] = source[i];
}
template <typename Group>
ANYROC_DEVICE void wait(const Group &group)
{
    group.sync();
}
template <unsigned int STAGES, typename Group>
ANYROC_DEVICE void wait_prior(const Group &group)
{
    group.sync();
}

}  // namespace cooperative_groups

#endif
