/* Thrust: pointers into the memory of the device, which the host may follow too. */
#pragma once

#include <ostream>

#include <hip/hip_runtime_api.h>

#include "iterator/iterator_facade.h"
#include "system_error.h"

namespace thrust {

template <typename T>
class device_reference;
template <typename T>
class device_ptr;

namespace detail {

/* A pointer that is an iterator of a system. What it refers to differs between the kinds. */
template <typename Derived, typename T, typename Reference>
class tagged_pointer
    : public iterator_facade<Derived, T, device_system_tag, random_access_traversal_tag,
                             Reference> {
    friend class thrust::iterator_core_access;

public:
    using element_type = T;
    using raw_pointer = T *;
    using pointer = Derived;
    tagged_pointer() = default;
    ANYROC_HD explicit tagged_pointer(T *p) : pointer_(p) {}
    ANYROC_HD T *get() const { return pointer_; }
    ANYROC_HD explicit operator bool() const { return pointer_ != nullptr; }
    friend ANYROC_HD bool operator==(const Derived &p, std::nullptr_t) { return !p; }
    friend ANYROC_HD bool operator!=(const Derived &p, std::nullptr_t) { return !!p; }

private:
    ANYROC_HD Reference dereference() const
    {
        if constexpr (std::is_reference_v<Reference>)
            return *pointer_;
        else
            return Reference(static_cast<const Derived &>(*this));
    }
    ANYROC_HD bool equal(const tagged_pointer &other) const { return pointer_ == other.pointer_; }
    ANYROC_HD void increment() { ++pointer_; }
    ANYROC_HD void decrement() { --pointer_; }
    ANYROC_HD void advance(std::ptrdiff_t n) { pointer_ += n; }
    ANYROC_HD std::ptrdiff_t distance_to(const tagged_pointer &other) const
    {
        return other.pointer_ - pointer_;
    }

    T *pointer_ = nullptr;
};

}  // namespace detail

template <typename T>
class device_ptr
    : public detail::tagged_pointer<device_ptr<T>, T, device_reference<T>> {
    using base = detail::tagged_pointer<device_ptr<T>, T, device_reference<T>>;

public:
    device_ptr() = default;
    ANYROC_HD device_ptr(std::nullptr_t) : base(nullptr) {}
    template <typename U, std::enable_if_t<std::is_convertible_v<U *, T *> || std::is_void_v<U>,
                                           int> = 0>
    ANYROC_HD explicit device_ptr(U *p) : base(static_cast<T *>(p))
    {
    }
    template <typename U, std::enable_if_t<std::is_convertible_v<U *, T *>, int> = 0>
    ANYROC_HD device_ptr(const device_ptr<U> &other) : base(other.get())
    {
    }
};

template <>
class device_ptr<void> {
    void *pointer_ = nullptr;

public:
    using element_type = void;
    using raw_pointer = void *;
    device_ptr() = default;
    ANYROC_HD explicit device_ptr(void *p) : pointer_(p) {}
    template <typename U>
    ANYROC_HD device_ptr(const device_ptr<U> &other) : pointer_(other.get())
    {
    }
    ANYROC_HD void *get() const { return pointer_; }
    template <typename U>
    ANYROC_HD explicit operator device_ptr<U>() const
    {
        return device_ptr<U>(static_cast<U *>(pointer_));
    }
};

/* Memory that both sides reach: its elements are plain references. */
template <typename T>
class universal_ptr : public detail::tagged_pointer<universal_ptr<T>, T, T &> {
    using base = detail::tagged_pointer<universal_ptr<T>, T, T &>;

public:
    universal_ptr() = default;
    ANYROC_HD universal_ptr(std::nullptr_t) : base(nullptr) {}
    ANYROC_HD explicit universal_ptr(T *p) : base(p) {}
    template <typename U, std::enable_if_t<std::is_convertible_v<U *, T *>, int> = 0>
    ANYROC_HD universal_ptr(const universal_ptr<U> &other) : base(other.get())
    {
    }
};

/* An element in the device's memory: the host copies it to read or to write it. */
template <typename T>
class device_reference {
public:
    using value_type = std::remove_cv_t<T>;
    using pointer = device_ptr<T>;
    ANYROC_HD explicit device_reference(const device_ptr<T> &p) : pointer_(p.get()) {}
    device_reference(const device_reference &) = default;

