/* cuFFT, as names for hipFFT's. */
#pragma once

#include <cuda_runtime.h>
#include <hipfft/hipfft.h>

#include "anyroc/cufft_names.inc"
