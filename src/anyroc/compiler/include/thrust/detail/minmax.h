/* Thrust: the lesser and the greater of two values. */
#pragma once

#include "config.h"

namespace thrust {

template <typename T, typename Less>
ANYROC_HD T min(const T &a, const T &b, Less less)
{
    return less(b, a) ? b : a;
}
template <typename T>
ANYROC_HD T min(const T &a, const T &b)
{
    return b < a ? b : a;
}
template <typename T, typename Less>
ANYROC_HD T max(const T &a, const T &b, Less less)
{
    return less(a, b) ? b : a;
}
template <typename T>
ANYROC_HD T max(const T &a, const T &b)
{
    return a < b ? b : a;
}

}  // namespace thrust
