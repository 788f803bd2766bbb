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
from anyroc.isa.instruction import DecodeError

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
        ("gfx1201", 32, "7cc00aee0000000000a4468b", "global_inv"),
        ("gfx1151", 32, "eccd267f", "v_swap_b16 v19.h, v108.h"),
        ("gfx1151", 32, "110087bf", "s_delay_alu instid0(VALU_DEP_1) | instskip(NEXT)"),
        ("gfx1201", 32, "0000c7bf", "s_wait_kmcnt 0x0"),
        ("gfx1201", 32, "9eff88bf", "s_wait_alu depctr_sa_sdst(0)"),
    ],
)
def test_examples(target: str, wave_size: int, code: str, expected: str) -> None:
    assert expected == text(target, wave_size, bytes.fromhex(code), true16=None)


@pytest.mark.parametrize(
    ("target", "code", "expected"),
    [
        ("gfx90a", "001782f027282481",
         "image_sample v[40:41], v39, s[16:23], s[36:39] dmask:0x7 unorm lwe d16"),
        ("gfx90a", "180549f0153e1c78", "image_atomic_add a[62:63], v21, ttmp[4:11] dmask:0x5"),
        ("gfx90a", "ee1d26f012010ee0",
         "image_store_mip v1, v18, s[56:63] dmask:0xd unorm scc lwe d16"),  # no pair begins at v1
        ("gfx1100", "ae2104f03c320a00",
         "image_load_mip v50, v[60:63], s[40:47] dmask:0x1 dim:SQ_RSRC_IMG_CUBE unorm dlc"),
        ("gfx1100", "d53224f035029c82333a5542",
         ("image_store_mip_pck v2, [v53, v51, v58, v85], ttmp[4:11] dmask:0x2"
         " dim:SQ_RSRC_IMG_2D_ARRAY unorm slc dlc")),
        ("gfx1100", "9541acf03612642405060708",
         ("image_sample_c_d_o v[18:19], [v54, v5, v6, v7, v[8:12]], s[16:23], s[36:39] dmask:0x1"
         " dim:SQ_RSRC_IMG_2D_ARRAY unorm glc tfe lwe")),
        ("gfx1100", "8903e4f02034442405060708",
         ("image_sample_d_g16 v[52:53], [v32, v5, v6, v7, v[8:10]], s[16:23], s[36:39] dmask:0x3"
         " dim:SQ_RSRC_IMG_3D unorm lwe")),
        ("gfx1100", "808f68f006030800", "image_bvh64_intersect_ray v[3:6], v[6:17], s[32:35]"),
        ("gfx1201", "588ec6d3355e0000d400c4bb",
         ("image_bvh64_intersect_ray v[53:56], [v[212:213], v0, v[196:198], v[187:189]], s[44:47]"
         " a16")),
        ("gfx1201", "4890c5d13d138400f70b4e00",
         ("image_atomic_dec_uint v61, [v247, v11, v78, v0], s[8:15] dmask:0x7"
         " dim:SQ_RSRC_IMG_1D scope:SCOPE_SE a16 tfe")),
        ("gfx1201", "7d40d8e50621141208183322",
         ("image_gather4_b_cl v[6:7], [v8, v24, v51, v34], s[16:23], s[36:39] dmask:0x7"
         " dim:SQ_RSRC_IMG_2D_ARRAY th:TH_LOAD_NT scope:SCOPE_SE r128 a16 tfe lwe d16")),
    ],
)  # fmt: skip
def test_images_as_llvm_22_prints_them(target: str, code: str, expected: str) -> None:
    wave_size = 64 if target == "gfx90a" else 32
    assert expected == text(target, wave_size, bytes.fromhex(code), true16=None)


@pytest.mark.parametrize(
    ("target", "code", "problem"),
    [
        ("gfx1100", "f4020af017203581", "16-bit data"),
        ("gfx1100", "a08768f00d3f0a03", "dmask of image_bvh64_intersect_ray"),
        ("gfx1100", "9541acf036126424", "truncated"),
    ],
)
def test_images_that_do_not_exist(target: str, code: str, problem: str) -> None:
    with pytest.raises(DecodeError, match=problem):
        decode(target, bytes.fromhex(code), wave_size=32)
