/* hipSOLVER's interface. */
#pragma once

#include "anyroc/hipsolver_types.h"

#include "anyroc/hipsolver_prototypes.inc"
