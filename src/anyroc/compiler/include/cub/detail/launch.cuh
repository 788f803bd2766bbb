/* CUB: what the algorithms over device memory are made of. */
#pragma once

#include "../block/block_reduce.cuh"
#include "../block/block_scan.cuh"

namespace cub {
namespace detail {

static constexpr int block_threads = 256;
static constexpr size_t most_chunks = 64;

/* Parts of the caller's temporary storage. The first call of an algorithm has none, and asks how
 * much it takes. */
class Workspace {
public:
    Workspace(void *place, size_t &bytes) : place_(static_cast<char *>(place)), bytes_(bytes) {}
    template <typename T>
    T *take(size_t count)
    {
        T *part = reinterpret_cast<T *>(place_ + used_);
        used_ += (count * sizeof(T) + 255) / 256 * 256;
        return part;
    }
    bool asked_for_size()
    {
        if (place_ == nullptr)
            bytes_ = used_ + 256;
        return place_ == nullptr;
    }

private:
    char *place_;
    size_t &bytes_;
    size_t used_ = 0;
};

template <typename F>
__global__ void __launch_bounds__(block_threads) for_each_index(size_t count, F work)
{
    size_t step = static_cast<size_t>(gridDim.x) * block_threads;
    size_t first = static_cast<size_t>(blockIdx.x) * block_threads + threadIdx.x;
    for (size_t i = first; i < count; i += step)
        work(i);
}

/* Runs work(i) on the device for every i below count. */
template <typename F>
hipError_t over(size_t count, hipStream_t stream, F work)
{
    if (count == 0)
        return hipSuccess;
    size_t blocks = (count + block_threads - 1) / block_threads;
    for_each_index<<<blocks < 4096 ? blocks : 4096, block_threads, 0, stream>>>(count, work);
    return hipGetLastError();
}

/* A sequence is cut into chunks, one for a block; in it a thread has a piece of neighbours. */
struct Chunks {
    size_t items, count, length;
    explicit Chunks(size_t n) : items(n)
    {
        size_t wanted = (n + 8 * block_threads - 1) / (8 * block_threads);
        count = wanted < 1 ? 1 : wanted < most_chunks ? wanted : most_chunks;
        length = (n + count - 1) / count;
        count = length == 0 ? 1 : (n + length - 1) / length;
    }
};
struct Piece {
    size_t begin, end;
    int threads;
    __device__ explicit Piece(const Chunks &chunks)
    {
        size_t first = blockIdx.x * chunks.length, last = first + chunks.length;
        last = last < chunks.items ? last : chunks.items;
        size_t length = (last - first + block_threads - 1) / block_threads;
        threads = static_cast<int>((last - first + length - 1) / length);
        begin = first + threadIdx.x * length;
        begin = begin < last ? begin : last;
        end = begin + length < last ? begin + length : last;
    }
};

/* The combination of every chunk, in the order of its items. */
template <typename T, typename Load, typename Op>
__global__ void __launch_bounds__(block_threads)
    reduce_chunks(Chunks chunks, Load load, Op combine, T *of_chunk)
{
    __shared__ typename BlockReduce<T, block_threads>::TempStorage temp;
    Piece piece(chunks);
    T value = load(piece.begin < piece.end ? piece.begin : 0);
    for (size_t i = piece.begin + 1; i < piece.end; ++i)
        value = combine(value, load(i));
    value = BlockReduce<T, block_threads>(temp).Reduce(value, combine, piece.threads);
    if (threadIdx.x == 0)
        of_chunk[blockIdx.x] = value;
}

/* The same where the order does not matter: threads read side by side. */
template <typename T, typename Load, typename Op>
__global__ void __launch_bounds__(block_threads)
    reduce_stripes(Chunks chunks, Load load, Op combine, T *of_chunk)
{
    __shared__ typename BlockReduce<T, block_threads>::TempStorage temp;
    size_t first = blockIdx.x * chunks.length, last = first + chunks.length;
    last = last < chunks.items ? last : chunks.items;
    size_t length = last - first;
    T value = load(threadIdx.x < length ? first + threadIdx.x : first);
    for (size_t i = first + threadIdx.x + block_threads; i < last; i += block_threads)
        value = combine(value, load(i));
    int valid = length < block_threads ? static_cast<int>(length) : block_threads;
    value = BlockReduce<T, block_threads>(temp).Reduce(value, combine, valid);
    if (threadIdx.x == 0)
        of_chunk[blockIdx.x] = value;
}

template <typename T, typename Op, typename First, typename Store>
__global__ void finish_reduction(size_t count, T *of_chunk, Op combine, First first, Store store)
{
    T value = static_cast<T>(first);
    for (size_t i = 0; i < count; ++i)
        value = combine(value, of_chunk[i]);
    store(value);
}

/* store(first ∘ load(0) ∘ load(1) ∘ …), for commutative ∘, on the device. */
template <typename T, typename Load, typename Op, typename First, typename Store>
hipError_t reduce(Workspace &room, size_t count, Load load, Op combine, First first, Store store,
                  hipStream_t stream)
{
    T *of_chunk = room.take<T>(most_chunks);
    if (room.asked_for_size())
        return hipSuccess;
    Chunks chunks(count);
    if (count > 0)
        reduce_stripes<<<chunks.count, block_threads, 0, stream>>>(chunks, load, combine, of_chunk);
    size_t parts = count ? chunks.count : 0;
    finish_reduction<<<1, 1, 0, stream>>>(parts, of_chunk, combine, first, store);
    return hipGetLastError();
}

/* Turns each chunk's combination into that of the chunks before it. */
template <typename T, typename Op>
__global__ void scan_of_chunks(size_t count, T *of_chunk, Op combine)
{
    T before = of_chunk[0];
    for (size_t i = 1; i < count; ++i) {
        T value = of_chunk[i];
        of_chunk[i] = before;
        before = combine(before, value);
    }
}

template <typename T, typename Load, typename Op, typename Visit>
__global__ void __launch_bounds__(block_threads)
    scan_in_chunks(Chunks chunks, Load load, Op combine, T *of_chunk, Visit visit)
{
    __shared__ typename BlockScan<T, block_threads>::TempStorage temp;
    Piece piece(chunks);
    T sum = load(piece.begin < piece.end ? piece.begin : 0), before;
    for (size_t i = piece.begin + 1; i < piece.end; ++i)
        sum = combine(sum, load(i));
    BlockScan<T, block_threads>(temp).ExclusiveScan(sum, before, combine);
    bool any = threadIdx.x > 0;
    if (blockIdx.x > 0)
        before = any ? static_cast<T>(combine(of_chunk[blockIdx.x], before)) : of_chunk[blockIdx.x];
    any |= blockIdx.x > 0;
    for (size_t i = piece.begin; i < piece.end; ++i) {
        T value = load(i);
        T inclusive = any ? static_cast<T>(combine(before, value)) : value;
        visit(i, before, inclusive, any);
        before = inclusive;
        any = true;
    }
}

/* Calls visit(i, exclusive, inclusive, any) with load(0) ∘ … ∘ load(i - 1) and … ∘ load(i);
 * nothing is before item 0, for which `any` is false. */
template <typename T, typename Load, typename Op, typename Visit>
hipError_t scan(Workspace &room, size_t count, Load load, Op combine, Visit visit,
                hipStream_t stream)
{
    T *of_chunk = room.take<T>(most_chunks);
    if (room.asked_for_size() || count == 0)
        return hipSuccess;
    Chunks chunks(count);
    reduce_chunks<<<chunks.count, block_threads, 0, stream>>>(chunks, load, combine, of_chunk);
    scan_of_chunks<<<1, 1, 0, stream>>>(chunks.count, of_chunk, combine);
    scan_in_chunks<<<chunks.count, block_threads, 0, stream>>>(chunks, load, combine, of_chunk,
                                                               visit);
    return hipGetLastError();
}

/* Calls take(i, position) for every chosen i, positions counting from 0, leave(i, how many chosen
 * ones precede) for the others, and stores how many are chosen. */
template <typename Chosen, typename Take, typename Leave, typename Total>
hipError_t select(Workspace &room, size_t count, Chosen chosen, Take take, Leave leave,
                  Total total, hipStream_t stream)
{
    auto load = [=] __device__(size_t i) mutable -> size_t { return chosen(i) ? 1 : 0; };
    auto visit = [=] __device__(size_t i, size_t before, size_t up_to, bool any) mutable {
        before = any ? before : 0;
        up_to != before ? take(i, before) : leave(i, before);
        if (i == count - 1)
            *total = up_to;
    };
    if (count == 0 && !room.asked_for_size())
        return over(1, stream, [=] __device__(size_t) { *total = 0; });
    return scan<size_t>(room, count, load, Sum(), visit, stream);
}

struct Nothing {
    __device__ void operator()(size_t, size_t) const {}
};

}  // namespace detail
}  // namespace cub
