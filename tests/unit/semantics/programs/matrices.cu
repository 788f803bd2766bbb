// Matrix instructions through the compiler's builtins, against plain loops.
#include "../../compiler/programs/check.h"

using half_t = _Float16;
using half4 = half_t __attribute__((ext_vector_type(4)));
using half8 = half_t __attribute__((ext_vector_type(8)));
using half16 = half_t __attribute__((ext_vector_type(16)));
using float8 = float __attribute__((ext_vector_type(8)));
using float16 = float __attribute__((ext_vector_type(16)));
using int2v = int __attribute__((ext_vector_type(2)));
using int4v = int __attribute__((ext_vector_type(4)));
using int8v = int __attribute__((ext_vector_type(8)));
using byte = signed char;

struct Shape {
    int size, depth, byte_depth; // rows and columns, k of the halves, k of the bytes
};

struct Matrices {
    half_t a[32][32], b[32][32];
    float c[32][32], d[32][32];
    byte p[16][32], q[32][16];
    int r[16][16];
    Shape shape;
};

// `count` bytes of a row of p (or of a column of q) from k on, four to a dword.
template <int count>
__device__ void pack(const Matrices &m, int i, int k, int (&rows)[count / 4],
                     int (&columns)[count / 4])
{
    for (int word = 0; word < count / 4; ++word) {
        rows[word] = columns[word] = 0;
        for (int part = 0; part < 4; ++part) {
            int at = k + 4 * word + part;
            rows[word] |= (unsigned char)m.p[i][at] << 8 * part;
            columns[word] |= (unsigned char)m.q[at][i] << 8 * part;
        }
    }
}

__global__ void multiply(Matrices &m)
{
    int lane = threadIdx.x, i = lane % 16, group = lane / 16;
#if defined(__gfx90a__) || defined(__gfx942__) || defined(__gfx950__)
    int wide = lane % 32, upper = lane / 32;
    half4 a, b;
    for (int j = 0; j < 4; ++j) {
        a[j] = m.a[wide][4 * upper + j];
        b[j] = m.b[4 * upper + j][wide];
    }
    float16 sums;
    for (int v = 0; v < 16; ++v)
        sums[v] = m.c[8 * (v / 4) + 4 * upper + v % 4][wide];
    sums = __builtin_amdgcn_mfma_f32_32x32x8f16(a, b, sums, 0, 0, 0);
    for (int v = 0; v < 16; ++v)
        m.d[8 * (v / 4) + 4 * upper + v % 4][wide] = sums[v];
#if defined(__gfx90a__)
    int p[1], q[1];
    pack<4>(m, i, 4 * group, p, q);
    int4v total = {};
    total = __builtin_amdgcn_mfma_i32_16x16x16i8(p[0], q[0], total, 0, 0, 0);
#else
    int p[2], q[2];
    pack<8>(m, i, 8 * group, p, q);
    int4v total = {};
    long first = (unsigned)p[0] | (long)p[1] << 32, second = (unsigned)q[0] | (long)q[1] << 32;
    total = __builtin_amdgcn_mfma_i32_16x16x32_i8(first, second, total, 0, 0, 0);
#endif
    for (int v = 0; v < 4; ++v)
        m.r[4 * group + v][i] = total[v];
    m.shape = {32, 8, sizeof p / 4 * 16};
#elif defined(__GFX11__)
    half16 a, b;
    for (int j = 0; j < 16; ++j) {
        a[j] = m.a[i][j];
        b[j] = m.b[j][i];
    }
    float8 sums;
    for (int v = 0; v < 8; ++v)
        sums[v] = m.c[2 * v + group][i];
    sums = __builtin_amdgcn_wmma_f32_16x16x16_f16_w32(a, b, sums);
    int p[4], q[4];
    pack<16>(m, i, 0, p, q);
    int8v total = {};
    total = __builtin_amdgcn_wmma_i32_16x16x16_iu8_w32(true, int4v{p[0], p[1], p[2], p[3]}, true,
                                                       int4v{q[0], q[1], q[2], q[3]}, total, false);
    for (int v = 0; v < 8; ++v) {
        m.d[2 * v + group][i] = sums[v];
        m.r[2 * v + group][i] = total[v];
    }
    m.shape = {16, 16, 16};
#elif defined(__GFX12__)
    half8 a, b;
    for (int j = 0; j < 8; ++j) {
        a[j] = m.a[i][8 * group + j];
        b[j] = m.b[8 * group + j][i];
    }
    float8 sums;
    for (int v = 0; v < 8; ++v)
        sums[v] = m.c[8 * group + v][i];
    sums = __builtin_amdgcn_wmma_f32_16x16x16_f16_w32_gfx12(a, b, sums);
    int p[2], q[2];
    pack<8>(m, i, 8 * group, p, q);
    int8v total = {};
    total = __builtin_amdgcn_wmma_i32_16x16x16_iu8_w32_gfx12(true, int2v{p[0], p[1]}, true,
                                                             int2v{q[0], q[1]}, total, false);
    for (int v = 0; v < 8; ++v) {
        m.d[8 * group + v][i] = sums[v];
        m.r[8 * group + v][i] = total[v];
    }
    m.shape = {16, 16, 16};
#endif
}

int main()
{
    Managed<Matrices, 1> m;
    for (int i = 0; i < 1024; ++i) {
        m.data->a[i / 32][i % 32] = (half_t)(i * 7 % 13 - 6);
        m.data->b[i / 32][i % 32] = (half_t)(i * 5 % 11 - 5);
        m.data->c[i / 32][i % 32] = i % 17;
        m.data->p[i / 32 % 16][i % 32] = (byte)(i * 37 % 255 - 127);
        m.data->q[i / 16 % 32][i % 16] = (byte)(i * 29 % 251 - 120);
    }
    cudaDeviceProp properties;
    cudaGetDeviceProperties(&properties, 0);
    multiply<<<1, strncmp(properties.gcnArchName, "gfx9", 4) ? 32 : 64>>>(*m.data);
    cudaDeviceSynchronize();
    Shape shape = m.data->shape;
    expect("a shape", 0, true, shape.size > 0);
    for (int row = 0; row < shape.size; ++row)
        for (int column = 0; column < shape.size; ++column) {
            float sum = m.data->c[row][column];
            for (int k = 0; k < shape.depth; ++k)
                sum += (float)m.data->a[row][k] * (float)m.data->b[k][column];
            expect("halves", row * 32 + column, sum, m.data->d[row][column]);
        }
    for (int row = 0; row < 16; ++row)
        for (int column = 0; column < 16; ++column) {
            int sum = 0;
            for (int k = 0; k < shape.byte_depth; ++k)
                sum += m.data->p[row][k] * m.data->q[k][column];
            expect("bytes", row * 16 + column, sum, m.data->r[row][column]);
        }
    return verdict();
}
