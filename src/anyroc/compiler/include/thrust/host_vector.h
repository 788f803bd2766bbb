/* Thrust: a vector in the host's memory. */
#pragma once

#include "device_allocator.h"
#include "iterator/reverse_iterator.h"

#include "detail/vector.h"

namespace thrust {

template <typename T, typename Allocator = std::allocator<T>>
class host_vector : public detail::Vector<T, Allocator, detail::HostMemory> {
    using base = detail::Vector<T, Allocator, detail::HostMemory>;

public:
    using base::base;
    using base::operator=;
    host_vector() = default;
    template <typename U, typename A, typename M>
    host_vector(const detail::Vector<U, A, M> &other) : base(other.begin(), other.end())
    {
    }
    template <typename U, typename A>
    host_vector(const std::vector<U, A> &other) : base(other.begin(), other.end())
    {
    }
    template <typename U, typename A, typename M>
    host_vector &operator=(const detail::Vector<U, A, M> &other)
    {
        base::assign(other.begin(), other.end());
        return *this;
    }
    template <typename U, typename A>
    host_vector &operator=(const std::vector<U, A> &other)
    {
        base::assign(other.begin(), other.end());
        return *this;
    }
};

}  // namespace thrust
