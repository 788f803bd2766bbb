"""How near each instruction's results are to the hardware's: what the operations say of themselves,
and rules for the ones that are described by data."""

from __future__ import annotations

import math

from anyroc.isa.tables import table
from anyroc.semantics.core import (
    ATOMICS,
    EXACT,
    OPERATIONS,
    Access,
    Control,
    Fidelity,
    Matrix,
    Op,
    Operation,
    unspecified,
)

__all__ = ["GENERAL", "describe", "fidelity", "of_isa"]

GENERAL = (
    "Which of two NaN operands gives a result its payload is documented nowhere: mostly the first.",
    "A result that rounds up to the least normal number counts as normal; AMD does not say.",
    "Exceptions raise no flag and no trap.",
)
"""What holds for all floating-point instructions."""

_SUMS = unspecified(
    "order of the sums: here ascending in k, each product exact, each sum rounded to nearest"
)
_ATOMIC = unspecified("denormals: here kept")
_TIME = unspecified("time: here the host's clock")
_CYCLES = unspecified("cycles: here the host's clock, as if at the GPU's rate")
_PLACE = unspecified("numbers of the place where a wave runs: here 0; MODE is exact")
_FIRST = unspecified("order in which waves come to a barrier: here wave 0 counts as the first")
_CONTROL = {"clock": _TIME, "cycles": _CYCLES, "getreg": _PLACE, "signal_first": _FIRST}


def fidelity(entry: Operation) -> Fidelity:
    """How near an operation is to the hardware's."""
    if isinstance(entry, Op):
        return _SUMS if entry.name.startswith("v_dot4_f32") else entry.fidelity
    if isinstance(entry, Matrix):
        return EXACT if entry.a.startswith("i") else _SUMS
    if isinstance(entry, Access) and entry.atomic:
        atomic = ATOMICS.get(entry.atomic)
        adds = atomic is not None and atomic.type.is_float and "add" in entry.atomic
        return _ATOMIC if adds or entry.atomic.startswith("pk_add") else EXACT
    if isinstance(entry, Control):
        return _CONTROL.get(entry.kind, EXACT)
    return EXACT


def describe(found: Fidelity) -> str:
    """In words: "" for exact, else the bound and the note."""
    if found.kind == "exact":
        return ""
    if found.kind == "unspecified":
        return f"unspecified: {found.note}"
    if found.absolute:
        bound = f"2**{math.log2(found.absolute):.1f} absolute"
    else:
        bound = f"{found.ulp:.2f} ulp"
    return f"within {bound}" + (f"; {found.note}" if found.note else "")


def of_isa(isa: str) -> dict[str, Fidelity]:
    """By mnemonic, for the instructions of an ISA that run."""
    return {
        row.mnemonic: fidelity(OPERATIONS[row.op])
        for row in sorted(table(isa), key=lambda row: row.mnemonic)
        if row.op in OPERATIONS
    }
