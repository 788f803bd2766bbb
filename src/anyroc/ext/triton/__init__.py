"""Triton on the software GPU: an out-of-tree driver that Triton finds by its entry point.

Triton's own AMD backend compiles; what it made is loaded and launched here. Tensors are ordinary
CPU tensors, because the software GPU reads host memory at its own addresses, and a launch returns
when the kernel is done, because nothing would make a reader of such a tensor wait.

Modules named `driver` and `compiler` are what Triton looks for. It takes the one class in each that
has the right base, so they import modules, not classes.
"""
