/* Thrust: all of its algorithms, which its containers bring with them. */
#pragma once

#include "copy.h"
#include "elementwise.h"
#include "ordered.h"
#include "reductions.h"
#include "scans.h"
#include "selections.h"
