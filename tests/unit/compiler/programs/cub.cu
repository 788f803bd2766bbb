// CUB's collectives and algorithms, against the host's standard library.
#include <cub/cub.cuh>

#include <algorithm>
#include <numeric>
#include <random>
#include <vector>

#include "check.h"

constexpr int THREADS = 96, ITEMS = 3, TILE = THREADS * ITEMS;

// Not commutative: (a, b) stands for x -> a x + b, and ∘ is composition.
struct Line {
    unsigned a, b;
    bool operator==(const Line &o) const { return a == o.a && b == o.b; }
    explicit operator double() const { return a; }
};
struct Compose {
    __host__ __device__ Line operator()(const Line &f, const Line &g) const
    {
        return {f.a * g.a, f.b * g.a + g.b};
    }
};
struct OnDevice {
    __device__ int operator()(int a, int b) const { return max(a, b); }
};
struct Running {
    Line before;
    __device__ Line operator()(const Line &total)
    {
        Line old = before;
        before = Compose()(before, total);
        return old;
    }
};

__global__ void blocks(const Line *in, Line *scanned, Line *reduced, int valid, Line *lanes)
{
    using Scan = cub::BlockScan<Line, THREADS>;
    using Reduce = cub::BlockReduce<Line, THREADS, cub::BLOCK_REDUCE_RAKING>;
    using Load = cub::BlockLoad<Line, THREADS, ITEMS, cub::BLOCK_LOAD_WARP_TRANSPOSE>;
    using Store = cub::BlockStore<Line, THREADS, ITEMS, cub::BLOCK_STORE_WARP_TRANSPOSE>;
    __shared__ typename Scan::TempStorage scan_temp;
    __shared__ typename Reduce::TempStorage reduce_temp;
    __shared__ typename Load::TempStorage load_temp;
    __shared__ typename Store::TempStorage store_temp;
    __shared__ typename cub::WarpReduce<Line, 8>::TempStorage warp_temp[THREADS / 8];

    Line items[ITEMS], out[ITEMS];
    Load(load_temp).Load(in, items);
    Running running{{1, 7}};
    Scan(scan_temp).ExclusiveScan(items, out, Compose(), running);
    Store(store_temp).Store(scanned, out);
    __syncthreads();
    Scan(scan_temp).InclusiveScan(items, out, Compose());
    Store(store_temp).Store(scanned + TILE, out);

    Line all = Reduce(reduce_temp).Reduce(items, Compose());
    __syncthreads();
    Line some = Reduce(reduce_temp).Reduce(items[0], Compose(), valid);
    if (threadIdx.x == 0) {
        reduced[0] = all;
        reduced[1] = some;
    }
    Line eight = cub::WarpReduce<Line, 8>(warp_temp[threadIdx.x / 8]).Reduce(items[0], Compose());
    if (threadIdx.x % 8 == 0)
        lanes[threadIdx.x / 8] = eight;
}

__global__ void sorts(const float *keys, float *sorted, int *values, int *moved, int *flags)
{
    using Sort = cub::BlockRadixSort<float, THREADS, ITEMS, int>;
    __shared__ typename Sort::TempStorage temp;
    float key[ITEMS];
    int value[ITEMS];
    cub::LoadDirectBlocked(threadIdx.x, keys, key);
    for (int i = 0; i < ITEMS; ++i)
        value[i] = threadIdx.x * ITEMS + i;
    Sort(temp).SortDescending(key, value);
    cub::StoreDirectBlocked(threadIdx.x, sorted, key);
    cub::StoreDirectBlocked(threadIdx.x, values, value);

    using Exchange = cub::BlockExchange<int, THREADS, ITEMS>;
    __shared__ typename Exchange::TempStorage exchange;
    Exchange(exchange).BlockedToStriped(value);
    cub::StoreDirectStriped<THREADS>(threadIdx.x, moved, value);

    using Heads = cub::BlockDiscontinuity<float, THREADS>;
    __shared__ typename Heads::TempStorage heads;
    int head[ITEMS];
    Heads(heads).FlagHeads(head, key, cub::Inequality());
    cub::StoreDirectBlocked(threadIdx.x, flags, head);
}

template <typename F>
void with_storage(F call)
{
    size_t bytes = 0;
    void *temp = nullptr;
    call(nullptr, bytes);
    cudaMalloc(&temp, bytes);
    cudaError_t error = call(temp, bytes);
    if (error != cudaSuccess)
        printf("%s\n", cudaGetErrorString(error));
    cudaDeviceSynchronize();
    cudaFree(temp);
}

