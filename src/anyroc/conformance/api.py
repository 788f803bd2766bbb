"""The C functions of a libamdhip64.so as a C program calls them."""

from __future__ import annotations

import ctypes
import functools
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from anyroc.cabi import table
from anyroc.hip import properties

_SCALARS: dict[str, Any] = {
    "void *": ctypes.c_void_p,
    "char": ctypes.c_uint8,
    "unsigned char": ctypes.c_uint8,
    "unsigned short": ctypes.c_uint16,
    "int": ctypes.c_int,
    "unsigned": ctypes.c_uint,
    "unsigned int": ctypes.c_uint,
    "uint32_t": ctypes.c_uint32,
    "uint64_t": ctypes.c_uint64,
    "unsigned long long": ctypes.c_uint64,
    "size_t": ctypes.c_size_t,
    "float": ctypes.c_float,
}

HOST_TO_DEVICE, DEVICE_TO_HOST, DEVICE_TO_DEVICE, DEFAULT = 1, 2, 3, 4
SUCCESS, INVALID_VALUE, OUT_OF_MEMORY, NOT_READY = 0, 1, 2, 600

_PROPERTIES_SIZE = 2048
_NOT_SUPPORTED = 801

Body = Callable[..., Any]


class Skipped(Exception):
    """A check does not apply; the text says why."""


class Failed(Exception):
    """A call did not return what it should."""


class Api:
    """Calls by name: ``api.hipFree(pointer)`` returns the code, ``api.good("hipFree", p)`` needs 0.

    Structures by value are given as tuples.
    """

    def __init__(self, path: Path) -> None:
        self._library = ctypes.CDLL(str(path), mode=os.RTLD_NOW | os.RTLD_GLOBAL)

    def __getattr__(self, name: str) -> Body:
        row = table.load("hip")[name]
        types = [_c_type(argument.type) for argument in row.arguments]
        try:
            function = getattr(self._library, name)
        except AttributeError:
            raise Failed(f"the library has no {name}") from None
        function.restype = _c_type(row.returns)
        function.argtypes = types

        def call(*arguments: Any) -> Any:
            made = [
                kind(kind._fields_[0][1](*value)) if isinstance(value, tuple) else value
                for kind, value in zip(types, arguments, strict=True)
            ]
            return function(*made)

        setattr(self, name, call)
        return call

    def good(self, name: str, *arguments: Any) -> None:
        """Make a call that must succeed."""
        self.expect(SUCCESS, name, *arguments)

    def expect(self, code: int, name: str, *arguments: Any) -> None:
        """Make a call that must return a code."""
        found = getattr(self, name)(*arguments)
        if found != code:
            raise Failed(f"{name} returns {found}, expected {code}")

    def made(self, name: str, *arguments: Any) -> int:
        """Make a call whose first argument takes a handle or an address, and return that."""
        out = ctypes.c_void_p()
        self.good(name, ctypes.byref(out), *arguments)
        return out.value or 0

    def number(self, name: str, *arguments: Any) -> int:
        """Make a call whose first argument takes an int, and return that."""
        out = ctypes.c_int(-1)
        self.good(name, ctypes.byref(out), *arguments)
        return out.value

    def write(self, address: int, data: bytes) -> None:
        """Copy bytes to the device."""
        self.good("hipMemcpy", address, data, len(data), HOST_TO_DEVICE)

    def read(self, address: int, size: int) -> bytes:
        """Copy bytes from the device."""
        buffer = ctypes.create_string_buffer(size)
        self.good("hipMemcpy", buffer, address, size, DEVICE_TO_HOST)
        return buffer.raw

    def need(self, attribute: int, what: str) -> None:
        """Skip the check where an attribute of the device says that it has not got `what`."""
        out = ctypes.c_int()
        code = self.hipDeviceGetAttribute(ctypes.byref(out), attribute, 0)
        if code == SUCCESS and not out.value:
            raise Skipped(f"the device has no {what}")

    def offered(self, name: str, *arguments: Any) -> int:
        """Do as `made`, but skip the check where the library does not support the call."""
        out = ctypes.c_void_p()
        code = getattr(self, name)(ctypes.byref(out), *arguments)
        if code == _NOT_SUPPORTED:
            raise Skipped(f"{name} is not supported")
        if code != SUCCESS:
            raise Failed(f"{name} returns {code}, expected {SUCCESS}")
        return out.value or 0

    @functools.cached_property
    def properties(self) -> bytes:
        """hipDeviceProp_t of the first device, in the layout since ROCm 6."""
        room = ctypes.create_string_buffer(_PROPERTIES_SIZE)
        self.good("hipGetDevicePropertiesR0600", room, 0)
        return room.raw

    @functools.cached_property
    def architecture(self) -> str:
        """The name of the first device's instruction set."""
        name: bytes = properties.R0600.unpack(self.properties)["gcnArchName"]
        return name.split(b"\0")[0].decode().partition(":")[0]

    @functools.cached_property
    def code_object(self) -> bytes:
        """The kernels of `kernels.hip` for the current device."""
        from anyroc.compiler import compile_device
        from anyroc.isa.targets import TARGETS

        if self.architecture not in TARGETS:
            raise Skipped(f"there is no compiler for {self.architecture} here")
        source = Path(__file__).with_name("kernels.hip")
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / source.name
            copy.write_bytes(source.read_bytes())
            return compile_device(copy, target=TARGETS[self.architecture])


@functools.cache
def _c_type(c_type: str) -> Any:
    if c_type == "const char*":
        return ctypes.c_char_p
    if c_type == "void":
        return None
    passing = table.load("hip").passing(c_type)
    if passing.count == 1:
        return _SCALARS[passing.element]
    fields = [("v", _SCALARS[passing.element] * passing.count)]
    return type(c_type, (ctypes.Structure,), {"_fields_": fields})


def same(expected: Any, found: Any, what: str) -> None:
    """Require two values to be equal."""
    if expected != found:
        raise Failed(f"{what}: expected {expected!r}, found {found!r}")
