/* Thrust: see detail/ordered.h and, for questions about order, detail/reductions.h. */
#pragma once

#include "detail/ordered.h"
#include "detail/reductions.h"
