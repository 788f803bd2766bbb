/* Thrust: what its vectors have in common. `Memory` says how elements are made and moved. */
#pragma once

#include <initializer_list>
#include <memory>
#include <utility>
#include <vector>

#include "algorithms.h"

namespace thrust {
namespace detail {

template <typename T, typename Allocator, typename Memory>
class Vector {
public:
    using value_type = T;
    using allocator_type = Allocator;
    using size_type = std::size_t;
    using difference_type = std::ptrdiff_t;
    using pointer = typename Memory::template pointer<T>;
    using const_pointer = typename Memory::template pointer<const T>;
    using iterator = pointer;
    using const_iterator = const_pointer;
    using reference = typename std::iterator_traits<pointer>::reference;
    using const_reference = typename std::iterator_traits<const_pointer>::reference;
    using reverse_iterator = thrust::reverse_iterator<iterator>;
    using const_reverse_iterator = thrust::reverse_iterator<const_iterator>;

    Vector() = default;
    explicit Vector(const Allocator &allocator) : allocator_(allocator) {}
    explicit Vector(size_type count, const Allocator &allocator = Allocator())
        : allocator_(allocator)
    {
        resize(count);
    }
    Vector(size_type count, const T &value, const Allocator &allocator = Allocator())
        : allocator_(allocator)
    {
        resize(count, value);
    }
    template <typename In, std::enable_if_t<is_iterator<In>::value, int> = 0>
    Vector(In first, In last, const Allocator &allocator = Allocator()) : allocator_(allocator)
    {
        assign(first, last);
    }
    Vector(std::initializer_list<T> list, const Allocator &allocator = Allocator())
        : allocator_(allocator)
    {
        assign(list.begin(), list.end());
    }
    Vector(const Vector &other) : allocator_(other.allocator_)
    {
        assign(other.begin(), other.end());
    }
    Vector(Vector &&other) noexcept : allocator_(other.allocator_) { swap(other); }
    ~Vector() { release(); }
    Vector &operator=(const Vector &other)
    {
        if (this != &other)
            assign(other.begin(), other.end());
        return *this;
    }
    Vector &operator=(Vector &&other) noexcept
    {
        swap(other);
        return *this;
    }
    Vector &operator=(std::initializer_list<T> list)
    {
        assign(list.begin(), list.end());
        return *this;
    }

    iterator begin() { return iterator(data_); }
    iterator end() { return iterator(data_ + size_); }
    const_iterator begin() const { return const_iterator(data_); }
    const_iterator end() const { return const_iterator(data_ + size_); }
    const_iterator cbegin() const { return begin(); }
    const_iterator cend() const { return end(); }
    reverse_iterator rbegin() { return reverse_iterator(end()); }
    reverse_iterator rend() { return reverse_iterator(begin()); }
    const_reverse_iterator rbegin() const { return const_reverse_iterator(end()); }
    const_reverse_iterator rend() const { return const_reverse_iterator(begin()); }
    const_reverse_iterator crbegin() const { return rbegin(); }
    const_reverse_iterator crend() const { return rend(); }

    size_type size() const { return size_; }
    size_type capacity() const { return capacity_; }
    size_type max_size() const { return ~size_type(0) / sizeof(T); }
    bool empty() const { return size_ == 0; }
    pointer data() { return pointer(data_); }
    const_pointer data() const { return const_pointer(data_); }
    reference operator[](size_type i) { return begin()[i]; }
    const_reference operator[](size_type i) const { return begin()[i]; }
    reference front() { return *begin(); }
    const_reference front() const { return *begin(); }
    reference back() { return begin()[size_ - 1]; }
    const_reference back() const { return begin()[size_ - 1]; }
    Allocator get_allocator() const { return allocator_; }

    void reserve(size_type count)
    {
        if (count > capacity_)
            grow(count);
    }
    void shrink_to_fit()
    {
        if (size_ < capacity_)
            grow(size_);
    }
    void resize(size_type count)
    {
        enlarge(count);
        if (count > size_)
            Memory::make(allocator_, data_ + size_, count - size_);
        shrink(count);
    }
    void resize(size_type count, const T &value)
    {
        T copy = value;
        enlarge(count);
        if (count > size_)
            Memory::fill(data_ + size_, count - size_, copy);
        shrink(count);
    }
    void clear() { shrink(0); }
    void push_back(const T &value) { resize(size_ + 1, value); }
    template <typename... A>
    void emplace_back(A &&...arguments)
    {
        push_back(T(std::forward<A>(arguments)...));
    }
    void pop_back() { shrink(size_ - 1); }
    void swap(Vector &other)
    {
        std::swap(data_, other.data_);
        std::swap(size_, other.size_);
        std::swap(capacity_, other.capacity_);
        std::swap(allocator_, other.allocator_);
    }

    void assign(size_type count, const T &value)
    {
        T copy = value;
        clear();
        resize(count, copy);
    }
    template <typename In, std::enable_if_t<is_iterator<In>::value, int> = 0>
    void assign(In first, In last)
    {
        size_type count = std::distance(first, last);
        clear();
        enlarge(count);
        Memory::prepare(data_, count);
        thrust::copy(first, last, begin());
        size_ = count;
    }

