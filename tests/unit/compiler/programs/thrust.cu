// Thrust's algorithms on the device, against the host's standard library.
#include <thrust/adjacent_difference.h>
#include <thrust/binary_search.h>
#include <thrust/copy.h>
#include <thrust/count.h>
#include <thrust/device_vector.h>
#include <thrust/equal.h>
#include <thrust/execution_policy.h>
#include <thrust/extrema.h>
#include <thrust/fill.h>
#include <thrust/for_each.h>
#include <thrust/functional.h>
#include <thrust/gather.h>
#include <thrust/host_vector.h>
#include <thrust/inner_product.h>
#include <thrust/iterator/constant_iterator.h>
#include <thrust/iterator/counting_iterator.h>
#include <thrust/iterator/discard_iterator.h>
#include <thrust/iterator/permutation_iterator.h>
#include <thrust/iterator/transform_iterator.h>
#include <thrust/iterator/zip_iterator.h>
#include <thrust/logical.h>
#include <thrust/merge.h>
#include <thrust/partition.h>
#include <thrust/reduce.h>
#include <thrust/remove.h>
#include <thrust/replace.h>
#include <thrust/reverse.h>
#include <thrust/scan.h>
#include <thrust/scatter.h>
#include <thrust/sequence.h>
#include <thrust/set_operations.h>
#include <thrust/sort.h>
#include <thrust/tabulate.h>
#include <thrust/transform.h>
#include <thrust/transform_reduce.h>
#include <thrust/transform_scan.h>
#include <thrust/unique.h>

#include <algorithm>
#include <list>
#include <map>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "check.h"

template <typename Found, typename T>
static void same(const char *what, const Found &found, const std::vector<T> &expected)
{
    expect(what, -1, (double)expected.size(), (double)found.size());
    thrust::host_vector<T> h = found;
    for (size_t i = 0; i < expected.size() && i < h.size(); ++i)
        expect(what, (int)i, expected[i], h[i]);
}

struct Particle {
    float mass;
    int id;
    bool operator==(const Particle &o) const { return mass == o.mass && id == o.id; }
    explicit operator double() const { return id; }
};
struct Lighter {
    __device__ bool operator()(const Particle &a, const Particle &b) const
    {
        return a.mass < b.mass;
    }
};
struct OnlyOnDevice {
    __device__ int operator()(int x) const { return __popc(x); }
};

static std::mt19937 random_bits(5);
static std::vector<int> numbers(size_t count, int limit)
{
    std::vector<int> v(count);
    for (int &x : v)
        x = (int)(random_bits() % limit) - limit / 2;
    return v;
}

