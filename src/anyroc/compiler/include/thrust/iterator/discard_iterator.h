/* Thrust: an output that nothing is kept of. */
#pragma once

#include "iterator_facade.h"

namespace thrust {
namespace detail {

struct discarded {
    template <typename T>
    ANYROC_HD const discarded &operator=(const T &) const
    {
        return *this;
    }
};

}  // namespace detail

template <typename System = use_default>
class discard_iterator
    : public iterator_facade<discard_iterator<System>, detail::discarded,
                             detail::or_default<System, any_system_tag>,
                             random_access_traversal_tag, detail::discarded> {
    friend class iterator_core_access;

public:
    ANYROC_HD discard_iterator(std::ptrdiff_t index = 0) : index_(index) {}

private:
    ANYROC_HD detail::discarded dereference() const { return {}; }
    ANYROC_HD bool equal(const discard_iterator &other) const { return index_ == other.index_; }
    ANYROC_HD void increment() { ++index_; }
    ANYROC_HD void decrement() { --index_; }
    ANYROC_HD void advance(std::ptrdiff_t n) { index_ += n; }
    ANYROC_HD std::ptrdiff_t distance_to(const discard_iterator &other) const
    {
        return other.index_ - index_;
    }

    std::ptrdiff_t index_;
};

inline ANYROC_HD discard_iterator<> make_discard_iterator(std::ptrdiff_t index = 0)
{
    return discard_iterator<>(index);
}

}  // namespace thrust
