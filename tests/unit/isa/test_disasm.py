"""Our text against what LLVM wrote, stored by ``isa_differential.py --golden``.

``TARGET.waveN.txt`` holds texts of encodings made from the tables, LLVM 19's or, for GPUs that it
does not know, LLVM 22's; ``TARGET.halves.txt`` texts with register halves that LLVM 22 assembles to
exactly these bytes.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from anyroc.isa.decode import decode
from anyroc.isa.disasm import format_instruction

GOLDEN = sorted((Path(__file__).parent / "golden").glob("*.txt"))


def text(target: str, wave_size: int, code: bytes, *, true16: bool | None) -> str:
    instruction = decode(target, code, wave_size=wave_size)
    assert len(code) == instruction.size
    return " ".join(format_instruction(instruction, target, true16=true16).split())


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_text_is_llvms(path: Path) -> None:
    target, kind = path.stem.split(".")
    wave_size = int(kind.removeprefix("wave")) if kind.startswith("wave") else 32
    true16 = None if kind == "halves" else False
    wrong = []
    for line in path.read_text().splitlines():
        code, expected = line.split(" ", 1)
        got = text(target, wave_size, bytes.fromhex(code), true16=true16)
        if expected != got:
            wrong.append(f"{code}: {expected} | {got}")
    assert [] == wrong


def test_there_are_golden_files() -> None:
    assert GOLDEN


@pytest.mark.parametrize(
    ("target", "wave_size", "code", "expected"),
    [
        ("gfx942", 64, "01000000", "v_cndmask_b32_e32 v0, s1, v0, vcc"),
        ("gfx942", 64, "70008cbf", "s_waitcnt vmcnt(0) lgkmcnt(0)"),
        ("gfx942", 64, "fbff82bf", "s_branch 65531"),
        (
            *("gfx942", 64, "ec00eed3a4a1e203"),
            "v_mfma_f64_16x16x4_f64 v[236:243], v[164:165], v[80:81], 0.15915494309189532",
        ),
        (
            *("gfx942", 64, "f9f0d9663a000680"),
            (
                "v_ldexp_f16_sdwa v108, v58, 0.15915494 dst_sel:BYTE_0 dst_unused:UNUSED_PAD "
                "src0_sel:DWORD src1_sel:BYTE_0"
            ),
        ),
        (
            "gfx90a",
            64,
            "cf4ff5e0f7ec319e",
            "buffer_store_lds_dword s[68:71], 30 offset:4047 lds glc",
        ),
        ("gfx942", 64, "601300dddad3006c", "flat_atomic_swap v[218:219], v211 offset:4960"),
        ("gfx1151", 32, "eccd267f", "v_swap_b16 v19.h, v108.h"),
        ("gfx1151", 32, "110087bf", "s_delay_alu instid0(VALU_DEP_1) | instskip(NEXT)"),
        ("gfx1201", 32, "0000c7bf", "s_wait_kmcnt 0x0"),
        ("gfx1201", 32, "9eff88bf", "s_wait_alu depctr_sa_sdst(0)"),
    ],
)
def test_examples(target: str, wave_size: int, code: str, expected: str) -> None:
    assert expected == text(target, wave_size, bytes.fromhex(code), true16=None)