static void elements(size_t n)
{
    using namespace thrust::placeholders;
    std::vector<int> x = numbers(n, 1000), y = numbers(n, 1000), r(n);
    thrust::device_vector<int> a = x, b(y.begin(), y.end()), c(n);
    thrust::transform(a.begin(), a.end(), b.begin(), c.begin(), 3 * _1 + _2);
    for (size_t i = 0; i < n; ++i)
        r[i] = 3 * x[i] + y[i];
    same("transform", c, r);
    thrust::transform(thrust::device, a.begin(), a.end(), c.begin(), OnlyOnDevice());
    for (size_t i = 0; i < n; ++i)
        r[i] = __builtin_popcount(x[i]);
    same("transform on the device", c, r);

    thrust::for_each(thrust::make_zip_iterator(thrust::make_tuple(a.begin(), b.begin(), c.begin())),
                     thrust::make_zip_iterator(thrust::make_tuple(a.end(), b.end(), c.end())),
                     [] __device__(auto t) {
                         thrust::get<2>(t) = thrust::get<0>(t) - thrust::get<1>(t);
                     });
    for (size_t i = 0; i < n; ++i)
        r[i] = x[i] - y[i];
    same("for_each", c, r);

    cudaStream_t stream;
    cudaStreamCreate(&stream);
    int *raw = thrust::raw_pointer_cast(c.data());
    thrust::for_each_n(thrust::cuda::par.on(stream), thrust::counting_iterator<int>(0), n,
                       [=] __device__(int i) { raw[i] = 2 * i; });
    thrust::sequence(thrust::cuda::par_nosync.on(stream), b.begin(), b.end(), 5, 3);
    cudaStreamSynchronize(stream);
    cudaStreamDestroy(stream);
    for (size_t i = 0; i < n; ++i)
        r[i] = 2 * (int)i;
    same("for_each_n", c, r);
    for (size_t i = 0; i < n; ++i)
        r[i] = 5 + 3 * (int)i;
    same("sequence", b, r);

    std::vector<int> map(n);
    std::iota(map.begin(), map.end(), 0);
    std::shuffle(map.begin(), map.end(), random_bits);
    thrust::device_vector<int> places = map;
    thrust::gather(places.begin(), places.end(), a.begin(), c.begin());
    for (size_t i = 0; i < n; ++i)
        r[i] = x[map[i]];
    same("gather", c, r);
    auto permuted = thrust::make_permutation_iterator(a.begin(), places.begin());
    expect("permutation", 0, true, thrust::equal(c.begin(), c.end(), permuted));
    thrust::scatter(a.begin(), a.end(), places.begin(), c.begin());
    for (size_t i = 0; i < n; ++i)
        r[map[i]] = x[i];
    same("scatter", c, r);

    thrust::replace_if(c.begin(), c.end(), _1 < 0, 7);
    std::replace_if(r.begin(), r.end(), [](int v) { return v < 0; }, 7);
    same("replace_if", c, r);
    thrust::reverse(c.begin(), c.end());
    std::reverse(r.begin(), r.end());
    same("reverse", c, r);
    thrust::tabulate(c.begin(), c.end(), thrust::negate<int>());
    for (size_t i = 0; i < n; ++i)
        r[i] = -(int)i;
    same("tabulate", c, r);
    thrust::fill(c.begin(), c.begin() + n / 2, 9);
    std::fill(r.begin(), r.begin() + n / 2, 9);
    same("fill", c, r);
}

static void values(size_t n)
{
    using namespace thrust::placeholders;
    std::vector<int> x = numbers(n, 100), y = numbers(n, 100), r(n);
    thrust::device_vector<int> a = x, b = y, c(n);
    expect("reduce", 0, std::accumulate(x.begin(), x.end(), 0), thrust::reduce(a.begin(), a.end()));
    expect("reduce by maximum", 0, n ? *std::max_element(x.begin(), x.end()) : -1000,
           thrust::reduce(a.begin(), a.end(), -1000, thrust::maximum<int>()));
    expect("transform_reduce", 0,
           std::accumulate(x.begin(), x.end(), 0LL, [](long long s, int v) { return s + v * v; }),
           thrust::transform_reduce(a.begin(), a.end(), thrust::square<long long>(), 0LL,
                                    thrust::plus<long long>()));
    expect("inner_product", 0, std::inner_product(x.begin(), x.end(), y.begin(), 3),
           thrust::inner_product(a.begin(), a.end(), b.begin(), 3));
    expect("count", 0, (long)std::count(x.begin(), x.end(), 7),
           (long)thrust::count(a.begin(), a.end(), 7));
    expect("min_element", 0, std::min_element(x.begin(), x.end()) - x.begin(),
           thrust::min_element(a.begin(), a.end()) - a.begin());
    expect("max_element", 0, std::max_element(x.begin(), x.end()) - x.begin(),
           thrust::max_element(a.begin(), a.end()) - a.begin());
    expect("find", 0, std::find(x.begin(), x.end(), 7) - x.begin(),
           thrust::find(a.begin(), a.end(), 7) - a.begin());
    expect("all_of", 0, true, thrust::all_of(a.begin(), a.end(), _1 < 100));
    expect("none_of", 0, n == 0, thrust::none_of(a.begin(), a.end(), _1 < 100));
    auto squares = thrust::make_transform_iterator(thrust::make_counting_iterator<long>(0),
                                                   thrust::square<long>());
    long sum = 0;
    for (size_t i = 0; i < n; ++i)
        sum += (long)i * (long)i;
    expect("sum of squares", 0, sum, thrust::reduce(squares, squares + n));

    thrust::inclusive_scan(a.begin(), a.end(), c.begin());
    std::partial_sum(x.begin(), x.end(), r.begin());
    same("inclusive_scan", c, r);
    thrust::exclusive_scan(thrust::device, a.begin(), a.end(), c.begin(), 4, thrust::plus<int>());
    for (size_t i = n; i-- > 0;)
        r[i] = 4 + (i ? r[i - 1] : 0);
    same("exclusive_scan", c, r);
    thrust::adjacent_difference(a.begin(), a.end(), c.begin());
    std::adjacent_difference(x.begin(), x.end(), r.begin());
    same("adjacent_difference", c, r);

    thrust::device_vector<int> keys = x, found_keys(n), sums(n);
    thrust::transform(keys.begin(), keys.end(), keys.begin(), _1 / 20);
    auto ends = thrust::reduce_by_key(keys.begin(), keys.end(), b.begin(), found_keys.begin(),
                                      sums.begin());
    std::vector<int> k, s;
    for (size_t i = 0; i < n; ++i) {
        if (i == 0 || x[i] / 20 != x[i - 1] / 20) {
            k.push_back(x[i] / 20);
            s.push_back(0);
        }
        s.back() += y[i];
        r[i] = s.back();
    }
    found_keys.resize(ends.first - found_keys.begin());
    sums.resize(ends.second - sums.begin());
    same("keys of reduce_by_key", found_keys, k);
    same("reduce_by_key", sums, s);
    thrust::inclusive_scan_by_key(keys.begin(), keys.end(), b.begin(), c.begin());
    same("inclusive_scan_by_key", c, r);
}

