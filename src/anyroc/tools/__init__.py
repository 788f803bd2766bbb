"""Tools that observe kernels through `anyroc.hooks`."""
