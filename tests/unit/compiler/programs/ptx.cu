// Inline PTX: instructions of every kind that is supported, against the host.
#include "check.h"

constexpr int N = 96, OUTPUTS = 48;

__device__ unsigned add_wide(unsigned a, unsigned b, unsigned *high)
{
    unsigned low;
    asm("{\n\t"
        "add.cc.u32 %0, %2, %3;  // the low word\n\t"
        "addc.u32 %1, %2, 0;     /* and the high one */\n\t"
        "}"
        : "=r"(low), "=r"(*high)
        : "r"(a), "r"(b));
    return low;
}

template <int SHIFT>
__device__ __forceinline__ unsigned turned(unsigned x)
{
    unsigned result;
    asm("shf.l.wrap.b32 %0, %1, %1, %2;" : "=r"(result) : "r"(x), "n"(SHIFT));
    return result;
}

#define LANE(x) asm("mov.u32 %0, %%laneid;" : "=r"(x))

// Names that are those of what the statements become.
typedef float u32;
namespace mine {
struct get {};
__device__ unsigned bfe(unsigned x, unsigned at)
{
    unsigned field;
    asm("bfe.u32 %0, %1, %2, 40;" : "=""r"(field) : "r"(x), "r"(at));
#if defined(__CUDA_ARCH__)  // other compilers want a comma
    asm("add.u32 %0, %1, %2;" : "=r"(field) : "r"(field) "r"(0));
#endif
    unsigned long long globaltimer, clock64;
    asm volatile("mov.u64 %0, %globaltimer;" : "=l"(globaltimer));
    asm volatile("mov.u64 %0, %clock64;" : "=l"(clock64));
    return globaltimer && clock64 ? field : 0;
}
}  // namespace mine

