"""The libraries' C functions, as a C program in this process calls them."""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from anyroc import libs
from anyroc.cabi import table
from anyroc.hip import calls

_SCALARS = {
    "void *": ctypes.c_void_p,
    "int": ctypes.c_int,
    "unsigned": ctypes.c_uint,
    "unsigned int": ctypes.c_uint,
    "int32_t": ctypes.c_int32,
    "uint32_t": ctypes.c_uint32,
    "int64_t": ctypes.c_int64,
    "long long": ctypes.c_int64,
    "uint64_t": ctypes.c_uint64,
    "unsigned long long": ctypes.c_uint64,
    "size_t": ctypes.c_size_t,
    "float": ctypes.c_float,
    "double": ctypes.c_double,
    "char": ctypes.c_byte,
}


class Api:
    """Calls by name of the functions of one library."""

    def __init__(self, name: str) -> None:
        self._table = table.load(name)
        self._library = libs.bind(name)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        function = self._table[name]
        types = [self._type(argument.type) for argument in function.arguments]
        result = None if function.returns == "void" else self._type(function.returns)
        call = ctypes.CFUNCTYPE(result, *types)(self._library.address(name))
        setattr(self, name, call)
        return call

    def _type(self, c_type: str) -> Any:
        if c_type == "const char*":
            return ctypes.c_char_p
        return _SCALARS[self._table.passing(c_type).element]


@pytest.fixture
def api() -> Callable[[str], Api]:
    """Load a library by the name of its table."""
    return functools.cache(Api)


def hip(name: str, *arguments: Any) -> None:
    """Call a HIP function that succeeds."""
    address = calls.library().address(name)
    assert 0 == ctypes.CFUNCTYPE(ctypes.c_int)(address)(*arguments), name


class Device:
    """Arrays on the device, in the order of columns, that live as long as the test."""

    def __init__(self) -> None:
        self._places: list[ctypes.c_void_p] = []

    def empty(self, size: int) -> ctypes.c_void_p:
        """Allocate bytes."""
        place = ctypes.c_void_p()
        hip("hipMalloc", ctypes.byref(place), ctypes.c_size_t(max(size, 1)))
        self._places.append(place)
        return place

    def put(self, array: np.ndarray) -> ctypes.c_void_p:
        """Copy an array to the device."""
        data = np.asfortranarray(array)
        place = self.empty(data.nbytes)
        source = ctypes.c_void_p(data.ctypes.data)
        hip("hipMemcpy", place, source, ctypes.c_size_t(data.nbytes), 1)
        return place

    def get(self, place: ctypes.c_void_p, like: np.ndarray) -> np.ndarray:
        """Copy back an array of the shape and type of `like`."""
        made = np.empty_like(np.asfortranarray(like))
        hip("hipMemcpy", ctypes.c_void_p(made.ctypes.data), place, ctypes.c_size_t(made.nbytes), 2)
        return made

    def launch(self, code: bytes, name: str, data: np.ndarray, *scalars: Any) -> np.ndarray:
        """Run a kernel with a work-item per element of `data`; return what it makes of it."""
        module, function, place = ctypes.c_void_p(), ctypes.c_void_p(), self.put(data)
        hip("hipModuleLoadData", ctypes.byref(module), code)
        hip("hipModuleGetFunction", ctypes.byref(function), module, name.encode())
        values = [place, *scalars]
        given = (ctypes.c_void_p * len(values))(*(ctypes.addressof(value) for value in values))
        hip("hipModuleLaunchKernel", function, 1, 1, 1, data.size, 1, 1, 0, None, given, None)
        result = self.get(place, data)
        hip("hipModuleUnload", module)
        return result

    def close(self) -> None:
        """Free everything."""
        for place in self._places:
            hip("hipFree", place)


@pytest.fixture
def device() -> Iterator[Device]:
    made = Device()
    yield made
    made.close()
