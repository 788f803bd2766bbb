/* Thrust: the limits of numbers are the standard's. */
#pragma once

#include <limits>

#include "detail/config.h"

namespace thrust {
using std::numeric_limits;
}
