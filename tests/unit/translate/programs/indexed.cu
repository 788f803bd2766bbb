// A local array that stays in registers, indexed by a number that is the same for all lanes: relative moves.
#include <cstdio>
#include <cuda_runtime.h>

__global__ void indexed(int *c, int n, int m)
{
    int i = threadIdx.x, l[16];
    for (int j = 0; j < 16; j++)
        l[j] = i * 100 + j * j;
    l[n & 15] = -i;
    c[i] = l[m & 15] + l[(n + m) & 15];
}

int main()
{
    int *c, h[64], bad = 0;
    cudaMalloc(&c, sizeof h);
    for (int n = 0; n < 16; n++)
        for (int m = 0; m < 16; m++) {
            indexed<<<1, 64>>>(c, n, m);
            cudaMemcpy(h, c, sizeof h, cudaMemcpyDeviceToHost);
            for (int i = 0; i < 64; i++) {
                int l[16];
                for (int j = 0; j < 16; j++)
                    l[j] = i * 100 + j * j;
                l[n] = -i;
                bad += h[i] != l[m] + l[(n + m) & 15];
            }
        }
    printf("%d wrong\n", bad);
    return bad != 0;
}
