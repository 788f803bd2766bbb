"""The registry of instruction semantics: what each canonical operation does, apart from any
encoding.

Operations are registered under their canonical key (``Instruction.op`` of :mod:`anyroc.isa.decode`)
in one of these forms, which differ in who walks the lanes:

:class:`Op`
    A pure body over values; runs per lane (vector formats) or once per wave (scalar formats).
:class:`Access`
    A memory access, described by data; atomics name an :class:`Atomic` whose body gives the new
    value.
:class:`Cross`
    A vector operation that moves data across lanes: its body says from which lane each one reads.
:class:`Matrix`
    A matrix multiply of the whole wave, described by data.
:class:`Control`
    Branches, barriers and everything else that the emitter itself understands, and no-ops.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

from anyroc.semantics.values import BOOL, F32, I32, TYPES, U32, U64, Type

__all__ = [
    "ATOMICS", "ENCODED", "EXACT", "OPERATIONS", "Access", "Atomic", "Control", "Cross", "Fidelity",
    "Matrix", "Op", "Operation", "Slot", "access", "atomic", "control", "cross", "matrix", "op",
    "unspecified", "within",
]  # fmt: skip


@dataclass(frozen=True)
class Fidelity:
    """How near an operation's results are to the hardware's.

    ``kind``: ``"exact"``, bit for bit as AMD documents them; ``"bound"``, within ``ulp`` units of
    the last place (or ``absolute``) of the true value as measured, where AMD leaves the bits open;
    ``"unspecified"``, where AMD documents too little: ``note`` says what was chosen.
    """

    kind: str
    note: str = ""
    ulp: float = 0.0
    absolute: float = 0.0


EXACT = Fidelity("exact")


def within(ulp: float = 0.0, *, absolute: float = 0.0, note: str = "") -> Fidelity:
    """Results within a bound that was measured."""
    return Fidelity("bound", note, ulp, absolute)


def unspecified(note: str) -> Fidelity:
    """Results that AMD's documents leave open, with what is done here."""
    return Fidelity("unspecified", note)


ENCODED = ("operand", "mask", "mix", "integer")
"""Roles of slots that take the next encoded operand."""


@dataclass(frozen=True)
class Slot:
    """One operand or result of a body.

    ``role`` is ``"operand"`` for the next encoded operand in order; ``"mask"`` for an encoded
    operand that holds one bit per lane (a BOOL per lane in the body); or an implicit one by name:
    ``"scc"`` (BOOL), ``"vcc"`` (BOOL per lane), ``"exec"`` (the whole mask as a scalar of the
    wave's width, in scalar bodies), ``"m0"``, ``"mode"`` (U32), ``"lane"`` (U32, the lane's
    number), ``"span"`` (U32, how many lanes a permute spans), ``"pc"`` (U64, address of the next
    instruction).  The instruction's own fields come as U32 constants: ``"op_sel"``,
    ``"op_sel_hi"``, ``"neg_lo"``, ``"offset"``, ``"bitop3"``.

    ``"mix"`` is an operand that is F32, or a half widened to F32, as op_sel_hi and op_sel say
    (v_fma_mix): BF16 if the operation is named after that, else F16.  ``"integer"`` is a dword of
    ``count`` fields, each sign-extended to I32 if the operand's bit of neg_lo is set, else
    zero-extended.

    ``count`` > 1 hands the body (or takes from it) a tuple of that many elements, low first
    (``"f16x2"``).
    """

    role: str
    type: Type
    count: int = 1


_IMPLICIT = {
    "scc": BOOL, "vcc": BOOL, "m0": U32, "mode": U32, "lane": U32, "span": U32, "pc": U64,
    "exec32": U32, "exec64": U64, "simm16": TYPES["i16"],
    "op_sel": U32, "op_sel_hi": U32, "neg_lo": U32, "offset": U32, "bitop3": U32,
}  # fmt: skip
_SPECIAL = {
    "mask": Slot("mask", BOOL),
    "mix": Slot("mix", F32),
    "iu8x4": Slot("integer", I32, 4),
    "iu4x8": Slot("integer", I32, 8),
}


