// Graphs inside graphs: what is changed in one that is inside counts for what is made of the whole
// afterwards, and for nothing that was made before. Prints a line for each depth.
#include <hip/hip_runtime.h>

#include <cstdio>

#define CHECK(call)                                            \
    do {                                                       \
        hipError_t error = (call);                             \
        if (error != hipSuccess) {                             \
            printf("%s: %s\n", #call, hipGetErrorName(error)); \
            return -1;                                         \
        }                                                      \
    } while (0)

__global__ void add(int *sum, int number) { *sum += number; }

static hipGraphNode_t add_node(hipGraph_t graph, int *sum, int number)
{
    void *arguments[] = {&sum, &number};
    hipKernelNodeParams parameters{};
    parameters.func = (void *)add;
    parameters.gridDim = parameters.blockDim = dim3(1);
    parameters.kernelParams = arguments;
    hipGraphNode_t node = nullptr;
    (void)hipGraphAddKernelNode(&node, graph, nullptr, 0, &parameters);
    return node;
}

static int result(hipGraphExec_t made, int *sum)
{
    int value = 0;
    CHECK(hipMemset(sum, 0, 4));
    CHECK(hipGraphLaunch(made, 0));
    CHECK(hipDeviceSynchronize());
    CHECK(hipMemcpy(&value, sum, 4, hipMemcpyDeviceToHost));
    CHECK(hipGraphExecDestroy(made));
    return value;
}

int main()
{
    int *sum;
    CHECK(hipMalloc((void **)&sum, 4));
    for (int depth = 0; depth < 3; depth++) {
        hipGraph_t graphs[3], inner, clone;
        for (auto &graph : graphs)
            CHECK(hipGraphCreate(&graph, 0));
        hipGraphNode_t one = add_node(graphs[0], sum, 1), ten = add_node(graphs[0], sum, 10);
        hipGraphNode_t last = add_node(graphs[0], sum, 100), child;
        CHECK(hipGraphAddDependencies(graphs[0], &one, &last, 1));
        CHECK(hipGraphAddDependencies(graphs[0], &ten, &last, 1));
        for (int level = 0; level < depth; level++)
            CHECK(hipGraphAddChildGraphNode(&child, graphs[level + 1], nullptr, 0, graphs[level]));
        inner = graphs[depth];
        for (int level = 0; level < depth; level++) {
            size_t count = 1;
            CHECK(hipGraphGetNodes(inner, &child, &count));
            CHECK(hipGraphChildGraphNodeGetGraph(child, &inner));
        }
        hipGraphExec_t before, after, cloned;
        CHECK(hipGraphInstantiate(&before, graphs[depth], nullptr, nullptr, 0));
        hipGraphNode_t nodes[3];
        size_t count = 3;
        CHECK(hipGraphGetNodes(inner, nodes, &count));
        CHECK(hipGraphDestroyNode(nodes[2]));
        hipGraphNode_t other = add_node(inner, sum, 1000);
        CHECK(hipGraphAddDependencies(inner, &nodes[0], &other, 1));
        CHECK(hipGraphAddDependencies(inner, &nodes[1], &other, 1));
        CHECK(hipGraphInstantiate(&after, graphs[depth], nullptr, nullptr, 0));
        CHECK(hipGraphClone(&clone, graphs[depth]));
        CHECK(hipGraphDestroyNode(other));
        CHECK(hipGraphInstantiate(&cloned, clone, nullptr, nullptr, 0));
        printf("%d %d %d\n", result(before, sum), result(after, sum), result(cloned, sum));
        CHECK(hipGraphDestroy(clone));
        for (auto &graph : graphs)
            CHECK(hipGraphDestroy(graph));
    }
}
