/* Thrust: see device_allocator.h. */
#pragma once

#include "device_allocator.h"
