/* The language: everything device code can use without a library. */
#pragma once

#include "anyroc/attributes.h"

#if defined(__HIP__)
#include <cstdlib>
#include <cstring>
#include <ctime>

#include "anyroc/memory.h"

/* Through clang's wrapper, whose operators for the device need malloc and free. */
#include <new>

#if defined(_LIBCPP_VERSION) || __cplusplus < 201703L
/* Programs expect std::min and std::max from <cmath>, as in C++17 with libstdc++. */
#include <algorithm>
#endif

#include "anyroc/math.h"
#include "anyroc/vector_types.h"

#include "anyroc/atomics.h"
#include "anyroc/index.h"
#include "anyroc/intrinsics.h"
#include "anyroc/lanes.h"
#include "anyroc/simd.h"
#include "anyroc/sync.h"
#include "anyroc/textures.h"
#endif
