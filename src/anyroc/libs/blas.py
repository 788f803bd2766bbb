"""BLAS on the software GPU: from a row of a table to a call of the host's BLAS.

rocBLAS and hipBLAS name their functions and order their arguments as BLAS does, with a handle in
front. So a body follows from a row: enumerations become letters, `alpha` and its kind are scalars
in host or device memory, a batched function calls BLAS once per problem. What BLAS has no function
for is in `blas_extra`.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from anyroc.cabi import fortran, memory
from anyroc.cabi.table import Function
from anyroc.libs import blas_extra, lapack, shapes, work
from anyroc.libs.handle import Handle, handles
from anyroc.libs.status import StatusError

SIZES = {
    "float": 4,
    "double": 8,
    "hipFloatComplex": 8,
    "hipDoubleComplex": 16,
    "hipblasHalf": 2,
    "hipblasBfloat16": 2,
    "rocblas_half": 2,
    "rocblas_bfloat16": 2,
    "int": 4,
    "rocblas_int": 4,
}
"""Bytes of the types of elements."""

LETTERS = {
    191: "A", 192: "S", 193: "O", 194: "N",  # singular vectors
    211: "V", 213: "N",  # eigenvectors
    201: "N", 202: "V",  # hipSOLVER's eigenvectors
    221: "A", 222: "V", 223: "I",  # ranges of eigenvalues
    111: "N", 112: "T", 113: "C",  # operations
    121: "U", 122: "L", 123: "F",  # triangles
    131: "N", 132: "U",  # diagonals
    141: "L", 142: "R", 143: "B",  # sides
}  # fmt: skip
"""The enumerations of both libraries, as BLAS's letters."""

_ENUMERATIONS = {
    *("hipblasOperation_t", "hipblasFillMode_t", "hipblasDiagType_t", "hipblasSideMode_t"),
    *("rocblas_operation", "rocblas_fill", "rocblas_diagonal", "rocblas_side"),
    *("rocblas_svect", "rocblas_evect"),
    *("hipsolverOperation_t", "hipsolverFillMode_t", "hipsolverSideMode_t"),
    *("hipsolverEigMode_t", "hipsolverEigRange_t"),
}
_COUNTS = {"batchCount", "batch_count"}
_RENAMED = {"AP": "A", "BP": "B", "CP": "C", "trans": "transA"}
_NAME = re.compile(
    r"(?:hipblas|rocblas_|rocsolver_)(?P<base>\w+?)"
    r"(?:StridedBatched|Batched|_strided_batched|_batched)?"
)
_TYPE = re.compile(r"const|\*|\s")
_SCALARS = {"alpha", "beta"}
_ROTATION = {"c", "s"}
_RESULTS = {"s": "f", "d": "d", "is": "i", "id": "i", "ic": "i", "iz": "i"}
"""What a function returns, by what its name begins with."""


@dataclass(frozen=True)
class Status:
    """The statuses that a library returns for what is wrong with a call."""

    invalid_handle: int
    invalid_pointer: int
    invalid_size: int
    invalid_value: int


class Signature:
    """What the row of a function says of its arguments; the handle is left out.

    `pattern` finds the name of BLAS's function as `base` in the row's, `renamed` are arguments that
    have another name here.
    """

    def __init__(
        self,
        row: Function,
        pattern: re.Pattern[str] = _NAME,
        renamed: Mapping[str, str] = _RENAMED,
    ) -> None:
        found = pattern.fullmatch(row.name)
        assert found is not None
        self.function = row.name
        self.base = found["base"].lower()
        self.names = [renamed.get(a.name, a.name) for a in row.arguments[1:]]
        types = [_TYPE.sub("", a.type) for a in row.arguments[1:]]
        stars = [a.type.endswith("*") for a in row.arguments[1:]]
        self.types = dict(zip(self.names, types, strict=True))
        self.by_pointers = [
            name
            for name, argument in zip(self.names, row.arguments[1:], strict=True)
            if argument.type.endswith(("*const*", "**"))
        ]
        self.count = next((name for name in self.names if name in _COUNTS), "")
        self.enumerations = [name for name, kind in self.types.items() if kind in _ENUMERATIONS]
        pointers = [name for name, star in zip(self.names, stars, strict=True) if star]
        rotates = shapes.operation(self.base) == "rot"
        self.scalars = [n for n in pointers if n in _SCALARS or (rotates and n in _ROTATION)]
        self.arrays = [n for n in pointers if n not in self.scalars and n != "result"]
        self.strides = self._strides()
        dropped = {self.count, "result", *self.strides.values()}
        self.fortran = [name for name in self.names if name not in dropped]
        self.answers = "result" in pointers or self.base.endswith(("rotg", "rotmg"))

    def _strides(self) -> dict[str, str]:
        """Return the name of the stride of each array, which stands somewhere behind it."""
        result: dict[str, str] = {}
        array = ""
        for name in self.names:
            if name in self.arrays:
                array = name
            elif name.lower().startswith("stride"):
                result[array] = name
        return result

    def size(self, name: str) -> int:
        """Return the bytes of an element of an array, or of a scalar."""
        return SIZES.get(self.types[name], 1)


