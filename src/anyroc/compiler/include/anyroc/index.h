/* threadIdx, blockIdx, blockDim, gridDim: where a work-item is. */
#pragma once

#include "anyroc/vector_types.h"

namespace anyroc {

/* What the hardware does not tell lies in the implicit kernel arguments of code object version 5
 * ("User Guide for AMDGPU Backend", Code Object V5 Hidden Arguments). */
ANYROC_DEVICE uint32_t block_count(int axis)
{
    typedef const __attribute__((address_space(4))) uint32_t *counts_t;
    return ((counts_t)__builtin_amdgcn_implicitarg_ptr())[axis];
}

/* An index reads like a constant uint3 and converts to uint3 and dim3. */
#define ANYROC_INDEX(type, get_x, get_y, get_z)                                                 \
    struct type {                                                                               \
        __declspec(property(get = read_x)) uint32_t x;                                          \
        __declspec(property(get = read_y)) uint32_t y;                                          \
        __declspec(property(get = read_z)) uint32_t z;                                          \
        static __device__ __forceinline__ uint32_t read_x() { return get_x; }                   \
        static __device__ __forceinline__ uint32_t read_y() { return get_y; }                   \
        static __device__ __forceinline__ uint32_t read_z() { return get_z; }                   \
        __device__ __forceinline__ operator dim3() const { return dim3(get_x, get_y, get_z); }  \
        __device__ __forceinline__ operator uint3() const                                       \
        {                                                                                       \
            return make_uint3(get_x, get_y, get_z);                                             \
        }                                                                                       \
    };

ANYROC_INDEX(thread_index, __builtin_amdgcn_workitem_id_x(), __builtin_amdgcn_workitem_id_y(),
             __builtin_amdgcn_workitem_id_z())
ANYROC_INDEX(block_index, __builtin_amdgcn_workgroup_id_x(), __builtin_amdgcn_workgroup_id_y(),
             __builtin_amdgcn_workgroup_id_z())
ANYROC_INDEX(block_size, __builtin_amdgcn_workgroup_size_x(), __builtin_amdgcn_workgroup_size_y(),
             __builtin_amdgcn_workgroup_size_z())
ANYROC_INDEX(grid_size, block_count(0), block_count(1), block_count(2))
#undef ANYROC_INDEX

}  // namespace anyroc

static const __device__ anyroc::thread_index threadIdx = {};
static const __device__ anyroc::block_index blockIdx = {};
static const __device__ anyroc::block_size blockDim = {};
static const __device__ anyroc::grid_size gridDim = {};
