/* What hipcc includes before every HIP source. */
#pragma once

#include "anyroc/attributes.h"

#include "anyroc/math.h"
