/* Thrust: a vector in the device's memory. */
#pragma once

#include "device_allocator.h"
#include "iterator/reverse_iterator.h"

#include "detail/vector.h"

namespace thrust {

template <typename T, typename Allocator = device_allocator<T>>
class device_vector : public detail::Vector<T, Allocator, detail::DeviceMemory<device_ptr>> {
    using base = detail::Vector<T, Allocator, detail::DeviceMemory<device_ptr>>;

public:
    using base::base;
    using base::operator=;
    device_vector() = default;
    template <typename U, typename A, typename M>
    device_vector(const detail::Vector<U, A, M> &other) : base(other.begin(), other.end())
    {
    }
    template <typename U, typename A>
    device_vector(const std::vector<U, A> &other) : base(other.begin(), other.end())
    {
    }
    template <typename U, typename A, typename M>
    device_vector &operator=(const detail::Vector<U, A, M> &other)
    {
        base::assign(other.begin(), other.end());
        return *this;
    }
    template <typename U, typename A>
    device_vector &operator=(const std::vector<U, A> &other)
    {
        base::assign(other.begin(), other.end());
        return *this;
    }
};

}  // namespace thrust
