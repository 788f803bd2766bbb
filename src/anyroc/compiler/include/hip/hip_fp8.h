/* HIP's 8-bit floating point: OCP's e4m3 and e5m2, and FNUZ's, which gfx942 computes with. */
#pragma once

#include "anyroc/fp8.h"

enum __hip_saturation_t { __HIP_NOSAT, __HIP_SATFINITE };
enum __hip_fp8_interpretation_t { __HIP_E4M3, __HIP_E5M2, __HIP_E4M3_FNUZ, __HIP_E5M2_FNUZ };
typedef unsigned char __hip_fp8_storage_t;
typedef unsigned short __hip_fp8x2_storage_t;
typedef unsigned int __hip_fp8x4_storage_t;

namespace anyroc {
using hip_e4m3 = fp8<4, 3, false>;
using hip_e5m2 = fp8<5, 2, false>;
using hip_e4m3_fnuz = fp8<4, 3, true>;
using hip_e5m2_fnuz = fp8<5, 2, true>;
}  // namespace anyroc

ANYROC_FP8_TYPES(__hip_fp8_e4m3, __hip_fp8x2_e4m3, __hip_fp8x4_e4m3, hip_e4m3)
ANYROC_FP8_TYPES(__hip_fp8_e5m2, __hip_fp8x2_e5m2, __hip_fp8x4_e5m2, hip_e5m2)
ANYROC_FP8_TYPES(__hip_fp8_e4m3_fnuz, __hip_fp8x2_e4m3_fnuz, __hip_fp8x4_e4m3_fnuz, hip_e4m3_fnuz)
ANYROC_FP8_TYPES(__hip_fp8_e5m2_fnuz, __hip_fp8x2_e5m2_fnuz, __hip_fp8x4_e5m2_fnuz, hip_e5m2_fnuz)

#define ANYROC_FP8_OF(interpretation, call)                              \
    ((interpretation) == __HIP_E4M3        ? anyroc::hip_e4m3::call      \
     : (interpretation) == __HIP_E5M2      ? anyroc::hip_e5m2::call      \
     : (interpretation) == __HIP_E4M3_FNUZ ? anyroc::hip_e4m3_fnuz::call \
                                           : anyroc::hip_e5m2_fnuz::call)
ANYROC_FP8_CONVERSIONS(__hip_cvt_, __hip_fp8_interpretation_t, __hip_saturation_t,
                       __HIP_SATFINITE, ANYROC_FP8_OF)
#undef ANYROC_FP8_OF
