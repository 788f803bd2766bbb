#pragma once
#include "anyroc/hip_structs.h"
