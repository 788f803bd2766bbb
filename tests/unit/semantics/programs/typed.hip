// Buffer loads and stores through formats, in assembly, against the same conversions on the host.
#include <cmath>
#include <cstdio>
#include <cstring>
#include <hip/hip_runtime.h>

using int4v = int __attribute__((ext_vector_type(4)));
using uint4v = unsigned __attribute__((ext_vector_type(4)));
using uint2v = unsigned __attribute__((ext_vector_type(2)));

#ifdef __GFX12__
#define NONE "null"
#else
#define NONE "0"
#endif

enum Number { UNORM, SNORM, USCALED, SSCALED, UINT, SINT, FLOAT };

struct Format {
    int bits[4]; // of the components, the first in the lowest bits
    Number number;
    int cdna, rdna; // data format | number format << 4, and RDNA's single number
};

static const Format formats[] = {
    {{8}, UNORM, 1, 1}, {{8}, SNORM, 1 | 1 << 4, 2}, {{8}, UINT, 1 | 4 << 4, 5},
    {{8}, SINT, 1 | 5 << 4, 6}, {{16}, FLOAT, 2 | 7 << 4, 13}, {{16}, SSCALED, 2 | 3 << 4, 10},
    {{8, 8}, USCALED, 3 | 2 << 4, 16}, {{8, 8}, UNORM, 3, 14}, {{32}, UINT, 4 | 4 << 4, 20},
    {{32}, FLOAT, 4 | 7 << 4, 22}, {{16, 16}, SNORM, 5 | 1 << 4, 24},
    {{16, 16}, FLOAT, 5 | 7 << 4, 29}, {{11, 11, 10}, FLOAT, 6 | 7 << 4, 30},
    {{10, 11, 11}, FLOAT, 7 | 7 << 4, 31}, {{2, 10, 10, 10}, UNORM, 8, 32},
    {{10, 10, 10, 2}, UNORM, 9, 36}, {{10, 10, 10, 2}, SINT, 9 | 5 << 4, 41},
    {{8, 8, 8, 8}, UNORM, 10, 42}, {{8, 8, 8, 8}, SNORM, 10 | 1 << 4, 43},
    {{8, 8, 8, 8}, UINT, 10 | 4 << 4, 46}, {{32, 32}, FLOAT, 11 | 7 << 4, 50},
    {{16, 16, 16, 16}, UNORM, 12, 51}, {{16, 16, 16, 16}, FLOAT, 12 | 7 << 4, 57},
    {{16, 16, 16, 16}, SINT, 12 | 5 << 4, 56}, {{32, 32, 32}, SINT, 13 | 5 << 4, 59},
    {{32, 32, 32, 32}, FLOAT, 14 | 7 << 4, 63},
};
constexpr int count = sizeof formats / sizeof *formats;

__global__ void copy(int4v from, int4v to, unsigned *loaded, const unsigned *values)
{
    uint4v v, w;
    unsigned lane = threadIdx.x;
    asm volatile("buffer_load_format_xyzw %0, %1, %2, " NONE " idxen\n" "s_waitcnt 0"
                 : "=v"(v) : "v"(lane), "s"(from) : "memory");
    for (int i = 0; i < 4; ++i) loaded[4 * lane + i] = v[i];
    for (int i = 0; i < 4; ++i) w[i] = values[4 * lane + i];
    asm volatile("buffer_store_format_xyzw %0, %1, %2, " NONE " idxen\n" "s_waitcnt 0"
                 : : "v"(w), "v"(lane), "s"(to) : "memory");
}

