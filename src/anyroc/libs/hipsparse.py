"""hipSPARSE: settings and the interface by type; the generic one is in `sparse_generic`."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from anyroc.cabi import arrays, memory, table
from anyroc.cabi.arrays import Array
from anyroc.cabi.table import Function
from anyroc.hip.state import Handles
from anyroc.libs import work
from anyroc.libs.blas import SIZES
from anyroc.libs.handle import DEVICE_POINTERS, Handle, handles
from anyroc.libs.sparse import Coordinates, from_dense
from anyroc.libs.sparse_generic import BODIES, INVALID_VALUE, handle_of, letter
from anyroc.libs.status import failing, require

ALLOC_FAILED, INTERNAL_ERROR = 2, 7
VERSION = 400000
_NAMES = (
    *("SUCCESS", "NOT_INITIALIZED", "ALLOC_FAILED", "INVALID_VALUE", "ARCH_MISMATCH"),
    *("MAPPING_ERROR", "EXECUTION_FAILED", "INTERNAL_ERROR", "MATRIX_TYPE_NOT_SUPPORTED"),
    *("ZERO_PIVOT", "NOT_SUPPORTED", "INSUFFICIENT_RESOURCES"),
)

failure = failing(invalid=INVALID_VALUE, memory=ALLOC_FAILED, internal=INTERNAL_ERROR)

_TYPES = {
    "float": np.float32,
    "double": np.float64,
    "hipFloatComplex": np.complex64,
    "hipDoubleComplex": np.complex128,
}
_TYPED = re.compile(r"hipsparse(?P<letter>[SDCZX])(?P<base>\w+)")
_FORMAT = re.compile(r"^(csrSorted|cscSorted|csr|csc|coo)(?=[A-Z])")
_TYPE = re.compile(r"const|\*|\s")


@dataclass
class Description:
    """What a hipsparseMatDescr_t stands for."""

    type: int = 0
    fill: int = 0
    diagonal: int = 0
    base: int = 0


_descriptions: Handles[Description] = Handles()


def _description(handle: int) -> Description:
    require(handle in _descriptions, INVALID_VALUE)
    return _descriptions[handle]


def index_base(handle: int) -> int:
    """Return what indices count from in a matrix of a hipsparseMatDescr_t."""
    return _description(handle).base


@dataclass
class Call:
    """One call: its arguments by their names, without the name of the format in front."""

    handle: Handle
    values: dict[str, int]
    kind: Any
    descriptions: dict[str, Description]
    kept: dict[str, memory.Block] = field(default_factory=dict)

    def __getitem__(self, name: str) -> int:
        return self.values[name]

    def base(self, matrix: str) -> int:
        """Return the number of the first index."""
        found = self.descriptions.get(f"descr{matrix}") or self.descriptions.get("descr")
        return found.base if found else self.values.get("idxBase", 0)

    def ints(self, name: str, count: int) -> Array:
        """Return indices as they lie in memory."""
        return arrays.at(work.check(self[name], 4 * count), count, np.int32)

    def numbers(self, name: str, count: int) -> Array:
        """Return values as they lie in memory."""
        size = np.dtype(self.kind).itemsize
        return arrays.at(work.check(self[name], size * count), count, self.kind)

    def dense(self, name: str, rows: int, columns: int) -> Array:
        """Return a dense matrix by columns as it lies in memory."""
        leading = self.values.get(f"ld{name.lower()}", self.values.get("ld", max(rows, 1)))
        extent = (columns - 1) * leading + rows if rows and columns else 0
        work.check(self[name], extent * np.dtype(self.kind).itemsize)
        return arrays.matrix(self[name], rows, columns, leading, self.kind)

    def scalar(self, name: str) -> complex:
        """Return alpha or beta."""
        block = self.kept.get(name)
        value: complex = arrays.at(block.address if block else self[name], 1, self.kind)[0]
        return value

    def matrix(self, name: str, rows: int, columns: int, *, values: bool = True) -> Coordinates:
        """Return a matrix in the format of compressed rows."""
        base = self.base(name)
        starts = self.ints(f"RowPtr{name}", rows + 1) - base
        count = int(starts[-1])
        columns_of = self.ints(f"ColInd{name}", count) - base
        numbers = self.numbers(f"Val{name}", count) if values else np.ones(count, np.int8)
        return Coordinates.from_compressed((rows, columns), starts, columns_of, numbers)

    def store(self, name: str, made: Coordinates) -> None:
        """Store a sorted matrix in the format of compressed rows."""
        count, base = len(made.rows), self.base(name)
        self.ints(f"RowPtr{name}", made.shape[0] + 1)[...] = made.starts() + base
        self.ints(f"ColInd{name}", count)[...] = made.columns + base
        self.numbers(f"Val{name}", count)[...] = made.values

    def put_total(self, name: str, total: int) -> None:
        """Store a count where the pointer mode says that it is."""
        memory.put_i32(self[name], total)

    def letter(self, name: str) -> str:
        """Return an operation as BLAS's letter."""
        return letter(self.values.get(name, 0))


