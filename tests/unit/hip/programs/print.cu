// Device and host printf interleave in the order of the program.
#include <cstdio>
#include <cuda_runtime.h>

__global__ void say(int round)
{
    printf("device %d, thread %d, %s, %.2f\n", round, (int)threadIdx.x, "text", 0.25 * round);
}

int main()
{
    for (int round = 0; round < 3; ++round) {
        printf("host %d\n", round);
        say<<<1, 2>>>(round);
        cudaDeviceSynchronize();
    }
    fprintf(stderr, "host to stderr\n");
    say<<<1, 1>>>(9); // nobody waits for this one but the end of the program
    return 0;
}