__global__ void forms(int4v buffer, unsigned *out)
{
    unsigned lane = threadIdx.x, xy;
    uint2v halves, resident;
    __shared__ unsigned counter[2];
    counter[0] = 7, counter[1] = 100;
    __syncthreads();
#if defined(__GFX9__)
    asm volatile("tbuffer_load_format_x %0, %1, %2, " NONE " format:[BUF_DATA_FORMAT_16,BUF_NUM_FORMAT_UINT] idxen"
                 "\n s_waitcnt 0" : "=v"(xy) : "v"(lane), "s"(buffer) : "memory");
    asm volatile("buffer_load_format_d16_xyzw %0, %1, %2, " NONE " idxen\n s_waitcnt 0"
                 : "=v"(halves) : "v"(lane), "s"(buffer) : "memory");
    resident = uint2v{0, 0};
#else
    asm volatile("tbuffer_load_format_x %0, %1, %2, " NONE " format:[BUF_FMT_16_UINT] idxen\n s_waitcnt 0"
                 : "=v"(xy) : "v"(lane), "s"(buffer) : "memory");
    asm volatile("buffer_load_d16_format_xyzw %0, %1, %2, " NONE " idxen\n s_waitcnt 0"
                 : "=v"(halves) : "v"(lane), "s"(buffer) : "memory");
    resident = uint2v{1, 1};
    asm volatile("buffer_load_b32 %0, %1, %2, " NONE " idxen tfe\n s_waitcnt 0"
                 : "+v"(resident) : "v"(lane), "s"(buffer) : "memory");
#endif
    using lds = __attribute__((address_space(3))) int;
    unsigned first = __builtin_amdgcn_ds_append((lds *)(void *)&counter[0]), second = 0;
    if (lane < 5) second = __builtin_amdgcn_ds_consume((lds *)(void *)&counter[1]);
    __syncthreads();
    unsigned *mine = out + 8 * lane;
    mine[0] = xy, mine[1] = halves[0], mine[2] = halves[1], mine[3] = resident[0];
    mine[4] = resident[1], mine[5] = first, mine[6] = second, mine[7] = lane < 1 ? counter[0] : counter[1];
}

static double half_to_double(unsigned code)
{
    int e = code >> 10 & 31, m = code & 1023;
    double v = e == 31 ? (m ? NAN : INFINITY) : e ? std::ldexp(1024 + m, e - 25) : std::ldexp(m, -24);
    return code >> 15 ? -v : v;
}

static unsigned bits_of(float f)
{
    unsigned u;
    memcpy(&u, &f, 4);
    return u;
}

static unsigned widened(unsigned raw, int bits, Number number)
{
    double top = std::ldexp(1, bits) - 1, half = std::ldexp(1, bits - 1) - 1;
    int number_of = bits == 32 ? (int)raw : (int)(raw << (32 - bits)) >> (32 - bits);
    switch (number) {
        case UNORM: return bits_of((float)(raw / top));
        case SNORM: return bits_of((float)std::fmax(number_of / half, -1));
        case USCALED: return bits_of((float)raw);
        case SSCALED: return bits_of((float)number_of);
        case UINT: return raw;
        case SINT: return (unsigned)number_of;
        default: break;
    }
    if (bits == 32) return raw;
    return bits_of((float)half_to_double(bits == 16 ? raw : raw << (15 - bits)));
}

static int wrong;
static void expect(const char *what, int format, int index, unsigned want, unsigned got)
{
    if (want != got && ++wrong <= 8)
        printf("%s, format %d, %d: expected %#x, got %#x\n", what, format, index, want, got);
}

static unsigned take(const unsigned char *bytes, int at, int bits)
{
    unsigned value = 0;
    for (int i = 0; i < bits; ++i) value |= (bytes[(at + i) / 8] >> (at + i) % 8 & 1u) << i;
    return value;
}

