"""Moves across lanes and parts of registers, as machine code, against the formulas of
``oracles.lanes``."""

from __future__ import annotations

import numpy as np
import pytest

from anyroc.isa.tables import FAMILY, table
from anyroc.isa.targets import target
from oracles import lanes
from oracles.rule import signed
from translate_support.encode import encode
from translate_support.machine import BAD_PC, State, kernel_of, run

CONFIGURATIONS = [
    ("gfx90a", 64), ("gfx942", 64), ("gfx950", 64), ("gfx1100", 64), ("gfx1151", 32),
    ("gfx1200", 64), ("gfx1201", 32), ("gfx1250", 32),
]  # fmt: skip
PARTS = (0x0F0F_55AA_3C3C_F00F, 0xFFFF_FFFF_FFFF_FFFF, 0x0000_8000_0000_0001)
"""Masks of enabled lanes."""


def executed(name: str, size: int, code: bytes, mask: int, seed: int = 0) -> tuple[State, State]:
    """A wave's state before and after."""
    state = State.random(np.random.default_rng(seed), size)
    state.enabled = mask
    before = state.copy()
    assert run(kernel_of(name, size, code), state) == BAD_PC
    return before, state


def active(mask: int, lane: int | None) -> bool:
    return lane is not None and bool(mask >> lane & 1)


@pytest.mark.parametrize(("name", "size"), CONFIGURATIONS)
@pytest.mark.parametrize("mask", PARTS)
def test_dpp(name: str, size: int, mask: int) -> None:
    """Every control, with and without its two bits, and masks of rows and banks."""
    isa = target(name).isa
    controls = lanes.DPP_CDNA if FAMILY[isa] == "cdna" else lanes.DPP_RDNA
    cases = []
    for n, ctrl in enumerate(controls):
        fetch = n // 2 % 2 if FAMILY[isa] != "cdna" else 0
        rows, banks = (15, 15) if n % 3 else (n % 16, 15 - n % 7)
        cases.append((ctrl, n % 2, fetch, rows, banks))
    code = b"".join(
        encode(
            isa, "VOP1.dpp", "v_mov_b32", vdst=8 + n, src0=1, dpp_ctrl=ctrl, bound_ctrl=bound,
            fi=fetch, row_mask=rows, bank_mask=banks,
        )
        for n, (ctrl, bound, fetch, rows, banks) in enumerate(cases)
    )  # fmt: skip
    code = _marked(code, 250)
    before, after = executed(name, size, code, mask)
    for n, (ctrl, bound, fetch, rows, banks) in enumerate(cases):
        source = lanes.dpp(ctrl, size)
        for lane in range(size):
            of, old = source(lane), int(before.vgpr[8 + n, lane])
            good = of is not None and (fetch or active(mask, of))
            value = int(before.vgpr[1, of]) if good and of is not None else 0
            written = active(mask, lane) and rows >> lane // 16 & 1 and banks >> lane // 4 % 4 & 1
            want = value if written and (good or bound) else old
            assert want == after.vgpr[8 + n, lane], (hex(ctrl), bound, fetch, rows, banks, lane)


def _marked(code: bytes, marker: int) -> bytes:
    """Instructions of 8 bytes with a marker as their first source."""
    words = np.frombuffer(code, np.uint32).copy()
    words[::2] = words[::2] & ~np.uint32(0x1FF) | np.uint32(marker)
    return words.tobytes()


@pytest.mark.parametrize(("name", "size"), CONFIGURATIONS[3:])
@pytest.mark.parametrize("fetch", [0, 1])
def test_dpp8(name: str, size: int, fetch: int) -> None:
    isa, mask = target(name).isa, PARTS[0]
    patterns = (0xFAC688, 0o01234567, 0o76543210, 0, 0xFFFFFF, 0o33332222)
    code = b"".join(
        encode(isa, "VOP1.dpp8", "v_mov_b32", vdst=8 + n, src0=1, dpp8=pattern)
        for n, pattern in enumerate(patterns)
    )
    before, after = executed(name, size, _marked(code, 233 + fetch), mask)
    for n, pattern in enumerate(patterns):
        for lane in range(size):
            of = lanes.dpp8(pattern)(lane)
            assert of is not None
            value = int(before.vgpr[1, of]) if fetch or active(mask, of) else 0
            old = int(before.vgpr[8 + n, lane])
            assert (value if active(mask, lane) else old) == after.vgpr[8 + n, lane], (
                oct(pattern),
                lane,
            )


