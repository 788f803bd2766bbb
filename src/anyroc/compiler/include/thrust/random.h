/* Thrust: random numbers. The engines give the standard library's sequences; the distributions are
 * functions of one number each. */
#pragma once

#include "random/engines.h"

#include "random/distributions.h"