def bodies() -> dict[str, Callable[..., Any]]:
    """Return the functions that compute."""
    found: dict[str, Callable[..., Any]] = dict(BODIES)
    for row in table.load("hipsparse").functions:
        named = _TYPED.fullmatch(row.name)
        if named is None or row.name in found:
            continue
        base = named["base"]
        if base in _COMPUTED:
            found[row.name] = _body(row, _COMPUTED[base], waits=base in _ANSWERING)
        elif base.endswith(("bufferSize", "bufferSizeExt")) and base.startswith(_WITH_BUFFERS):
            found[row.name] = _no_buffer
        elif base in _NOTHING_TO_DO:
            found[row.name] = _nothing
    return found


def _body(row: Function, compute: Callable[[Call], None], *, waits: bool) -> Callable[..., None]:
    names: list[str] = []
    for argument in row.arguments[1:]:
        name = _FORMAT.sub("", argument.name)
        names.append(f"{name} out" if name in names else name)  # csr2csc has both formats
    types = {name: _TYPE.sub("", a.type) for name, a in zip(names, row.arguments[1:], strict=True)}
    kind = next((_TYPES[type_] for type_ in types.values() if type_ in _TYPES), np.float32)
    scalars = [name for name in ("alpha", "beta") if name in names]

    def call(handle: int, *values: int) -> None:
        found = handle_of(handle)
        given = dict(zip(names, values, strict=True))
        # The caller may change or destroy its descriptions before the stream gets here.
        described = {n: replace(_description(given[n])) for n in names if n.startswith("descr")}
        made = Call(found, given, kind, described)
        for name in scalars:
            if found.scalars_on_host and made[name]:
                size = SIZES[types[name]]
                made.kept[name] = memory.Block(memory.read(made[name], size))
        work.enqueue(row.name, found.stream, functools.partial(compute, made))
        if waits and found.scalars_on_host:
            work.synchronize(found.stream)

    return call


def _csrmv(c: Call) -> None:
    m, n = c["m"], c["n"]
    operation = c.letter("transA")
    rows, columns = (m, n) if operation == "N" else (n, m)
    x, y = c.numbers("x", columns), c.numbers("y", rows)
    _accumulate(c, y, c.matrix("A", m, n).turned(operation).times(x))


def _accumulate(c: Call, target: Array, product: Array) -> None:
    made, beta = c.scalar("alpha") * product, c.scalar("beta")
    target[...] = made if beta == 0 else made + beta * target


def _csrmm(c: Call) -> None:
    m, n, k = c["m"], c["n"], c["k"]
    letters = c.letter("transA"), c.letter("transB")
    rows, inner = (m, k) if letters[0] == "N" else (k, m)
    b = c.dense("B", inner, n) if letters[1] == "N" else c.dense("B", n, inner).T
    b = b.conj() if letters[1] == "C" else b
    product = c.matrix("A", m, k).turned(letters[0]).times(b)
    _accumulate(c, c.dense("C", rows, n), product)


