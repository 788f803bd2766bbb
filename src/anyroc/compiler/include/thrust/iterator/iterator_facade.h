/* Thrust: iterators from a few private functions: dereference, equal, increment, decrement,
 * advance, distance_to. */
#pragma once

#include "iterator_traits.h"

namespace thrust {

class iterator_core_access {
    template <typename, typename, typename, typename, typename, typename>
    friend class iterator_facade;
    template <typename I>
    static ANYROC_HD decltype(auto) dereference(const I &i)
    {
        return i.dereference();
    }
    template <typename I>
    static ANYROC_HD void increment(I &i)
    {
        i.increment();
    }
    template <typename I>
    static ANYROC_HD void decrement(I &i)
    {
        i.decrement();
    }
    template <typename I, typename N>
    static ANYROC_HD void advance(I &i, N n)
    {
        i.advance(n);
    }
    template <typename I, typename J>
    static ANYROC_HD auto distance(const I &from, const J &to)
    {
        return from.distance_to(to);
    }
    template <typename I, typename J>
    static ANYROC_HD bool equal(const I &a, const J &b)
    {
        return a.equal(b);
    }
};

/* Where a reference is a value, nothing points to it but what keeps it. */
template <typename Derived, typename Value, typename System, typename Traversal,
          typename Reference, typename Difference = std::ptrdiff_t>
class iterator_facade {
    using access = iterator_core_access;
    ANYROC_HD Derived &self() { return static_cast<Derived &>(*this); }
    ANYROC_HD const Derived &self() const { return static_cast<const Derived &>(*this); }

public:
    using value_type = std::remove_cv_t<Value>;
    using reference = Reference;
    using pointer = std::add_pointer_t<std::remove_reference_t<Reference>>;
    using difference_type = Difference;
    using iterator_category = std::random_access_iterator_tag;
    using iterator_system = System;

    ANYROC_HD Reference operator*() const { return access::dereference(self()); }
    ANYROC_HD Reference operator[](Difference n) const { return *(self() + n); }
    template <typename R = Reference, std::enable_if_t<std::is_reference_v<R>, int> = 0>
    ANYROC_HD std::remove_reference_t<R> *operator->() const
    {
        return &access::dereference(self());
    }
    ANYROC_HD Derived &operator++()
    {
        access::increment(self());
        return self();
    }
    ANYROC_HD Derived operator++(int)
    {
        Derived old = self();
        ++*this;
        return old;
    }
    ANYROC_HD Derived &operator--()
    {
        access::decrement(self());
        return self();
    }
    ANYROC_HD Derived operator--(int)
    {
        Derived old = self();
        --*this;
        return old;
    }
    ANYROC_HD Derived &operator+=(Difference n)
    {
        access::advance(self(), n);
        return self();
    }
    ANYROC_HD Derived &operator-=(Difference n) { return *this += -n; }
    ANYROC_HD Derived operator-(Difference n) const { return self() + -n; }

    friend ANYROC_HD Derived operator+(const Derived &i, Difference n)
    {
        Derived moved = i;
        access::advance(moved, n);
        return moved;
    }
    friend ANYROC_HD Derived operator+(Difference n, const Derived &i) { return i + n; }
    friend ANYROC_HD Difference operator-(const Derived &a, const Derived &b)
    {
        return access::distance(b, a);
    }
    friend ANYROC_HD bool operator==(const Derived &a, const Derived &b)
    {
        return access::equal(a, b);
    }
    friend ANYROC_HD bool operator!=(const Derived &a, const Derived &b) { return !(a == b); }
    friend ANYROC_HD bool operator<(const Derived &a, const Derived &b) { return b - a > 0; }
    friend ANYROC_HD bool operator>(const Derived &a, const Derived &b) { return a - b > 0; }
    friend ANYROC_HD bool operator<=(const Derived &a, const Derived &b) { return b - a >= 0; }
    friend ANYROC_HD bool operator>=(const Derived &a, const Derived &b) { return a - b >= 0; }
};

}  // namespace thrust
