/* Thrust: see elementwise.h. */
#pragma once

#include "detail/elementwise.h"
