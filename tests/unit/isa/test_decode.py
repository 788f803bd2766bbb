from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anyroc.errors import CodeObjectError
from anyroc.isa.decode import decode, decode_all, decoder
from anyroc.isa.disasm import format_instruction
from anyroc.isa.instruction import EXEC, M0, NULL, VCC, DecodeError, Instruction, Operand
from anyroc.isa.targets import TARGETS, target

WAVES = [(name, size) for name in TARGETS for size in target(name).wave_sizes]


def one(name: str, code: str, wave_size: int | None = None) -> Instruction:
    size = wave_size or target(name).default_wave_size
    return decode(name, bytes.fromhex(code), wave_size=size)


# -- what the operands of each kind look like ------------------------------------------------------


def test_scalar_registers_have_one_numbering() -> None:
    m0_cdna = one("gfx942", "7c0080be")  # s_mov_b32 s0, m0
    m0_rdna = one("gfx1151", "7d0080be")  # s_mov_b32 s0, m0
    null = one("gfx1151", "7c0080be")  # s_mov_b32 s0, null
    assert (M0, M0, NULL) == (m0_cdna.src[0].index, m0_rdna.src[0].index, null.src[0].index)


def test_carry_is_listed_among_the_operands() -> None:
    add = one("gfx942", "04070438")  # v_addc_co_u32_e32 v2, vcc, v4, v3, vcc
    assert "v_add_co_ci_u32" == add.op
    assert [("v", 2, 1), ("s", VCC, 2)] == [(o.kind, o.index, o.count) for o in add.dst]
    assert [("v", 4, 1), ("v", 3, 1), ("s", VCC, 2)] == [
        (o.kind, o.index, o.count) for o in add.src
    ]


@pytest.mark.parametrize(("wave_size", "dwords"), [(32, 1), (64, 2)])
def test_lane_masks_are_as_wide_as_the_wave(wave_size: int, dwords: int) -> None:
    compare = one("gfx1151", "0004227c", wave_size)  # v_cmp_lt_f32_e32 vcc, s0, v2
    assert [Operand("s", VCC, dwords)] == list(compare.dst)


def test_compare_and_mask_writes_exec() -> None:
    rdna = one("gfx1151", "0004227d")  # v_cmpx_lt_f32_e32 s0, v2
    cdna = one("gfx942", "0004a27c")  # v_cmpx_lt_f32_e32 vcc, s0, v2
    assert [EXEC] == [o.index for o in rdna.dst]
    assert [VCC, EXEC] == [o.index for o in cdna.dst]
    assert rdna.op == cdna.op == "v_cmpx_lt_f32"


def test_accumulation_reads_its_destination() -> None:
    fmac = one("gfx942", "00040276")  # v_fmac_f32_e32 v1, s0, v2
    assert fmac.dst[0] == fmac.src[-1]


def test_fmamk_takes_its_constant_second() -> None:
    fmamk = one("gfx942", "0005022e0000c03f")  # v_fmamk_f32 v1, v0, 0x3fc00000, v2
    assert [("v", 0), ("const", 0x3FC00000), ("v", 0)] == [
        (o.kind, o.value if o.kind == "const" else 0) for o in fmamk.src
    ]
    assert fmamk.size == 8


@pytest.mark.parametrize(
    ("name", "code", "value"),
    [
        ("gfx942", "f202047e", 0x3F800000),  # v_mov_b32_e32 v2, 1.0
        ("gfx942", "c102047e", 0xFFFFFFFF),  # v_mov_b32_e32 v2, -1
        ("gfx942", "f22e047e", 0x3FF0000000000000),  # v_trunc_f64_e32 v[2:3], 1.0
        ("gfx942", "f204043e", 0x3C00),  # v_add_f16 of an inline one
        ("gfx942", "ff2e047e0000f83f", 0x3FF8000000000000),  # v_trunc_f64_e32 v[2:3], 0x3ff80000
        ("gfx942", "ff0180beffffffff", 0xFFFFFFFF),  # s_mov_b64 s[0:1], 0xffffffff
        ("gfx942", "c10180be", 0xFFFFFFFFFFFFFFFF),  # s_mov_b64 s[0:1], -1
    ],
)
def test_constants_are_bits_of_the_operand(name: str, code: str, value: int) -> None:
    instruction = one(name, code)
    constants = [o.value for o in instruction.src if o.kind == "const"]
    assert [value] == constants


def test_short_constants_are_operands() -> None:
    move = one("gfx942", "feff00b0")  # s_movk_i32 s0, 0xfffe
    compare = one("gfx942", "feff00b4")  # s_cmpk_eq_u32 s0, 0xfffe
    assert 0xFFFFFFFE == move.src[0].value
    assert 0xFFFE == compare.src[1].value
    assert ("s", 0) == (compare.src[0].kind, compare.src[0].index)
    assert () == compare.dst


def test_addresses_have_roles() -> None:
    load = one("gfx942", "008050dc02000401")  # global_load_dword v1, v2, s[4:5]
    store = one("gfx942", "008070dc02037f00")  # global_store_dword v[2:3], v3, off
    assert "global_load_b32" == load.op
    assert [("vaddr", "v", 1), ("saddr", "s", 2)] == [(o.role, o.kind, o.count) for o in load.src]
    assert [("vaddr", "v", 2), ("vdata", "v", 1), ("saddr", "none", 0)] == [
        (o.role, o.kind, o.count) for o in store.src
    ]
    assert store.operand("vdata") == Operand("v", 3, role="vdata")


