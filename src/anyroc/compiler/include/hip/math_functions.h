#pragma once
#include "anyroc/device.h"
