/* rocRAND's interface for device code. */
#pragma once

#include "anyroc/random_names.h"

typedef anyroc_random::xorwow rocrand_state_xorwow;
typedef anyroc_random::philox rocrand_state_philox4x32_10;
typedef anyroc_random::mrg32k3a rocrand_state_mrg32k3a;
typedef anyroc_random::sobol32 rocrand_state_sobol32;

ANYROC_RANDOM_NAMES(rocrand)
