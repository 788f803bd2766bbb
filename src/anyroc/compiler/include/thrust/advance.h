/* Thrust: see distance.h. */
#pragma once

#include "distance.h"
