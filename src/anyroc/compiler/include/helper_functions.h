/* What host code of many CUDA programs takes from one header: options, timers, comparisons. */
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "helper_string.h"
#include "helper_timer.h"

/* Tells whether the distance of two vectors is below a part of the reference's length. */
inline bool sdkCompareL2fe(const float *reference, const float *data, unsigned int count,
                           float epsilon)
{
    double error = 0, size = 0;
    for (unsigned int i = 0; i < count; ++i) {
        double difference = static_cast<double>(reference[i]) - data[i];
        error += difference * difference;
        size += static_cast<double>(reference[i]) * reference[i];
    }
    return size > 0 && std::sqrt(error) / std::sqrt(size) < epsilon;
}
/* Tells whether at most a part `threshold` of the values differ by more than epsilon. */
template <typename T, typename S>
bool compareData(const T *reference, const T *data, unsigned int count, S epsilon, float threshold)
{
    unsigned int wrong = 0;
    for (unsigned int i = 0; i < count; ++i)
        wrong += !(std::fabs(static_cast<double>(reference[i]) - data[i]) <= epsilon);
    return wrong <= threshold * count;
}
