// What gfx950 has and its kin have not, through the compiler's builtins, against plain loops.
#include <cmath>
#include <cstdio>
#include <cstring>
#include <hip/hip_runtime.h>

using int2v = int __attribute__((ext_vector_type(2)));
using int3v = int __attribute__((ext_vector_type(3)));
using int8v = int __attribute__((ext_vector_type(8)));
using short4v = short __attribute__((ext_vector_type(4)));
using float4v = float __attribute__((ext_vector_type(4)));
using uint2v = unsigned __attribute__((ext_vector_type(2)));

struct Results {
    unsigned swap16[2][64], swap32[2][64], bits, noise;
    unsigned short wide[64][4];
    unsigned char bytes[64][8], sixes[64][12], nibbles[64][8];
    float product[16][16], scaled[16][16];
    unsigned direct[64][4], narrow, last, far[64];
};

__global__ void exercise(Results *r, const unsigned char *a, const unsigned char *b,
                         const unsigned char *scales, const unsigned *source)
{
#ifdef __gfx950__
    __shared__ unsigned char tile[64 * 16];
    __shared__ unsigned direct[64 * 4];
    extern __shared__ unsigned rest[];
    unsigned lane = threadIdx.x;

    uint2v pair = __builtin_amdgcn_permlane16_swap(lane, 100 + lane, false, false);
    r->swap16[0][lane] = pair[0], r->swap16[1][lane] = pair[1];
    pair = __builtin_amdgcn_permlane32_swap(lane, 100 + lane, false, false);
    r->swap32[0][lane] = pair[0], r->swap32[1][lane] = pair[1];

    r->bits = __builtin_amdgcn_bitop3_b32(source[0], source[1], source[2], 0x96);
    r->noise = __builtin_amdgcn_prng_b32(source[0]);

    for (int i = 0; i < 16; ++i) tile[16 * lane + i] = (unsigned char)(37 * (16 * lane + i) + lane / 5);
    __syncthreads();
    using lds = __attribute__((address_space(3))) unsigned char;
    lds *at = (lds *)tile;
    short4v w = __builtin_amdgcn_ds_read_tr16_b64_v4i16(
        (__attribute__((address_space(3))) short4v *)(at + 8 * lane));
    __builtin_memcpy(r->wide[lane], &w, 8);
    int2v t = __builtin_amdgcn_ds_read_tr8_b64_v2i32(
        (__attribute__((address_space(3))) int2v *)(at + 8 * lane));
    __builtin_memcpy(r->bytes[lane], &t, 8);
    int3v s = __builtin_amdgcn_ds_read_tr6_b96_v3i32(
        (__attribute__((address_space(3))) int3v *)(at + 12 * lane));
    __builtin_memcpy(r->sixes[lane], &s, 12);
    t = __builtin_amdgcn_ds_read_tr4_b64_v2i32(
        (__attribute__((address_space(3))) int2v *)(at + 8 * lane));
    __builtin_memcpy(r->nibbles[lane], &t, 8);

    // Lane l: row l % 16 of A, column l % 16 of B; 8-bit elements k = 16 (l / 16) + 0..15, and 64 further.
    int8v x, y = {};
    unsigned row = lane % 16, group = lane / 16;
    __builtin_memcpy(&x, a + 128 * row + 16 * group, 16);
    __builtin_memcpy((char *)&x + 16, a + 128 * row + 64 + 16 * group, 16);
    __builtin_memcpy(&y, b + 64 * row + 16 * group, 16); // 4 bits: k = 32 (l / 16) + 0..31
    float4v sum = {1, 2, 3, 4};
    float4v plain = __builtin_amdgcn_mfma_scale_f32_16x16x128_f8f6f4(x, y, sum, 0, 4, 0, 127, 0, 127);
    int of_a = scales[4 * row + group] << 8, of_b = scales[64 + 4 * row + group] << 24;
    float4v scaled = __builtin_amdgcn_mfma_scale_f32_16x16x128_f8f6f4(x, y, sum, 0, 4, 1, of_a, 3, of_b);
    for (int i = 0; i < 4; ++i) {
        r->product[4 * group + i][row] = plain[i];
        r->scaled[4 * group + i][row] = scaled[i];
    }

    __builtin_amdgcn_global_load_lds((__attribute__((address_space(1))) void *)(source + 4 * lane),
                                     (__attribute__((address_space(3))) void *)direct, 16, 0, 0);
    __builtin_amdgcn_s_waitcnt(0);
    __syncthreads();
    for (int i = 0; i < 4; ++i) r->direct[lane][i] = direct[4 * lane + i];

    r->narrow = __builtin_amdgcn_cvt_scalef32_pk_fp4_f32(0x11223344, 6.0f, -1.0f, 2.0f, 2);
    rest[lane == 0 ? 36000 : lane] = 0xC0FFEE + lane;
    __syncthreads();
    if (lane == 63) r->last = rest[36000];

    // LDS beyond the first 64 KiB, where M0 must keep more than 16 bits.
    __syncthreads();
    __builtin_amdgcn_global_load_lds((__attribute__((address_space(1))) void *)(source + 4 * lane),
                                     (__attribute__((address_space(3))) void *)(rest + 30000), 16, 0, 0);
    __builtin_amdgcn_s_waitcnt(0);
    __syncthreads();
    r->far[lane] = rest[30000 + 4 * lane];
#endif
}

