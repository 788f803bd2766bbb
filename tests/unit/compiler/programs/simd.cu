// Video instructions: the parts of a word against the host's arithmetic on each part.
#include "check.h"

#include <cstdint>

constexpr int N = 128, OUTPUTS = 24;

__global__ void parts(const unsigned *in, unsigned *out)
{
    int i = threadIdx.x;
    unsigned a = in[i], b = in[i + N], *o = out + i * OUTPUTS;
    o[0] = __vadd2(a, b), o[1] = __vadd4(a, b), o[2] = __vsub2(a, b), o[3] = __vsub4(a, b);
    o[4] = __vaddss2(a, b), o[5] = __vsubss4(a, b), o[6] = __vaddus4(a, b), o[7] = __vsubus2(a, b);
    o[8] = __vavgu4(a, b), o[9] = __vhaddu2(a, b), o[10] = __vabsdiffs4(a, b);
    o[11] = __vabsdiffu2(a, b), o[12] = __vmaxs4(a, b), o[13] = __vmins2(a, b);
    o[14] = __vmaxu2(a, b), o[15] = __vminu4(a, b), o[16] = __vcmpgts4(a, b);
    o[17] = __vcmpleu2(a, b), o[18] = __vseteq4(a, a ^ 0xff00), o[19] = __vabs4(a);
    o[20] = __vabsss2(a), o[21] = __vneg4(a), o[22] = __vsadu4(a, b), o[23] = __vsads2(a, b);
}

template <typename T, typename F>
static unsigned each(unsigned a, unsigned b, F f)
{
    constexpr int count = 4 / sizeof(T);
    T x[count], y[count], z[count];
    memcpy(x, &a, 4);
    memcpy(y, &b, 4);
    for (int i = 0; i < count; ++i)
        z[i] = (T)f((int)x[i], (int)y[i]);
    memcpy(&a, z, 4);
    return a;
}

template <int LOW, int HIGH>
static int clamp(int x) { return x < LOW ? LOW : x > HIGH ? HIGH : x; }

int main()
{
    Managed<unsigned, 2 * N> in;
    Managed<unsigned, N * OUTPUTS> out;
    for (int i = 0; i < 2 * N; ++i)
        in[i] = i < 4 ? (unsigned)(0x80008000 + i * 0x7f81) : i * 2654435761u ^ i << 9;
    parts<<<1, N>>>(in, out);
    cudaDeviceSynchronize();
    auto add = [](int x, int y) { return x + y; };
    auto sub = [](int x, int y) { return x - y; };
    auto far = [](int x, int y) { return std::abs(x - y); };
    auto more = [](int x, int y) { return x > y ? x : y; };
    auto less = [](int x, int y) { return x < y ? x : y; };
    for (int i = 0; i < N; ++i) {
        unsigned a = in[i], b = in[i + N], *o = out + i * OUTPUTS, sums[2] = {};
        each<uint8_t>(a, b, [&](int x, int y) { return sums[0] += std::abs(x - y); });
        each<int16_t>(a, b, [&](int x, int y) { return sums[1] += std::abs(x - y); });
        unsigned expected[OUTPUTS] = {
            each<uint16_t>(a, b, add), each<uint8_t>(a, b, add),
            each<uint16_t>(a, b, sub), each<uint8_t>(a, b, sub),
            each<int16_t>(a, b, [](int x, int y) { return clamp<-32768, 32767>(x + y); }),
            each<int8_t>(a, b, [](int x, int y) { return clamp<-128, 127>(x - y); }),
            each<uint8_t>(a, b, [](int x, int y) { return clamp<0, 255>(x + y); }),
            each<uint16_t>(a, b, [](int x, int y) { return clamp<0, 65535>(x - y); }),
            each<uint8_t>(a, b, [](int x, int y) { return (x + y + 1) / 2; }),
            each<uint16_t>(a, b, [](int x, int y) { return (x + y) / 2; }),
            each<int8_t>(a, b, far), each<uint16_t>(a, b, far), each<int8_t>(a, b, more),
            each<int16_t>(a, b, less), each<uint16_t>(a, b, more), each<uint8_t>(a, b, less),
            each<int8_t>(a, b, [](int x, int y) { return x > y ? -1 : 0; }),
            each<uint16_t>(a, b, [](int x, int y) { return x <= y ? -1 : 0; }),
            0x01010001u, each<int8_t>(a, 0, far),
            each<int16_t>(a, 0, [](int x, int) { return clamp<-32768, 32767>(std::abs(x)); }),
            each<int8_t>(0, a, sub), sums[0], sums[1]};
        for (int k = 0; k < OUTPUTS; ++k)
            expect("part", k, expected[k], o[k]);
    }
    return verdict();
}
