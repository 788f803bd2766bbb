#pragma once
#include "anyroc/math_constants.h"
