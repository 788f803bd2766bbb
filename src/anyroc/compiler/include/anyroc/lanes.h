/* Lanes of a wave: shuffles, votes, matches, and where a lane is.
 *
 * In CUDA mode a warp has 32 lanes whatever the GPU's wave: a wave of 64 lanes is two warps that
 * share a program counter, and every function here acts on the half its lane is in. In HIP mode a
 * warp is the wave and masks have 64 bits. */
#pragma once

#include <stdint.h>

#include "anyroc/attributes.h"

#if defined(__HIP_DEVICE_COMPILE__) && defined(ANYROC_WAVE_SIZE)
#define ANYROC_WAVE ANYROC_WAVE_SIZE
#else
#define ANYROC_WAVE 64
#endif

#if defined(ANYROC_CUDA)
static constexpr int warpSize = 32;
#else
static constexpr int warpSize = ANYROC_WAVE;
#endif

namespace anyroc {

#if defined(ANYROC_CUDA)
using lane_mask = uint32_t;
#else
using lane_mask = uint64_t;
#endif

ANYROC_DEVICE int lane_of_wave()
{
    int low = __builtin_amdgcn_mbcnt_lo(~0u, 0);
    return ANYROC_WAVE == 32 ? low : __builtin_amdgcn_mbcnt_hi(~0u, low);
}

ANYROC_DEVICE int lane_of_warp() { return lane_of_wave() & (warpSize - 1); }

ANYROC_DEVICE lane_mask all_lanes() { return static_cast<lane_mask>(~0ull >> (64 - warpSize)); }

/* The lanes of this warp that are active and for which the predicate holds. */
ANYROC_DEVICE lane_mask ballot(bool predicate)
{
#if ANYROC_WAVE == 32
    return __builtin_amdgcn_ballot_w32(predicate);
#elif defined(ANYROC_CUDA)
    uint64_t wave = __builtin_amdgcn_ballot_w64(predicate);
    return static_cast<uint32_t>(lane_of_wave() < 32 ? wave : wave >> 32);
#else
    return __builtin_amdgcn_ballot_w64(predicate);
#endif
}

/* A word of another lane of the wave. */
ANYROC_DEVICE int read_word(int word, int lane)
{
#if ANYROC_WAVE == 64 && !defined(ANYROC_CUDA) && (defined(__GFX11__) || defined(__GFX12__))
    /* There a permutation may stay within each half of the wave, whatever half it names. */
    int address = (lane & 31 | lane_of_wave() & 32) << 2;
    int near = __builtin_amdgcn_ds_bpermute(address, word);
    int far = __builtin_amdgcn_ds_bpermute(address, __builtin_amdgcn_permlane64(word));
    return ((lane ^ lane_of_wave()) & 32) != 0 ? far : near;
#else
    return __builtin_amdgcn_ds_bpermute(lane << 2, word);
#endif
}

/* The value of another lane of the wave. */
template <typename T>
ANYROC_DEVICE T read_lane(T value, int lane)
{
    constexpr int words = (sizeof(T) + 3) / 4;
    int raw[words] = {};
    __builtin_memcpy(raw, &value, sizeof(T));
    for (int i = 0; i < words; ++i)
        raw[i] = read_word(raw[i], lane);
    __builtin_memcpy(&value, raw, sizeof(T));
    return value;
}

/* Lanes are counted in groups of `width`, a power of two; an index outside the group wraps in
 * `shuffle` and yields the lane's own value in the others, as CUDA documents. */
template <typename T>
ANYROC_DEVICE T shuffle(T value, int index, int width)
{
    int self = lane_of_wave();
    return read_lane(value, (self & -width) + (index & (width - 1)));
}

template <typename T>
ANYROC_DEVICE T shuffle_up(T value, unsigned delta, int width)
{
    int self = lane_of_wave();
    int from = self - static_cast<int>(delta);
    return read_lane(value, from < (self & -width) ? self : from);
}

template <typename T>
ANYROC_DEVICE T shuffle_down(T value, unsigned delta, int width)
{
    int self = lane_of_wave();
    int from = self + static_cast<int>(delta);
    return read_lane(value, (self & (width - 1)) + static_cast<int>(delta) >= width ? self : from);
}

template <typename T>
ANYROC_DEVICE T shuffle_xor(T value, int mask, int width)
{
    int self = lane_of_wave();
    int from = self ^ mask;
    return read_lane(value, from >= (self & -width) + width ? self : from);
}

ANYROC_DEVICE int first_lane(uint64_t mask) { return __builtin_ctzll(mask); }

template <typename T>
ANYROC_DEVICE bool same_bits(const T &a, const T &b)
{
    unsigned char differ = 0, x[sizeof(T)], y[sizeof(T)];
    __builtin_memcpy(x, &a, sizeof(T));
    __builtin_memcpy(y, &b, sizeof(T));
    for (unsigned i = 0; i < sizeof(T); ++i)
        differ |= x[i] ^ y[i];
    return differ == 0;
}

/* Every turn settles the lanes whose value is that of the first lane left. */
template <typename T>
ANYROC_DEVICE lane_mask match_any(lane_mask mask, T value)
{
    for (;;) {
        int leader = first_lane(ballot(true) & mask);
        lane_mask same = ballot(same_bits(value, shuffle(value, leader, warpSize)));
        if (same >> lane_of_warp() & 1)
            return same & mask;
    }
}

template <typename T>
ANYROC_DEVICE lane_mask match_all(lane_mask mask, T value, int *all)
{
    T first = shuffle(value, first_lane(mask), warpSize);
    *all = (ballot(!same_bits(value, first)) & mask) == 0;
    return *all ? mask : 0;
}

ANYROC_DEVICE void sync_lanes()
{
    __builtin_amdgcn_fence(__ATOMIC_RELEASE, "wavefront");
    __builtin_amdgcn_wave_barrier();
    __builtin_amdgcn_fence(__ATOMIC_ACQUIRE, "wavefront");
}

}  // namespace anyroc

