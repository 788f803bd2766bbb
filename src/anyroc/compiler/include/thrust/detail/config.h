/* Thrust: what all of it shares. It is a library of our own, over our CUB. */
#pragma once

#include "anyroc/attributes.h"

#include "config/namespace.h"

#define THRUST_VERSION 200300
#define THRUST_MAJOR_VERSION 2
#define THRUST_MINOR_VERSION 3
#define THRUST_SUBMINOR_VERSION 0
#define THRUST_PATCH_NUMBER 0

#define THRUST_DEVICE_SYSTEM_CUDA 1
#define THRUST_DEVICE_SYSTEM_OMP 2
#define THRUST_DEVICE_SYSTEM_TBB 3
#define THRUST_DEVICE_SYSTEM_CPP 4
#define THRUST_DEVICE_SYSTEM_HIP 5
#define THRUST_HOST_SYSTEM_CPP 1
#define THRUST_HOST_SYSTEM THRUST_HOST_SYSTEM_CPP
#if defined(ANYROC_CUDA)
#define THRUST_DEVICE_SYSTEM THRUST_DEVICE_SYSTEM_CUDA
#else
#define THRUST_DEVICE_SYSTEM THRUST_DEVICE_SYSTEM_HIP
#endif

#define THRUST_HOST __host__
#define THRUST_DEVICE __device__
#define THRUST_HOST_DEVICE __host__ __device__
#define THRUST_FUNCTION __host__ __device__
#define THRUST_LAMBDA __host__ __device__

#define THRUST_UNUSED_VAR(x) ((void)(x))
#define THRUST_CPP_DIALECT 2017

#define ANYROC_HD __host__ __device__
