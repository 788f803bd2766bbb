/* Thrust: see detail/copy.h and, for copies of chosen items, detail/selections.h. */
#pragma once

#include "detail/copy.h"
#include "detail/selections.h"
