/* Thrust: the sequence of successive values. */
#pragma once

#include "iterator_facade.h"

namespace thrust {

template <typename T, typename System = use_default, typename Traversal = use_default,
          typename Difference = use_default>
class counting_iterator
    : public iterator_facade<counting_iterator<T, System, Traversal, Difference>, T,
                             detail::or_default<System, any_system_tag>,
                             random_access_traversal_tag, T> {
    friend class iterator_core_access;

public:
    counting_iterator() = default;
    ANYROC_HD explicit counting_iterator(T value) : value_(value) {}
    ANYROC_HD const T &base() const { return value_; }

private:
    ANYROC_HD T dereference() const { return value_; }
    ANYROC_HD bool equal(const counting_iterator &other) const { return value_ == other.value_; }
    ANYROC_HD void increment() { ++value_; }
    ANYROC_HD void decrement() { --value_; }
    ANYROC_HD void advance(std::ptrdiff_t n) { value_ = static_cast<T>(value_ + n); }
    ANYROC_HD std::ptrdiff_t distance_to(const counting_iterator &other) const
    {
        return static_cast<std::ptrdiff_t>(other.value_) - static_cast<std::ptrdiff_t>(value_);
    }

    T value_{};
};

template <typename T>
ANYROC_HD counting_iterator<T> make_counting_iterator(T value)
{
    return counting_iterator<T>(value);
}

}  // namespace thrust
