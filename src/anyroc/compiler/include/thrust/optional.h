/* Thrust: the optional value is the standard's. */
#pragma once

#include <optional>

#include "detail/config.h"

namespace thrust {
using std::bad_optional_access;
using std::make_optional;
using std::nullopt;
using std::nullopt_t;
using std::optional;
}  // namespace thrust