constexpr int MANY = 20011;

void device_wide()
{
    static Managed<int, MANY> in, out, order;
    static Managed<float, MANY> keys, sorted;
    static Managed<Line, MANY> lines, scanned;
    static Managed<int, 64> count;
    static Managed<cub::KeyValuePair<int, float>, 1> best;
    std::mt19937 random(5);
    for (int i = 0; i < MANY; ++i) {
        in[i] = static_cast<int>(random() % 41) - 20;
        keys[i] = static_cast<float>(in[i]) * 0.25f;
        order[i] = i;
        lines[i] = {static_cast<unsigned>(random()) | 1, static_cast<unsigned>(random())};
    }

    with_storage([&](void *t, size_t &b) { return cub::DeviceReduce::Sum(t, b, in.data, count.data, MANY); });
    expect("sum", 0, std::accumulate(in.data, in.data + MANY, 0), count[0]);
    with_storage([&](void *t, size_t &b) { return cub::DeviceReduce::ArgMax(t, b, keys.data, best.data, MANY); });
    int place = std::max_element(keys.data, keys.data + MANY) - keys.data;
    expect("arg max", 0, place, best[0].key);
    expect("arg max value", 0, keys[place], best[0].value);
    with_storage([&](void *t, size_t &b) { return cub::DeviceReduce::Min(t, b, keys.data, sorted.data, MANY); });
    expect("min", 0, *std::min_element(keys.data, keys.data + MANY), sorted[0]);
    with_storage([&](void *t, size_t &b) { return cub::DeviceReduce::Sum(t, b, in.data, count.data, 0); });
    expect("sum of nothing", 0, 0, count[0]);

    with_storage([&](void *t, size_t &b) {
        return cub::DeviceScan::InclusiveScan(t, b, lines.data, scanned.data, Compose(), MANY);
    });
    Line so_far = lines[0];
    for (int i = 1; i <= MANY; ++i) {
        expect("inclusive scan", i - 1, so_far, scanned[i - 1]);
        if (i < MANY)
            so_far = Compose()(so_far, lines[i]);
    }
    with_storage([&](void *t, size_t &b) {
        return cub::DeviceReduce::Reduce(t, b, in.data, count.data, MANY, OnDevice(), -1);
    });
    expect("a function of the device", 0, *std::max_element(in.data, in.data + MANY), count[0]);
    with_storage([&](void *t, size_t &b) { return cub::DeviceScan::ExclusiveSum(t, b, in.data, out.data, MANY); });
    for (int i = 0, sum = 0; i < MANY; sum += in[i++])
        expect("exclusive sum", i, sum, out[i]);

    auto odd = [] __host__ __device__(int x) { return x & 1; };
    with_storage([&](void *t, size_t &b) { return cub::DeviceSelect::If(t, b, in.data, out.data, count.data, MANY, odd); });
    std::vector<int> wanted;
    std::copy_if(in.data, in.data + MANY, std::back_inserter(wanted), odd);
    expect("selected", 0, static_cast<int>(wanted.size()), count[0]);
    for (size_t i = 0; i < wanted.size(); ++i)
        expect("select", i, wanted[i], out[i]);
    with_storage([&](void *t, size_t &b) { return cub::DevicePartition::If(t, b, in.data, out.data, count.data, MANY, odd); });
    expect("partition", 0, false, std::is_partitioned(out.data, out.data + MANY, odd) == false);

    std::vector<int> ranks(MANY);
    std::iota(ranks.begin(), ranks.end(), 0);
    std::stable_sort(ranks.begin(), ranks.end(), [&](int a, int b) { return keys[a] > keys[b]; });
    with_storage([&](void *t, size_t &b) {
        return cub::DeviceRadixSort::SortPairsDescending(t, b, keys.data, sorted.data, order.data, out.data, MANY);
    });
    for (int i = 0; i < MANY; ++i) {
        expect("sorted key", i, keys[ranks[i]], sorted[i]);
        expect("sorted value", i, ranks[i], out[i]);
    }
    cub::DoubleBuffer<int> buffers(in.data, out.data);
    with_storage([&](void *t, size_t &b) { return cub::DeviceRadixSort::SortKeys(t, b, buffers, MANY, 0, 20); });
    auto low = [](int x) { return (static_cast<unsigned>(x) ^ 0x80000000u) & 0xfffff; };
    for (int i = 1; i < MANY; ++i)
        expect("low bits in order", i, true, low(buffers.Current()[i - 1]) <= low(buffers.Current()[i]));

    for (int i = 0; i < MANY; ++i)
        in[i] = i / 100 % 7 == 0 ? i : i / 100;
    with_storage([&](void *t, size_t &b) {
        return cub::DeviceRunLengthEncode::Encode(t, b, in.data, out.data, order.data, count.data, MANY);
    });
    int runs = 0;
    for (int i = 0; i < MANY; ++runs) {
        int end = i;
        while (end < MANY && in[end] == in[i])
            ++end;
        expect("run", runs, in[i], out[runs]);
        expect("length of run", runs, end - i, order[runs]);
        i = end;
    }
    expect("runs", 0, runs, count[0]);

    for (int i = 0; i < MANY; ++i)
        in[i] = static_cast<int>(random());
    std::vector<int> by_host(in.data, in.data + MANY);
    auto digits = [] __host__ __device__(int a, int b) { return (a & 0xff) < (b & 0xff); };
    std::stable_sort(by_host.begin(), by_host.end(), digits);
    with_storage([&](void *t, size_t &b) { return cub::DeviceMergeSort::StableSortKeys(t, b, in.data, MANY, digits); });
    for (int i = 0; i < MANY; ++i)
        expect("merge sort", i, by_host[i], in[i]);

    cub::CountingInputIterator<int> numbers(1);
    auto square = [] __host__ __device__(int x) { return x * x; };
    cub::TransformInputIterator<int, decltype(square), decltype(numbers)> squares(numbers, square);
    with_storage([&](void *t, size_t &b) { return cub::DeviceReduce::Sum(t, b, squares, count.data, 100); });
    expect("sum of squares", 0, 338350, count[0]);

    for (int i = 0; i < MANY; ++i)
        keys[i] = static_cast<float>(i % 50);
    with_storage([&](void *t, size_t &b) {
        return cub::DeviceHistogram::HistogramEven(t, b, keys.data, count.data, 9, 8.f, 40.f, MANY);
    });
    for (int bin = 0; bin < 8; ++bin) {
        int held = 0;
        for (int i = 0; i < MANY; ++i)
            held += keys[i] >= 8 + 4 * bin && keys[i] < 12 + 4 * bin;
        expect("histogram", bin, held, count[bin]);
    }
}

