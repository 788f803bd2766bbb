"""The C functions of libamdhip64 as a C program in this process calls them."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from anyroc import hip
from anyroc.cabi import table
from anyroc.hip import calls

_SCALARS = {
    "void *": ctypes.c_void_p,
    "int": ctypes.c_int,
    "unsigned": ctypes.c_uint,
    "unsigned int": ctypes.c_uint,
    "uint32_t": ctypes.c_uint,
    "uint64_t": ctypes.c_uint64,
    "unsigned long long": ctypes.c_uint64,
    "unsigned char": ctypes.c_uint8,
    "unsigned short": ctypes.c_uint16,
    "size_t": ctypes.c_size_t,
    "float": ctypes.c_float,
    "char": ctypes.c_uint8,
}


def by_value(name: str) -> Any:
    """Return the ctypes type of a structure that the table passes by value."""
    passing = table.load("hip").types[name]
    fields = [("v", _SCALARS[passing.element] * passing.count)]
    return type(name, (ctypes.Structure,), {"_fields_": fields})


_VALUES = {name: by_value(name) for name, how in table.load("hip").types.items() if how.count > 1}


class Api:
    """Calls by name: ``api.hipMalloc(ctypes.byref(pointer), 64)``; structures as tuples."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        function = table.load("hip")[name]
        types = [self._type(argument.type) for argument in function.arguments]
        result = None if function.returns == "void" else self._type(function.returns)
        call = ctypes.CFUNCTYPE(result, *types)(calls.library().address(name))

        def invoke(*arguments: Any) -> Any:
            made = [
                kind(kind._fields_[0][1](*value)) if isinstance(value, tuple) else value
                for kind, value in zip(types, arguments, strict=True)
            ]
            return call(*made)

        setattr(self, name, invoke)
        return invoke

    @staticmethod
    def _type(c_type: str) -> Any:
        if c_type == "const char*":
            return ctypes.c_char_p
        if c_type in _VALUES:
            return _VALUES[c_type]
        return _SCALARS[table.load("hip").passing(c_type).element]

    def malloc(self, size: int) -> int:
        """Allocate device memory that succeeds."""
        pointer = ctypes.c_void_p()
        assert 0 == self.hipMalloc(ctypes.byref(pointer), size)
        return pointer.value or 0

    def stream(self, flags: int = 0) -> int:
        """Create a stream."""
        stream = ctypes.c_void_p()
        assert 0 == self.hipStreamCreateWithFlags(ctypes.byref(stream), flags)
        return stream.value or 0

    def event(self, flags: int = 0) -> int:
        """Create an event."""
        event = ctypes.c_void_p()
        assert 0 == self.hipEventCreateWithFlags(ctypes.byref(event), flags)
        return event.value or 0

    def write(self, address: int, data: bytes) -> None:
        """Copy bytes to the device."""
        assert 0 == self.hipMemcpy(address, data, len(data), 1)

    def read(self, address: int, size: int) -> bytes:
        """Copy bytes from the device."""
        buffer = ctypes.create_string_buffer(size)
        assert 0 == self.hipMemcpy(buffer, address, size, 2)
        return buffer.raw


@pytest.fixture(scope="session")
def api() -> Api:
    hip.bind()
    return Api()


@pytest.fixture(autouse=True)
def _clean_errors(api: Api) -> Iterator[None]:
    yield
    api.hipGetLastError()
    api.hipSetDevice(0)


@pytest.fixture(scope="session")
def code_object() -> bytes:
    """The kernels of kernels.hip as a code object for the default device.

    Its last workgroups may be smaller than the others.
    """
    from anyroc.compiler import Options, compile_device
    from anyroc.isa.targets import target

    source = Path(__file__).with_name("kernels.hip")
    options = Options(extra=("-fno-offload-uniform-block",))
    return compile_device(source, target=target("gfx942"), options=options)
