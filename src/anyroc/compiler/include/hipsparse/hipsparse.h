/* hipSPARSE's interface. */
#pragma once

#include "anyroc/hipsparse_types.h"

#include "anyroc/hipsparse_prototypes.inc"
