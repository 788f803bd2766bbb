/* The language: everything device code can use without a library. */
#pragma once

#include "anyroc/attributes.h"

#if defined(__HIP__)
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <new>

#include "anyroc/math.h"
#include "anyroc/vector_types.h"

#include "anyroc/atomics.h"
#include "anyroc/index.h"
#include "anyroc/intrinsics.h"
#include "anyroc/lanes.h"
#include "anyroc/memory.h"
#include "anyroc/sync.h"
#endif
