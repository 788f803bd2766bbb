/* Thrust: see reductions.h. */
#pragma once

#include "detail/reductions.h"
