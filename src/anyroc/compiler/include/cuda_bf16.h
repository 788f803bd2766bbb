#pragma once
#include "anyroc/bfloat16.h"
