#pragma once
#include "anyroc/vector_types.h"
#if defined(__cplusplus)
#include "anyroc/vector_operators.h"
#endif
