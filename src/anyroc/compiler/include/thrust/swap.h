/* Thrust's swap is the standard one. */
#pragma once

#include <utility>

namespace thrust {
using std::swap;
}
