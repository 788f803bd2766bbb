// Graphs: captured from streams that fork and join, built by hand, launched again and again.
#include <cstdio>
#include <cuda_runtime.h>

__global__ void add(int *p, int amount)
{
    atomicAdd(p, amount);
}

__global__ void sum(int *to, const int *a, const int *b)
{
    *to = *a + *b;
}

static int host_calls;

static void host(void *data)
{
    host_calls += *(int *)data;
}

int main()
{
    int *a, *b, *c, back;
    cudaMalloc(&a, 4);
    cudaMalloc(&b, 4);
    cudaMalloc(&c, 4);
    cudaMemset(a, 0, 4);
    cudaMemset(b, 0, 4);

    cudaStream_t first, second;
    cudaEvent_t fork, join;
    cudaStreamCreateWithFlags(&first, cudaStreamNonBlocking);
    cudaStreamCreateWithFlags(&second, cudaStreamNonBlocking);
    cudaEventCreate(&fork);
    cudaEventCreate(&join);

    cudaGraph_t graph;
    cudaGraphExec_t executable;
    cudaStreamCaptureStatus status;
    printf("%d\n", (int)cudaStreamBeginCapture(first, cudaStreamCaptureModeGlobal));
    add<<<1, 1, 0, first>>>(a, 1);
    cudaEventRecord(fork, first);
    cudaStreamWaitEvent(second, fork, 0);
    add<<<1, 1, 0, second>>>(b, 10);
    cudaEventRecord(join, second);
    add<<<1, 1, 0, first>>>(a, 2);
    cudaStreamWaitEvent(first, join, 0);
    sum<<<1, 1, 0, first>>>(c, a, b);
    cudaStreamIsCapturing(second, &status);
    printf("capturing %d\n", (int)status);
    printf("%d\n", (int)cudaStreamEndCapture(first, &graph));
    size_t nodes = 0, edges = 0;
    cudaGraphGetNodes(graph, nullptr, &nodes);
    cudaGraphGetEdges(graph, nullptr, nullptr, &edges);
    printf("%d nodes, %d edges\n", (int)nodes, (int)edges);

    cudaMemcpy(&back, a, 4, cudaMemcpyDeviceToHost);
    printf("nothing ran yet: %d\n", back);
    printf("%d\n", (int)cudaGraphInstantiate(&executable, graph, nullptr, nullptr, 0));
    for (int i = 0; i < 3; ++i)
        cudaGraphLaunch(executable, first);
    cudaStreamSynchronize(first);
    cudaMemcpy(&back, c, 4, cudaMemcpyDeviceToHost);
    printf("three times: %d\n", back);
    cudaGraphExecDestroy(executable);
    cudaGraphDestroy(graph);

    // By hand: memset → kernel → copy to the host → host function.
    static int result, amount = 7, one = 1;
    cudaGraphCreate(&graph, 0);
    cudaGraphNode_t fill, kernel, copy, call;
    cudaMemsetParams memset = {};
    memset.dst = a;
    memset.elementSize = 4;
    memset.height = memset.width = 1;
    memset.value = 100;
    cudaGraphAddMemsetNode(&fill, graph, nullptr, 0, &memset);
    void *arguments[] = {&a, &amount};
    cudaKernelNodeParams launch = {};
    launch.func = (void *)add;
    launch.gridDim = dim3(2);
    launch.blockDim = dim3(4);
    launch.kernelParams = arguments;
    printf("%d\n", (int)cudaGraphAddKernelNode(&kernel, graph, &fill, 1, &launch));
    cudaGraphAddMemcpyNode1D(&copy, graph, &kernel, 1, &result, a, 4, cudaMemcpyDeviceToHost);
    cudaHostNodeParams function = {host, &one};
    cudaGraphAddHostNode(&call, graph, &copy, 1, &function);
    cudaGraphInstantiate(&executable, graph, nullptr, nullptr, 0);
    cudaGraphLaunch(executable, first);
    cudaStreamSynchronize(first);
    printf("by hand: %d, host calls %d\n", result, host_calls);
    amount = 1;
    cudaGraphExecKernelNodeSetParams(executable, kernel, &launch);
    cudaGraphLaunch(executable, first);
    cudaStreamSynchronize(first);
    printf("updated: %d, host calls %d\n", result, host_calls);

    // What cannot be captured spoils the capture.
    cudaStreamBeginCapture(first, cudaStreamCaptureModeGlobal);
    add<<<1, 1, 0, first>>>(a, 1);
    printf("synchronize while capturing: %d\n", (int)cudaStreamSynchronize(first));
    printf("%d %d\n", (int)cudaStreamEndCapture(first, &graph), graph == nullptr);
    cudaStreamBeginCapture(first, cudaStreamCaptureModeGlobal);
    cudaEventRecord(fork, first);
    cudaStreamWaitEvent(second, fork, 0);
    add<<<1, 1, 0, second>>>(b, 10);
    printf("unjoined: %d\n", (int)cudaStreamEndCapture(first, &graph));
    printf("null stream: %d\n", (int)cudaStreamBeginCapture(0, cudaStreamCaptureModeGlobal));
    printf("end without begin: %d\n", (int)cudaStreamEndCapture(first, &graph));
}
