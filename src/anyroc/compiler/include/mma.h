/* CUDA's matrix operations of warps, nvcuda::wmma. A fragment's elements lie row by row over the
 * lanes of the warp, 32 side by side in a register; mma_sync passes them with shuffles. */
#pragma once

#include <type_traits>

#include "anyroc/bfloat16.h"
#include "anyroc/half.h"
#include "anyroc/lanes.h"

namespace nvcuda {
namespace wmma {

struct matrix_a;
struct matrix_b;
struct accumulator;
struct row_major;
struct col_major;
enum layout_t { mem_row_major, mem_col_major };
namespace precision {
struct tf32;
}

namespace detail {

/* What an element is stored as, and what products of such elements are summed in. */
template <typename T>
struct element {
    using storage = T;
    using sum = float;
};
template <>
struct element<precision::tf32> {
    using storage = float;
    using sum = float;
};
template <>
struct element<double> {
    using storage = double;
    using sum = double;
};
template <>
struct element<signed char> {
    using storage = signed char;
    using sum = int;
};
template <>
struct element<unsigned char> {
    using storage = unsigned char;
    using sum = int;
};
template <>
struct element<int> {
    using storage = int;
    using sum = int;
};

template <typename Use, int M, int N, int K>
struct extent;
template <int M, int N, int K>
struct extent<matrix_a, M, N, K> {
    static constexpr int rows = M, columns = K;
};
template <int M, int N, int K>
struct extent<matrix_b, M, N, K> {
    static constexpr int rows = K, columns = N;
};
template <int M, int N, int K>
struct extent<accumulator, M, N, K> {
    static constexpr int rows = M, columns = N;
};

/* The number that stands for a tf32: 10 bits of fraction, rounded to nearest, ties away. */
ANYROC_DEVICE float rounded_to_tf32(float x)
{
    unsigned int bits = __builtin_bit_cast(unsigned int, x);
    if ((bits & 0x7f800000) != 0x7f800000)
        bits += 0x1000;
    return __builtin_bit_cast(float, bits & 0xffffe000);
}

/* An element as it enters a product, in the type of sums. */
template <typename T, typename Sum, typename Storage>
ANYROC_DEVICE Sum factor(Storage x)
{
    if constexpr (std::is_same<T, precision::tf32>::value)
        return rounded_to_tf32(x);
    else
        return static_cast<Sum>(x);
}

}  // namespace detail

/* Which of its elements are whose is unspecified in CUDA: only accumulators of one shape agree. */
template <typename Use, int M, int N, int K, typename T, typename Layout = void>
class fragment {
public:
    using element_type = typename detail::element<T>::storage;
    using storage_element_type = element_type;
    static constexpr int rows = detail::extent<Use, M, N, K>::rows;
    static constexpr int columns = detail::extent<Use, M, N, K>::columns;
    static constexpr int num_elements = rows * columns / 32;
    static constexpr int num_storage_elements = num_elements;
    element_type x[num_elements];
};

template <typename Use, int M, int N, int K, typename T, typename Layout, typename V>
ANYROC_DEVICE void fill_fragment(fragment<Use, M, N, K, T, Layout> &f, const V &value)
{
    for (auto &x : f.x)
        x = static_cast<typename detail::element<T>::storage>(value);
}

namespace detail {

/* visit(element of the fragment, its place in a matrix whose rows or columns are ld apart). */
template <typename Fragment, typename Visit>
ANYROC_DEVICE void each_element(Fragment &f, unsigned int ld, bool by_rows, Visit visit)
{
    unsigned int lane = anyroc::lane_of_warp();
#pragma unroll
    for (unsigned int i = 0; i < Fragment::num_elements; ++i) {
        unsigned int e = 32 * i + lane, row = e / Fragment::columns, column = e % Fragment::columns;
        visit(f.x[i], by_rows ? row * ld + column : column * ld + row);
    }
}

}  // namespace detail

template <typename Use, int M, int N, int K, typename T, typename Layout>
ANYROC_DEVICE void load_matrix_sync(fragment<Use, M, N, K, T, Layout> &f,
                                    const typename detail::element<T>::storage *from,
                                    unsigned int ld)
{
    using E = typename detail::element<T>::storage;
    detail::each_element(f, ld, std::is_same<Layout, row_major>::value,
                         [=](E &x, unsigned int place) { x = from[place]; });
}
template <int M, int N, int K, typename T>
ANYROC_DEVICE void load_matrix_sync(fragment<accumulator, M, N, K, T> &f,
                                    const typename detail::element<T>::storage *from,
                                    unsigned int ld, layout_t layout)
{
    using E = typename detail::element<T>::storage;
    detail::each_element(f, ld, layout == mem_row_major,
                         [=](E &x, unsigned int place) { x = from[place]; });
}
template <int M, int N, int K, typename T>
ANYROC_DEVICE void store_matrix_sync(typename detail::element<T>::storage *to,
                                     const fragment<accumulator, M, N, K, T> &f, unsigned int ld,
                                     layout_t layout)
{
    using E = typename detail::element<T>::storage;
    detail::each_element(f, ld, layout == mem_row_major,
                         [=](const E &x, unsigned int place) { to[place] = x; });
}

/* d = a b + c. Sums of half precision are made in single precision and rounded once. */
template <int M, int N, int K, typename T, typename LA, typename LB, typename TC, typename TD>
ANYROC_DEVICE void mma_sync(fragment<accumulator, M, N, K, TD> &d,
                            const fragment<matrix_a, M, N, K, T, LA> &a,
                            const fragment<matrix_b, M, N, K, T, LB> &b,
                            const fragment<accumulator, M, N, K, TC> &c, bool = false)
{
    using Sum = typename detail::element<T>::sum;
    /* A register of the accumulators holds so many rows, which lie in so many registers of a's. */
    constexpr int rows = 32 / N, spread = rows * K <= 32 ? 1 : rows * K / 32;
    static_assert(32 % N == 0 && M * N % 32 == 0, "no such shape");
    int lane = anyroc::lane_of_warp();
    Sum sum[M * N / 32];
#pragma unroll
    for (int i = 0; i < M * N / 32; ++i)
        sum[i] = static_cast<Sum>(c.x[i]);
#pragma unroll
    for (int k = 0; k < K; ++k) {
        Sum right = __shfl_sync(~0u, detail::factor<T, Sum>(b.x[k * N / 32]),
                                (k * N + lane % N) % 32);
#pragma unroll
        for (int i = 0; i < M * N / 32; ++i) {
            int place = (i * rows + lane / N) * K + k, first = i * rows * K / 32;
            Sum left = 0;
#pragma unroll
            for (int j = 0; j < spread; ++j) {
                Sum x = __shfl_sync(~0u, detail::factor<T, Sum>(a.x[first + j]), place % 32);
                left = place / 32 == first + j ? x : left;
            }
            if constexpr (std::is_same<Sum, int>::value)
                sum[i] += left * right;
            else
                sum[i] = __builtin_fma(left, right, sum[i]);
        }
    }
#pragma unroll
    for (int i = 0; i < M * N / 32; ++i)
        d.x[i] = static_cast<TD>(sum[i]);
}

ANYROC_DEVICE float __float_to_tf32(float x) { return detail::rounded_to_tf32(x); }

}  // namespace wmma
}  // namespace nvcuda