def _slot(token: str) -> Slot:
    if token in _SPECIAL:
        return _SPECIAL[token]
    if token in _IMPLICIT:
        return Slot("exec" if token.startswith("exec") else token, _IMPLICIT[token])
    name, _, count = token.partition("x")
    if name.startswith("b") and name[1:].isdigit():
        name = "u" + name[1:]
    return Slot("operand", TYPES[name], int(count or 1))


def _signature(text: str) -> tuple[tuple[Slot, ...], tuple[Slot, ...]]:
    sources, _, results = text.partition("->")
    return tuple(map(_slot, sources.split())), tuple(map(_slot, results.split()))


@dataclass(frozen=True)
class Op:
    """A pure operation.  ``body`` takes one value per source slot and returns one per result slot.

    ``packed`` > 1: the body runs once per packed element (VOP3P), the slots giving the element's
    type. ``writes_exec``: the mask result also goes to EXEC (v_cmpx).
    ``modified``: output modifiers apply to float results, and the body leaves them to its caller.
    ``fidelity``: how near its results are to the hardware's.
    ``second``: from op_sel and a lane's number, the lane whose second source that lane reads.

    Derived: ``encoded`` gives for each source slot its number among the encoded operands (for an
    implicit one that of the next); ``writes_mask``: whether some result is a lane mask.
    """

    name: str
    sources: tuple[Slot, ...]
    results: tuple[Slot, ...]
    body: Callable[..., Any]
    packed: int = 1
    writes_exec: bool = False
    modified: bool = True
    fidelity: Fidelity = EXACT
    second: Callable[[int, int], int] | None = None
    encoded: tuple[int, ...] = field(init=False, compare=False)
    writes_mask: bool = field(init=False, compare=False)

    def __post_init__(self) -> None:
        counts = accumulate((slot.role in ENCODED for slot in self.sources), initial=0)
        object.__setattr__(self, "encoded", tuple(counts)[:-1])
        masks = any(slot.role == "mask" for slot in self.results)
        object.__setattr__(self, "writes_mask", masks)


@dataclass(frozen=True)
class Atomic:
    """The new value of memory, from the old one and the data operands (compare-and-swap has two:
    ``(old, value, compare)``).  ``native`` names LLVM's ``atomicrmw`` operation where one is the
    same."""

    name: str
    type: Type
    body: Callable[..., Any]
    operands: int = 1
    native: str | None = None


@dataclass(frozen=True)
class Access:
    """A memory access.

    ``space``: global flat scratch lds buffer scalar scalar_buffer.  ``kind``: load store atomic.
    ``element``: the type in memory of one element, its sign the extension to a dword; ``count``:
    elements. ``half``: "lo"/"hi" for the d16 forms that touch one half of the register (for stores
    "hi" takes the upper half).  ``stride``: for the two-address LDS forms the distance unit in
    bytes of offset0/offset1, else 0.  ``lane_offset``: addtid forms add 4 * lane.  ``to_lds``:
    what is loaded goes to LDS at M0, one lane's data behind the other's. ``transpose``: bits of the
    elements of a matrix that the lanes load row by row and get column by column; ``span`` lanes
    share one of so many columns; ``split``: they are two halves of a group twice as large.
    ``form``: "format", "format_d16" or "format_d16_hi" for elements of ``count`` components in a
    format that the descriptor or the instruction names; "append" and
    "consume" for counters of lanes; "async" for transfers between memory and LDS.
    """

    name: str
    space: str
    kind: str
    element: Type
    count: int = 1
    half: str = ""
    stride: int = 0
    atomic: str = ""
    lane_offset: bool = False
    to_lds: bool = False
    transpose: int = 0
    span: int = 0
    split: bool = False
    form: str = ""

    @property
    def size(self) -> int:
        """Bytes that one lane touches at one address."""
        return self.element.bits // 8 * self.count


