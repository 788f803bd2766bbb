/* Thrust: outputs that a function is applied to first. */
#pragma once

#include "../detail/raw.h"

namespace thrust {
namespace detail {

template <typename F, typename Iterator>
class transformed_output {
public:
    ANYROC_HD transformed_output(Iterator to, F f) : to_(to), function_(f) {}
    template <typename T>
    ANYROC_HD const transformed_output &operator=(const T &value) const
    {
        *to_ = function_(value);
        return *this;
    }

private:
    Iterator to_;
    mutable F function_;
};

}  // namespace detail

template <typename F, typename Iterator>
class transform_output_iterator
    : public iterator_facade<transform_output_iterator<F, Iterator>,
                             detail::transformed_output<F, Iterator>,
                             typename detail::system_of<Iterator>::type,
                             random_access_traversal_tag,
                             detail::transformed_output<F, Iterator>> {
    friend class iterator_core_access;

public:
    using made_of_others = void;
    ANYROC_HD transform_output_iterator(const Iterator &base, F f) : base_(base), function_(f) {}
    transform_output_iterator(const transform_output_iterator &) = default;
    ANYROC_HD transform_output_iterator &operator=(const transform_output_iterator &other)
    {
        base_ = other.base_;
        return *this;
    }
    ANYROC_HD const Iterator &base() const { return base_; }
    ANYROC_HD auto raw() const
    {
        using Raw = detail::raw_iterator<Iterator>;
        return transform_output_iterator<F, Raw>(detail::raw(base_), function_);
    }

private:
    ANYROC_HD detail::transformed_output<F, Iterator> dereference() const
    {
        return {base_, function_};
    }
    ANYROC_HD bool equal(const transform_output_iterator &o) const { return base_ == o.base_; }
    ANYROC_HD void increment() { ++base_; }
    ANYROC_HD void decrement() { --base_; }
    ANYROC_HD void advance(std::ptrdiff_t n) { base_ = base_ + n; }
    ANYROC_HD std::ptrdiff_t distance_to(const transform_output_iterator &other) const
    {
        return other.base_ - base_;
    }

    Iterator base_;
    F function_;
};

template <typename F, typename Iterator>
ANYROC_HD transform_output_iterator<F, Iterator> make_transform_output_iterator(Iterator to, F f)
{
    return transform_output_iterator<F, Iterator>(to, f);
}

}  // namespace thrust