int main()
{
    static Managed<Line, TILE> in, reduced, lanes;
    static Managed<Line, 2 * TILE> scanned;
    for (int i = 0; i < TILE; ++i)
        in[i] = {2u * i + 3, 11u * i + 1};
    blocks<<<1, THREADS>>>(in, scanned, reduced, 45, lanes);
    cudaDeviceSynchronize();
    Line before = {1, 7}, inclusive = in[0];
    for (int i = 0; i < TILE; ++i) {
        expect("block exclusive scan with a prefix", i, before, scanned[i]);
        before = Compose()(before, in[i]);
        if (i > 0)
            inclusive = Compose()(inclusive, in[i]);
        expect("block inclusive scan", i, inclusive, scanned[TILE + i]);
    }
    expect("block reduce", 0, inclusive, reduced[0]);
    Line some = in[0];
    for (int t = 1; t < 45; ++t)
        some = Compose()(some, in[t * ITEMS]);
    expect("block reduce of some", 0, some, reduced[1]);
    for (int w = 0; w < THREADS / 8; ++w) {
        Line eight = in[w * 8 * ITEMS];
        for (int t = 1; t < 8; ++t)
            eight = Compose()(eight, in[(w * 8 + t) * ITEMS]);
        expect("warp reduce", w, eight, lanes[w]);
    }

    static Managed<float, TILE> keys, sorted;
    static Managed<int, TILE> values, moved, flags;
    for (int i = 0; i < TILE; ++i)
        keys[i] = static_cast<float>(i * 37 % 101) - 50;
    sorts<<<1, THREADS>>>(keys, sorted, values, moved, flags);
    cudaDeviceSynchronize();
    std::vector<int> ranks(TILE);
    std::iota(ranks.begin(), ranks.end(), 0);
    std::stable_sort(ranks.begin(), ranks.end(), [&](int a, int b) { return keys[a] > keys[b]; });
    for (int i = 0; i < TILE; ++i) {
        expect("block sort", i, keys[ranks[i]], sorted[i]);
        expect("block sort values", i, ranks[i], values[i]);
        expect("exchange", i, ranks[i], moved[i]);
        expect("head", i, i == 0 || sorted[i] != sorted[i - 1] ? 1 : 0, flags[i]);
    }
    device_wide();
    return verdict();
}
