/* What hipRTC includes before every program, after what hipcc does. */
#pragma once

#include <hip/hip_runtime.h>

#include <hip/hip_bfloat16.h>
#include <hip/hip_complex.h>
#include <hip/hip_fp16.h>
#include <hip/hip_math_constants.h>

#include <type_traits>

/* Where programs for hipRTC look for type traits: it has no standard headers. */
namespace __hip_internal {
using namespace std;
}

/* clang's own headers leave out what they need when they see this. */
#define __HIPCC_RTC__ 1

#if defined(__HIPRTC_PTRDIFF_T_IS_LONG_LONG__) && __HIPRTC_PTRDIFF_T_IS_LONG_LONG__
typedef long long anyroc_ptrdiff_t;
#define ptrdiff_t anyroc_ptrdiff_t
#endif
