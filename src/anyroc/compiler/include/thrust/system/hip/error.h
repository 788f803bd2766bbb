/* Thrust: see system_error.h. */
#pragma once

#include "../../system_error.h"
