#pragma once
#include "anyroc/groups.h"
