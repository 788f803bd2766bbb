/* Thrust: iterators that are another one with something changed. */
#pragma once

#include "iterator_facade.h"

namespace thrust {
namespace detail {

template <typename Derived, typename Base, typename Value, typename System, typename Reference,
          typename Difference>
using adaptor_facade = iterator_facade<
    Derived, or_default<Value, typename std::iterator_traits<Base>::value_type>,
    or_default<System, typename system_of<Base>::type>, random_access_traversal_tag,
    or_default<Reference,
               std::conditional_t<std::is_same_v<Value, use_default>,
                                  typename std::iterator_traits<Base>::reference,
                                  std::add_lvalue_reference_t<Value>>>,
    or_default<Difference, typename std::iterator_traits<Base>::difference_type>>;

}  // namespace detail

template <typename Derived, typename Base, typename Value = use_default,
          typename System = use_default, typename Traversal = use_default,
          typename Reference = use_default, typename Difference = use_default>
class iterator_adaptor
    : public detail::adaptor_facade<Derived, Base, Value, System, Reference, Difference> {
    using facade = detail::adaptor_facade<Derived, Base, Value, System, Reference, Difference>;
    friend class iterator_core_access;

public:
    using base_type = Base;
    using super_t = iterator_adaptor;
    iterator_adaptor() = default;
    ANYROC_HD explicit iterator_adaptor(const Base &base) : base_(base) {}
    ANYROC_HD const Base &base() const { return base_; }

protected:
    ANYROC_HD const Base &base_reference() const { return base_; }
    ANYROC_HD Base &base_reference() { return base_; }

private:
    ANYROC_HD typename facade::reference dereference() const { return *base_; }
    ANYROC_HD bool equal(const Derived &other) const { return base_ == other.base(); }
    ANYROC_HD void increment() { ++base_; }
    ANYROC_HD void decrement() { --base_; }
    ANYROC_HD void advance(typename facade::difference_type n) { base_ = base_ + n; }
    ANYROC_HD typename facade::difference_type distance_to(const Derived &other) const
    {
        return other.base() - base_;
    }

    Base base_{};
};

}  // namespace thrust
