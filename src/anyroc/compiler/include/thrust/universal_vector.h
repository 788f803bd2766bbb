/* Thrust: a vector in memory that both sides reach. */
#pragma once

#include "device_allocator.h"
#include "iterator/reverse_iterator.h"

#include "detail/vector.h"

namespace thrust {

template <typename T, typename Allocator = universal_allocator<T>>
class universal_vector : public detail::Vector<T, Allocator, detail::DeviceMemory<universal_ptr>> {
    using base = detail::Vector<T, Allocator, detail::DeviceMemory<universal_ptr>>;

public:
    using base::base;
    using base::operator=;
    universal_vector() = default;
    template <typename U, typename A, typename M>
    universal_vector(const detail::Vector<U, A, M> &other) : base(other.begin(), other.end())
    {
    }
    template <typename U, typename A>
    universal_vector(const std::vector<U, A> &other) : base(other.begin(), other.end())
    {
    }
    template <typename U, typename A, typename M>
    universal_vector &operator=(const detail::Vector<U, A, M> &other)
    {
        base::assign(other.begin(), other.end());
        return *this;
    }
    template <typename U, typename A>
    universal_vector &operator=(const std::vector<U, A> &other)
    {
        base::assign(other.begin(), other.end());
        return *this;
    }
};

}  // namespace thrust