@dataclass
class Call:
    """One call: the values of the arguments by their names, and what they mean."""

    signature: Signature
    handle: Handle
    values: dict[str, int]
    letters: dict[str, str]
    kept: list[memory.Block] = field(default_factory=list)

    @property
    def batch(self) -> int:
        """How many problems the call has."""
        return self.values.get(self.signature.count, 1)

    def place(self, name: str, index: int, count: int | None = None) -> int:
        """Return where the array of problem `index` lies; raises BadMemory.

        `count` is how many elements it spans, by default what BLAS says.
        """
        signature = self.signature
        if count is None:
            count = shapes.elements(signature.base, self.letters, self.values, name)
        size, address = signature.size(name), self.values[name]
        if signature.answers and self.handle.scalars_on_host and f"inc{name}" not in self.values:
            return address + index * size * count
        if name in signature.by_pointers:
            address = memory.get_u64(work.check(address + 8 * index, 8))
        elif name in signature.strides:
            address += index * self.values[signature.strides[name]] * size
        return work.check(address, size * count) if count else address

    def result(self, index: int) -> int:
        """Return where the result of problem `index` goes."""
        address = self.values["result"] + index * self.signature.size("result")
        return address if self.handle.scalars_on_host else work.check(address, 1)


def body(row: Function, status: Status) -> Callable[..., None] | None:
    """Return the body of a function, None if the host's BLAS has nothing like it."""
    signature = Signature(row)
    if row.section == "lapack" or row.name.startswith("rocsolver"):
        return _solver_body(signature, status)
    compute = blas_extra.FUNCTIONS.get(signature.base) or blas_extra.FUNCTIONS.get(
        shapes.operation(signature.base) if signature.base[0] in "sdcz" else ""
    )
    if compute is None and signature.base not in fortran.library():
        return None

    def call(handle: int, *values: int) -> None:
        made = prepared(signature, handle, values, status)
        if made.batch:
            stream = made.handle.stream
            work.enqueue(signature.function, stream, functools.partial(compute or _compute, made))
            if signature.answers and made.handle.scalars_on_host:
                work.synchronize(stream)

    return call


def _solver_body(signature: Signature, status: Status) -> Callable[..., None] | None:
    """Return the body of a function that LAPACK computes."""
    compute = lapack.FUNCTIONS.get(signature.base[1:])
    if compute is None:
        return None

    def call(handle: int, *values: int) -> None:
        made = prepared(signature, handle, values, status)

        def solve() -> None:
            for index in range(made.batch):
                compute(lapack.Problem(made, index))

        if made.batch:
            work.enqueue(signature.function, made.handle.stream, solve)
            if made.values.get("info") and signature.function.startswith("hipblas"):
                lapack.answer_at_once(made)

    return call


def prepared(signature: Signature, handle: int, values: tuple[int, ...], status: Status) -> Call:
    """Return a call with what its arguments mean; raises StatusError for what is wrong with it."""
    if handle not in handles:
        raise StatusError(status.invalid_handle)
    found = handles[handle]
    given = dict(zip(signature.names, values, strict=True))
    letters = {name: LETTERS.get(given[name], "") for name in signature.enumerations}
    if not all(letters.values()):
        raise StatusError(status.invalid_value)
    made = Call(signature, found, given, letters)
    if made.batch < 0 or not shapes.sizes_fit(signature.base, letters, given):
        raise StatusError(status.invalid_size)
    for name in signature.scalars:
        if not given[name]:
            raise StatusError(status.invalid_pointer)
        if found.scalars_on_host:
            # Host memory is the caller's again when the call returns.
            made.kept.append(memory.Block(memory.read(given[name], signature.size(name))))
            given[name] = made.kept[-1].address
    return made


def _compute(call: Call) -> None:
    """Call BLAS's function of the same name for each problem."""
    signature = call.signature
    base = signature.base
    library = fortran.library()
    for index in range(call.batch):
        arguments = [_argument(call, name, index) for name in signature.fortran]
        if "result" not in signature.names:
            library.call(base, *arguments)
            continue
        kind = _RESULTS[base[:2] if base[0] == "i" else base[0]]
        blas_extra.put(call.result(index), kind, library.call(base, *arguments, result=kind))


def _argument(call: Call, name: str, index: int) -> fortran.Argument:
    signature = call.signature
    if name in call.letters:
        return call.letters[name]
    if name in signature.scalars:
        return fortran.place(call.values[name])
    if name in signature.arrays:
        return fortran.place(call.place(name, index))
    return call.values[name]