    template <typename In, std::enable_if_t<is_iterator<In>::value, int> = 0>
    iterator insert(const_iterator at, In first, In last)
    {
        size_type place = at - cbegin();
        Vector rest(cbegin() + place, cend());
        size_type count = std::distance(first, last);
        shrink(place);
        resize(place + count);
        thrust::copy(first, last, begin() + place);
        resize(place + count + rest.size());
        thrust::copy(rest.begin(), rest.end(), begin() + (place + count));
        return begin() + place;
    }
    iterator insert(const_iterator at, size_type count, const T &value)
    {
        Vector items(count, value);
        return insert(at, items.begin(), items.end());
    }
    iterator insert(const_iterator at, const T &value) { return insert(at, 1, value); }
    iterator erase(const_iterator first, const_iterator last)
    {
        size_type place = first - cbegin();
        Vector rest(last, cend());
        thrust::copy(rest.begin(), rest.end(), begin() + place);
        shrink(place + rest.size());
        return begin() + place;
    }
    iterator erase(const_iterator at) { return erase(at, at + 1); }

private:
    void grow(size_type count)
    {
        T *place = count ? Memory::allocate(allocator_, count) : nullptr;
        if (size_ > 0)
            Memory::move(place, data_, size_);
        if (data_)
            Memory::deallocate(allocator_, data_, capacity_);
        data_ = place;
        capacity_ = count;
    }
    void enlarge(size_type count)
    {
        if (count > capacity_)
            grow(count < 2 * capacity_ ? 2 * capacity_ : count);
    }
    void shrink(size_type count)
    {
        if (count < size_)
            Memory::destroy(data_ + count, size_ - count);
        size_ = count;
    }
    void release()
    {
        shrink(0);
        if (data_)
            Memory::deallocate(allocator_, data_, capacity_);
    }

    T *data_ = nullptr;
    size_type size_ = 0, capacity_ = 0;
    Allocator allocator_{};
};

template <typename T, typename A, typename M, typename U, typename B, typename N>
bool operator==(const Vector<T, A, M> &a, const Vector<U, B, N> &b)
{
    if (a.size() != b.size())
        return false;
    std::vector<T> x(a.size());
    std::vector<U> y(b.size());
    thrust::copy(a.begin(), a.end(), x.begin());
    thrust::copy(b.begin(), b.end(), y.begin());
    return std::equal(x.begin(), x.end(), y.begin());
}
template <typename T, typename A, typename M, typename U, typename B>
bool operator==(const Vector<T, A, M> &a, const std::vector<U, B> &b)
{
    return a == Vector<T, A, M>(b.begin(), b.end());
}
template <typename T, typename A, typename M, typename U, typename B>
bool operator==(const std::vector<U, B> &b, const Vector<T, A, M> &a)
{
    return a == b;
}
template <typename T, typename A, typename M, typename Other>
auto operator!=(const Vector<T, A, M> &a, const Other &b) -> decltype(!(a == b))
{
    return !(a == b);
}
template <typename T, typename A, typename M>
void swap(Vector<T, A, M> &a, Vector<T, A, M> &b)
{
    a.swap(b);
}

/* The host's memory: the allocator's, with elements that are constructed one by one. */
struct HostMemory {
    template <typename T>
    using pointer = T *;

    template <typename Allocator>
    static auto allocate(Allocator &allocator, size_t count)
    {
        return thrust::raw_pointer_cast(allocator.allocate(count));
    }
    template <typename Allocator, typename T>
    static void deallocate(Allocator &allocator, T *place, size_t count)
    {
        using Pointer = decltype(allocator.allocate(count));
        allocator.deallocate(Pointer(place), count);
    }
    template <typename Allocator, typename T>
    static void make(const Allocator &, T *place, size_t count)
    {
        std::uninitialized_value_construct_n(place, count);
    }
    template <typename T>
    static void fill(T *place, size_t count, const T &value)
    {
        std::uninitialized_fill_n(place, count, value);
    }
    template <typename T>
    static void prepare(T *place, size_t count)
    {
        if constexpr (!std::is_trivially_default_constructible_v<T>)
            std::uninitialized_value_construct_n(place, count);
    }
    template <typename T>
    static void move(T *to, T *from, size_t count)
    {
        std::uninitialized_move_n(from, count, to);
        std::destroy_n(from, count);
    }
    template <typename T>
    static void destroy(T *place, size_t count)
    {
        std::destroy_n(place, count);
    }
};

/* Whether an allocator has a say in how elements begin: one that does nothing there leaves them. */
template <typename Allocator, typename T, typename = void>
struct constructs : std::false_type {};
template <typename Allocator, typename T>
struct constructs<Allocator, T,
                  std::void_t<decltype(std::declval<Allocator &>().construct(
                      static_cast<T *>(nullptr)))>> : std::true_type {};

/* The device's memory: elements are bytes that are copied, and begin as copies of one. */
template <template <typename> class Pointer>
struct DeviceMemory {
    template <typename T>
    using pointer = Pointer<T>;

    template <typename Allocator>
    static auto allocate(Allocator &allocator, size_t count)
    {
        return thrust::raw_pointer_cast(allocator.allocate(count));
    }
    template <typename Allocator, typename T>
    static void deallocate(Allocator &allocator, T *place, size_t count)
    {
        using Pointed = decltype(allocator.allocate(count));
        allocator.deallocate(Pointed(place), count);
    }
    template <typename Allocator, typename T>
    static void make(const Allocator &, T *place, size_t count)
    {
        if constexpr (constructs<Allocator, T>::value)
            return;
        else if constexpr (std::is_arithmetic_v<T> || std::is_pointer_v<T>)
            check(hipMemset(place, 0, count * sizeof(T)));
        else
            fill(place, count, T());
    }
    template <typename T>
    static void fill(T *place, size_t count, const T &value)
    {
        if (count == 1)
            copy_bytes(place, &value, 1);
        else
            thrust::fill(device, place, place + count, value);
    }
    template <typename T>
    static void prepare(T *, size_t)
    {
    }
    template <typename T>
    static void move(T *to, T *from, size_t count)
    {
        copy_bytes(to, static_cast<const T *>(from), count);
    }
    template <typename T>
    static void destroy(T *, size_t)
    {
    }
};

}  // namespace detail
}  // namespace thrust
