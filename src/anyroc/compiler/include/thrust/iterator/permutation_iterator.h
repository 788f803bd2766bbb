/* Thrust: the elements of one sequence at the indices of another. */
#pragma once

#include "../detail/raw.h"

namespace thrust {

template <typename Elements, typename Indices>
class permutation_iterator
    : public iterator_facade<
          permutation_iterator<Elements, Indices>,
          typename std::iterator_traits<Elements>::value_type,
          typename detail::common_system<typename detail::system_of<Elements>::type,
                                         typename detail::system_of<Indices>::type>::type,
          random_access_traversal_tag, typename std::iterator_traits<Elements>::reference> {
    friend class iterator_core_access;
    using element = typename std::iterator_traits<Elements>::reference;

public:
    using made_of_others = void;
    permutation_iterator() = default;
    ANYROC_HD permutation_iterator(const Elements &elements, const Indices &indices)
        : elements_(elements), indices_(indices)
    {
    }
    ANYROC_HD const Indices &base() const { return indices_; }
    ANYROC_HD auto raw() const
    {
        return permutation_iterator<detail::raw_iterator<Elements>, detail::raw_iterator<Indices>>(
            detail::raw(elements_), detail::raw(indices_));
    }

private:
    ANYROC_HD element dereference() const
    {
        return elements_[static_cast<std::ptrdiff_t>(
            static_cast<typename std::iterator_traits<Indices>::value_type>(*indices_))];
    }
    ANYROC_HD bool equal(const permutation_iterator &o) const { return indices_ == o.indices_; }
    ANYROC_HD void increment() { ++indices_; }
    ANYROC_HD void decrement() { --indices_; }
    ANYROC_HD void advance(std::ptrdiff_t n) { indices_ = indices_ + n; }
    ANYROC_HD std::ptrdiff_t distance_to(const permutation_iterator &other) const
    {
        return other.indices_ - indices_;
    }

    Elements elements_{};
    Indices indices_{};
};

template <typename Elements, typename Indices>
ANYROC_HD permutation_iterator<Elements, Indices> make_permutation_iterator(Elements elements,
                                                                            Indices indices)
{
    return permutation_iterator<Elements, Indices>(elements, indices);
}

}  // namespace thrust
