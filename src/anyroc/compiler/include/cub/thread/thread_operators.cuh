/* CUB: combining functions. */
#pragma once

#include "../util_type.cuh"

namespace cub {

#define ANYROC_CUB_OPERATOR(name, expression)                                             \
    struct name {                                                                         \
        template <typename T, typename U>                                                 \
        __host__ __device__ auto operator()(const T &a, const U &b) const                 \
            -> std::decay_t<decltype(expression)>                                         \
        {                                                                                 \
            return expression;                                                            \
        }                                                                                 \
    };
ANYROC_CUB_OPERATOR(Sum, a + b)
ANYROC_CUB_OPERATOR(Difference, a - b)
ANYROC_CUB_OPERATOR(Division, a / b)
ANYROC_CUB_OPERATOR(Max, a < b ? b : a)
ANYROC_CUB_OPERATOR(Min, b < a ? b : a)
ANYROC_CUB_OPERATOR(Equality, a == b)
ANYROC_CUB_OPERATOR(Inequality, a != b)
#undef ANYROC_CUB_OPERATOR

/* Of two (index, value) pairs the one with the greater or the lesser value, the first if equal. */
struct ArgMax {
    template <typename T, typename I>
    __host__ __device__ KeyValuePair<I, T> operator()(const KeyValuePair<I, T> &a,
                                                      const KeyValuePair<I, T> &b) const
    {
        return a.value < b.value || (a.value == b.value && b.key < a.key) ? b : a;
    }
};
struct ArgMin {
    template <typename T, typename I>
    __host__ __device__ KeyValuePair<I, T> operator()(const KeyValuePair<I, T> &a,
                                                      const KeyValuePair<I, T> &b) const
    {
        return b.value < a.value || (a.value == b.value && b.key < a.key) ? b : a;
    }
};

template <typename Compare>
struct InequalityWrapper {
    Compare op;
    __host__ __device__ explicit InequalityWrapper(Compare compare) : op(compare) {}
    template <typename T>
    __host__ __device__ bool operator()(const T &a, const T &b)
    {
        return !op(a, b);
    }
};

template <typename T>
struct CastOp {
    template <typename U>
    __host__ __device__ T operator()(const U &value) const
    {
        return static_cast<T>(value);
    }
};

}  // namespace cub
