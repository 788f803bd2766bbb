/* Thrust: see memory.h. */
#pragma once

#include "../../memory.h"
