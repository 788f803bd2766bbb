// libcu++: atomics, barriers, pipelines, and what it takes from the standard library.
#include <cooperative_groups.h>
#include <cuda/atomic>
#include <cuda/barrier>
#include <cuda/functional>
#include <cuda/pipeline>
#include <cuda/std/algorithm>
#include <cuda/std/array>
#include <cuda/std/atomic>
#include <cuda/std/bit>
#include <cuda/std/chrono>
#include <cuda/std/cmath>
#include <cuda/std/complex>
#include <cuda/std/cstdint>
#include <cuda/std/functional>
#include <cuda/std/latch>
#include <cuda/std/limits>
#include <cuda/std/semaphore>
#include <cuda/std/span>
#include <cuda/std/tuple>
#include <cuda/std/type_traits>
#include <cuda/std/utility>

#include "check.h"

namespace cg = cooperative_groups;

constexpr int THREADS = 192, STEPS = 5;

__global__ void count(cuda::atomic<int> *total, cuda::std::atomic<double> *sum, int *plain,
                      unsigned *greatest)
{
    total->fetch_add(1, cuda::std::memory_order_relaxed);
    ++*total;
    sum->fetch_add(0.5);
    cuda::atomic_ref<int, cuda::thread_scope_device> ref(*plain);
    ref -= 2;
    cuda::atomic_ref<unsigned, cuda::thread_scope_device>(*greatest).fetch_max(threadIdx.x);
    int old = ref.load();
    while (!ref.compare_exchange_weak(old, old ^ 1)) {
    }
}

// Each phase everyone reads what another thread wrote in the phase before.
__global__ void phases(int *out)
{
    __shared__ cuda::barrier<cuda::thread_scope_block> barrier;
    __shared__ int values[2][THREADS];
    auto block = cg::this_thread_block();
    if (block.thread_rank() == 0)
        init(&barrier, block.size());
    values[0][threadIdx.x] = threadIdx.x;
    block.sync();
    for (int step = 0; step < STEPS; ++step) {
        values[(step + 1) % 2][threadIdx.x] = values[step % 2][(threadIdx.x + 37) % THREADS] + 1;
        auto token = barrier.arrive();
        barrier.wait(cuda::std::move(token));
    }
    out[threadIdx.x] = values[STEPS % 2][threadIdx.x];
}

// The first warps copy, the others add up.
__global__ void stages(const int *in, int *out)
{
    constexpr int DEPTH = 2, LENGTH = 64;
    __shared__ cuda::pipeline_shared_state<cuda::thread_scope_block, DEPTH> state;
    __shared__ int buffer[DEPTH][LENGTH];
    auto block = cg::this_thread_block();
    bool copies = threadIdx.x < LENGTH;
    auto role = copies ? cuda::pipeline_role::producer : cuda::pipeline_role::consumer;
    auto pipe = cuda::make_pipeline(block, &state, role);
    int sum = 0;
    for (int step = 0; step < STEPS; ++step) {
        int *stage = buffer[step % DEPTH];
        if (copies) {
            pipe.producer_acquire();
            cuda::memcpy_async(&stage[threadIdx.x], &in[step * LENGTH + threadIdx.x],
                               cuda::aligned_size_t<4>(4), pipe);
            pipe.producer_commit();
        } else {
            pipe.consumer_wait();
            sum += stage[threadIdx.x % LENGTH];
            pipe.consumer_release();
        }
    }
    out[threadIdx.x] = sum;
}

__global__ void values(float *out)
{
    cuda::std::array<int, 3> array{1, 2, 3};
    cuda::std::tuple<int, float> tuple(array[2], 2.5f);
    auto [a, b] = tuple;
    cuda::std::complex<float> z(0, 1);
    cuda::std::span<float> view(out, 8);
    view[0] = a + b;
    view[1] = (z * z).real();
    view[2] = cuda::std::numeric_limits<int>::digits;
    view[3] = cuda::std::bit_cast<float>(0x3f800000);
    view[4] = cuda::std::countl_zero(cuda::std::uint16_t(1)) + cuda::std::popcount(7u);
    view[5] = cuda::maximum<int>()(3, 9) + cuda::std::plus<>()(1, 2);
    view[6] = cuda::std::max(2, 5) + cuda::std::clamp(9, 0, 4);
    view.back() = cuda::std::is_same_v<decltype(a), int> + cuda::std::sqrt(16.0f);
}

int main()
{
    Managed<cuda::atomic<int>, 1> total;
    Managed<cuda::std::atomic<double>, 1> sum;
    Managed<int, 1> plain;
    Managed<unsigned, 1> greatest;
    count<<<3, THREADS>>>(total, sum, plain, greatest);
    cudaDeviceSynchronize();
    expect("fetch_add", 0, 6 * THREADS, total.data->load());
    expect("fetch_add of double", 0, 1.5 * THREADS, sum.data->load());
    expect("a reference", 0, -6 * THREADS, *plain.data);
    expect("fetch_max", 0, (unsigned)THREADS - 1, *greatest.data);

    Managed<int, 5 * THREADS> in;
    Managed<int, THREADS> out;
    phases<<<1, THREADS>>>(out);
    cudaDeviceSynchronize();
    for (int i = 0; i < THREADS; ++i)
        expect("barrier", i, (i + 37 * STEPS) % THREADS + STEPS, out[i]);
    for (int i = 0; i < 5 * 64; ++i)
        in[i] = i * i;
    stages<<<1, THREADS>>>(in, out);
    cudaDeviceSynchronize();
    for (int i = 64; i < THREADS; ++i) {
        int expected = 0;
        for (int step = 0; step < STEPS; ++step)
            expected += in[step * 64 + i % 64];
        expect("pipeline", i, expected, out[i]);
    }
    Managed<float, 8> found;
    values<<<1, 1>>>(found);
    cudaDeviceSynchronize();
    const float expected[] = {5.5f, -1, 31, 1, 18, 12, 9, 5};
    for (int i = 0; i < 8; ++i)
        expect("values", i, expected[i], found[i]);
    return verdict();
}
