/* Thrust: where the memory of vectors comes from. */
#pragma once

#include "device_ptr.h"

namespace thrust {
namespace detail {

inline void *device_memory(size_t bytes)
{
    void *place = nullptr;
    check(hipMalloc(&place, bytes ? bytes : 1));
    return place;
}
inline void *managed_memory(size_t bytes)
{
    void *place = nullptr;
    check(hipMallocManaged(&place, bytes ? bytes : 1));
    return place;
}
inline void *pinned_memory(size_t bytes)
{
    void *place = nullptr;
    check(hipHostMalloc(&place, bytes ? bytes : 1, 0));
    return place;
}
inline void free_memory(void *place) { (void)hipFree(place); }
inline void free_pinned_memory(void *place) { (void)hipHostFree(place); }

template <typename T, typename Pointer, void *(*GET)(size_t), void (*PUT)(void *)>
struct allocator {
    using value_type = T;
    using pointer = Pointer;
    using size_type = size_t;
    using difference_type = std::ptrdiff_t;
    pointer allocate(size_type count) { return pointer(static_cast<T *>(GET(count * sizeof(T)))); }
    void deallocate(pointer place, size_type) { PUT(thrust::raw_pointer_cast(place)); }
    bool operator==(const allocator &) const { return true; }
    bool operator!=(const allocator &) const { return false; }
};

}  // namespace detail

#define ANYROC_THRUST_ALLOCATOR(name, Pointer, get, put)                                     \
    template <typename T>                                                                    \
    struct name : detail::allocator<T, Pointer, detail::get, detail::put> {                  \
        using super_t = detail::allocator<T, Pointer, detail::get, detail::put>;             \
        name() = default;                                                                    \
        template <typename U>                                                                \
        name(const name<U> &)                                                                \
        {                                                                                    \
        }                                                                                    \
        template <typename U>                                                                \
        struct rebind {                                                                      \
            using other = name<U>;                                                           \
        };                                                                                   \
    };
ANYROC_THRUST_ALLOCATOR(device_allocator, device_ptr<T>, device_memory, free_memory)
ANYROC_THRUST_ALLOCATOR(device_malloc_allocator, device_ptr<T>, device_memory, free_memory)
ANYROC_THRUST_ALLOCATOR(universal_allocator, universal_ptr<T>, managed_memory, free_memory)
ANYROC_THRUST_ALLOCATOR(universal_host_pinned_allocator, T *, pinned_memory, free_pinned_memory)
namespace cuda {
namespace experimental {
ANYROC_THRUST_ALLOCATOR(pinned_allocator, T *, pinned_memory, free_pinned_memory)
}
}  // namespace cuda
#undef ANYROC_THRUST_ALLOCATOR

namespace system {
namespace cuda {
namespace experimental {
using thrust::cuda::experimental::pinned_allocator;
}
}  // namespace cuda
}  // namespace system

inline device_ptr<void> device_malloc(size_t bytes)
{
    return device_ptr<void>(detail::device_memory(bytes));
}
template <typename T>
device_ptr<T> device_malloc(size_t count)
{
    return device_ptr<T>(static_cast<T *>(detail::device_memory(count * sizeof(T))));
}
template <typename T>
void device_free(device_ptr<T> p)
{
    detail::check(hipFree(const_cast<std::remove_cv_t<T> *>(p.get())));
}
template <typename T>
device_ptr<T> device_new(size_t count = 1)
{
    device_ptr<T> p = device_malloc<T>(count);
    for (size_t i = 0; i < count; ++i)
        p[i] = T();
    return p;
}
template <typename T>
void device_delete(device_ptr<T> p, size_t = 1)
{
    device_free(p);
}

}  // namespace thrust
