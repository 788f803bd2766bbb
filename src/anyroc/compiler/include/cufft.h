/* cuFFT, as names for hipFFT's. */
#pragma once

#include <cuComplex.h>
#include <cuda_runtime.h>
#include <hipfft/hipfft.h>

#include "anyroc/cufft_names.inc"
