/* cuRAND's interface for device code, with the sequences of AMD's generators. */
#pragma once

#include <curand.h>

#include "anyroc/random_names.h"

typedef anyroc_random::xorwow curandStateXORWOW_t;
typedef anyroc_random::xorwow curandStateXORWOW;
typedef anyroc_random::xorwow curandState_t;
typedef anyroc_random::xorwow curandState;
typedef anyroc_random::philox curandStatePhilox4_32_10_t;
typedef anyroc_random::philox curandStatePhilox4_32_10;
typedef anyroc_random::mrg32k3a curandStateMRG32k3a_t;
typedef anyroc_random::mrg32k3a curandStateMRG32k3a;
typedef anyroc_random::sobol32 curandStateSobol32_t;
typedef anyroc_random::sobol32 curandStateSobol32;

ANYROC_RANDOM_NAMES(curand)
