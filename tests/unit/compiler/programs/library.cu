// What device code uses of the language and the C library: printf, assert's absence, new, memcpy,
// virtual functions, __managed__ and static variables, math functions, atomics of every kind.
#include "check.h"

constexpr int N = 256;

__managed__ int shared_by_both = 5;
static __device__ int private_counter;
__constant__ double table[4] = {1, 2, 4, 8};

struct Shape {
    __device__ virtual float area() const = 0;
    __device__ virtual ~Shape() {}
};
struct Square : Shape {
    float side;
    __device__ Square(float s) : side(s) {}
    __device__ float area() const override { return side * side; }
};
struct Disc : Shape {
    float radius;
    __device__ Disc(float r) : radius(r) {}
    __device__ float area() const override { return 3 * radius * radius; }
};

__global__ void objects(float *out)
{
    int i = threadIdx.x;
    __shared__ char storage[N][32];
    Shape *shape = i % 2 ? static_cast<Shape *>(new (storage[i]) Square(i)) : new (storage[i]) Disc(i);
    out[i] = shape->area();
    char local[16];
    memset(local, i, sizeof(local));
    char copy[16];
    memcpy(copy, local, sizeof(copy));
    out[i] += copy[3] == static_cast<char>(i) ? 0.5f : 0;
    atomicAdd(&private_counter, 1);
    atomicAdd(&shared_by_both, 1);
}

__global__ void atomics(int *i, unsigned *u, unsigned long long *l, float *f, double *d)
{
    int t = threadIdx.x;
    atomicAdd(&i[0], t);
    atomicSub(&i[1], t);
    atomicMin(&i[2], -t);
    atomicMax(&i[3], t);
    atomicOr(&i[4], 1 << t % 31);
    atomicXor(&i[5], t);
    atomicAnd(&i[6], ~(1 << t % 31));
    atomicExch(&i[7], 77);
    atomicInc(&u[0], 99);
    atomicDec(&u[1], 99);
    atomicInc_system(&u[2], umin(99, umax(7, 98)) + 1);
    atomicDec_system(&u[3], ullmax(5, llmin(99, 1ll << 40)));
    atomicAdd(&l[0], 1ull << 33);
    atomicMax(&l[1], 1ull << 40 | t);
    atomicAdd(&f[0], 0.5f);
    atomicAdd(&d[0], table[t % 4]);
    atomicAdd_block(&i[8], 1);
    atomicAdd_system(&i[9], 1);
    for (int seen = i[10], old; seen < t; seen = old) {
        old = atomicCAS(&i[10], seen, t);
        if (old == seen)
            break;
    }
    if (t == 0)
        printf("%d %5.2f %s %c %llx %%\n", 42, 2.5, "text", 'c', 0x123456789abcull);
}

__global__ void functions(const double *x, double *out, float *single)
{
    int i = threadIdx.x;
    double v = x[i], s, c;
    sincos(v, &s, &c);
    double *o = out + i * 12;
    o[0] = s, o[1] = c, o[2] = exp(v), o[3] = log(fabs(v)), o[4] = pow(fabs(v), 1.7), o[5] = tanh(v);
    o[6] = erf(v), o[7] = tgamma(fabs(v) + 1), o[8] = cbrt(v), o[9] = atan2(v, 2.0), o[10] = rsqrt(fabs(v));
    o[11] = fmod(v, 0.7);
    float w = v, *q = single + i * 6;
    q[0] = __expf(w), q[1] = __sinf(w), q[2] = expf(w), q[3] = sinf(w), q[4] = powf(fabsf(w), 0.3f);
    q[5] = __fdividef(w, 3.0f);
}

int main()
{
    Managed<float, N> areas;
    objects<<<1, N>>>(areas);
    cudaDeviceSynchronize();
    for (int i = 0; i < N; ++i)
        expect("area", i, (i % 2 ? 1.0f : 3.0f) * i * i + 0.5f, areas[i]);
    int counted = 0;
    cudaMemcpyFromSymbol(&counted, private_counter, sizeof(counted));
    expect("static variable", 0, N, counted);
    expect("managed variable", 0, N + 5, shared_by_both);

    Managed<int, 11> i;
    Managed<unsigned, 4> u;
    Managed<unsigned long long, 2> l;
    Managed<float, 1> f;
    Managed<double, 1> d;
    i[6] = -1;
    atomics<<<1, N>>>(i, u, l, f, d);
    cudaDeviceSynchronize();
    int expected[] = {N * (N - 1) / 2, -N * (N - 1) / 2, 1 - N, N - 1, INT_MAX, 0, INT_MIN, 77, N, N, N - 1};
    for (int k = 0; k < 11; ++k)
        expect("atomic int", k, expected[k], i[k]);
    for (int k = 0; k < 4; k += 2) {
        expect("atomicInc", k, (unsigned)(N % 100), u[k]);
        expect("atomicDec", k, (unsigned)(100 - N % 100), u[k + 1]);
    }
    expect("atomic long long", 0, (unsigned long long)N << 33, l[0]);
    expect("atomic long long", 1, 1ull << 40 | (N - 1), l[1]);
    expect("atomic float", 0, N * 0.5f, f[0]);
    expect("atomic double", 0, N / 4 * 15.0, d[0]);

    Managed<double, N> x;
    Managed<double, N * 12> o;
    Managed<float, N * 6> q;
    for (int k = 0; k < N; ++k)
        x[k] = (k - 100.5) / 37;
    functions<<<1, N>>>(x, o, q);
    cudaDeviceSynchronize();
    for (int k = 0; k < N; ++k) {
        double v = x[k], a = std::fabs(v);
        double wanted[] = {std::sin(v), std::cos(v), std::exp(v), std::log(a), std::pow(a, 1.7),
                           std::tanh(v), std::erf(v), std::tgamma(a + 1), std::cbrt(v),
                           std::atan2(v, 2.0), 1 / std::sqrt(a), std::fmod(v, 0.7)};
        for (int j = 0; j < 12; ++j)
            expect_near("double function", j, wanted[j], o[k * 12 + j], 1e-13);
        float w = v;
        double rough[] = {std::exp(w), std::sin(w), std::exp(w), std::sin(w), std::pow(std::fabs(w), 0.3f), w / 3};
        for (int j = 0; j < 6; ++j)
            expect_near("float function", j, rough[j], q[k * 6 + j], j < 2 ? 1e-4 : 1e-6);
    }
    return verdict();
}
