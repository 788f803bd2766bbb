"""The native part: the runtime of the software GPU and the helpers of generated code, in C.

One shared library, built on first use; see `anyroc.native.build`.
"""

from __future__ import annotations

import ctypes
from functools import cache

from anyroc.errors import AnyrocError
from anyroc.native.build import host, library_path

__all__ = ["LinkError", "host", "library", "library_path", "link", "link_library", "symbol"]


class LinkError(AnyrocError):
    """Generated code that cannot be loaded."""


@cache
def library() -> ctypes.CDLL:
    """Return the loaded native library, building it first if need be."""
    return ctypes.CDLL(str(library_path()))


def symbol(name: str) -> int:
    """Return the address of a function or variable of the native library.

    Raises ValueError if it has none of that name.
    """
    return ctypes.addressof(ctypes.c_char.in_dll(library(), name))


def link(objects: bytes, sizes: list[int], entry: str) -> int:
    """Load relocatable objects, one after the other in `objects`; return the address of `entry`.

    Undefined symbols are looked up in the native library, then in the process. LinkError says what
    is wrong with the objects.
    """
    function = library().anyroc_link
    function.restype = ctypes.c_void_p
    message = ctypes.create_string_buffer(256)
    table = (ctypes.c_uint64 * len(sizes))(*sizes)
    name = entry.encode()
    address = function(objects, table, len(sizes), name, message, ctypes.c_size_t(len(message)))
    if address is None:
        raise LinkError(
            f"generated code does not load: {message.value.decode(errors='replace')}",
            hint="anyroc cache clear, and try again",
        )
    return int(address)


def link_library(data: bytes) -> None:
    """Load a relocatable object whose functions objects linked later can call, for good.

    LinkError says what is wrong with it.
    """
    message = ctypes.create_string_buffer(256)
    size = ctypes.c_uint64(len(data))
    if library().anyroc_link_library(data, size, message, ctypes.c_size_t(len(message))):
        raise LinkError(
            f"compiled instructions do not load: {message.value.decode(errors='replace')}",
            hint="anyroc cache clear, and try again",
        )
