/* The words that CUDA and HIP add to C++, and the macros this folder's headers are written with. */
#pragma once

#if defined(__HIP__)
#define __host__ __attribute__((host))
#define __device__ __attribute__((device))
#define __global__ __attribute__((global))
#define __shared__ __attribute__((shared))
#define __constant__ __attribute__((constant))
#define __managed__ __attribute__((managed))
#define __grid_constant__
#define __cluster_dims__(...)
#define __maxnreg__(...)
#else
#define __host__
#define __device__
#define __global__
#define __shared__
#define __constant__
#define __managed__
#endif

#define __forceinline__ inline __attribute__((always_inline))
#define __align__(n) __attribute__((aligned(n)))
#define __builtin_align__(n) __attribute__((aligned(n)))

/* A workgroup has at most that many work-items; the second argument is HIP's waves per SIMD, and
 * CUDA's blocks per multiprocessor, which says nothing about a GPU of AMD's. */
#define ANYROC_BOUNDS_1(threads) __attribute__((amdgpu_flat_work_group_size(1, threads)))
#if defined(ANYROC_CUDA)
#define ANYROC_BOUNDS_2(threads, blocks) ANYROC_BOUNDS_1(threads)
#else
#define ANYROC_BOUNDS_2(threads, waves) \
    ANYROC_BOUNDS_1(threads) __attribute__((amdgpu_waves_per_eu(waves)))
#endif
#define ANYROC_BOUNDS_3(threads, blocks, cluster) ANYROC_BOUNDS_1(threads)
#define ANYROC_PICK_BOUNDS(a, b, c, name, ...) name
#define __launch_bounds__(...)                                                                \
    ANYROC_PICK_BOUNDS(__VA_ARGS__, ANYROC_BOUNDS_3, ANYROC_BOUNDS_2, ANYROC_BOUNDS_1, unused) \
    (__VA_ARGS__)

#define ANYROC_INLINE static inline __attribute__((always_inline))
#define ANYROC_DEVICE ANYROC_INLINE __device__
#define ANYROC_BOTH ANYROC_INLINE __host__ __device__