__global__ void compute(const unsigned *in, unsigned *out, float *floats, unsigned long long *longs,
                        unsigned *counter)
{
    __shared__ unsigned shared[N];
    unsigned i = threadIdx.x, a = in[i], b = in[N - 1 - i], *o = out + i * OUTPUTS;
    o[0] = add_wide(a, b, &o[1]);
    o[2] = turned<7>(a);
    LANE(o[3]);
    asm("mov.u32 %0, %lanemask_lt;" : "=r"(o[4]));
    asm volatile("bfe.u32 %0, %1, %2, %3;" : "=r"(o[5]) : "r"(a), "r"(i % 40), "r"(b % 40));
    o[35] = mine::bfe(a, 5);
    asm volatile("bfe.s32 %0, %1, %2, %3;" : "=r"(o[6]) : "r"(a), "r"(i % 40), "r"(b % 40));
    asm("bfi.b32 %0, %1, %2, %3, 9;" : "=r"(o[7]) : "r"(a), "r"(b), "r"(i % 32));
    asm("prmt.b32 %0, %1, %2, 0x0123;" : "=r"(o[8]) : "r"(a), "r"(b));
    asm("lop3.b32 %0, %1, %2, %3, 0xe8;" : "=r"(o[9]) : "r"(a), "r"(b), "r"(i));
    asm("{ .reg .pred p; .reg .u32 t<2>;\n"
        "  setp.lt.u32 p, %1, %2;\n"
        "  @p mov.u32 t0, %1; @!p mov.u32 t0, %2;\n"
        "  sub.u32 t1, t0, 1; selp.u32 %0, t1, t0, p; }"
        : "=r"(o[10])
        : "r"(a), "r"(b));
    asm("mul.hi.u32 %0, %1, %2;" : "=r"(o[11]) : "r"(a), "r"(b));
    asm("mad.lo.s32 %[d], %[x], %[y], %[x];" : [d] "=r"(o[12]) : [x] "r"(a), [y] "r"(b));
    asm("mad.wide.u32 %0, %1, %2, %3;" : "=l"(longs[3 * i]) : "r"(a), "r"(b), "l"(~0ull - a));
    asm("{.reg .b32 lo, hi; mov.b64 {lo, hi}, %1; mov.b64 %0, {hi, lo};}"
        : "=l"(longs[3 * i + 1]) : "l"(longs[3 * i]));
    asm("mul.hi.u64 %0, %1, %1;" : "=l"(longs[3 * i + 2]) : "l"(longs[3 * i]));
    asm("shl.b32 %0, %1, %2;" : "=r"(o[13]) : "r"(a), "r"(i));
    asm("shr.s32 %0, %1, %2;" : "=r"(o[14]) : "r"(a), "r"(i));

    asm("popc.b32 %0, %1;" : "=r"(o[15]) : "r"(a));
    asm("clz.b32 %0, %1;" : "=r"(o[16]) : "r"(a >> (i & 31)));
    asm("brev.b32 %0, %1;" : "=r"(o[17]) : "r"(a));
    asm("bfind.u32 %0, %1;" : "=r"(o[18]) : "r"(a >> (i & 31)));

    // Memory: a vector through shared memory, by its address there.
    unsigned place = static_cast<unsigned>(__cvta_generic_to_shared(&shared[i]));
    asm volatile("st.shared.u32 [%0], %1;" ::"r"(place), "r"(a) : "memory");
    asm volatile("bar.sync 0;");
    unsigned base = static_cast<unsigned>(__cvta_generic_to_shared(&shared[i & ~3u]));
    asm volatile("ld.shared.v4.u32 {%0, %1, %2, %3}, [%4];"
                 : "=r"(o[19]), "=r"(o[20]), "=r"(o[21]), "=r"(o[22])
                 : "r"(base));
    asm volatile("ld.global.nc.L1::no_allocate.b32 %0, [%1+4];" : "=r"(o[23]) : "l"(in + i - (i == N - 1)));
    asm volatile("cp.async.ca.shared.global [%0], [%1], 4;" ::"r"(place), "l"(in + N - 1 - i));
    asm volatile("cp.async.commit_group;\ncp.async.wait_group 0;" ::: "memory");
    o[24] = shared[i];
    asm volatile("red.global.add.u32 [%0], %1;" ::"l"(counter), "r"(i) : "memory");
    asm volatile("atom.add.release.gpu.global.u32 %0, [%1], 1;" : "=r"(o[25]) : "l"(counter + 1));
    asm volatile("atom.global.cas.b32 %0, [%1], %2, %3;" : "=r"(o[26]) : "l"(counter + 2), "r"(0), "r"(i + 1));
    asm volatile("membar.gl;" ::: "memory");

    // Lanes.
    asm volatile("shfl.sync.bfly.b32 %0, %1, 5, 0x1f, 0xffffffff;" : "=r"(o[27]) : "r"(a));
    asm volatile("{ .reg .pred q; shfl.sync.down.b32 %0|q, %2, 3, 0x181f, -1; selp.u32 %1, 1, 0, q; }"
                 : "=r"(o[28]), "=r"(o[29])
                 : "r"(a));
    asm volatile("{ .reg .pred q; setp.gt.u32 q, %1, 1000; vote.sync.ballot.b32 %0, q, 0xffffffff; }"
                 : "=r"(o[30])
                 : "r"(a));
    // Euclid, with a loop.
    unsigned u = a % 1000 + 1, v = b % 1000 + 1;
    asm("{ .reg .pred done; .reg .u32 t;\n"
        "AGAIN: rem.u32 t, %0, %1; mov.u32 %0, %1; mov.u32 %1, t;\n"
        "setp.ne.u32 done, t, 0; @done bra AGAIN; }"
        : "+r"(u), "+r"(v));
    o[31] = u;

    // Floating point.
    float x = static_cast<int>(a) / 65536.0f, y = static_cast<int>(b) / 3.0e6f, *f = floats + i * 12;
    asm("fma.rn.f32 %0, %1, %2, 0f3F800000;" : "=f"(f[0]) : "f"(x), "f"(y));
    asm("cvt.rzi.s32.f32 %0, %1;" : "=r"(o[32]) : "f"(x));
    asm("cvt.rni.f32.f32 %0, %1;" : "=f"(f[1]) : "f"(y));
    asm("cvt.sat.f32.f32 %0, %1;" : "=f"(f[2]) : "f"(y));
    asm("{ .reg .b16 h; cvt.rn.f16.f32 h, %1; cvt.f32.f16 %0, h; }" : "=f"(f[3]) : "f"(y));
    asm("cvt.sat.u8.s32 %0, %1;" : "=r"(o[33]) : "r"(static_cast<int>(x)));
    asm("max.f32 %0, %1, %2;" : "=f"(f[4]) : "f"(x), "f"(y));
    asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(f[5]) : "f"(y));
    asm("ex2.approx.f32 %0, %1;" : "=f"(f[6]) : "f"(y / 50));
    asm("{ .reg .f64 d; cvt.f64.f32 d, %1; mul.rn.f64 d, d, 0d3FF8000000000000; cvt.rn.f32.f64 %0, d; }"
        : "=f"(f[7]) : "f"(x));
    unsigned pair;
    asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(pair) : "f"(1.5f), "f"(-2.0f));
    asm("fma.rn.f16x2 %0, %1, %1, %1;" : "=r"(o[34]) : "r"(pair));
}

