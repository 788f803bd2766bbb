/* Thrust: memory by its system. */
#pragma once

#include "device_allocator.h"
#include "execution_policy.h"

namespace thrust {

template <typename T, typename P>
device_ptr<T> malloc(const device_execution_policy<P> &, size_t count)
{
    return device_malloc<T>(count);
}
template <typename T, typename P>
T *malloc(const host_execution_policy<P> &, size_t count)
{
    return static_cast<T *>(::malloc(count * sizeof(T)));
}
template <typename P, typename Pointer>
void free(const device_execution_policy<P> &, Pointer p)
{
    detail::check(hipFree(thrust::raw_pointer_cast(p)));
}
template <typename P, typename T>
void free(const host_execution_policy<P> &, T *p)
{
    ::free(p);
}

namespace cuda {
template <typename T>
using pointer = device_ptr<T>;
}

}  // namespace thrust
