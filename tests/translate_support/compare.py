"""What differs between the state that translated code left and the reference's."""

from __future__ import annotations

import numpy as np

from anyroc.semantics.values import Type
from translate_support.machine import RETURN, State

__all__ = ["differences"]


def differences(
    got: State, expected: State, float_rows: dict[int, Type] | None = None
) -> list[str]:
    """One line per register that differs; NaNs in ``float_rows`` are equal to each other."""
    found = []
    for row in np.nonzero((got.vgpr != expected.vgpr).any(axis=1))[0]:
        differs = got.vgpr[row] != expected.vgpr[row]
        kind = (float_rows or {}).get(int(row))
        if kind is not None:
            differs &= ~_both_nan(kind, int(row), got, expected)
        if differs.any():
            lane = int(np.nonzero(differs)[0][0])
            found.append(
                f"v{row} lane {lane}: expected {expected.vgpr[row][lane]:#010x},"
                f" got {got.vgpr[row][lane]:#010x}"
            )
    kinds = float_rows or {}
    found += [
        f"s{index}: expected {expected.sgpr[index]:#010x}, got {got.sgpr[index]:#010x}"
        for index in np.nonzero(got.sgpr != expected.sgpr)[0]
        if index not in (RETURN, RETURN + 1)
        and not _same_nan(kinds.get(~int(index)), got.sgpr[index], expected.sgpr[index])
    ]
    if got.scc != expected.scc:
        found.append(f"scc: expected {expected.scc}, got {got.scc}")
    for name in ("lds", "scratch"):
        left, right = getattr(got, name).ravel(), getattr(expected, name).ravel()
        places = np.nonzero(left != right)[0]
        if len(places):
            found.append(f"{name} at {places[:4].tolist()} ({len(places)} bytes)")
    return found


def _same_nan(kind: Type | None, a: int, b: int) -> bool:
    """Whether two scalars of a type are NaN."""
    if kind is None or kind.bits > 32:
        return False
    top, limit = (0x7FFF, 0x7C00) if kind.bits == 16 else (0x7FFFFFFF, 0x7F800000)
    return bool(a & top > limit and b & top > limit)


def _both_nan(kind: Type, row: int, a: State, b: State) -> np.ndarray:
    if kind.bits == 64:
        return np.asarray(_nan64(a, row) & _nan64(b, row) | _nan64(a, row - 1) & _nan64(b, row - 1))
    if kind.bits == 32:
        nans = [(s.vgpr[row] & 0x7FFFFFFF) > 0x7F800000 for s in (a, b)]
        return np.asarray(nans[0] & nans[1])
    limit = 0x7C00 if kind.name == "f16" else 0x7F80
    same = np.full(a.wave_size, True)
    for shift in (0, 16):
        left, right = (s.vgpr[row] >> np.uint32(shift) & np.uint32(0xFFFF) for s in (a, b))
        nan = ((left & 0x7FFF) > limit) & ((right & 0x7FFF) > limit)
        same &= nan | (left == right)
    return same


def _nan64(state: State, row: int) -> np.ndarray:
    low, high = (state.vgpr[row + i].astype(np.uint64) for i in (0, 1))
    return np.isnan((low | high << np.uint64(32)).view(np.float64))
