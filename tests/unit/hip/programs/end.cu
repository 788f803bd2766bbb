// Ways to end: argv[1] says which. Destructors and handlers run, buffers are flushed.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <cuda_runtime.h>
#include <thread>

struct Memory {
    void *pointer = nullptr;
    ~Memory()
    {
        if (pointer)
            printf("destructor frees: %d\n", (int)cudaFree(pointer));
    }
} memory;

__global__ void touch(int *p)
{
    *p = 1;
}

int main(int argc, char **argv)
{
    cudaMalloc(&memory.pointer, 64);
    touch<<<1, 1>>>((int *)memory.pointer);
    printf("%s with %d arguments", argv[1], argc);
    atexit([] { printf("\nhandler\n"); });
    if (!strcmp(argv[1], "return"))
        return 300; // of which the low eight bits are the status
    if (!strcmp(argv[1], "exit"))
        exit(7);
    if (!strcmp(argv[1], "thread-exit")) {
        std::thread([] { exit(8); }).join();
    }
    if (!strcmp(argv[1], "abort"))
        abort();
    return 0;
}