@pytest.mark.parametrize(("code", "returns"), [("008009dd02037f04", 1), ("008008dd02037f00", 0)])
def test_atomics_return_only_when_asked(code: str, returns: int) -> None:
    assert returns == len(one("gfx942", code).dst)


def test_accumulation_registers() -> None:
    read = one("gfx942", "0340d8d323010018")  # v_accvgpr_read_b32 v3, a35
    assert (("v", 3), ("a", 35)) == tuple((o.kind, o.index) for o in (read.dst[0], read.src[0]))


def test_halves_of_registers_are_in_op_sel() -> None:
    add = one("gfx1151", "81050a64")  # v_add_f16_e32 v5.l, v1.h, v2.l
    assert (True, False, False, False) == add.mods.op_sel
    assert 1 == add.src[0].index


def test_matrix_fragments_shrink_in_wave64() -> None:
    code = "084040cc0011421c"  # v_wmma_f32_16x16x16_f16
    wide = one("gfx1151", code, 32)
    narrow = one("gfx1151", code, 64)
    assert "v_wmma_f32_16x16x16_f16_gfx11" == wide.op
    assert (8, 8, 8) == (wide.dst[0].count, wide.src[0].count, wide.src[2].count)
    assert (4, 8, 4) == (narrow.dst[0].count, narrow.src[0].count, narrow.src[2].count)


def test_pairs_have_parts() -> None:
    pair = one("gfx1151", "030952ca020b0203")  # v_dual_cndmask_b32 :: v_dual_cndmask_b32
    assert ["v_cndmask_b32", "v_cndmask_b32"] == [part.op for part in pair.parts]
    assert [3, 2] == [part.dst[0].index for part in pair.parts]
    assert all(VCC == part.src[-1].index for part in pair.parts)


def test_branch_target() -> None:
    back = decode("gfx942", bytes(4) + bytes.fromhex("feff82bf"), 4, wave_size=64)
    assert 0 == back.branch_target


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("gfx942", "f61780be"),  # s_sext_i32_i16 s0, 4.0
        ("gfx942", "f6f60099"),  # s_pack_ll_b32_b16 s0, 4.0, 4.0
        ("gfx1151", "f60f80be"),
        ("gfx1201", "f6f60099"),
    ],
)
def test_scalar_constants_have_32_bits(name: str, code: str) -> None:
    sources = one(name, code).src
    assert {0x40800000} == {operand.value for operand in sources}


def test_decode_all_walks_the_code() -> None:
    code = bytes.fromhex("f202047e0005022e0000c03f000081bf")
    found = [(i.offset, i.op) for i in decode_all("gfx942", code, wave_size=64)]
    assert [(0, "v_mov_b32"), (4, "v_fmamk_f32"), (12, "s_endpgm")] == found


# -- bad input -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "code", "says"),
    [
        ("gfx942", "", "truncated: 0 of 4 bytes"),
        ("gfx942", "0080", "truncated: 2 of 4 bytes"),
        ("gfx942", "008050dc", "truncated GLOBAL: 4 of 8 bytes"),
        ("gfx942", "ff02047e", "its literal is missing"),
        ("gfx942", "ffffffff", "is in no cdna3 encoding"),
        ("gfx942", "0000fe9f", "opcode"),
        ("gfx942", "d202047e", "source 210 does not exist"),
        ("gfx942", "7c0180be", "m0 is no 2-register operand"),
        ("gfx1151", "0ccc267f", "source 12 is not a vector register"),
        ("gfx942", "7400c0d33b310f00", "a matrix takes no scalar register"),
        ("gfx1151", "3c0240ccd5a19a18", "a matrix takes no scalar register"),
        ("gfx1201", "000086bf", "opcode 6 does not exist on rdna4"),
    ],
)
def test_refusals_name_offset_and_problem(name: str, code: str, says: str) -> None:
    with pytest.raises(DecodeError) as caught:
        one(name, code)
    assert says in str(caught.value)
    assert "at offset 0x0" in str(caught.value)
    assert isinstance(caught.value, CodeObjectError)


def survives(name: str, wave_size: int, code: bytes) -> None:
    """Decoding gives an instruction that prints, or a DecodeError, and stays within the code."""
    try:
        instruction = decoder(target(name).isa, wave_size).decode(code)
    except DecodeError:
        return
    assert 0 < instruction.size <= len(code)
    assert format_instruction(instruction, name)


@pytest.mark.parametrize(("name", "wave_size"), WAVES)
@settings(max_examples=300, deadline=None)
@given(code=st.binary(max_size=20))
def test_any_bytes(name: str, wave_size: int, code: bytes) -> None:
    survives(name, wave_size, code)


@pytest.mark.parametrize(("name", "wave_size"), WAVES)
def test_random_words(name: str, wave_size: int) -> None:
    rng = random.Random(20_11)
    for _ in range(20_000):
        survives(name, wave_size, rng.randbytes(rng.choice((4, 8, 12, 16))))