int main()
{
    hipDeviceProp_t properties;
    (void)hipGetDeviceProperties(&properties, 0);
    bool cdna = strncmp(properties.gcnArchName, "gfx9", 4) == 0;
    int lanes = properties.warpSize;
    unsigned char *from, *to;
    unsigned *loaded, *values;
    (void)hipMallocManaged(&from, 4096);
    (void)hipMallocManaged(&to, 4096);
    (void)hipMallocManaged(&loaded, 4096);
    (void)hipMallocManaged(&values, 4096);
    for (int f = 0; f < count; ++f) {
        const Format &format = formats[f];
        int size = 0, components = 0;
        for (; components < 4 && format.bits[components]; ++components) size += format.bits[components];
        size /= 8;
        bool integer = format.number == UINT || format.number == SINT;
        for (int i = 0; i < 4096; ++i) from[i] = (unsigned char)(i * 151 + i / 3 * 7 + f);
        if (format.number == FLOAT) // numbers only
            for (int i = 0; i < 4096; ++i) from[i] &= format.bits[0] % 8 ? 0xBD : i % 2 ? 0xBB : 0xFF;
        memset(to, 0, 4096);
        int one = lanes - 3; // the last elements are out of range
        int select = 4 | 5 << 3 | 6 << 6 | 7 << 9;
        int word = cdna ? select | (format.cdna >> 4) << 12 | (format.cdna & 15) << 15
                        : select | format.rdna << 12;
        int4v source = {(int)(size_t)from, (int)((size_t)from >> 32) | size << 16, one, word};
        int4v target = {(int)(size_t)to, (int)((size_t)to >> 32) | size << 16, one, word};
        for (int lane = 0; lane < lanes; ++lane)
            for (int c = 0, at = 8 * size * lane; c < 4; at += format.bits[c++]) {
                int bits = format.bits[c];
                values[4 * lane + c] = bits ? widened(take(from, at, bits), bits, format.number) : 5;
                if (!bits) break;
            }
        copy<<<1, lanes>>>(source, target, loaded, values);
        if (hipDeviceSynchronize() != hipSuccess) return 1;
        for (int lane = 0; lane < lanes; ++lane)
            for (int c = 0, at = 8 * size * lane; c < 4; ++c) {
                unsigned absent = c < 3 ? 0 : integer ? 1 : 0x3F800000, want = absent;
                if (c < components) {
                    want = lane < one ? widened(take(from, at, format.bits[c]), format.bits[c],
                                                format.number) : 0;
                    at += format.bits[c];
                } else if (lane >= one) want = 0;
                expect("load", f, 4 * lane + c, want, loaded[4 * lane + c]);
            }
        for (int i = 0; i < size * lanes; ++i) {
            unsigned want = i < size * one ? from[i] : 0;
            bool twice = format.number == SNORM; // the least number and its neighbour are both -1
            if (!twice || to[i] == 0) expect("store", f, i, twice && want == 0x80 ? to[i] : want, to[i]);
        }
    }
    int word = 4 | 5 << 3 | 6 << 6 | 7 << 9 | (cdna ? 10 << 15 : 42 << 12); // 8_8_8_8 UNORM
    int4v buffer = {(int)(size_t)from, (int)((size_t)from >> 32) | 4 << 16, lanes, word};
    for (int i = 0; i < 256; ++i) from[i] = (unsigned char)(i * 37);
    forms<<<1, lanes>>>(buffer, loaded);
    if (hipDeviceSynchronize() != hipSuccess) return 1;
    for (int lane = 0; lane < lanes; ++lane) {
        unsigned *mine = loaded + 8 * lane, dword;
        memcpy(&dword, from + 4 * lane, 4);
        expect("tbuffer", 0, lane, dword & 0xFFFF, mine[0]);
        for (int c = 0; c < 4; ++c) {
            double want = from[4 * lane + c] / 255.0;
            double got = half_to_double(mine[1 + c / 2] >> 16 * (c % 2) & 0xFFFF);
            expect("d16", c, lane, 1, std::fabs(want - got) <= 1.0 / 4096);
        }
        if (!cdna) expect("tfe", 0, lane, dword, mine[3]), expect("tfe", 1, lane, 0, mine[4]);
        expect("append", 0, lane, 7, mine[5]);
        expect("consume", 0, lane, lane < 5 ? 100 : 0, mine[6]);
        expect("counter", 0, lane, lane < 1 ? 7 + lanes : 95, mine[7]);
    }
    puts(wrong ? "FAIL" : "PASS");
    return wrong != 0;
}
