"""Which instructions are calls of common functions in quick code, and which share one."""

from __future__ import annotations

from pathlib import Path

import pytest

import anyroc.semantics  # noqa: F401  (registers the instructions)
from anyroc import native
from anyroc.isa.decode import decode
from anyroc.isa.instruction import Instruction
from anyroc.isa.targets import target
from anyroc.semantics.core import OPERATIONS, Op
from anyroc.semantics.environment import FLOAT_BITS, IEEE_BITS
from anyroc.translate import collect
from anyroc.translate.codeobject import CodeObject
from anyroc.translate.jit import translate
from anyroc.translate.library import _FLOAT_BITS, _IEEE_BITS, common, library
from anyroc.translate.routines import Routine, routine_of
from code_objects import KernelSpec, code_object
from translate_support.encode import encode
from translate_support.machine import leave

GPU = target("gfx942")


def instruction(mnemonic: str, format_: str, **fields: int) -> Instruction:
    return decode("cdna3", encode("cdna3", format_, mnemonic, **fields), wave_size=64)


def routine(inst: Instruction) -> Routine | None:
    operation = OPERATIONS[inst.op]
    assert isinstance(operation, Op)
    return routine_of(inst, operation, 64, GPU)


def symbol(mnemonic: str, format_: str, **fields: int) -> str:
    found = routine(instruction(mnemonic, format_, **fields))
    assert found is not None
    return found.symbol


def add(**fields: int) -> str:
    return symbol("v_add_f32", "VOP3", **fields)


def test_registers_and_values_of_scalars_do_not_matter() -> None:
    first = add(vdst=1, src0=256 + 2, src1=256 + 3)
    assert first == add(vdst=9, src0=256 + 9, src1=256 + 250)
    scalar = add(vdst=1, src0=4, src1=256 + 3)
    assert scalar not in ("", first)
    assert scalar == add(vdst=1, src0=129, src1=256 + 3)  # an inline constant
    assert scalar == add(vdst=1, src0=106, src1=256 + 3)  # VCC as data


def test_the_encoding_does_not_matter_but_modifiers_do() -> None:
    plain = add(vdst=1, src0=256 + 2, src1=256 + 3)
    assert plain == symbol("v_add_f32", "VOP2", vdst=1, src0=256 + 2, src1=3)
    others = [
        add(vdst=1, src0=256 + 2, src1=256 + 3, neg=1),
        add(vdst=1, src0=256 + 2, src1=256 + 3, neg=2),
        add(vdst=1, src0=256 + 2, src1=256 + 3, abs=1),
        add(vdst=1, src0=256 + 2, src1=256 + 3, clamp=1),
        symbol("v_sub_f32", "VOP3", vdst=1, src0=256 + 2, src1=256 + 3),
    ]
    assert len({plain, *others}) == 1 + len(others)


def test_constants_that_an_instruction_interprets_are_its_own() -> None:
    fields = {"vdst": 1, "src0": 256 + 2, "src1": 256 + 3, "op_sel_hi": 3, "op_sel_hi2": 1}
    assert routine(instruction("v_fma_mix_f32", "VOP3P", **fields, src2=242)) is None
    assert routine(instruction("v_fma_mix_f32", "VOP3P", **fields, src2=256 + 4)) is not None


def test_the_list_has_an_instruction_for_most_of_a_kernel() -> None:
    wanted = {found.symbol: found.inst for found in common(64, GPU, 0x3F0)}
    assert len(wanted) > 400
    assert add(vdst=1, src0=256 + 2, src1=256 + 3) in wanted
    missing = wanted.keys() - library(64, GPU, 0x3F0).routines.symbols
    assert all(wanted[name].mods.dpp for name in missing)  # data from further than a chunk


def test_kernels_that_flush_denormals_have_routines_too() -> None:
    code = encode("cdna3", "VOP2", "v_add_f32", vdst=5, src0=256 + 6, src1=7)
    calls = []
    for mode in (0x3F0, 0x3C0, 0x3C3):
        flushing = kernel(code, (mode & 0xFF) << 12 | 1 << 21 | 1 << 23)
        lines = translate(flushing, flushing.kernels["k"], GPU, quick=True).ir.splitlines()
        calls.append({line for line in lines if "call void @anyroc_v_add_f32" in line})
    assert [len(found) for found in calls] == [1, 1, 0]
    assert calls[0] != calls[1]


def test_the_bits_that_choose_a_library_are_those_that_arithmetic_depends_on() -> None:
    assert _FLOAT_BITS | _IEEE_BITS == FLOAT_BITS
    assert _IEEE_BITS == IEEE_BITS


def kernel(code: bytes, rsrc1: int = 0xAF0000) -> CodeObject:
    spec = KernelSpec("k", code + leave("cdna3"), rsrc1=rsrc1, vgpr_units=64, accum_units=64)
    return CodeObject.parse(code_object([spec], target="gfx942"))


def test_quick_code_calls_what_the_full_form_computes() -> None:
    code = kernel(encode("cdna3", "VOP2", "v_add_f32", vdst=5, src0=256 + 6, src1=7))
    name = add(vdst=1, src0=256 + 2, src1=256 + 3)
    called = f"call void @{name}(ptr %wave, i64 {5 | 6 << 16 | 7 << 32})"
    quick = translate(code, code.kernels["k"], GPU, quick=True).ir
    full = translate(code, code.kernels["k"], GPU).ir
    assert called in quick
    assert "fadd" not in quick
    assert called not in full
    assert "fadd <16 x float>" in full


def test_collecting_counts_shapes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    once = encode("cdna3", "VOP2", "v_mul_f32", vdst=5, src0=256 + 6, src1=7)
    twice = [encode("cdna3", "VOP2", "v_add_f32", vdst=i, src0=256 + i, src1=7) for i in (1, 2)]
    path = tmp_path / "k.co"
    spec = KernelSpec("k", once + b"".join(twice), vgpr_units=64, accum_units=64)
    path.write_bytes(code_object([spec], target="gfx942"))
    (tmp_path / "nothing").write_bytes(b"no code object")
    collect.main([str(path), str(tmp_path / "nothing")])
    assert capsys.readouterr().out.split("\n") == [
        f"cdna3 {twice[0].hex()}",
        f"cdna3 {once.hex()}",
        "",
    ]
    collect.main(["--least", "2", str(path)])
    assert capsys.readouterr().out == f"cdna3 {twice[0].hex()}\n"


def test_a_damaged_library_is_refused() -> None:
    with pytest.raises(native.LinkError, match="not an x86-64 object"):
        native.link_library(b"damaged")