def _geam_count(c: Call) -> None:
    m, n = c["m"], c["n"]
    a, b = (c.matrix(name, m, n, values=False) for name in "AB")
    _count(c, a.plus(b))


def _count(c: Call, made: Coordinates) -> None:
    c.ints("RowPtrC", made.shape[0] + 1)[...] = made.starts() + c.base("C")
    c.put_total("nnzTotalDevHostPtr", len(made.rows))


def _geam(c: Call) -> None:
    m, n = c["m"], c["n"]
    a, b = (c.matrix(name, m, n) for name in "AB")
    c.store("C", a.scaled(c.scalar("alpha")).plus(b.scaled(c.scalar("beta"))))


def _factors(c: Call, *, values: bool) -> tuple[Coordinates, Coordinates]:
    m, n, k = c["m"], c["n"], c["k"]
    ta, tb = c.letter("transA"), c.letter("transB")
    a = c.matrix("A", *((m, k) if ta == "N" else (k, m)), values=values)
    b = c.matrix("B", *((k, n) if tb == "N" else (n, k)), values=values)
    return a.turned(ta), b.turned(tb)


def _gemm_count(c: Call) -> None:
    a, b = _factors(c, values=False)
    made = a.matmul(b)
    if c.values.get("RowPtrD"):
        made = made.plus(c.matrix("D", c["m"], c["n"], values=False))
    _count(c, made)


def _gemm(c: Call) -> None:
    a, b = _factors(c, values=True)
    made = a.matmul(b)
    if c.values.get("alpha"):
        made = made.scaled(c.scalar("alpha"))
    if c.values.get("RowPtrD") and c.values.get("beta"):
        made = made.plus(c.matrix("D", c["m"], c["n"]).scaled(c.scalar("beta")))
    c.store("C", made)


def _csr2csc(c: Call) -> None:
    m, n, count, base = c["m"], c["n"], c["nnz"], c["idxBase"]
    starts, columns = c.ints("RowPtr", m + 1) - base, c.ints("ColInd", count) - base
    numeric = bool(c["copyValues"])
    given = c.numbers("Val", count) if numeric else np.zeros(count, c.kind)
    made = Coordinates.from_compressed((m, n), starts, columns, given).turned("T").sorted()
    c.ints("ColPtr", n + 1)[...] = made.starts() + base
    c.ints("RowInd", count)[...] = made.columns + base
    if numeric:
        c.numbers("Val out", count)[...] = made.values


def _csr2dense(c: Call) -> None:
    m, n, base = c["m"], c["n"], c.base("")
    starts = c.ints("RowPtr", m + 1) - base
    count = int(starts[-1])
    columns, values = c.ints("ColInd", count) - base, c.numbers("Val", count)
    made = Coordinates.from_compressed((m, n), starts, columns, values)
    c.dense("A", m, n)[...] = made.dense()


def _csc2dense(c: Call) -> None:
    m, n, base = c["m"], c["n"], c.base("")
    starts = c.ints("ColPtr", n + 1) - base
    count = int(starts[-1])
    rows, values = c.ints("RowInd", count) - base, c.numbers("Val", count)
    made = Coordinates.from_compressed((n, m), starts, rows, values)
    c.dense("A", m, n)[...] = made.dense().T


def _nnz(c: Call) -> None:
    m, n, by_rows = c["m"], c["n"], c["dirA"] == 0
    counts = np.count_nonzero(c.dense("A", m, n), axis=1 if by_rows else 0)
    c.ints("nnzPerRowColumn", m if by_rows else n)[...] = counts
    c.put_total("nnzTotalDevHostPtr", int(counts.sum()))


def _dense2csr(c: Call) -> None:
    m, n, base = c["m"], c["n"], c.base("")
    made = from_dense(c.dense("A", m, n))
    count = len(made.rows)
    c.ints("RowPtr", m + 1)[...] = made.starts() + base
    c.ints("ColInd", count)[...] = made.columns + base
    c.numbers("Val", count)[...] = made.values


