/* CUDA's 8-bit floating point: OCP's e4m3 and e5m2. */
#pragma once

#include "anyroc/fp8.h"

enum __nv_saturation_t { __NV_NOSAT, __NV_SATFINITE };
enum __nv_fp8_interpretation_t { __NV_E4M3, __NV_E5M2 };
typedef unsigned char __nv_fp8_storage_t;
typedef unsigned short __nv_fp8x2_storage_t;
typedef unsigned int __nv_fp8x4_storage_t;

namespace anyroc {
using ocp_e4m3 = fp8<4, 3, false>;
using ocp_e5m2 = fp8<5, 2, false>;
}  // namespace anyroc

ANYROC_FP8_TYPES(__nv_fp8_e4m3, __nv_fp8x2_e4m3, __nv_fp8x4_e4m3, ocp_e4m3)
ANYROC_FP8_TYPES(__nv_fp8_e5m2, __nv_fp8x2_e5m2, __nv_fp8x4_e5m2, ocp_e5m2)

#define ANYROC_FP8_OF(interpretation, call)                   \
    ((interpretation) == __NV_E4M3 ? anyroc::ocp_e4m3::call \
                                   : anyroc::ocp_e5m2::call)
ANYROC_FP8_CONVERSIONS(__nv_cvt_, __nv_fp8_interpretation_t, __nv_saturation_t, __NV_SATFINITE,
                       ANYROC_FP8_OF)
#undef ANYROC_FP8_OF
