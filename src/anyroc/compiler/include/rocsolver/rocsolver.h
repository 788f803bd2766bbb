/* rocSOLVER's interface. */
#pragma once

#include "anyroc/rocsolver_types.h"

#include "anyroc/rocsolver_prototypes.inc"
