/* hipBLASLt's interface. */
#pragma once

#include "anyroc/hipblaslt_types.h"

#include "anyroc/hipblaslt_prototypes.inc"
