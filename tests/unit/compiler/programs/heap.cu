// malloc, free, new and delete in device code.
#include "check.h"

constexpr int THREADS = 256, BLOCKS = 4, ROUNDS = 20;

struct Node {
    int value;
    Node *next;
    __device__ Node(int v, Node *n) : value(v), next(n) {}
};

__device__ Node *kept[THREADS * BLOCKS];

__global__ void build(int *sums)
{
    int g = blockIdx.x * blockDim.x + threadIdx.x;
    int sum = 0;
    for (int round = 0; round < ROUNDS; ++round) {
        Node *list = nullptr;
        for (int k = 0; k < g % 7 + 1; ++k)
            list = new Node(g + k, list);
        int *array = static_cast<int *>(malloc((g % 50 + 1) * sizeof(int)));
        for (int k = 0; k <= g % 50; ++k)
            array[k] = g ^ k;
        for (Node *node = list; node;) {
            sum += node->value;
            Node *next = node->next;
            delete node;
            node = next;
        }
        for (int k = 0; k <= g % 50; ++k)
            sum += array[k] == (g ^ k);
        free(array);
    }
    kept[g] = new Node(g, nullptr);
    sums[g] = sum;
}

__global__ void collect(int *sums)
{
    int g = blockIdx.x * blockDim.x + threadIdx.x;
    sums[g] += kept[g]->value;
    delete kept[g];
    free(nullptr);
    if (g == 0)
        sums[0] += malloc(1ull << 45) == nullptr;
}

int main()
{
    Managed<int, THREADS * BLOCKS> sums;
    build<<<BLOCKS, THREADS>>>(sums);
    collect<<<BLOCKS, THREADS>>>(sums);
    cudaDeviceSynchronize();
    for (int g = 0; g < THREADS * BLOCKS; ++g) {
        int expected = 0;
        for (int k = 0; k < g % 7 + 1; ++k)
            expected += g + k;
        expect("sum", g, ROUNDS * (expected + g % 50 + 1) + g + (g == 0), sums[g]);
    }
    return verdict();
}
