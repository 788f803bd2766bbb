/* CUB: the lanes of a warp. */
#pragma once

#include "util_type.cuh"

namespace cub {

ANYROC_DEVICE unsigned int LaneId() { return anyroc::lane_of_wave() & 31; }
ANYROC_DEVICE unsigned int LaneMaskLt() { return (1u << LaneId()) - 1; }
ANYROC_DEVICE unsigned int LaneMaskLe() { return LaneMaskLt() | 1u << LaneId(); }
ANYROC_DEVICE unsigned int LaneMaskGt() { return ~LaneMaskLe(); }
ANYROC_DEVICE unsigned int LaneMaskGe() { return ~LaneMaskLt(); }
ANYROC_DEVICE int RowMajorTid(int x, int y, int)
{
    return (threadIdx.z * y + threadIdx.y) * x + threadIdx.x;
}
ANYROC_DEVICE unsigned int WarpId() { return RowMajorTid(blockDim.x, blockDim.y, 1) / 32; }
ANYROC_DEVICE unsigned int BFE(unsigned int source, unsigned int first, unsigned int bits)
{
    return __builtin_amdgcn_ubfe(source, first, bits);
}
ANYROC_DEVICE unsigned int SHR_ADD(unsigned int x, unsigned int shift, unsigned int y)
{
    return (x >> shift) + y;
}
ANYROC_DEVICE unsigned int PRMT(unsigned int a, unsigned int b, unsigned int selector)
{
    return __byte_perm(a, b, selector);
}
ANYROC_DEVICE void CTA_SYNC() { __syncthreads(); }
ANYROC_DEVICE void WARP_SYNC(unsigned int) { anyroc::sync_lanes(); }
ANYROC_DEVICE void ThreadTrap() { __builtin_trap(); }

/* A lane outside the logical warp yields the own value, as CUDA's shuffles do. */
template <int LANES, typename T>
ANYROC_DEVICE T ShuffleDown(T value, int delta, int, unsigned int)
{
    return anyroc::shuffle_down(value, delta, LANES);
}
template <int LANES, typename T>
ANYROC_DEVICE T ShuffleUp(T value, int delta, int, unsigned int)
{
    return anyroc::shuffle_up(value, delta, LANES);
}
template <int LANES, typename T>
ANYROC_DEVICE T ShuffleIndex(T value, int lane, unsigned int)
{
    return anyroc::shuffle(value, lane, LANES);
}

enum CacheLoadModifier {
    LOAD_DEFAULT,
    LOAD_CA,
    LOAD_CG,
    LOAD_CS,
    LOAD_CV,
    LOAD_LDG,
    LOAD_VOLATILE
};
enum CacheStoreModifier { STORE_DEFAULT, STORE_WB, STORE_CG, STORE_CS, STORE_WT, STORE_VOLATILE };

template <CacheLoadModifier HOW, typename Iterator>
ANYROC_DEVICE detail::value_of<Iterator> ThreadLoad(Iterator place)
{
    return *place;
}
template <CacheStoreModifier HOW, typename Iterator, typename T>
ANYROC_DEVICE void ThreadStore(Iterator place, T value)
{
    *place = value;
}

}  // namespace cub
