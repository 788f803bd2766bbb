"""The libraries' C functions, as a C program in this process calls them."""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Callable
from typing import Any

import pytest

from anyroc import libs
from anyroc.cabi import table

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
