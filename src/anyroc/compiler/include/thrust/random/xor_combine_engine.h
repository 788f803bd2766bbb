/* Thrust: see engines.h. */
#pragma once

#include "engines.h"
