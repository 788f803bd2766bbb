#pragma once
#include "anyroc/half.h"
