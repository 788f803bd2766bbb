/* Thrust: see detail/reductions.h and, for values instead of sequences, detail/minmax.h. */
#pragma once

#include "detail/minmax.h"
#include "detail/reductions.h"
