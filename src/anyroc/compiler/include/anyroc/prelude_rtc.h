/* What hipRTC includes before every program, after what hipcc does. */
#pragma once

#include <hip/hip_runtime.h>

#include <hip/hip_bfloat16.h>
#include <hip/hip_fp16.h>
#include <hip/hip_math_constants.h>

/* clang's own headers leave out what they need when they see this. */
#define __HIPCC_RTC__ 1
