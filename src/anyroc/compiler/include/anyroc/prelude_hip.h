/* What hipcc includes before every HIP source. */
#pragma once

#include <cstdlib>
#include <cstring>

#include "anyroc/memory.h"

#include <new>

#include "anyroc/math.h"