static int wrong;
#define CHECK(condition) \
    if (!(condition) && ++wrong <= 5) printf("line %d: %s\n", __LINE__, #condition)

static unsigned field(const unsigned char *bytes, unsigned bit, unsigned width)
{
    unsigned value = 0;
    for (unsigned i = 0; i < width; ++i) value |= (bytes[(bit + i) / 8] >> (bit + i) % 8 & 1u) << i;
    return value;
}

// Of a matrix of 16 columns in rows of `size` bytes, the lanes' columns; 16 lanes share one matrix.
static void check_transposed(const unsigned char *tile, const unsigned char *got, unsigned bits,
                             unsigned size)
{
    unsigned rows = 8 * size / bits;
    for (unsigned lane = 0; lane < 64; ++lane)
        for (unsigned n = 0; n < rows; ++n) {
            unsigned matrix = lane / 16 * 16 * size, bit = (16 * n + lane % 16) * bits;
            CHECK(field(tile + matrix, bit, bits) == field(got + size * lane, bits * n, bits));
        }
}

static float fp8(unsigned code)
{
    int exponent = code >> 3 & 15, fraction = code & 7;
    float value = exponent ? std::ldexp(8.0f + fraction, exponent - 10) : std::ldexp((float)fraction, -9);
    return code & 0x80 ? -value : value;
}

static float fp4(unsigned code)
{
    static const float values[] = {0, 0.5f, 1, 1.5f, 2, 3, 4, 6};
    return code & 8 ? -values[code & 7] : values[code & 7];
}

int main()
{
    static unsigned char a[16 * 128], b[16 * 64], scales[128], tile[1024];
    static unsigned source[256];
    for (int i = 0; i < 16 * 128; ++i) a[i] = (unsigned char)(i * 73 + i / 7) & 0xB7;
    for (int i = 0; i < 16 * 64; ++i) b[i] = (unsigned char)(i * 91 + i / 5);
    for (int i = 0; i < 128; ++i) scales[i] = (unsigned char)(124 + i * 5 % 7);
    for (int i = 0; i < 256; ++i) source[i] = 2654435761u * (i + 1);
    for (int i = 0; i < 1024; ++i) tile[i] = (unsigned char)(37 * i + i / 16 / 5);
    Results *device, r;
    unsigned char *da, *db, *ds;
    unsigned *dsource;
    (void)hipMalloc(&device, sizeof r);
    (void)hipMalloc(&da, sizeof a);
    (void)hipMalloc(&db, sizeof b);
    (void)hipMalloc(&ds, sizeof scales);
    (void)hipMalloc(&dsource, sizeof source);
    (void)hipMemcpy(da, a, sizeof a, hipMemcpyHostToDevice);
    (void)hipMemcpy(db, b, sizeof b, hipMemcpyHostToDevice);
    (void)hipMemcpy(ds, scales, sizeof scales, hipMemcpyHostToDevice);
    (void)hipMemcpy(dsource, source, sizeof source, hipMemcpyHostToDevice);
    (void)hipMemset(device, 0xA5, sizeof r);
    exercise<<<1, 64, 150000>>>(device, da, db, ds, dsource);
    if (hipMemcpy(&r, device, sizeof r, hipMemcpyDeviceToHost) != hipSuccess) return 1;

    for (unsigned lane = 0; lane < 64; ++lane) {
        CHECK(r.swap16[0][lane] == (lane & 16 ? 100 + lane - 16 : lane));
        CHECK(r.swap16[1][lane] == (lane & 16 ? 100 + lane : lane + 16));
        CHECK(r.swap32[0][lane] == (lane & 32 ? 100 + lane - 32 : lane));
        CHECK(r.swap32[1][lane] == (lane & 32 ? 100 + lane : lane + 32));
        for (int i = 0; i < 4; ++i) CHECK(r.direct[lane][i] == source[4 * lane + i]);
        CHECK(r.far[lane] == source[4 * lane]);
    }
    CHECK(r.bits == (source[0] ^ source[1] ^ source[2]));
    CHECK(r.noise == (source[0] << 1 ^ (source[0] >> 31 ? 197 : 0)));
    check_transposed(tile, (unsigned char *)r.wide, 16, 8);
    check_transposed(tile, (unsigned char *)r.bytes, 8, 8);
    check_transposed(tile, (unsigned char *)r.sixes, 6, 12);
    check_transposed(tile, (unsigned char *)r.nibbles, 4, 8);
    for (int m = 0; m < 16; ++m)
        for (int n = 0; n < 16; ++n) {
            double plain = 1 + m % 4, scaled = plain, size = 1;
            for (int k = 0; k < 128; ++k) {
                double x = fp8(a[128 * m + k]), y = fp4(b[64 * n + k / 2] >> k % 2 * 4 & 15);
                int power = scales[4 * m + k / 32] + scales[64 + 4 * n + k / 32] - 254;
                plain += x * y;
                scaled += std::ldexp(x * y, power);
                size += std::ldexp(std::fabs(x * y), power > 0 ? power : 0);
            }
            CHECK(std::fabs(r.product[m][n] - plain) <= 1e-5 * size);
            CHECK(std::fabs(r.scaled[m][n] - scaled) <= 1e-5 * size);
        }
    CHECK(r.narrow == (0x11003344u | 0x95u << 16)); // 6 / 2 = 3 is code 5, -1 / 2 code 9
    CHECK(r.last == 0xC0FFEE);
    puts(wrong ? "FAIL" : "PASS");
    return wrong != 0;
}
