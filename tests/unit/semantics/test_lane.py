"""Moves across lanes against tables written out by hand and AMD's diagrams."""

from __future__ import annotations

import numpy as np
import pytest

from anyroc.semantics.core import OPERATIONS, Cross
from anyroc.semantics.lane import dpp8_source, dpp_source, swizzle_source
from anyroc.semantics.numpy_backend import NumpyBackend
from anyroc.semantics.values import U32, Value

ROW = list(range(16))
X = None

DPP_ROWS: dict[int, list[int | None]] = {
    0x00: [0, 0, 0, 0, 4, 4, 4, 4, 8, 8, 8, 8, 12, 12, 12, 12],
    0xE4: ROW,  # quad_perm:[0,1,2,3]
    0x1B: [3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12],
    0xB1: [1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14],
    0x101: [*ROW[1:], X],
    0x10F: [15, *[X] * 15],
    0x111: [X, *ROW[:15]],
    0x118: [X, X, X, X, X, X, X, X, 0, 1, 2, 3, 4, 5, 6, 7],
    0x121: [15, *ROW[:15]],
    0x12F: [*ROW[1:], 0],
    0x140: ROW[::-1],
    0x141: [7, 6, 5, 4, 3, 2, 1, 0, 15, 14, 13, 12, 11, 10, 9, 8],
    0x153: [3] * 16,
    0x161: [1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14],
    0x16F: ROW[::-1],
}


@pytest.mark.parametrize("ctrl", DPP_ROWS)
@pytest.mark.parametrize("row", [0, 16, 48])
def test_dpp_within_rows(ctrl: int, row: int) -> None:
    want = [None if v is None else row + v for v in DPP_ROWS[ctrl]]
    assert want == [dpp_source(ctrl, row + n, 64) for n in range(16)]


def test_dpp_across_the_wave() -> None:
    assert [*range(1, 64), None] == [dpp_source(0x130, n, 64) for n in range(64)]
    assert [None, *range(63)] == [dpp_source(0x138, n, 64) for n in range(64)]
    assert [*range(1, 64), 0] == [dpp_source(0x134, n, 64) for n in range(64)]
    assert [63, *range(63)] == [dpp_source(0x13C, n, 64) for n in range(64)]
    assert [X] * 16 + [15] * 16 + [31] * 16 + [47] * 16 == [
        dpp_source(0x142, n, 64) for n in range(64)
    ]
    assert [X] * 32 + [31] * 32 == [dpp_source(0x143, n, 64) for n in range(64)]


@pytest.mark.parametrize("ctrl", [0x100, 0x110, 0x120, 0x131, 0x13F, 0x144, 0x170, 0x1FF])
def test_undefined_dpp_controls_are_refused(ctrl: int) -> None:
    with pytest.raises(ValueError, match=f"no DPP control {ctrl:#x}"):
        dpp_source(ctrl, 0, 64)


def test_dpp8() -> None:
    selectors = (7, 6, 5, 4, 3, 2, 1, 0)
    packed = sum(s << (3 * n) for n, s in enumerate(selectors))
    want = [n & ~7 | 7 - (n & 7) for n in range(64)]
    assert want == [dpp8_source(selectors, n) for n in range(64)]
    assert want == [dpp8_source(packed, n) for n in range(64)]


def test_swizzles() -> None:
    def all_lanes(offset: int) -> list[int]:
        return [swizzle_source(offset, n) for n in range(64)]

    assert [n ^ 31 for n in range(64)] == all_lanes(0x7C1F)  # reverse, 32
    assert [n ^ 1 for n in range(64)] == all_lanes(0x041F)  # swap, 1
    assert [n & ~7 | 3 for n in range(64)] == all_lanes(0x0078)  # broadcast, 8, 3
    assert [n & ~3 | 3 - (n & 3) for n in range(64)] == all_lanes(0x801B)  # quad_perm
    assert [n & 32 | (n + 1) % 32 for n in range(64)] == all_lanes(0xC020)  # rotate left, 1
    assert [n & 32 | (n - 3) % 32 for n in range(64)] == all_lanes(0xC460)  # rotate right, 3
    fft = [swizzle_source(0xE000, n) for n in range(8)]
    assert [0, 16, 8, 24, 4, 20, 12, 28] == fft
    assert list(range(32)) == [swizzle_source(0xE01F, n) for n in range(32)]


def body(name: str, *columns: list[int]) -> list[int]:
    operation = OPERATIONS[name]
    assert isinstance(operation, Cross)
    values = [Value(NumpyBackend(), U32, np.array(c, np.uint32)) for c in columns]
    result: list[int] = np.broadcast_to(operation.body(*values).raw, 64).tolist()
    return result


LANES = list(range(64))


def test_permutes_span_the_wave_or_its_halves() -> None:
    addresses = [4 * (63 - n) for n in LANES]
    assert LANES[::-1] == body("ds_bpermute_b32", addresses, [0], LANES, [64])
    halves = [n & 32 | 31 - (n & 31) for n in LANES]
    assert halves == body("ds_bpermute_b32", addresses, [0], LANES, [32])
    assert [(n + 2) % 64 for n in LANES] == body(
        "ds_permute_b32", [4 * n for n in LANES], [8], LANES, [64]
    )
    assert OPERATIONS["ds_bpermute_b32"].row == 1  # type: ignore[union-attr]


def test_permlanes() -> None:
    low, high = 0x01234567, 0x89ABCDEF
    selectors = [(high << 32 | low) >> (4 * n) & 15 for n in range(16)]
    within = [n & ~15 | selectors[n & 15] for n in LANES]
    assert within == body("v_permlane16_b32", [low], [high], LANES)
    assert [n ^ 16 for n in within] == body("v_permlanex16_b32", [low], [high], LANES)
    own = [(5 * n) & 0xFF for n in LANES]
    assert [n & ~15 | 5 * n & 15 for n in LANES] == body("v_permlane16_var_b32", own, LANES)
    assert [n ^ 32 for n in LANES] == body("v_permlane64_b32", LANES)
    assert [9] * 64 == body("v_readlane_b32", [9])
