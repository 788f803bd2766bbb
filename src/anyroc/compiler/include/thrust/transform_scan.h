/* Thrust: see scans.h. */
#pragma once

#include "detail/scans.h"