    ANYROC_HD operator value_type() const
    {
#if defined(__HIP_DEVICE_COMPILE__)
        return *pointer_;
#else
        alignas(value_type) unsigned char place[sizeof(value_type)];
        detail::check(hipMemcpy(place, pointer_, sizeof(value_type), hipMemcpyDefault));
        return *reinterpret_cast<value_type *>(place);
#endif
    }
    ANYROC_HD const device_reference &operator=(const value_type &value) const
    {
#if defined(__HIP_DEVICE_COMPILE__)
        *pointer_ = value;
#else
        detail::check(hipMemcpy(pointer_, &value, sizeof(value_type), hipMemcpyDefault));
#endif
        return *this;
    }
    ANYROC_HD const device_reference &operator=(const device_reference &other) const
    {
        return *this = static_cast<value_type>(other);
    }
    ANYROC_HD device_reference &operator=(const device_reference &other)
    {
        static_cast<const device_reference &>(*this) = static_cast<value_type>(other);
        return *this;
    }
    ANYROC_HD device_ptr<T> operator&() const { return device_ptr<T>(pointer_); }

#define ANYROC_THRUST_ASSIGN(op)                                        \
    template <typename U>                                               \
    ANYROC_HD const device_reference &operator op##=(const U &u) const  \
    {                                                                   \
        value_type value = *this;                                       \
        value op## = u;                                                 \
        return *this = value;                                           \
    }
    ANYROC_THRUST_ASSIGN(+)
    ANYROC_THRUST_ASSIGN(-)
    ANYROC_THRUST_ASSIGN(*)
    ANYROC_THRUST_ASSIGN(/)
    ANYROC_THRUST_ASSIGN(%)
    ANYROC_THRUST_ASSIGN(&)
    ANYROC_THRUST_ASSIGN(|)
    ANYROC_THRUST_ASSIGN(^)
    ANYROC_THRUST_ASSIGN(<<)
    ANYROC_THRUST_ASSIGN(>>)
#undef ANYROC_THRUST_ASSIGN
    ANYROC_HD const device_reference &operator++() const { return *this += 1; }
    ANYROC_HD const device_reference &operator--() const { return *this -= 1; }
    ANYROC_HD value_type operator++(int) const
    {
        value_type old = *this;
        ++*this;
        return old;
    }
    ANYROC_HD value_type operator--(int) const
    {
        value_type old = *this;
        --*this;
        return old;
    }
    friend ANYROC_HD void swap(const device_reference &a, const device_reference &b)
    {
        value_type x = a, y = b;
        a = y;
        b = x;
    }
    template <typename Stream, typename = decltype(std::declval<Stream &>() << 'c')>
    friend Stream &operator<<(Stream &stream, const device_reference &r)
    {
        stream << static_cast<value_type>(r);
        return stream;
    }

private:
    T *pointer_;
};

#define ANYROC_THRUST_COMPARE(op)                                                       \
    template <typename T, typename U>                                                   \
    ANYROC_HD bool operator op(const device_reference<T> &a, const device_reference<U> &b) \
    {                                                                                   \
        return static_cast<std::remove_cv_t<T>>(a) op static_cast<std::remove_cv_t<U>>(b); \
    }
ANYROC_THRUST_COMPARE(==)
ANYROC_THRUST_COMPARE(!=)
ANYROC_THRUST_COMPARE(<)
ANYROC_THRUST_COMPARE(>)
ANYROC_THRUST_COMPARE(<=)
ANYROC_THRUST_COMPARE(>=)
#undef ANYROC_THRUST_COMPARE

template <typename T>
ANYROC_HD device_ptr<T> device_pointer_cast(T *p)
{
    return device_ptr<T>(p);
}
template <typename T>
ANYROC_HD device_ptr<T> device_pointer_cast(const device_ptr<T> &p)
{
    return p;
}

template <typename T>
ANYROC_HD T *raw_pointer_cast(T *p)
{
    return p;
}
template <typename Pointer, typename Raw = typename Pointer::raw_pointer>
ANYROC_HD Raw raw_pointer_cast(const Pointer &p)
{
    return p.get();
}

template <typename T>
ANYROC_HD T &raw_reference_cast(T &reference)
{
    return reference;
}
template <typename T>
ANYROC_HD T &raw_reference_cast(const device_reference<T> &reference)
{
    return *(&reference).get();
}

template <typename T>
std::ostream &operator<<(std::ostream &stream, const device_ptr<T> &p)
{
    return stream << static_cast<const void *>(p.get());
}

}  // namespace thrust
