"""hipSOLVER: both spellings of its functions, its own and the one with cuSOLVER's arguments."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from anyroc.cabi import memory, table
from anyroc.cabi.table import Function
from anyroc.hip.state import Handles
from anyroc.libs import blas, solver, work
from anyroc.libs.handle import Handle, handles
from anyroc.libs.lapack import Problem
from anyroc.libs.status import StatusError, failing, require

NOT_INITIALIZED, ALLOC_FAILED, INVALID_VALUE, INTERNAL_ERROR = 1, 2, 3, 6
NOT_SUPPORTED, HANDLE_IS_NULLPTR, INVALID_ENUM = 7, 9, 10
STATUS = blas.Status(NOT_INITIALIZED, INVALID_VALUE, INVALID_VALUE, INVALID_ENUM)

failure = failing(invalid=INVALID_VALUE, memory=ALLOC_FAILED, internal=INTERNAL_ERROR)

_NAME = re.compile(
    r"hipsolver(?:Dn)?(?P<base>(?:(?P<letter>[SDCZ])(?P=letter)?(?=[a-z])|X)[a-z]+)"
    r"(?:Strided)?(?:Batched)?(?P<size>_bufferSize)?"
)
_RENAMED = {
    "trans": "transA",
    "jobz": "evect",
    **dict.fromkeys(("tau", "devIpiv"), "ipiv"),
    "devInfo": "info",
}
_ANSWERS = {"nev", "niters", "hRnrmF"}
"""Arguments that lie in the host's memory and are written."""
_LETTERS = {0: "s", 1: "d", 4: "c", 5: "z"}
"""By a hipDataType."""
_SPARSE = re.compile(r"hipsolverSp(?P<letter>[SD])csrlsvchol(?P<host>Host)?")
_WORKSPACE = 256
"""What callers are told to provide, in bytes or elements. It is not used."""


def bodies() -> dict[str, Callable[..., Any]]:
    """Return the functions that compute, and those that say how much memory that takes."""
    found: dict[str, Callable[..., Any]] = {
        prefix + name.format(problem if "Info" in name else problem.lower()): body
        for prefix in ("hipsolver", "hipsolverDn")
        for problem in ("Gesvdj", "Syevj")
        for name, body in _ABOUT_JACOBI.items()
    }
    for row in table.load("hipsolver").functions:
        named = _NAME.fullmatch(row.name)
        sparse = _SPARSE.fullmatch(row.name)
        if row.section in ("dense", "compatible", "generic") and named is not None:
            if named["size"]:
                found[row.name] = _size_body(row)
            elif body := _body(row):
                found[row.name] = body
        elif sparse is not None:
            kind = np.float32 if sparse["letter"] == "S" else np.float64
            found[row.name] = _sparse_body(row.name, kind, on_host=bool(sparse["host"]))
    return found


def _size_body(row: Function) -> Callable[..., None]:
    places = {
        index: memory.put_u64 if argument.type.startswith("size_t") else memory.put_i32
        for index, argument in enumerate(row.arguments)
        if argument.name.startswith("lwork")
    }

    def size(*values: int) -> None:
        _handle(values[0])
        for index, put in places.items():
            put(values[index], 0 if row.arguments[index].name == "lworkOnHost" else _WORKSPACE)

    return size


def _body(row: Function) -> Callable[..., None] | None:
    signature = blas.Signature(row, _NAME, _RENAMED)
    generic = row.section == "generic"
    routine = re.sub(r"^([sdcz])\1(?=ge)|^[sdczx]", "", signature.base)
    compute = solver.FUNCTIONS.get(routine)
    if compute is None:
        return None
    answers = bool(_ANSWERS & set(signature.names))
    made_of = _Generic if generic else Problem

    def call(handle: int, *values: int | bytes) -> None:
        _handle(handle)
        numbers = tuple(ord(value) if isinstance(value, bytes) else value for value in values)
        made = blas.prepared(signature, handle, numbers, STATUS)
        letter = signature.base[0]
        if generic:
            require(made.values["dataTypeA"] in _LETTERS, NOT_SUPPORTED)
            letter = _LETTERS[made.values["dataTypeA"]]

        def solve() -> None:
            for index in range(made.batch):
                compute(made_of(made, index, letter))

        if made.batch:
            work.enqueue(signature.function, made.handle.stream, solve)
            if answers:
                work.synchronize(made.handle.stream)

    return call


