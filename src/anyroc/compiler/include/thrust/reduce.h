/* Thrust: see detail/reductions.h and, for reductions by key, detail/scans.h. */
#pragma once

#include "detail/reductions.h"
#include "detail/scans.h"
