/* Thrust's pair is the standard one. */
#pragma once

#include <utility>

namespace thrust {
using std::make_pair;
using std::pair;
}