static void choices(size_t n)
{
    using namespace thrust::placeholders;
    auto odd = [] __host__ __device__(int v) { return v % 2 != 0; };
    std::vector<int> x = numbers(n, 40), y = numbers(n, 40), r;
    thrust::device_vector<int> a = x, c(n);
    c.resize(thrust::copy_if(a.begin(), a.end(), c.begin(), odd) - c.begin());
    std::copy_if(x.begin(), x.end(), std::back_inserter(r), odd);
    same("copy_if", c, r);
    c = a;
    c.erase(thrust::remove_if(c.begin(), c.end(), odd), c.end());
    r = x;
    r.erase(std::remove_if(r.begin(), r.end(), odd), r.end());
    same("remove_if", c, r);
    c = a;
    auto middle = thrust::stable_partition(c.begin(), c.end(), odd);
    r = x;
    expect("partition", 0, std::stable_partition(r.begin(), r.end(), odd) - r.begin(),
           middle - c.begin());
    same("stable_partition", c, r);

    thrust::device_vector<float> floats(x.begin(), x.end());
    std::vector<float> sorted(x.begin(), x.end());
    thrust::sort(floats.begin(), floats.end(), thrust::greater<float>());
    std::sort(sorted.begin(), sorted.end(), std::greater<float>());
    same("sort", floats, sorted);
    std::vector<Particle> p(n);
    for (size_t i = 0; i < n; ++i)
        p[i] = {(float)x[i], (int)i};
    thrust::device_vector<Particle> particles = p;
    thrust::stable_sort(particles.begin(), particles.end(), Lighter());
    std::stable_sort(p.begin(), p.end(),
                     [](const Particle &s, const Particle &t) { return s.mass < t.mass; });
    same("sort by a comparison", particles, p);
    thrust::device_vector<int> keys = x, order(n);
    thrust::sequence(order.begin(), order.end());
    thrust::sort_by_key(keys.begin(), keys.end(), order.begin());
    r.resize(n);
    std::transform(p.begin(), p.end(), r.begin(), [](const Particle &q) { return q.id; });
    same("sort_by_key", order, r);
    keys.erase(thrust::unique(keys.begin(), keys.end()), keys.end());
    r = x;
    std::sort(r.begin(), r.end());
    std::vector<int> distinct = r;
    distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
    same("unique", keys, distinct);

    std::sort(y.begin(), y.end());
    thrust::device_vector<int> b = r, d = y, out(2 * n);
    std::vector<int> expected(2 * n);
    thrust::merge(b.begin(), b.end(), d.begin(), d.end(), out.begin());
    std::merge(r.begin(), r.end(), y.begin(), y.end(), expected.begin());
    same("merge", out, expected);
#define SET(name)                                                                              \
    expected.clear();                                                                          \
    std::name(r.begin(), r.end(), y.begin(), y.end(), std::back_inserter(expected));           \
    out.resize(2 * n);                                                                         \
    out.resize(thrust::name(b.begin(), b.end(), d.begin(), d.end(), out.begin()) - out.begin()); \
    same(#name, out, expected);
    SET(set_union)
    SET(set_intersection)
    SET(set_difference)
    SET(set_symmetric_difference)
    thrust::device_vector<unsigned> at(n);
    thrust::upper_bound(b.begin(), b.end(), a.begin(), a.end(), at.begin());
    std::vector<unsigned> places(n);
    for (size_t i = 0; i < n; ++i)
        places[i] = std::upper_bound(r.begin(), r.end(), x[i]) - r.begin();
    same("upper_bound", at, places);
    expect("lower_bound", 0, std::lower_bound(r.begin(), r.end(), 3) - r.begin(),
           thrust::lower_bound(b.begin(), b.end(), 3) - b.begin());
}

__global__ void sequentially(int *data, int n, int *sum)
{
    thrust::sort(thrust::seq, data, data + n, thrust::greater<int>());
    *sum = thrust::reduce(thrust::device, data, data + n);
    thrust::transform(thrust::seq, data, data + n, data, [](int v) { return v + 1; });
}

static void containers()
{
    thrust::host_vector<std::string> words(2, "word");
    words.push_back("end");
    words.insert(words.begin() + 1, "begin");
    expect("words", 0, true, words[1] == "begin" && words[2] == "word" && words.size() == 4);
    thrust::device_vector<int> v{3, 1, 2};
    v.push_back(5);
    v[1] += 40;
    ++v[0];
    swap(v[2], v[3]);
    same("elements", v, std::vector<int>{4, 41, 5, 2});
    v.insert(v.begin() + 2, 2, 8);
    v.erase(v.begin());
    same("insertions", v, std::vector<int>{41, 8, 8, 5, 2});
    std::list<double> list{1, 2, 3};
    thrust::copy(list.begin(), list.end(), v.begin());
    std::vector<float> back(v.size());
    thrust::copy(v.begin(), v.end(), back.begin());
    expect("across", 0, true, back == std::vector<float>{1, 2, 3, 5, 2});
    thrust::device_ptr<int> p = &v[1];
    expect("through a pointer", 0, 3, (int)p[1]);
    thrust::pair<int, float> pair(3, 4.5f);
    thrust::device_vector<thrust::tuple<int, float>> tuples(3, pair);
    thrust::tuple<int, float> t = tuples[2];
    auto [first, second] = t;
    expect("tuple", 0, 7.5f, first + second);

    // A lambda is for both sides, so that what it calls has to work from either.
    auto counted = [](int n) {
        thrust::device_vector<int> d(n, 3);
        thrust::transform(d.begin(), d.end(), d.begin(), OnlyOnDevice());
        thrust::sort(d.begin(), d.end(), [] __device__(int a, int b) { return b < a; });
        return thrust::reduce(d.begin(), d.end());
    };
    expect("in a lambda", 0, 2000, counted(1000));

    std::vector<int> x = numbers(100, 50);
    Managed<int, 101> data;
    std::copy(x.begin(), x.end(), data.data);
    sequentially<<<1, 1>>>(data, 100, data + 100);
    cudaDeviceSynchronize();
    expect("sum in a kernel", 0, std::accumulate(x.begin(), x.end(), 0), data[100]);
    std::sort(x.rbegin(), x.rend());
    for (int i = 0; i < 100; ++i)
        expect("sort in a kernel", i, x[i] + 1, data[i]);

    thrust::host_vector<int> h = x;
    thrust::sort(h.begin(), h.end());
    expect("on the host", 0, true, thrust::is_sorted(h.begin(), h.end()));
    expect("reduce on the host", 0, std::accumulate(x.begin(), x.end(), 0),
           thrust::reduce(thrust::host, x.begin(), x.end()));
}

int main()
{
    for (size_t n : {0, 1, 700, 5000}) {
        elements(n);
        values(n);
        choices(n);
    }
    containers();
    return verdict();
}
