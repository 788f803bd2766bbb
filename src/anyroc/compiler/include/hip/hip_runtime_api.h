/* HIP's runtime interface: types, constants, functions, and the C++ templates over them. */
#pragma once

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

#include <hip/hip_version.h>

#include "anyroc/hip_flags.h"
#include "anyroc/hip_structs.h"

#if defined(__cplusplus)
#define ANYROC_API extern "C"
#define ANYROC_DEFAULT(value) = value
#else
#define ANYROC_API
#define ANYROC_DEFAULT(value)
#endif
#include "anyroc/hip_prototypes.inc"

/* The unversioned symbols keep their old layout for old programs; sources mean the current one. */
#define hipGetDeviceProperties hipGetDevicePropertiesR0600
#define hipChooseDevice hipChooseDeviceR0600

#if defined(__cplusplus)
#include "anyroc/hip_templates.h"
#if defined(__HIP__)
#include "anyroc/device_api.h"
#include "anyroc/texture_references.h"
#endif
#endif
