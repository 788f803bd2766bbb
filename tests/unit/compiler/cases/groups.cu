// Cooperative groups, as CUDA's programming guide uses them.
#include <cooperative_groups.h>
#include <cooperative_groups/reduce.h>

namespace cg = cooperative_groups;

__device__ int tile_sum(cg::thread_block_tile<32> tile, int value)
{
    for (int offset = tile.size() / 2; offset > 0; offset /= 2)
        value += tile.shfl_down(value, offset);
    return tile.shfl(value, 0);
}

__device__ int group_sum(cg::thread_group group, int *scratch, int value)
{
    int lane = group.thread_rank();
    for (int i = group.size() / 2; i > 0; i /= 2) {
        scratch[lane] = value;
        group.sync();
        if (lane < i)
            value += scratch[lane + i];
        group.sync();
    }
    return value;
}

__device__ int aggregated_increment(int *counter)
{
    auto active = cg::coalesced_threads();
    int before = 0;
    if (active.thread_rank() == 0)
        before = atomicAdd(counter, active.size());
    return active.shfl(before, 0) + active.thread_rank();
}

__global__ void kernel(const int *in, int *out, int *counter, int n)
{
    __shared__ int scratch[256];
    cg::thread_block block = cg::this_thread_block();
    cg::grid_group grid = cg::this_grid();
    auto warp = cg::tiled_partition<32>(block);
    auto quad = cg::tiled_partition<4>(warp);
    int i = grid.thread_rank();
    int value = i < n ? in[i] : 0;
    int sum = tile_sum(warp, value) + cg::reduce(quad, value, cg::plus<int>());
    sum += group_sum(block, scratch, value) + cg::inclusive_scan(quad, value);
    if (value % 3 == 0)
        sum += aggregated_increment(counter);
    sum += warp.any(value > 3) + warp.ballot(value & 1) + quad.meta_group_rank();
    auto same = cg::labeled_partition(warp, value % 5);
    sum += same.size() + cg::reduce(same, value, cg::greater<int>());
    cg::sync(block);
    if (i < n)
        out[i] = sum;
}

__global__ void whole_grid(int *data)
{
    cg::grid_group grid = cg::this_grid();
    data[grid.thread_rank()] += 1;
    grid.sync();
    data[0] += data[grid.size() - 1];
}