@dataclass(frozen=True)
class Cross:
    """A move across lanes.  Source number ``row`` is the operand that moves; ``kind`` says how:

    ``gather``: lane i gets row[body(…)], the body giving the source lane for each lane, 0 if that
    lane is inactive; ``gather_any``: the same, but active or not as op_sel says; ``gather_all``:
    active or not; ``exchange``: in
    waves of 64, whether active or not; ``scatter``: lane i sends its
    element to lane body(…); ``read_first`` and ``read_lane`` give a scalar (the body picks the lane
    from the other operands); ``write_lane`` writes one lane; ``swizzle``:
    :func:`anyroc.semantics.lane.swizzle_source` of the offset says the lane; ``swap``: two
    registers exchange lanes, the body gives the distance.  The body takes the values of the other
    source slots.
    """

    name: str
    kind: str
    sources: tuple[Slot, ...]
    results: tuple[Slot, ...]
    body: Callable[..., Any]
    row: int = 0


@dataclass(frozen=True)
class Matrix:
    """D = A x B + C over the wave: ``helper`` of the native library does it.

    ``a_rows``, ``b_rows``, ``c_rows``: VGPRs per lane of each operand; ``runs``: the native library
    does runs of them too.
    """

    name: str
    helper: str
    m: int
    n: int
    k: int
    blocks: int
    a: str
    b: str
    c: str
    a_rows: int
    b_rows: int
    c_rows: int
    runs: bool = False


@dataclass(frozen=True)
class Control:
    """An operation that the emitter knows by ``kind``: nop end branch barrier sleep trap setpc
    swappc call getpc …; ``argument`` refines it (the branch's condition)."""

    name: str
    kind: str
    argument: str = ""


Operation = Op | Access | Cross | Matrix | Control
OPERATIONS: dict[str, Operation] = {}
ATOMICS: dict[str, Atomic] = {}


def _add(name: str, entry: Operation) -> None:
    if name in OPERATIONS:
        raise ValueError(f"{name} is registered twice")
    OPERATIONS[name] = entry


def op(
    names: str,
    signature: str,
    *,
    packed: int = 1,
    writes_exec: bool = False,
    modified: bool = True,
    fidelity: Fidelity = EXACT,
    second: Callable[[int, int], int] | None = None,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Registers a body under one or more (space separated) names.

    ``signature`` is ``"sources -> results"``; tokens are types (``f32 u32 i16 b64`` — ``bN`` means
    ``uN`` — or ``f16x2``, a tuple of elements), ``mask``, and the implicit slots of :class:`Slot`
    (``scc vcc exec32 exec64 m0 mode lane span pc simm16``).
    """
    sources, results = _signature(signature)

    def register(body: Callable[..., Any]) -> Callable[..., Any]:
        for name in names.split():
            entry = Op(
                name, sources, results, body, packed, writes_exec, modified, fidelity, second
            )
            _add(name, entry)
        return body

    return register


def atomic(
    name: str, type_: str, *, operands: int = 1, native: str | None = None
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Registers an atomic's update function under a short name (``"add_u32"``)."""

    def register(body: Callable[..., Any]) -> Callable[..., Any]:
        if name in ATOMICS:
            raise ValueError(f"atomic {name} is registered twice")
        ATOMICS[name] = Atomic(name, _slot(type_).type, body, operands, native)
        return body

    return register


def access(name: str, space: str, kind: str, element: str, count: int = 1, **more: Any) -> None:
    """Registers a memory access."""
    _add(name, Access(name, space, kind, _slot(element).type, count, **more))


def cross(
    names: str, kind: str, signature: str, *, row: int = 0
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Registers a cross-lane operation (see :class:`Cross`)."""
    sources, results = _signature(signature)

    def register(body: Callable[..., Any]) -> Callable[..., Any]:
        for name in names.split():
            _add(name, Cross(name, kind, sources, results, body, row))
        return body

    return register


def matrix(entry: Matrix) -> None:
    """Registers a matrix operation."""
    _add(entry.name, entry)


def control(names: str, kind: str, argument: str = "") -> None:
    """Registers operations that the emitter handles itself."""
    for name in names.split():
        _add(name, Control(name, kind, argument))
