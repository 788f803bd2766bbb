/* Thrust: a sequence from its end. */
#pragma once

#include "../detail/raw.h"

namespace thrust {

template <typename Iterator>
class reverse_iterator
    : public iterator_facade<reverse_iterator<Iterator>,
                             typename std::iterator_traits<Iterator>::value_type,
                             typename detail::system_of<Iterator>::type,
                             random_access_traversal_tag,
                             typename std::iterator_traits<Iterator>::reference> {
    friend class iterator_core_access;

public:
    using made_of_others = void;
    reverse_iterator() = default;
    ANYROC_HD explicit reverse_iterator(const Iterator &base) : base_(base) {}
    template <typename Other,
              std::enable_if_t<std::is_convertible_v<Other, Iterator>, int> = 0>
    ANYROC_HD reverse_iterator(const reverse_iterator<Other> &other) : base_(other.base())
    {
    }
    ANYROC_HD const Iterator &base() const { return base_; }
    ANYROC_HD auto raw() const
    {
        return reverse_iterator<detail::raw_iterator<Iterator>>(detail::raw(base_));
    }

private:
    ANYROC_HD typename std::iterator_traits<Iterator>::reference dereference() const
    {
        return *(base_ - 1);
    }
    ANYROC_HD bool equal(const reverse_iterator &other) const { return base_ == other.base_; }
    ANYROC_HD void increment() { --base_; }
    ANYROC_HD void decrement() { ++base_; }
    ANYROC_HD void advance(std::ptrdiff_t n) { base_ = base_ - n; }
    ANYROC_HD std::ptrdiff_t distance_to(const reverse_iterator &other) const
    {
        return base_ - other.base_;
    }

    Iterator base_{};
};

template <typename Iterator>
ANYROC_HD reverse_iterator<Iterator> make_reverse_iterator(Iterator base)
{
    return reverse_iterator<Iterator>(base);
}

}  // namespace thrust
