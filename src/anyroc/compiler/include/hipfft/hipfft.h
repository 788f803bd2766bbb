/* hipFFT's interface. */
#pragma once

#include "anyroc/hipfft_types.h"

#include "anyroc/hipfft_prototypes.inc"
