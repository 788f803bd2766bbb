/* hipRAND's interface for the host. */
#pragma once

#include "anyroc/hiprand_types.h"

#include "anyroc/hiprand_prototypes.inc"