#if defined(ANYROC_CUDA)
#define ANYROC_MASK unsigned
#define ANYROC_FULL 0xffffffffu
#define ANYROC_BALLOT unsigned
#else
#define ANYROC_MASK unsigned long long
#define ANYROC_FULL 0xffffffffffffffffull
#define ANYROC_BALLOT unsigned long long
#endif

template <typename T>
ANYROC_DEVICE T __shfl_sync(ANYROC_MASK, T value, int index, int width = warpSize)
{
    return anyroc::shuffle(value, index, width);
}
template <typename T>
ANYROC_DEVICE T __shfl_up_sync(ANYROC_MASK, T value, unsigned delta, int width = warpSize)
{
    return anyroc::shuffle_up(value, delta, width);
}
template <typename T>
ANYROC_DEVICE T __shfl_down_sync(ANYROC_MASK, T value, unsigned delta, int width = warpSize)
{
    return anyroc::shuffle_down(value, delta, width);
}
template <typename T>
ANYROC_DEVICE T __shfl_xor_sync(ANYROC_MASK, T value, int mask, int width = warpSize)
{
    return anyroc::shuffle_xor(value, mask, width);
}
template <typename T>
ANYROC_DEVICE T __shfl(T value, int index, int width = warpSize)
{
    return anyroc::shuffle(value, index, width);
}
template <typename T>
ANYROC_DEVICE T __shfl_up(T value, unsigned delta, int width = warpSize)
{
    return anyroc::shuffle_up(value, delta, width);
}
template <typename T>
ANYROC_DEVICE T __shfl_down(T value, unsigned delta, int width = warpSize)
{
    return anyroc::shuffle_down(value, delta, width);
}
template <typename T>
ANYROC_DEVICE T __shfl_xor(T value, int mask, int width = warpSize)
{
    return anyroc::shuffle_xor(value, mask, width);
}

