/* CUDA keeps it here too. */
#pragma once
#include <mma.h>
