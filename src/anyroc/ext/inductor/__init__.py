"""TorchInductor on the software GPU: Triton's backend for the device "cpu".

Inductor with `cpu_backend = "triton"` writes Triton kernels for CPU tensors. It asks Triton for a
backend of that name, which is the entry point `cpu`; both of its modules are looked at as those of
`anyroc.ext.triton` are.
"""
