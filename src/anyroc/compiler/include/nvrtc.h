/* NVRTC, as names for hipRTC's. */
#pragma once

#include <cuda_runtime.h>
#include <hip/hiprtc.h>

#include "anyroc/nvrtc_names.inc"