class _Generic(Problem):
    """A problem whose sizes and pivots have 64 bits."""

    pivot_kind = np.int64


def _sparse_body(name: str, kind: Any, *, on_host: bool) -> Callable[..., None]:
    def call(handle: int, n: int, count: int, description: int, *rest: Any) -> None:
        from anyroc.libs.hipsparse import index_base

        values, rows, columns, right, tolerance, _, solution, singular = rest
        base = index_base(description)

        def solve() -> None:
            take = functools.partial(solver.elements, on_host=on_host)
            system = solver.SparseSystem(
                base,
                take(rows, n + 1, np.int32),
                take(columns, count, np.int32),
                take(values, count, kind),
                take(right, n, kind),
            )
            found, pivot = system.solve(tolerance)
            take(solution, n, kind)[...] = found
            memory.put_i32(singular, pivot)

        stream = _handle(handle).stream
        work.enqueue(name, stream, solve)
        work.synchronize(stream)

    return call


def _handle(number: int) -> Handle:
    require(number, HANDLE_IS_NULLPTR)
    if number not in handles:
        raise StatusError(NOT_INITIALIZED)
    return handles[number]


def hipsolverCreate(out: int) -> None:
    memory.put_u64(out, handles.add(Handle()))


def hipsolverDestroy(handle: int) -> None:
    _handle(handle)
    handles.remove(handle)


def hipsolverSetStream(handle: int, stream: int) -> None:
    _handle(handle).set_stream(stream)


def hipsolverGetStream(handle: int, out: int) -> None:
    memory.put_u64(out, _handle(handle).stream)


def hipsolverSetDeterministicMode(handle: int, mode: int) -> None:
    _handle(handle).settings["deterministic"] = mode


def hipsolverGetDeterministicMode(handle: int, out: int) -> None:
    memory.put_i32(out, _handle(handle).settings.get("deterministic", 241))


hipsolverDnCreate = hipsolverSpCreate = hipsolverCreate
hipsolverDnDestroy = hipsolverSpDestroy = hipsolverDestroy
hipsolverDnSetStream = hipsolverSpSetStream = hipsolverSetStream
hipsolverDnGetStream = hipsolverGetStream
hipsolverDnSetDeterministicMode = hipsolverSetDeterministicMode
hipsolverDnGetDeterministicMode = hipsolverGetDeterministicMode

_settings: Handles[dict[str, float]] = Handles()
"""Of Jacobi's method, which is not what computes here: they are kept and have no effect."""


def _create_settings(out: int) -> None:
    memory.put_u64(out, _settings.add({}))


def _destroy_settings(info: int) -> None:
    require(info in _settings, INVALID_VALUE)
    _settings.remove(info)


def _setter(name: str) -> Callable[..., None]:
    def put(info: int, value: float) -> None:
        require(info in _settings, INVALID_VALUE)
        _settings[info][name] = value

    return put


def _residual(handle: int, info: int, out: int) -> None:
    _handle(handle)
    require(info in _settings, INVALID_VALUE)
    memory.put_f64(out, 0.0)


def _sweeps(handle: int, info: int, out: int) -> None:
    _handle(handle)
    require(info in _settings, INVALID_VALUE)
    memory.put_i32(out, 1)


_ABOUT_JACOBI: dict[str, Callable[..., None]] = {
    "Create{}Info": _create_settings,
    "Destroy{}Info": _destroy_settings,
    **{f"X{{}}Set{name}": _setter(name) for name in ("Tolerance", "MaxSweeps", "SortEig")},
    "X{}GetResidual": _residual,
    "X{}GetSweeps": _sweeps,
}
"""By the functions' names, without the prefix and that of the problem."""

hipsolverDnCreateParams = _create_settings
hipsolverDnDestroyParams = _destroy_settings


def hipsolverDnSetAdvOptions(parameters: int, function: int, algorithm: int) -> None:
    require(parameters in _settings, INVALID_VALUE)
    _settings[parameters][f"algorithm {function}"] = algorithm
