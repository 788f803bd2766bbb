/* Thrust: see selections.h. */
#pragma once

#include "detail/selections.h"