def _dense2csc(c: Call) -> None:
    m, n, base = c["m"], c["n"], c.base("")
    made = from_dense(c.dense("A", m, n).T)
    count = len(made.rows)
    c.ints("ColPtr", n + 1)[...] = made.starts() + base
    c.ints("RowInd", count)[...] = made.columns + base
    c.numbers("Val", count)[...] = made.values


def _coo2csr(c: Call) -> None:
    m, count, base = c["m"], c["nnz"], c["idxBase"]
    counts = np.bincount(c.ints("RowInd", count) - base, minlength=m)
    c.ints("RowPtr", m + 1)[...] = np.concatenate([[0], np.cumsum(counts)]) + base


def _csr2coo(c: Call) -> None:
    m, count, base = c["m"], c["nnz"], c["idxBase"]
    rows = np.repeat(np.arange(m), np.diff(c.ints("RowPtr", m + 1)))
    c.ints("RowInd", count)[...] = rows + base


def _sort(c: Call, first: str, second: str) -> None:
    """Sort pairs of indices, and the permutation with them."""
    count = c["nnz"]
    major, minor = c.ints(first, count), c.ints(second, count)
    order = np.lexsort((minor, major))
    major[...], minor[...] = major[order], minor[order]
    if c["P"]:
        permutation = c.ints("P", count)
        permutation[...] = permutation[order]


def _sort_compressed(c: Call, starts: str, indices: str, outer: str) -> None:
    """Sort the indices of every row (or column), and the permutation with them."""
    count = c["nnz"]
    begin, inner = c.ints(starts, c[outer] + 1), c.ints(indices, count)
    order = np.lexsort((inner, np.repeat(np.arange(c[outer]), np.diff(begin))))
    inner[...] = inner[order]
    if c["P"]:
        permutation = c.ints("P", count)
        permutation[...] = permutation[order]


def _gthr(c: Call) -> None:
    count, base = c["nnz"], c["idxBase"]
    indices = c.ints("xInd", count) - base
    y = c.numbers("y", int(indices.max(initial=-1)) + 1)
    c.numbers("xVal", count)[...] = y[indices]


def _triangular(c: Call, right: Array, out: Array) -> None:
    description = c.descriptions["descrA"]
    operation = c.letter("transA")
    lower = (description.fill == 0) == (operation == "N")
    matrix = c.matrix("A", c["m"], c["m"]).turned(operation)
    scaled = c.scalar("alpha") * right
    out[...] = matrix.solve(scaled.astype(c.kind), lower=lower, unit=description.diagonal == 1)


def _csrsv2(c: Call) -> None:
    m = c["m"]
    x = c.numbers("x", m)
    _triangular(c, c.numbers("f", m), x)


def _csrsm2(c: Call) -> None:
    m, count = c["m"], c["nrhs"]
    if c.letter("transB") == "N":
        b = c.dense("B", m, count)
    else:
        b = c.dense("B", count, m).T
    _triangular(c, b, b)


_COMPUTED: dict[str, Callable[[Call], None]] = {
    "csrmv": _csrmv,
    "csrmm": _csrmm,
    "csrmm2": _csrmm,
    **dict.fromkeys(("csrgeamNnz", "csrgeam2Nnz"), _geam_count),
    **dict.fromkeys(("csrgeam", "csrgeam2"), _geam),
    **dict.fromkeys(("csrgemmNnz", "csrgemm2Nnz"), _gemm_count),
    **dict.fromkeys(("csrgemm", "csrgemm2"), _gemm),
    "csr2csc": _csr2csc,
    "csr2dense": _csr2dense,
    "csc2dense": _csc2dense,
    "dense2csr": _dense2csr,
    "dense2csc": _dense2csc,
    "nnz": _nnz,
    "coo2csr": _coo2csr,
    "csr2coo": _csr2coo,
    "coosortByRow": functools.partial(_sort, first="Rows", second="Cols"),
    "coosortByColumn": functools.partial(_sort, first="Cols", second="Rows"),
    "csrsort": functools.partial(_sort_compressed, starts="RowPtr", indices="ColInd", outer="m"),
    "cscsort": functools.partial(_sort_compressed, starts="ColPtr", indices="RowInd", outer="n"),
    "gthr": _gthr,
    "csrsv2_solve": _csrsv2,
    "csrsm2_solve": _csrsm2,
}
"""By a function's name without the letter of its type."""

