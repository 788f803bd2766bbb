/* CUB: iterators over what is computed and not stored. */
#pragma once

#include "../util_ptx.cuh"

namespace cub {

/* An iterator that is an index and a function of it. `Self` has __device__ T at(offset) const. */
#define ANYROC_CUB_ITERATOR(Self, T, Offset)                                              \
    using self_type = Self;                                                               \
    using value_type = T;                                                                 \
    using difference_type = Offset;                                                       \
    using pointer = T *;                                                                  \
    using reference = T;                                                                  \
    using iterator_category = std::random_access_iterator_tag;                            \
    __host__ __device__ T operator*() const { return (*this)[0]; }                        \
    __host__ __device__ Self &operator++() { return *this += 1; }                         \
    __host__ __device__ Self operator++(int)                                              \
    {                                                                                     \
        Self old = *this;                                                                 \
        *this += 1;                                                                       \
        return old;                                                                       \
    }                                                                                     \
    template <typename D>                                                                 \
    __host__ __device__ Self operator+(D n) const                                         \
    {                                                                                     \
        Self other = *this;                                                               \
        return other += n;                                                                \
    }                                                                                     \
    template <typename D>                                                                 \
    __host__ __device__ Self operator-(D n) const                                         \
    {                                                                                     \
        return *this + (-static_cast<Offset>(n));                                         \
    }

template <typename T, typename Offset = ptrdiff_t>
class CountingInputIterator {
public:
    __host__ __device__ explicit CountingInputIterator(const T &first) : first_(first) {}
    ANYROC_CUB_ITERATOR(CountingInputIterator, T, Offset)
    template <typename D>
    __host__ __device__ CountingInputIterator &operator+=(D n)
    {
        first_ += static_cast<T>(n);
        return *this;
    }
    template <typename D>
    __host__ __device__ T operator[](D n) const
    {
        return first_ + static_cast<T>(n);
    }
    __host__ __device__ Offset operator-(const CountingInputIterator &other) const
    {
        return first_ - other.first_;
    }
    __host__ __device__ bool operator==(const CountingInputIterator &other) const
    {
        return first_ == other.first_;
    }
    __host__ __device__ bool operator!=(const CountingInputIterator &other) const
    {
        return first_ != other.first_;
    }

private:
    T first_;
};

template <typename T, typename Offset = ptrdiff_t>
class ConstantInputIterator {
public:
    __host__ __device__ ConstantInputIterator(T value, Offset = 0) : value_(value) {}
    ANYROC_CUB_ITERATOR(ConstantInputIterator, T, Offset)
    template <typename D>
    __host__ __device__ ConstantInputIterator &operator+=(D)
    {
        return *this;
    }
    template <typename D>
    __host__ __device__ T operator[](D) const
    {
        return value_;
    }

private:
    T value_;
};

template <typename T, typename Function, typename Iterator, typename Offset = ptrdiff_t>
class TransformInputIterator {
public:
    __host__ __device__ TransformInputIterator(Iterator from, Function function)
        : from_(from), function_(function)
    {
    }
    ANYROC_CUB_ITERATOR(TransformInputIterator, T, Offset)
    template <typename D>
    __host__ __device__ TransformInputIterator &operator+=(D n)
    {
        from_ += n;
        return *this;
    }
    template <typename D>
    __host__ __device__ T operator[](D n) const
    {
        return function_(from_[n]);
    }

private:
    Iterator from_;
    mutable Function function_;
};

template <typename Iterator, typename Offset = ptrdiff_t, typename T = detail::value_of<Iterator>>
class ArgIndexInputIterator {
    using Pair = KeyValuePair<Offset, T>;

public:
    __host__ __device__ ArgIndexInputIterator(Iterator from, Offset first = 0)
        : from_(from), first_(first)
    {
    }
    ANYROC_CUB_ITERATOR(ArgIndexInputIterator, Pair, Offset)
    template <typename D>
    __host__ __device__ ArgIndexInputIterator &operator+=(D n)
    {
        first_ += static_cast<Offset>(n);
        return *this;
    }
    template <typename D>
    __host__ __device__ Pair operator[](D n) const
    {
        Offset i = first_ + static_cast<Offset>(n);
        return Pair(i, from_[i]);
    }

private:
    Iterator from_;
    Offset first_;
};

template <CacheLoadModifier HOW, typename T, typename Offset = ptrdiff_t>
class CacheModifiedInputIterator {
public:
    __host__ __device__ CacheModifiedInputIterator(const T *from) : from_(from) {}
    ANYROC_CUB_ITERATOR(CacheModifiedInputIterator, T, Offset)
    template <typename D>
    __host__ __device__ CacheModifiedInputIterator &operator+=(D n)
    {
        from_ += n;
        return *this;
    }
    template <typename D>
    __host__ __device__ T operator[](D n) const
    {
        return from_[n];
    }

private:
    const T *from_;
};
#undef ANYROC_CUB_ITERATOR

/* Takes what is written to it and keeps nothing. */
template <typename Offset = ptrdiff_t>
class DiscardOutputIterator {
public:
    using value_type = void;
    using difference_type = Offset;
    using pointer = void;
    using reference = void;
    using iterator_category = std::output_iterator_tag;
    struct Sink {
        template <typename T>
        __host__ __device__ const Sink &operator=(const T &) const
        {
            return *this;
        }
    };
    __host__ __device__ Sink operator*() const { return {}; }
    template <typename D>
    __host__ __device__ Sink operator[](D) const
    {
        return {};
    }
    template <typename D>
    __host__ __device__ DiscardOutputIterator operator+(D) const
    {
        return *this;
    }
};

}  // namespace cub
