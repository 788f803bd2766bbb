/* Thrust: see distributions.h. */
#pragma once

#include "distributions.h"
