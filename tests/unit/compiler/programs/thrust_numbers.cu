// Thrust's complex and random numbers, tuples, and memory that both sides reach.
#include <thrust/complex.h>
#include <thrust/device_malloc.h>
#include <thrust/device_vector.h>
#include <thrust/for_each.h>
#include <thrust/host_vector.h>
#include <thrust/iterator/counting_iterator.h>
#include <thrust/iterator/transform_output_iterator.h>
#include <thrust/memory.h>
#include <thrust/random.h>
#include <thrust/shuffle.h>
#include <thrust/sort.h>
#include <thrust/system/cuda/experimental/pinned_allocator.h>
#include <thrust/system_error.h>
#include <thrust/tuple.h>
#include <thrust/universal_vector.h>
#include <thrust/zip_function.h>

#include <complex>
#include <numeric>
#include <random>
#include <sstream>

#include "check.h"

using C = thrust::complex<double>;
constexpr int FUNCTIONS = 20;

__host__ __device__ C function(int which, C z)
{
    switch (which) {
    case 0: return exp(z);
    case 1: return log(z);
    case 2: return sqrt(z);
    case 3: return sin(z);
    case 4: return cos(z);
    case 5: return tan(z);
    case 6: return sinh(z);
    case 7: return cosh(z);
    case 8: return tanh(z);
    case 9: return asin(z);
    case 10: return acos(z);
    case 11: return atan(z);
    case 12: return asinh(z);
    case 13: return atanh(z);
    case 14: return pow(z, 1.5);
    case 15: return 2 / z;
    case 16: return z * z - 3.0 * conj(z);
    case 17: return C(abs(z), arg(z));
    case 18: return C(norm(z), z == conj(conj(z)));
    default: return pow(2.0, z);
    }
}
static std::complex<double> expected(int which, std::complex<double> z)
{
    switch (which) {
    case 0: return exp(z);
    case 1: return log(z);
    case 2: return sqrt(z);
    case 3: return sin(z);
    case 4: return cos(z);
    case 5: return tan(z);
    case 6: return sinh(z);
    case 7: return cosh(z);
    case 8: return tanh(z);
    case 9: return asin(z);
    case 10: return acos(z);
    case 11: return atan(z);
    case 12: return asinh(z);
    case 13: return atanh(z);
    case 14: return pow(z, 1.5);
    case 15: return 2. / z;
    case 16: return z * z - 3. * conj(z);
    case 17: return {abs(z), arg(z)};
    case 18: return {norm(z), 1};
    default: return pow(2., z);
    }
}

template <typename Ours, typename Theirs>
static void engines(const char *name)
{
    thrust::device_vector<unsigned long long> found(60);
    auto out = found.begin();
    thrust::for_each_n(thrust::counting_iterator<int>(0), 3,
                       [p = thrust::raw_pointer_cast(out + 0)] __device__(int t) {
                           Ours engine(t + 5);
                           engine.discard(t * 1000);
                           for (int i = 0; i < 20; ++i)
                               p[20 * t + i] = engine();
                       });
    for (int t = 0; t < 3; ++t) {
        Theirs engine(t + 5);
        engine.discard(t * 1000);
        for (int i = 0; i < 20; ++i)
            expect(name, 20 * t + i, (unsigned long long)engine(),
                   (unsigned long long)found[20 * t + i]);
    }
}

struct Normal {
    __device__ double operator()(int i) const
    {
        thrust::default_random_engine engine(7);
        engine.discard(2 * i);
        return thrust::normal_distribution<double>(3, 2)(engine);
    }
};
struct Dice {
    __device__ int operator()(int i) const
    {
        thrust::minstd_rand engine(i * 7919 + 1);
        thrust::uniform_int_distribution<int> dice(1, 6);
        thrust::uniform_real_distribution<float> real(2, 4);
        float x = real(engine);
        return x < 2 || x >= 4 ? -1 : dice(engine);
    }
};

