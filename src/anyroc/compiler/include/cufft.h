/* cuFFT, as names for hipFFT's. */
#pragma once

/* By these programs tell which headers they have. */
#define _CUFFT_H_

#include <cuComplex.h>
#include <cuda_runtime.h>
#include <hipfft/hipfft.h>

#include "anyroc/cufft_names.inc"

/* Results that hipFFT has no names for. */
#define CUFFT_MISSING_DEPENDENCY ((cufftResult)17)
#define CUFFT_NVRTC_FAILURE ((cufftResult)18)
#define CUFFT_NVJITLINK_FAILURE ((cufftResult)19)
#define CUFFT_NVSHMEM_FAILURE ((cufftResult)20)
