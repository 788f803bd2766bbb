/* The structures and handles of HIP's runtime interface (HIP 7.1): layouts are part of its ABI. */
#pragma once

#include "anyroc/hip_device_structs.h"
#include "anyroc/hip_graph_structs.h"