int main()
{
    std::vector<std::complex<double>> points{{1.5, 0.25}, {-0.5, 2}, {0.3, -0.7}, {-2, -1}};
    thrust::device_vector<C> in(points.begin(), points.end()), out(FUNCTIONS * points.size());
    const C *z = thrust::raw_pointer_cast(in.data());
    thrust::tabulate(out.begin(), out.end(), [=] __device__(int i) {
        return function(i % FUNCTIONS, z[i / FUNCTIONS]);
    });
    for (int i = 0; i < (int)out.size(); ++i) {
        std::complex<double> e = expected(i % FUNCTIONS, points[i / FUNCTIONS]), f = (C)out[i];
        expect_near("complex", i, 0, std::abs(e - f) > 1e-13 * std::abs(e), 0);
    }
    std::ostringstream text;
    text << C(1, 2) << thrust::complex<float>(3);
    expect("text", 0, true, text.str() == "(1,2)(3,0)");

    engines<thrust::minstd_rand0, std::minstd_rand0>("minstd_rand0");
    engines<thrust::default_random_engine, std::minstd_rand>("minstd_rand");
    engines<thrust::ranlux24, std::ranlux24>("ranlux24");
    engines<thrust::ranlux48, std::ranlux48>("ranlux48");

    constexpr int N = 20000;
    thrust::device_vector<double> normal(N);
    thrust::tabulate(normal.begin(), normal.end(), Normal());
    double sum = thrust::reduce(normal.begin(), normal.end()), mean = sum / N;
    double squares = thrust::transform_reduce(
        normal.begin(), normal.end(),
        [=] __device__(double x) { return (x - mean) * (x - mean); }, 0., thrust::plus<double>());
    expect_near("mean", 0, 3, mean, 0.02);
    expect_near("variance", 0, 4, squares / N, 0.05);
    thrust::device_vector<int> thrown(N);
    thrust::tabulate(thrown.begin(), thrown.end(), Dice());
    for (int side = 0; side <= 7; ++side)
        expect_near("dice", side, side >= 1 && side <= 6 ? N / 6 : 0,
                    thrust::count(thrown.begin(), thrown.end(), side), 0.1);

    thrust::universal_vector<int> cards(52);
    std::iota(cards.begin(), cards.end(), 0);
    thrust::shuffle(cards.begin(), cards.end(), thrust::default_random_engine(3));
    int moved = 0;
    for (int i = 0; i < 52; ++i)
        moved += cards[i] != i;
    expect("shuffle", 0, true, moved > 30);
    thrust::sort(cards.begin(), cards.end());
    for (int i = 0; i < 52; ++i)
        expect("cards", i, i, cards[i]);

    thrust::host_vector<float, thrust::cuda::experimental::pinned_allocator<float>> pinned(3, 2.5f);
    thrust::device_ptr<float> place = thrust::device_malloc<float>(3);
    thrust::copy(pinned.begin(), pinned.end(), place);
    auto halves = thrust::make_transform_output_iterator(
        place, [] __device__(float x) { return x / 2; });
    thrust::copy(thrust::device, place, place + 2, halves);
    expect("halves", 0, 5.f, place[0] + place[1] + place[2]);
    thrust::device_free(place);

    thrust::tuple<int, double, char> t(1, 2.5, 'c'), u = t;
    int a;
    double b;
    thrust::tie(a, b, thrust::get<2>(u)) = thrust::make_tuple(7, t.get<1>() * 2, 'd');
    expect("tie", 0, 12., a + b);
    expect("order", 0, true, t < u && u != t && thrust::get<2>(u) == 'd');
    expect("spread", 0, 3.5, thrust::make_zip_function([](int x, double y, char) {
               return x + y;
           })(t));

    try {
        thrust::device_vector<char> enormous(size_t(1) << 50);
        expect("exhaustion", 0, true, false);
    } catch (const std::bad_alloc &) {
        cudaGetLastError();
    }
    return verdict();
}
