/* Thrust: its version, that of CUDA 12.4's. */
#pragma once

#include "detail/config.h"