ANYROC_DEVICE ANYROC_BALLOT __ballot(int predicate) { return anyroc::ballot(predicate); }
ANYROC_DEVICE int __any(int predicate) { return anyroc::ballot(predicate) != 0; }
ANYROC_DEVICE int __all(int predicate) { return anyroc::ballot(!predicate) == 0; }
ANYROC_DEVICE ANYROC_BALLOT __activemask() { return anyroc::ballot(true); }

ANYROC_DEVICE ANYROC_BALLOT __ballot_sync(ANYROC_MASK mask, int predicate)
{
    return anyroc::ballot(predicate) & mask;
}
ANYROC_DEVICE int __any_sync(ANYROC_MASK mask, int predicate)
{
    return (anyroc::ballot(predicate) & mask) != 0;
}
ANYROC_DEVICE int __all_sync(ANYROC_MASK mask, int predicate)
{
    return (anyroc::ballot(!predicate) & mask) == 0;
}
ANYROC_DEVICE int __uni_sync(ANYROC_MASK mask, int predicate)
{
    ANYROC_MASK yes = anyroc::ballot(predicate) & mask;
    return yes == 0 || (anyroc::ballot(!predicate) & mask) == 0;
}
template <typename T>
ANYROC_DEVICE ANYROC_BALLOT __match_any_sync(ANYROC_MASK mask, T value)
{
    return anyroc::match_any(mask, value);
}
template <typename T>
ANYROC_DEVICE ANYROC_BALLOT __match_all_sync(ANYROC_MASK mask, T value, int *all)
{
    return anyroc::match_all(mask, value, all);
}
ANYROC_DEVICE void __syncwarp(ANYROC_MASK = ANYROC_FULL) { anyroc::sync_lanes(); }

/* Reductions over the lanes of a mask, one turn for each. */
#define ANYROC_REDUCE(name, T, combine)                              \
    ANYROC_DEVICE T __reduce_##name##_sync(ANYROC_MASK mask, T value) \
    {                                                                \
        int lane = anyroc::first_lane(mask);                         \
        T result = anyroc::shuffle(value, lane, warpSize);           \
        for (mask &= mask - 1; mask != 0; mask &= mask - 1) {        \
            lane = anyroc::first_lane(mask);                         \
            T other = anyroc::shuffle(value, lane, warpSize);        \
            result = combine;                                        \
        }                                                            \
        return result;                                               \
    }
ANYROC_REDUCE(add, unsigned, result + other)
ANYROC_REDUCE(add, int, result + other)
ANYROC_REDUCE(min, unsigned, other < result ? other : result)
ANYROC_REDUCE(min, int, other < result ? other : result)
ANYROC_REDUCE(max, unsigned, other > result ? other : result)
ANYROC_REDUCE(max, int, other > result ? other : result)
ANYROC_REDUCE(and, unsigned, result &other)
ANYROC_REDUCE(or, unsigned, result | other)
ANYROC_REDUCE(xor, unsigned, result ^ other)
#undef ANYROC_REDUCE

ANYROC_DEVICE unsigned __lane_id() { return anyroc::lane_of_wave(); }
#if !defined(ANYROC_CUDA)
ANYROC_DEVICE unsigned long long __lanemask_lt() { return (1ull << anyroc::lane_of_wave()) - 1; }
ANYROC_DEVICE unsigned long long __lanemask_eq() { return 1ull << anyroc::lane_of_wave(); }
ANYROC_DEVICE unsigned long long __lanemask_gt()
{
    return anyroc::all_lanes() & ~(__lanemask_lt() | __lanemask_eq());
}
ANYROC_DEVICE unsigned long long __lanemask_le() { return __lanemask_lt() | __lanemask_eq(); }
ANYROC_DEVICE unsigned long long __lanemask_ge() { return anyroc::all_lanes() & ~__lanemask_lt(); }
#endif
