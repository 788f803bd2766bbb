/* Thrust: see ordered.h. */
#pragma once

#include "detail/ordered.h"