SELECTORS = ((0, 8), (8, 8), (16, 8), (24, 8), (0, 16), (16, 16), (0, 32))
"""By number: the first bit and the width of a part of a register."""


@pytest.mark.parametrize("name", ["gfx90a", "gfx942", "gfx950"])
@pytest.mark.parametrize("unused", [0, 1, 2])
def test_sdwa(name: str, unused: int) -> None:
    """Parts of both operands of an addition, and of its result."""
    isa, mask, cases = target(name).isa, PARTS[0], []
    code = b""
    for n in range(49):
        first, second, to, extended = n % 7, n // 7, (n * 3 + 1) % 7, n % 4
        cases.append((first, second, to, extended))
        code += encode(
            isa, "VOP2.sdwa", "v_add_nc_u32", vdst=8 + n, src0=1, src1=2, src0_sel=first,
            src1_sel=second, dst_sel=to, dst_unused=unused, src0_sext=extended & 1,
            src1_sext=extended >> 1,
        )  # fmt: skip
    before, after = executed(name, 64, _marked(code, 249), mask)
    for n, (first, second, to, extended) in enumerate(cases):
        for lane in range(64):
            total = 0
            for row, selector, sign in ((1, first, extended & 1), (2, second, extended >> 1)):
                at, width = SELECTORS[selector]
                part = int(before.vgpr[row, lane]) >> at & (1 << width) - 1
                total += signed(part, width) if sign else part
            at, width = SELECTORS[to]
            old, mask_to = int(before.vgpr[8 + n, lane]), (1 << width) - 1 << at
            placed = total << at & mask_to
            if unused == 1:  # the sign fills what is above
                placed |= -(1 << at + width) if total >> width - 1 & 1 else 0
            elif unused == 2:
                placed |= old & ~mask_to
            want = placed & 0xFFFFFFFF if active(mask, lane) else old
            assert want == after.vgpr[8 + n, lane], (cases[n], lane)


@pytest.mark.parametrize(("name", "size"), CONFIGURATIONS)
@pytest.mark.parametrize("mask", PARTS)
def test_scalars_of_lanes(name: str, size: int, mask: int) -> None:
    isa = target(name).isa
    code = encode(isa, "VOP1", "v_readfirstlane_b32", vdst=10, src0=256 + 1)
    for n, lane in enumerate((0, 5, 31, 63)):
        code += encode(isa, "VOP3", "v_readlane_b32", vdst=12 + n, src0=256 + 1, src1=128 + lane)
        code += encode(isa, "VOP3", "v_writelane_b32", vdst=8 + n, src0=20, src1=128 + lane)
    before, after = executed(name, size, code, mask)
    first = next(n for n in range(size) if mask >> n & 1)
    assert before.vgpr[1, first] == after.sgpr[10]
    for n, lane in enumerate((0, 5, 31, 63)):
        assert before.vgpr[1, lane % size] == after.sgpr[12 + n]
        want = before.vgpr[8 + n].copy()
        want[lane % size] = before.sgpr[20]
        assert want.tolist() == after.vgpr[8 + n].tolist()


def _permlanes(isa: str) -> list[str]:
    names = {row.op for row in table(isa) if row.op.startswith("v_permlane")}
    return sorted(op for op in names if "_swap_" not in op and not op.startswith("v_permlane_"))


