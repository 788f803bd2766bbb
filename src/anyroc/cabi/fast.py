"""What C needs to know to launch a kernel without asking Python; cabi/hip.c is the original.

The structures belong to their Python owners, and C forgets them before they end.
"""

from __future__ import annotations

import ctypes


class FastStream(ctypes.Structure):
    """struct fast_stream.

    `launched` and `submitted` count the work that a stream has been given from C and from Python.
    Work on a stream that is `open` waits for nothing but, for a blocking stream, the legacy stream:
    the first `legacy_seen` pieces of its work have been waited for.
    """

    _fields_ = (
        ("queue", ctypes.c_void_p),
        ("launched", ctypes.c_uint64),
        ("submitted", ctypes.c_uint64),
        ("legacy", ctypes.c_void_p),
        ("legacy_seen", ctypes.c_uint64),
        ("open", ctypes.c_uint32),
        ("device", ctypes.c_uint32),
    )

    @property
    def address(self) -> int:
        """Where it lies."""
        return ctypes.addressof(self)


class FastKernel(ctypes.Structure):
    """struct fast_kernel: a kernel on a device, and the shapes of launches that it is ready for."""

    _fields_ = (
        ("kernel", ctypes.c_void_p),
        ("wave_size", ctypes.c_uint32),
        ("ready", ctypes.c_uint32),
        ("has_arguments", ctypes.c_uint32),
        ("device", ctypes.c_uint32),
    )

    @property
    def address(self) -> int:
        """Where it lies."""
        return ctypes.addressof(self)
