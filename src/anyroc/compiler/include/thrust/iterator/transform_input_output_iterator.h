/* Thrust: a sequence read through one function and written through another. */
#pragma once

#include "../detail/raw.h"

namespace thrust {
namespace detail {

template <typename Read, typename Write, typename Iterator>
class transformed_reference {
    using value = std::decay_t<result_of<Read, raw_reference<Iterator>>>;

public:
    ANYROC_HD transformed_reference(Iterator at, Read read, Write write)
        : at_(at), read_(read), write_(write)
    {
    }
    ANYROC_HD operator value() const { return read_(*at_); }
    template <typename T>
    ANYROC_HD const transformed_reference &operator=(const T &x) const
    {
        *at_ = write_(x);
        return *this;
    }

private:
    Iterator at_;
    mutable Read read_;
    mutable Write write_;
};

}  // namespace detail

template <typename Read, typename Write, typename Iterator>
class transform_input_output_iterator
    : public iterator_facade<transform_input_output_iterator<Read, Write, Iterator>,
                             std::decay_t<detail::result_of<Read, detail::raw_reference<Iterator>>>,
                             typename detail::system_of<Iterator>::type,
                             random_access_traversal_tag,
                             detail::transformed_reference<Read, Write, Iterator>> {
    friend class iterator_core_access;

public:
    using made_of_others = void;
    ANYROC_HD transform_input_output_iterator(const Iterator &base, Read read, Write write)
        : base_(base), read_(read), write_(write)
    {
    }
    transform_input_output_iterator(const transform_input_output_iterator &) = default;
    ANYROC_HD transform_input_output_iterator &operator=(const transform_input_output_iterator &o)
    {
        base_ = o.base_;
        return *this;
    }
    ANYROC_HD const Iterator &base() const { return base_; }
    ANYROC_HD auto raw() const
    {
        using Raw = detail::raw_iterator<Iterator>;
        return transform_input_output_iterator<Read, Write, Raw>(detail::raw(base_), read_, write_);
    }

private:
    ANYROC_HD detail::transformed_reference<Read, Write, Iterator> dereference() const
    {
        return {base_, read_, write_};
    }
    ANYROC_HD bool equal(const transform_input_output_iterator &o) const
    {
        return base_ == o.base_;
    }
    ANYROC_HD void increment() { ++base_; }
    ANYROC_HD void decrement() { --base_; }
    ANYROC_HD void advance(std::ptrdiff_t n) { base_ = base_ + n; }
    ANYROC_HD std::ptrdiff_t distance_to(const transform_input_output_iterator &o) const
    {
        return o.base_ - base_;
    }

    Iterator base_;
    Read read_;
    Write write_;
};

template <typename Read, typename Write, typename Iterator>
ANYROC_HD transform_input_output_iterator<Read, Write, Iterator>
make_transform_input_output_iterator(Iterator base, Read read, Write write)
{
    return transform_input_output_iterator<Read, Write, Iterator>(base, read, write);
}

}  // namespace thrust
