/* Thrust: a sequence seen through a function. */
#pragma once

#include "../detail/raw.h"

namespace thrust {
namespace detail {

template <typename F, typename Iterator, typename Reference, typename Value>
struct transformed {
    using reference = or_default<Reference, result_of<F, raw_reference<Iterator>>>;
    using value = or_default<Value, std::decay_t<reference>>;
};

}  // namespace detail

template <typename F, typename Iterator, typename Reference = use_default,
          typename Value = use_default>
class transform_iterator
    : public iterator_facade<
          transform_iterator<F, Iterator, Reference, Value>,
          typename detail::transformed<F, Iterator, Reference, Value>::value,
          typename detail::system_of<Iterator>::type, random_access_traversal_tag,
          typename detail::transformed<F, Iterator, Reference, Value>::reference> {
    friend class iterator_core_access;
    using result = typename detail::transformed<F, Iterator, Reference, Value>::reference;

public:
    using made_of_others = void;
    using base_type = Iterator;
    transform_iterator() = default;
    ANYROC_HD transform_iterator(const Iterator &base, F f) : base_(base), function_(f) {}
    ANYROC_HD explicit transform_iterator(const Iterator &base) : base_(base), function_() {}
    /* A function that is a lambda can be copied but not assigned. */
    transform_iterator(const transform_iterator &) = default;
    ANYROC_HD transform_iterator &operator=(const transform_iterator &other)
    {
        base_ = other.base_;
        if constexpr (std::is_copy_assignable_v<F>)
            function_ = other.function_;
        return *this;
    }
    ANYROC_HD const Iterator &base() const { return base_; }
    ANYROC_HD F functor() const { return function_; }
    ANYROC_HD auto raw() const
    {
        using Raw = detail::raw_iterator<Iterator>;
        return transform_iterator<F, Raw, Reference, Value>(detail::raw(base_), function_);
    }

private:
    ANYROC_HD result dereference() const
    {
        if constexpr (std::is_same_v<detail::raw_iterator<Iterator>, Iterator>) {
            return function_(*base_);
        } else {
            using Argument = typename std::iterator_traits<Iterator>::value_type;
            Argument argument = *base_;
            return function_(argument);
        }
    }
    ANYROC_HD bool equal(const transform_iterator &other) const { return base_ == other.base_; }
    ANYROC_HD void increment() { ++base_; }
    ANYROC_HD void decrement() { --base_; }
    ANYROC_HD void advance(std::ptrdiff_t n) { base_ = base_ + n; }
    ANYROC_HD std::ptrdiff_t distance_to(const transform_iterator &other) const
    {
        return other.base_ - base_;
    }

    Iterator base_{};
    mutable F function_;
};

template <typename F, typename Iterator>
ANYROC_HD transform_iterator<F, Iterator> make_transform_iterator(Iterator base, F f)
{
    return transform_iterator<F, Iterator>(base, f);
}

}  // namespace thrust
