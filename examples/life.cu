// Conway's Game of Life on a torus. A block keeps its cells and those around them in shared memory.
//
//     life [width] [height] [generations]

#include <cuda_runtime.h>

#include "common.h"

const int block_x = 32, block_y = 8;

__host__ __device__ inline unsigned char next_state(unsigned char alive, int neighbours)
{
    return neighbours == 3 || (alive && neighbours == 2);
}

__global__ void generation(int width, int height, const unsigned char *from, unsigned char *to)
{
    __shared__ unsigned char cells[block_y + 2][block_x + 2];
    int left = blockIdx.x * block_x - 1, top = blockIdx.y * block_y - 1;
    int thread = threadIdx.y * block_x + threadIdx.x;

    for (int i = thread; i < (block_x + 2) * (block_y + 2); i += block_x * block_y) {
        int x = i % (block_x + 2), y = i / (block_x + 2);
        int column = (left + x + width) % width, row = (top + y + height) % height;
        cells[y][x] = from[row * width + column];
    }
    __syncthreads();

    int x = threadIdx.x + 1, y = threadIdx.y + 1;
    if (left + x >= width || top + y >= height)
        return;
    int neighbours = 0;
    for (int dy = -1; dy <= 1; dy++)
        for (int dx = -1; dx <= 1; dx++)
            neighbours += cells[y + dy][x + dx];
    neighbours -= cells[y][x];
    to[(top + y) * width + left + x] = next_state(cells[y][x], neighbours);
}

std::vector<unsigned char> generation_on_host(int width, int height,
                                              const std::vector<unsigned char> &from)
{
    std::vector<unsigned char> to(from.size());
    for (int y = 0; y < height; y++) {
        const unsigned char *above = &from[(y + height - 1) % height * width];
        const unsigned char *here = &from[y * width];
        const unsigned char *below = &from[(y + 1) % height * width];
        for (int x = 0; x < width; x++) {
            int left = x ? x - 1 : width - 1, right = x + 1 < width ? x + 1 : 0;
            int neighbours = above[left] + above[x] + above[right] + here[left] + here[right] +
                             below[left] + below[x] + below[right];
            to[y * width + x] = next_state(here[x], neighbours);
        }
    }
    return to;
}

int main(int argc, char **argv)
{
    int width = argument(argc, argv, 1, 512), height = argument(argc, argv, 2, 512);
    int generations = argument(argc, argv, 3, 64);
    std::vector<unsigned char> cells(width * height);
    Random random(8);
    for (unsigned char &cell : cells)
        cell = random.uniform() < 0.3f;

    Buffer<unsigned char> device_a(cells), device_b(cells.size());
    unsigned char *from = device_a, *to = device_b;
    dim3 block(block_x, block_y), grid(divide_up(width, block_x), divide_up(height, block_y));
    for (int i = 0; i < generations; i++) {
        generation<<<grid, block>>>(width, height, from, to);
        std::swap(from, to);
    }
    std::vector<unsigned char> result = from == device_a ? device_a.read() : device_b.read();

    for (int i = 0; i < generations; i++)
        cells = generation_on_host(width, height, cells);
    int wrong = 0, alive = 0;
    for (size_t i = 0; i < cells.size(); i++) {
        wrong += result[i] != cells[i];
        alive += result[i] == 1;
    }
    printf("life: %d x %d cells, %d generations, %d alive, %d wrong", width, height, generations,
           alive, wrong);
    return verdict(wrong == 0);
}
