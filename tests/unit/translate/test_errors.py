"""What cannot be translated says so: the instruction, where it is, and in which kernel."""

from __future__ import annotations

import random

import pytest

from anyroc.errors import AnyrocError, CodeObjectError, UnsupportedInstruction
from anyroc.isa.targets import target
from anyroc.translate import jit
from anyroc.translate.codeobject import CodeObject
from code_objects import KernelSpec, code_object
from translate_support.encode import encode
from translate_support.targets import ISA


def translate(name: str, code: bytes) -> jit.Translation:
    record = target(name)
    wave32 = record.default_wave_size == 32
    spec = KernelSpec("sum", code, wave32=wave32, vgpr_units=16, accum_units=16)
    parsed = CodeObject.parse(code_object([spec], target=name))
    return jit.translate(parsed, parsed.kernels["sum"], record)


@pytest.mark.parametrize("name", list(ISA))
def test_unsupported_instructions_are_named(name: str) -> None:
    isa = ISA[name]
    absent = "ds_bvh_stack_push4_pop1_rtn_b32" if isa == "rdna4" else "ds_gws_sema_v"
    code = encode(isa, "SOPP", "s_nop") + encode(isa, "DS", absent)
    with pytest.raises(UnsupportedInstruction) as caught:
        translate(name, code + encode(isa, "SOPP", "s_endpgm"))
    error = caught.value
    assert (absent, 0x1004, "sum") == (error.mnemonic, error.address, error.kernel)
    assert f"instruction {absent} at 0x1004 in kernel sum" in str(error)


@pytest.mark.parametrize(
    ("format_", "op", "fields", "why"),
    [
        ("DS", "ds_load_b32", {"gds": 1}, "global data share"),
        ("VOP3SD", "v_mad_co_u64_u32", {"clamp": 1}, "a clamp of 64-bit integers"),
    ],
)
def test_unsupported_forms_say_what_is_missing(
    format_: str, op: str, fields: dict[str, int], why: str
) -> None:
    code = encode("rdna3_5", format_, op, **fields) + encode("rdna3_5", "SOPP", "s_endpgm")
    with pytest.raises(UnsupportedInstruction, match=why):
        translate("gfx1151", code)


def test_typed_buffers_do_not_go_to_lds() -> None:
    fields = {"lds": 1, "srsrc": 2, "soffset": 128}
    code = encode("cdna3", "MUBUF", "buffer_load_format_x", **fields)
    with pytest.raises(UnsupportedInstruction, match="a typed buffer that goes to LDS"):
        translate("gfx942", code + encode("cdna3", "SOPP", "s_endpgm"))


@pytest.mark.parametrize("name", list(ISA))
def test_any_bytes_translate_or_are_refused(name: str) -> None:
    """Random dwords behind real instructions: no other exception, and LLVM takes what comes out."""
    rng = random.Random(name)
    accepted = 0
    for _ in range(150):
        code = b"".join(
            rng.choice(
                (
                    rng.getrandbits(32).to_bytes(4, "little"),
                    (0x7E000000 | rng.getrandbits(25)).to_bytes(4, "little"),
                    (0x80000000 | rng.getrandbits(29)).to_bytes(4, "little"),
                )
            )
            for _ in range(2)
        )
        try:
            translate(name, code + encode(ISA[name], "SOPP", "s_endpgm"))
            accepted += 1
        except AnyrocError:
            pass
    assert accepted > 20


def test_floating_point_exceptions_are_refused() -> None:
    record = target("gfx942")
    code = encode(ISA["gfx942"], "SOPP", "s_endpgm")
    traps = KernelSpec("sum", code, vgpr_units=16, rsrc2=1 << 7 | 1 << 24)
    parsed = CodeObject.parse(code_object([traps], target="gfx942"))
    with pytest.raises(CodeObjectError, match="floating-point exceptions"):
        jit.translate(parsed, parsed.kernels["sum"], record)
