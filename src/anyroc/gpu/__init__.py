"""The software GPU: memory, queues and the dispatch of translated kernels over the CPU's cores."""
