/* Thrust: see detail/selections.h and, for questions about partitions, detail/reductions.h. */
#pragma once

#include "detail/reductions.h"
#include "detail/selections.h"
