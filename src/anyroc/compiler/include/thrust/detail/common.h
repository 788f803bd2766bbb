/* Thrust: what programs expect to come with any of its algorithms and containers. */
#pragma once

#include <algorithm>
#include <cassert>
#include <iostream>
#include <stdexcept>

#include "../distance.h"
#include "../functional.h"
#include "../iterator/constant_iterator.h"
#include "../iterator/counting_iterator.h"
#include "../iterator/discard_iterator.h"
#include "../iterator/permutation_iterator.h"
#include "../iterator/reverse_iterator.h"
#include "../iterator/transform_iterator.h"
#include "../iterator/zip_iterator.h"
#include "../tuple.h"
#include "minmax.h"
