/* Thrust: exchanges, of values and of sequences. */
#pragma once

#include "detail/elementwise.h"

namespace thrust {

template <typename T>
ANYROC_HD void swap(T &a, T &b)
{
    T old = static_cast<T &&>(a);
    a = static_cast<T &&>(b);
    b = static_cast<T &&>(old);
}

}  // namespace thrust
