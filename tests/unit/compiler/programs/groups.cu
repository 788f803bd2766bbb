// Cooperative groups.
#include <cooperative_groups.h>
#include <cooperative_groups/reduce.h>
#include <cooperative_groups/scan.h>

#include "check.h"

namespace cg = cooperative_groups;

constexpr int THREADS = 128, BLOCKS = 3, OUTPUTS = 19;

__global__ void groups(int *out, int *counter)
{
    cg::thread_block block = cg::this_thread_block();
    cg::grid_group grid = cg::this_grid();
    cg::thread_block_tile<32> warp = cg::tiled_partition<32>(block);
    auto quad = cg::tiled_partition<4>(warp);
    int g = grid.thread_rank(), *o = out + g * OUTPUTS;
    o[0] = block.thread_rank() + 1000 * block.size();
    o[1] = warp.thread_rank() + 100 * warp.meta_group_rank() + 10000 * warp.meta_group_size();
    o[2] = quad.thread_rank() + 10 * quad.size() + 1000 * quad.meta_group_rank();
    o[3] = cg::reduce(warp, g, cg::plus<int>());
    o[4] = cg::reduce(quad, g, cg::greater<int>());
    o[5] = cg::inclusive_scan(quad, g);
    o[6] = cg::exclusive_scan(warp, 1);
    o[7] = warp.ballot(g % 2) == 0xaaaaaaaa;
    o[8] = quad.ballot(threadIdx.x % 4 == 2);
    o[9] = quad.shfl(g, 3);
    o[10] = warp.any(threadIdx.x == 5) + 2 * quad.all(threadIdx.x < 7);
    if (threadIdx.x % 3 == 1) {
        cg::coalesced_group some = cg::coalesced_threads();
        o[11] = some.thread_rank() + 100 * some.size();
        int first = 0;
        if (some.thread_rank() == 0)
            first = atomicAdd(counter, some.size());
        o[12] = some.shfl(first, 0) + some.thread_rank();
        int agree;
        o[16] = some.match_any(threadIdx.x % 2);
        o[17] = some.match_all(threadIdx.x / 32, agree) + 2 * agree;
        o[17] -= some.match_all(threadIdx.x, agree) + 2 * agree;
        auto four = cg::tiled_partition(some, 4);
        o[14] = four.thread_rank() + 10 * four.size() + 100 * four.shfl(threadIdx.x, 0);
    }
    auto same = cg::labeled_partition(warp, threadIdx.x % 5);
    o[13] = same.size() + 100 * same.shfl(threadIdx.x, 0);
    o[15] = cg::invoke_one_broadcast(quad, [](int x) { return x + 1; }, g);
    cg::thread_group any = grid;
    o[18] = any.thread_rank() + 100000 * (any.size() == BLOCKS * THREADS) + 200000 * is_valid(any);
    any.sync();
    if (g == 0)
        counter[1] = counter[0];
}

int main()
{
    Managed<int, THREADS * BLOCKS * OUTPUTS> out;
    Managed<int, 2> counter;
    int *arguments[] = {out, counter};
    void *places[] = {&arguments[0], &arguments[1]};
    cudaError_t launched = cudaLaunchCooperativeKernel(groups, BLOCKS, THREADS, places);
    expect("launch", 0, (int)cudaSuccess, (int)launched);
    cudaDeviceSynchronize();
    int chosen = 0;
    bool seen[THREADS * BLOCKS] = {};
    for (int g = 0; g < THREADS * BLOCKS; ++g) {
        int t = g % THREADS, lane = t % 32, warp = g / 32 * 32, quad = g / 4 * 4;
        const int *o = out + g * OUTPUTS;
        expect("block", g, t + 1000 * THREADS, o[0]);
        expect("warp", g, lane + 100 * (t / 32) + 10000 * (THREADS / 32), o[1]);
        expect("quad", g, t % 4 + 40 + 1000 * (t / 4), o[2]);
        expect("reduce", g, 32 * warp + 496, o[3]);
        expect("reduce greater", g, quad + 3, o[4]);
        int scan = 0;
        for (int k = quad; k <= g; ++k)
            scan += k;
        expect("inclusive_scan", g, scan, o[5]);
        expect("exclusive_scan", g, lane, o[6]);
        expect("ballot", g, 1, o[7]);
        expect("quad ballot", g, 4, o[8]);
        expect("quad shfl", g, quad + 3, o[9]);
        expect("votes", g, (t / 32 == 0) + 2 * (t < 4), o[10]);
        if (t % 3 == 1) {
            int before = 0, size = 0;
            for (int k = t - lane; k < t - lane + 32; ++k) {
                before += k % 3 == 1 && k < t;
                size += k % 3 == 1;
            }
            expect("coalesced", g, before + 100 * size, o[11]);
            int rank = before % 4, four = size - (before - rank) < 4 ? size - (before - rank) : 4;
            expect("part of it", g, rank + 10 * four + 100 * (t - 3 * rank), o[14]);
            int alike = 0;
            for (int k = t - lane, rank = 0; k < t - lane + 32; ++k)
                if (k % 3 == 1)
                    alike |= (k % 2 == t % 2) << rank++;
            expect("match_any", g, alike, o[16]);
            expect("match_all", g, (1 << size) + 1, o[17]);
            ++chosen;
            if (o[12] >= 0 && o[12] < THREADS * BLOCKS)
                seen[o[12]] = true;
        }
        int members = 0, first = -1;
        for (int k = t - lane; k < t - lane + 32; ++k)
            if (k % 5 == t % 5) {
                first = first < 0 ? k : first;
                ++members;
            }
        expect("labeled", g, members + 100 * first, o[13]);
        expect("any group", g, g + 300000, o[18]);
        expect("one for all", g, quad + 1, o[15]);
    }
    for (int i = 0; i < chosen; ++i)
        expect("aggregated counter", i, true, seen[i]);
    expect("after the grid's barrier", 0, chosen, counter[1]);
    return verdict();
}