int main()
{
    static Managed<unsigned, N> in;
    static Managed<unsigned, N * OUTPUTS> out;
    static Managed<float, N * 12> floats;
    static Managed<unsigned long long, N * 3> longs;
    static Managed<unsigned, 4> counter;
    for (int i = 0; i < N; ++i)
        in[i] = i * 2654435761u ^ (i % 7 == 0 ? 0 : 0x1234567u);
    compute<<<1, N>>>(in, out, floats, longs, counter);
    cudaDeviceSynchronize();
    unsigned tickets[N] = {};
    for (unsigned i = 0; i < N; ++i) {
        unsigned a = in[i], b = in[N - 1 - i], *o = out + i * OUTPUTS, lane = i % 32;
        int s = static_cast<int>(a);
        expect("add.cc", i, a + b, o[0]);
        expect("addc", i, a + (a + b < a), o[1]);
        expect("shf", i, a << 7 | a >> 25, o[2]);
        expect("laneid", i, lane, o[3]);
        expect("lanemask", i, (1u << lane) - 1, o[4]);
        unsigned at = i % 40, length = b % 40;
        unsigned long long field = at >= 32 ? 0 : a >> at;
        expect("bfe by name", i, a >> 5, o[35]);
        expect("bfe.u32", i, (unsigned)(field & ((1ull << length) - 1)), o[5]);
        long long wide = static_cast<long long>(s) >> at;
        unsigned top = at + length > 32 ? 32 - (at > 32 ? 32 : at) : length;
        int wanted = length == 0 ? 0 : top == 0 ? s >> 31
                                                : (int)(wide << (64 - top) >> (64 - top));
        expect("bfe.s32", i, (unsigned)wanted, o[6]);
        unsigned long long mask = 0x1ffull << (i % 32);
        expect("bfi", i, (unsigned)((b & ~mask) | (((unsigned long long)a << (i % 32)) & mask)), o[7]);
        expect("prmt", i, a << 24 | (a >> 8 & 0xff) << 16 | (a >> 16 & 0xff) << 8 | a >> 24, o[8]);
        expect("lop3", i, (a & b) | (a & i) | (b & i), o[9]);
        expect("predicates", i, a < b ? a - 1 : b, o[10]);
        expect("mul.hi", i, (unsigned)((unsigned long long)a * b >> 32), o[11]);
        expect("mad.lo", i, a * b + a, o[12]);
        unsigned long long product = (unsigned long long)a * b + (~0ull - a);
        expect("mad.wide", i, product, longs[3 * i]);
        expect("mov.b64", i, product << 32 | product >> 32, longs[3 * i + 1]);
        expect("mul.hi.u64", i, (unsigned long long)((unsigned __int128)product * product >> 64),
               longs[3 * i + 2]);
        expect("shl", i, i < 32 ? a << i : 0, o[13]);
        expect("shr", i, (unsigned)(s >> (i < 32 ? i : 31)), o[14]);
        unsigned c = a >> lane, bits = 0, reversed = 0, zeros = 32;
        for (int k = 0; k < 32; ++k) {
            bits += a >> k & 1;
            reversed |= (a >> k & 1) << (31 - k);
            zeros = c >> k & 1 ? 31 - k : zeros;
        }
        expect("popc", i, bits, o[15]);
        expect("clz", i, zeros, o[16]);
        expect("brev", i, reversed, o[17]);
        expect("bfind", i, 31 - zeros, o[18]);
        for (int k = 0; k < 4; ++k)
            expect("ld.shared.v4", i, in[(i & ~3u) + k], o[19 + k]);
        expect("ld.global", i, in[i == N - 1 ? i : i + 1], o[23]);
        expect("cp.async", i, b, o[24]);
        tickets[o[25] % N] += 1;
        expect("cas", i, true, o[26] == 0 || o[26] == counter[2]);
        expect("shfl.bfly", i, in[i ^ 5], o[27]);
        bool inside = (lane & 7) + 3 < 8;
        expect("shfl.down", i, inside ? in[i + 3] : a, o[28]);
        expect("shfl.down valid", i, (unsigned)inside, o[29]);
        expect("ballot", i, 1u, (unsigned)((o[30] >> lane & 1) == (a > 1000)));
        unsigned u = a % 1000 + 1, v = b % 1000 + 1;
        while (v != 0) {
            unsigned t = u % v;
            u = v;
            v = t;
        }
        expect("loop", i, u, o[31]);
        float x = s / 65536.0f, y = static_cast<int>(b) / 3.0e6f, *f = floats + i * 12;
        expect("fma", i, std::fma(x, y, 1.0f), f[0]);
        expect("cvt.rzi", i, (unsigned)(int)x, o[32]);
        expect("cvt.rni", i, std::nearbyint(y), f[1]);
        expect("cvt.sat", i, std::fmin(1.0f, std::fmax(0.0f, y)), f[2]);
        expect_near("cvt.f16", i, y, f[3], 1e-3);
        int whole = static_cast<int>(x);
        expect("cvt.sat.u8", i, (unsigned)(whole < 0 ? 0 : whole > 255 ? 255 : whole), o[33]);
        expect("max", i, std::fmax(x, y), f[4]);
        expect_near("rcp", i, 1 / y, f[5], 1e-6);
        expect_near("ex2", i, std::exp2(y / 50), f[6], 1e-5);
        expect("f64", i, x * 1.5f, f[7]);
        expect("f16x2", i, 0x43804000u, o[34]);
    }
    for (int i = 0; i < N; ++i)
        expect("atom", i, 1u, tickets[i]);
    expect("red", 0, N * (N - 1) / 2u, counter[0]);
    return verdict();
}
