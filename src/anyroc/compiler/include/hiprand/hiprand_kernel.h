/* hipRAND's interface for device code. */
#pragma once

#include <hiprand/hiprand.h>

#include "anyroc/random_names.h"

typedef anyroc_random::xorwow hiprandStateXORWOW_t;
typedef anyroc_random::xorwow hiprandState_t;
typedef anyroc_random::xorwow hiprandState;
typedef anyroc_random::philox hiprandStatePhilox4_32_10_t;
typedef anyroc_random::mrg32k3a hiprandStateMRG32k3a_t;
typedef anyroc_random::sobol32 hiprandStateSobol32_t;

ANYROC_RANDOM_NAMES(hiprand)
