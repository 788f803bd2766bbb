/* Thrust: the sequence of one value. */
#pragma once

#include "iterator_facade.h"

namespace thrust {

template <typename T, typename Index = use_default, typename System = use_default>
class constant_iterator
    : public iterator_facade<constant_iterator<T, Index, System>, T,
                             detail::or_default<System, any_system_tag>,
                             random_access_traversal_tag, T> {
    friend class iterator_core_access;

public:
    constant_iterator() = default;
    ANYROC_HD constant_iterator(const T &value, std::ptrdiff_t index = 0)
        : value_(value), index_(index)
    {
    }
    ANYROC_HD const T &value() const { return value_; }

private:
    ANYROC_HD T dereference() const { return value_; }
    ANYROC_HD bool equal(const constant_iterator &other) const { return index_ == other.index_; }
    ANYROC_HD void increment() { ++index_; }
    ANYROC_HD void decrement() { --index_; }
    ANYROC_HD void advance(std::ptrdiff_t n) { index_ += n; }
    ANYROC_HD std::ptrdiff_t distance_to(const constant_iterator &other) const
    {
        return other.index_ - index_;
    }

    T value_{};
    std::ptrdiff_t index_ = 0;
};

template <typename T>
ANYROC_HD constant_iterator<T> make_constant_iterator(T value, std::ptrdiff_t index = 0)
{
    return constant_iterator<T>(value, index);
}

}  // namespace thrust
