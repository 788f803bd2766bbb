/* hipCUB: the same collectives under its name. */
#pragma once

#include <hip/hip_runtime.h>
#include <cub/cub.cuh>

namespace hipcub = cub;