@pytest.mark.parametrize(("name", "size"), CONFIGURATIONS[3:])
@pytest.mark.parametrize("mask", PARTS)
def test_permlanes(name: str, size: int, mask: int) -> None:
    isa = target(name).isa
    names = _permlanes(isa)
    assert names
    for op in names:
        for fetch, bound in ((0, 0), (1, 0), (0, 1)):
            fields = {"vdst": 8, "src0": 256 + 1}
            if op == "v_permlane64_b32":
                code = encode(isa, "VOP1", op, **fields)
                fetch = bound = 1  # it has no modifiers: the manual reads every lane
            elif "_var" in op:
                code = encode(isa, "VOP3", op, **fields, src1=256 + 2, op_sel=fetch | bound << 1)
            else:
                code = encode(
                    isa, "VOP3", op, **fields, src1=20, src2=21, op_sel=fetch | bound << 1
                )
            before, after = executed(name, size, code, mask)
            low, high = int(before.sgpr[20]), int(before.sgpr[21])
            for lane in range(size):
                of = lanes.permlane(op, low, high, int(before.vgpr[2, lane]))(lane)
                assert of is not None
                old = int(before.vgpr[8, lane])
                if size == 32 and op == "v_permlane64_b32":
                    want = old  # a no-op in waves of 32
                elif not active(mask, lane):
                    want = old
                elif fetch or active(mask, of):
                    want = int(before.vgpr[1, of])
                else:
                    want = 0 if bound else old
                assert want == after.vgpr[8, lane], (op, fetch, bound, lane, of)


@pytest.mark.parametrize("distance", [16, 32])
def test_swaps_of_rows(distance: int) -> None:
    """Odd groups of the first register change places with even ones of the second."""
    op, mask = f"v_permlane{distance}_swap_b32", PARTS[1]
    before, after = executed("gfx950", 64, encode("cdna4", "VOP1", op, vdst=8, src0=256 + 9), mask)
    for lane in range(64):
        odd = lane // distance % 2
        first = before.vgpr[9, lane - distance] if odd else before.vgpr[8, lane]
        second = before.vgpr[9, lane] if odd else before.vgpr[8, lane + distance]
        assert (first, second) == (after.vgpr[8, lane], after.vgpr[9, lane]), lane


@pytest.mark.parametrize(("name", "size"), CONFIGURATIONS)
@pytest.mark.parametrize("mask", PARTS)
def test_permutes_by_lds(name: str, size: int, mask: int) -> None:
    isa = target(name).isa
    offsets = (0x001F, 0x7C1F, 0x041F, 0x0078, 0x03E0, 0x801B, 0x80E4)
    offsets += (0xC020, 0xC460, 0xC3E3, 0xE000, 0xE01F, 0xE010)
    pulls = ["ds_bpermute_b32"] + ["ds_bpermute_fi_b32"] * (isa == "rdna4")
    code = b"".join(
        encode(isa, "DS", "ds_swizzle_b32", vdst=16 + n, vaddr=1, offset0=o & 255, offset1=o >> 8)
        for n, o in enumerate(offsets)
    )
    for n, op in enumerate((*pulls, "ds_permute_b32")):
        code += encode(isa, "DS", op, vdst=8 + n, vaddr=2, data0=1, offset0=12)
    before, after = executed(name, size, code, mask)
    span = 64 if isa.startswith("cdna") or isa == "rdna4" else 32
    for n, o in enumerate(offsets):
        for lane in range(size):
            of = lanes.swizzle(o)(lane)
            value = int(before.vgpr[1, of]) if active(mask, of) and of is not None else 0
            want = value if active(mask, lane) else before.vgpr[16 + n, lane]
            assert want == after.vgpr[16 + n, lane], (hex(o), lane)
    sent = dict.fromkeys(range(size), 0)
    for lane in range(size):
        to = lanes.permuted(int(before.vgpr[2, lane]), 12, lane, min(span, size))
        for n, op in enumerate(pulls):
            value = int(before.vgpr[1, to]) if active(mask, to) or "_fi_" in op else 0
            want = value if active(mask, lane) else before.vgpr[8 + n, lane]
            assert want == after.vgpr[8 + n, lane], (op, lane)
        if active(mask, lane):
            sent[to] = int(before.vgpr[1, lane])
    row = 8 + len(pulls)
    for lane in range(size):
        want = sent[lane] if active(mask, lane) else before.vgpr[row, lane]
        assert want == after.vgpr[row, lane], ("ds_permute_b32", lane)
