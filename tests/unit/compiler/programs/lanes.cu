// A warp has 32 lanes: every lane function is compared with what CUDA's documentation says.
#include "check.h"

constexpr int THREADS = 192, SHUFFLES = 14, VOTES = 14;

__global__ void shuffles(int *out)
{
    int t = threadIdx.x, lane = t % 32, v = t * 7 + 1, *o = out + t * SHUFFLES;
    unsigned all = 0xffffffff;
    o[0] = __shfl_sync(all, v, 5);
    o[1] = __shfl_sync(all, v, lane + 3);
    o[2] = __shfl_sync(all, v, 2, 8);
    o[3] = __shfl_sync(all, v, 13, 8);
    o[4] = __shfl_up_sync(all, v, 1);
    o[5] = __shfl_up_sync(all, v, 3, 16);
    o[6] = __shfl_down_sync(all, v, 4);
    o[7] = __shfl_down_sync(all, v, 2, 4);
    o[8] = __shfl_xor_sync(all, v, 16);
    o[9] = __shfl_xor_sync(all, v, 5, 8);
    o[10] = (int)__shfl_sync(all, v * 0.5, 31 - lane);
    o[11] = (int)(__shfl_sync(all, (long long)v << 33, lane ^ 1) >> 33);
    o[12] = __shfl_xor_sync(all, (short)v, 1);
    o[13] = __shfl_xor_sync(all, v, 9, 8);
}

static int value(int warp, int lane) { return (warp * 32 + lane) * 7 + 1; }

static void check_shuffles(const int *out)
{
    for (int t = 0; t < THREADS; ++t) {
        int w = t / 32, l = t % 32;
        const int *o = out + t * SHUFFLES;
        expect("shfl", t, value(w, 5), o[0]);
        expect("shfl wraps", t, value(w, (l + 3) % 32), o[1]);
        expect("shfl 8", t, value(w, l / 8 * 8 + 2), o[2]);
        expect("shfl 8 wraps", t, value(w, l / 8 * 8 + 5), o[3]);
        expect("up", t, value(w, l >= 1 ? l - 1 : l), o[4]);
        expect("up 16", t, value(w, l % 16 >= 3 ? l - 3 : l), o[5]);
        expect("down", t, value(w, l + 4 < 32 ? l + 4 : l), o[6]);
        expect("down 4", t, value(w, l % 4 + 2 < 4 ? l + 2 : l), o[7]);
        expect("xor", t, value(w, l ^ 16), o[8]);
        expect("xor 8", t, value(w, l ^ 5), o[9]);
        expect("double", t, (int)(value(w, 31 - l) * 0.5), o[10]);
        expect("long long", t, value(w, l ^ 1), o[11]);
        expect("short", t, (int)(short)value(w, l ^ 1), o[12]);
        expect("xor out of its group", t, value(w, (l ^ 9) < l / 8 * 8 + 8 ? l ^ 9 : l), o[13]);
    }
}

__global__ void votes(unsigned *out)
{
    int t = threadIdx.x, lane = t % 32, warp = t / 32;
    unsigned *o = out + t * VOTES, all = 0xffffffff;
    o[0] = __ballot_sync(all, lane % 3 == 0);
    o[1] = __any_sync(all, t == 40);
    o[2] = __all_sync(all, t != 40);
    o[3] = __activemask();
    if (lane % 4 == warp % 4) {
        o[4] = __activemask();
        o[5] = __ballot_sync(__activemask(), lane > 15);
    }
    o[6] = __match_any_sync(all, lane / 5);
    o[7] = __match_any_sync(all, lane % 2 ? 1.5 : -2.5);
    int same;
    o[8] = __match_all_sync(all, warp, &same) + same;
    o[9] = __match_all_sync(all, lane == 7, &same) + same;
    o[10] = __reduce_add_sync(all, lane);
    o[11] = __reduce_max_sync(0x0f0f0f0fu, lane ^ 21);
    o[12] = __syncthreads_count(t % 5 == 0);
    o[13] = 2 * __syncthreads_and(t < 1000) + __syncthreads_or(t == 191);
    __syncwarp();
}

static void check_votes(const unsigned *out)
{
    for (int t = 0; t < THREADS; ++t) {
        int w = t / 32, l = t % 32;
        const unsigned *o = out + t * VOTES;
        unsigned fifths = 0x1f << l / 5 * 5, odd = l % 2 ? 0xaaaaaaaa : 0x55555555;
        expect("ballot", t, 0x49249249u, o[0]);
        expect("any", t, w == 1 ? 1u : 0u, o[1]);
        expect("all", t, w == 1 ? 0u : 1u, o[2]);
        expect("activemask", t, 0xffffffffu, o[3]);
        bool chosen = l % 4 == w % 4;
        expect("activemask in a branch", t, chosen ? 0x11111111u << w % 4 : 0u, o[4]);
        expect("ballot in a branch", t, chosen ? 0x11110000u << w % 4 : 0u, o[5]);
        expect("match_any", t, fifths, o[6]);
        expect("match_any double", t, odd, o[7]);
        expect("match_all", t, 0u, o[8]);
        expect("match_all not", t, 0u, o[9]);
        expect("reduce_add", t, 496u, o[10]);
        if (0x0f0f0f0f >> l & 1)
            expect("reduce_max", t, 31u, o[11]);
        expect("syncthreads_count", t, 39u, o[12]);
        expect("syncthreads_and/or", t, 3u, o[13]);
    }
}

int main()
{
    Managed<int, THREADS * SHUFFLES> shuffled;
    Managed<unsigned, THREADS * VOTES> voted;
    shuffles<<<1, THREADS>>>(shuffled);
    votes<<<1, THREADS>>>(voted);
    cudaDeviceSynchronize();
    check_shuffles(shuffled);
    check_votes(voted);

    int width = 0;
    cudaDeviceProp properties;
    cudaGetDeviceProperties(&properties, 0);
    cudaDeviceGetAttribute(&width, cudaDevAttrWarpSize, 0);
    expect("properties.warpSize", 0, 32, properties.warpSize);
    expect("cudaDevAttrWarpSize", 0, 32, width);
    return verdict();
}