_ANSWERING = {"csrgeamNnz", "csrgeam2Nnz", "csrgemmNnz", "csrgemm2Nnz", "nnz"}
_WITH_BUFFERS = ("coosort", "csrsort", "cscsort", "csrgeam2", "csrgemm2", "csrsv2", "csrsm2")
_NOTHING_TO_DO = {"csrsv2_analysis", "csrsm2_analysis"}


def _no_buffer(*arguments: int) -> None:
    memory.put_u64(arguments[-1], 0)


def _nothing(*arguments: int) -> None:
    """Do what needs no preparation here."""


def _no_zero_pivot(handle: int, info: int, position: int) -> None:
    memory.put_i32(position, -1)


hipsparseXcsrsv2_zeroPivot = hipsparseXcsrsm2_zeroPivot = _no_zero_pivot


def hipsparseCreate(out: int) -> None:
    memory.put_u64(out, handles.add(Handle()))


def hipsparseDestroy(handle: int) -> None:
    handle_of(handle)
    handles.remove(handle)


def hipsparseGetVersion(handle: int, out: int) -> None:
    memory.put_i32(out, VERSION)


def hipsparseSetStream(handle: int, stream: int) -> None:
    handle_of(handle).set_stream(stream)


def hipsparseGetStream(handle: int, out: int) -> None:
    memory.put_u64(out, handle_of(handle).stream)


def hipsparseSetPointerMode(handle: int, mode: int) -> None:
    require(mode <= DEVICE_POINTERS, INVALID_VALUE)
    handle_of(handle).pointer_mode = mode


def hipsparseGetPointerMode(handle: int, out: int) -> None:
    memory.put_i32(out, handle_of(handle).pointer_mode)


def hipsparseGetErrorName(status: int) -> int:
    known = 0 <= status < len(_NAMES)
    return memory.c_string(f"HIPSPARSE_STATUS_{_NAMES[status]}" if known else "unknown status")


def hipsparseGetErrorString(status: int) -> int:
    return hipsparseGetErrorName(status)


def hipsparseCreateMatDescr(out: int) -> None:
    memory.put_u64(out, _descriptions.add(Description()))


def hipsparseDestroyMatDescr(handle: int) -> None:
    _description(handle)
    _descriptions.remove(handle)


def hipsparseSetMatType(handle: int, value: int) -> None:
    _description(handle).type = value


def hipsparseGetMatType(handle: int) -> int:
    return _description(handle).type


def hipsparseSetMatFillMode(handle: int, value: int) -> None:
    _description(handle).fill = value


def hipsparseGetMatFillMode(handle: int) -> int:
    return _description(handle).fill


def hipsparseSetMatDiagType(handle: int, value: int) -> None:
    _description(handle).diagonal = value


def hipsparseGetMatDiagType(handle: int) -> int:
    return _description(handle).diagonal


def hipsparseSetMatIndexBase(handle: int, value: int) -> None:
    _description(handle).base = value


def hipsparseGetMatIndexBase(handle: int) -> int:
    return _description(handle).base


def _create_info(out: int) -> None:
    memory.put_u64(out, 1)


hipsparseCreateCsrgemm2Info = hipsparseCreateCsrsm2Info = _create_info
hipsparseCreateCsrsv2Info = _create_info
hipsparseDestroyCsrgemm2Info = hipsparseDestroyCsrsm2Info = _nothing
hipsparseDestroyCsrsv2Info = _nothing


def hipsparseCreateIdentityPermutation(handle: int, count: int, out: int) -> None:
    stream = handle_of(handle).stream

    def count_up() -> None:
        arrays.at(work.check(out, 4 * count), count, np.int32)[...] = np.arange(count)

    work.enqueue("hipsparseCreateIdentityPermutation", stream, count_up)
