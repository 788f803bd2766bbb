"""Where our text or our verdict is meant to differ from LLVM 19's, each with its reason.

``excuse`` names the reason, or returns None where a difference would be a mistake.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from anyroc.isa.tables import Row


@dataclass(frozen=True)
class Difference:
    """One encoding on which the two do not agree; a text is None where it was refused."""

    target: str
    row: Row
    code: bytes
    ours: str | None
    llvm: str | None


_IMAGES = frozenset(("MIMG", "VIMAGE", "VSAMPLE"))
_OP_SEL = re.compile(r" op_sel:\[[01,]+\]")
_LITERAL = re.compile(r"lit\((0x[0-9a-f]+)\)")
_NUMBERS = re.compile(r"-?0x[0-9a-f]+|-?\d+(\.\d+)?\b")
_OLD_NAMES = re.compile(r"HW_REG_WAVE_")


def _rdna(it: Difference) -> bool:
    return not it.target.startswith("gfx9")


def _narrow(it: Difference) -> bool:
    return any(spec.bits == 16 for spec in (*it.row.dst, *it.row.src))


def _same(pattern: re.Pattern[str], by: str, it: Difference) -> bool:
    if it.ours is None or it.llvm is None:
        return False
    return pattern.sub(by, it.ours) == pattern.sub(by, it.llvm)


def _images(it: Difference) -> bool:
    return it.row.format in _IMAGES


def _only_documents(it: Difference) -> bool:
    names = r"ds_gws_.*|ds_nop|ds_.*_gs_reg_rtn|ds_ordered_count|.*_load_lds_.*|v_swap_b16"
    names += r"|s_endpgm_ordered_ps_done|s_alloc_vgpr|.*dot2acc.*|ds_bvh.*|ds_bpermute_fi_b32"
    names += r"|lds_direct_load|s_barrier_leave|s_atc_probe.*|s_scratch_.*"
    return it.llvm is None and re.fullmatch(names, it.row.mnemonic) is not None


def _upper_half(it: Difference) -> bool:
    short = it.row.format in ("VOP1", "VOP2", "VOPC")
    return _rdna(it) and short and _narrow(it) and it.llvm is None


def _eight_bit_pair(it: Difference) -> bool:
    return _rdna(it) and it.row.mnemonic.startswith("v_cvt_pk_f32_") and it.llvm is not None


def _op_sel(it: Difference) -> bool:
    return _rdna(it) and _narrow(it) and _same(_OP_SEL, "", it)


def _both_syntaxes(it: Difference) -> bool:
    halves = re.search(r"v\d+\.[lh]", it.ours or "") is not None
    return _rdna(it) and halves and _same(_OP_SEL, "", it)


def _always_halves(it: Difference) -> bool:
    return it.row.mnemonic == "v_mov_b16"


def _compare_suffix(it: Difference) -> bool:
    return _rdna(it) and it.row.format == "VOPC" and _same(re.compile("_dpp "), " ", it)


def _register_names(it: Difference) -> bool:
    return it.target.startswith("gfx12") and _same(_OLD_NAMES, "HW_REG_", it)


def _literals(it: Difference) -> bool:
    narrow = any(spec.bits < 32 for spec in it.row.src) or "_mix" in it.row.mnemonic
    return narrow and _same(re.compile(r"-?0x[0-9a-f]+|-?\d+(\.\d+)?\b"), "#", it)


def _integer_signs(it: Difference) -> bool:
    return it.llvm is not None and "sext(" in it.llvm and "sdwa" not in it.llvm


def _nonsense_registers(it: Difference) -> bool:
    compare = it.row.format in ("VOP1", "VOP3") and it.row.mnemonic.startswith(
        ("v_cmp", "v_s_", "v_readlane", "v_readfirstlane")
    )
    word = int.from_bytes(it.code[:4], "little")
    destination = word >> 17 & 0xFF if it.row.format == "VOP1" else word & 0xFF
    return compare and it.ours is None and destination >= 128


def _strange_scalars(it: Difference) -> bool:
    pairs = ("xnack_mask", "flat_scratch", "exec", "null")
    return it.llvm is None and it.ours is not None and any(name in it.ours for name in pairs)


def _matrix_operands(it: Difference) -> bool:
    return it.llvm is None and re.match(r"v_(wmma|swmmac|mfma|smfmac)", it.row.mnemonic) is not None


def _constant_address(it: Difference) -> bool:
    return (
        it.ours is None and it.row.format == "SOP1" and any(spec.kind == "s" for spec in it.row.src)
    )


def _without_operands(it: Difference) -> bool:
    return not it.row.src and it.row.format.startswith("VOP")


def _mixed_scalars(it: Difference) -> bool:
    return it.llvm is None and "_mix" in it.row.mnemonic


def _lds_direct(it: Difference) -> bool:
    return "src_lds_direct" in (it.ours or it.llvm or "")


def _triples(it: Difference) -> bool:
    return it.llvm is None and it.ours is not None and "ttmp" in it.ours


def _constant_mask(it: Difference) -> bool:
    return it.ours is None and any(spec.type == "mask" for spec in it.row.src)


def _scalar_loads_to_m0(it: Difference) -> bool:
    return it.row.format == "SMEM" and it.llvm is None and " m0," in (it.ours or "")


def _small_floats(it: Difference) -> bool:
    return it.llvm is None and "cvt_pk_f32" in it.row.mnemonic


def _absolute_mask(it: Difference) -> bool:
    return it.llvm is not None and ", vcc" in it.llvm and "|" in it.llvm


def _past_the_last(it: Difference) -> bool:
    return it.ours is None and ":103]" in (it.llvm or "")


def _group_of_gws(it: Difference) -> bool:
    return "_gws_" in it.row.mnemonic or it.row.mnemonic in (
        "ds_ordered_count",
        "ds_add_gs_reg_rtn",
        "ds_sub_gs_reg_rtn",
    )


def _scalar_dot(it: Difference) -> bool:
    return it.llvm is None and it.row.format == "VOP3P" and it.row.mnemonic.startswith("v_dot")


def _wide_wmma_literal(it: Difference) -> bool:
    return "wmma" in it.row.mnemonic and it.ours is not None and it.llvm is not None


def _byte_floats(it: Difference) -> bool:
    return (
        it.llvm is None
        and "sdwa" in (it.ours or "")
        and re.search("fp8|bf8", it.row.mnemonic) is not None
    )


def _marked_literals(it: Difference) -> bool:
    if it.ours is None or it.llvm is None:
        return False
    return _NUMBERS.sub("#", _LITERAL.sub(r"\1", it.llvm)) == _NUMBERS.sub("#", it.ours)


def _unaligned(it: Difference) -> bool:
    """Whether a vector register tuple starts at an odd register."""
    if it.llvm is not None or it.ours is None or not it.target.startswith("gfx9"):
        return False
    return any(int(first) % 2 for first in re.findall(r"[va]\[(\d+):", it.ours))


def _long_literals(it: Difference) -> bool:
    return it.ours is None and it.target == "gfx950" and it.row.format.startswith("VOP3")


def _past_the_end(it: Difference) -> bool:
    return it.ours is None and any(int(n) > 255 for n in re.findall(r":(\d+)\]", it.llvm or ""))


def _without_op_sel_hi(it: Difference) -> bool:
    pattern = re.compile(r" op_sel_hi:\[[01,]+\]")
    return it.row.mnemonic.startswith(("v_dot4", "v_dot8")) and _same(pattern, "", it)


def _flat_base(it: Difference) -> bool:
    return it.ours is None and "src_flat_scratch_base" in (it.llvm or "")


def _unknown_unused(it: Difference) -> bool:
    return it.llvm is None and "dst_unused" in (it.ours or "") and it.code[5] >> 3 & 3 == 3


def _variants_of_packed(it: Difference) -> bool:
    return it.ours is None and it.row.mnemonic == "v_pk_fmac_f16"


def _fourier(it: Difference) -> bool:
    return "swizzle(FFT" in (it.llvm or "") or "swizzle(ROTATE" in (it.llvm or "")


def _integer_modifiers(it: Difference) -> bool:
    names = r"v_(alignbit|alignbyte)_b32|v_cvt_pk_u8_f32|v_(mad|min3|max3|med3|mad_[iu]32)_[iu]16"
    names += r"|v_ldexp_f(16|32)|v_trig_preop_f64|v_cvt_pkaccum_u8_f32|v_(add|sub)_i16"
    return it.target == "gfx950" and re.fullmatch(names, it.row.mnemonic) is not None


def _coherent_float_atomics(it: Difference) -> bool:
    names = r".*_atomic_(pk_)?(add|min|max)_f\d+"
    return (it.ours or "").endswith(" scc") and re.fullmatch(names, it.row.mnemonic) is not None


def _buffers_to_lds(it: Difference) -> bool:
    return it.llvm is None and (it.ours or "").endswith(" lds")


def _later(it: Difference) -> bool:
    return it.llvm is None and it.row.limits is None


REASONS: tuple[tuple[str, Callable[[Difference], bool]], ...] = (
    ("images are decoded, their operands not yet printed as LLVM prints them", _images),
    ("AMD documents the instruction, LLVM 19 does not know it", _only_documents),
    ("LLVM 19 does not decode v0.h in most short 16-bit encodings", _upper_half),
    ("LLVM 19 takes the half selector of an 8-bit pair for a register bit", _eight_bit_pair),
    ("LLVM 22 writes op_sel beside .l and .h", _both_syntaxes),
    ("LLVM 19 does not print op_sel of these 16-bit instructions, LLVM 22 writes .h", _op_sel),
    ("LLVM 19 knows v_mov_b16 by its halves only", _always_halves),
    ("LLVM 19 forgets the _dpp suffix of 16-bit compares", _compare_suffix),
    ("LLVM 20 renamed RDNA4's hardware registers after AMD's documents", _register_names),
    ("LLVM 19 prints bits of a 32-bit literal that a 16-bit operand does not have", _literals),
    ("LLVM 19 writes the sign of an integer operand as sext()", _integer_signs),
    ("LLVM 19 prints sources where a compare's destination is no register", _nonsense_registers),
    ("pairs of special registers that code never names", _strange_scalars),
    ("matrix operands with modifier bits that only LLVM refuses", _matrix_operands),
    ("a constant is no address", _constant_address),
    ("DPP and SDWA of an instruction without sources", _without_operands),
    ("LLVM 19 allows no scalar sources in mixed-precision DPP", _mixed_scalars),
    ("lds_direct is a source on CDNA only, and of vector instructions only", _lds_direct),
    ("LLVM 19 has no triples of trap registers", _triples),
    ("a constant is no lane mask", _constant_mask),
    ("LLVM 19 does not load into m0", _scalar_loads_to_m0),
    ("constants as packed 8-bit floats", _small_floats),
    ("LLVM 19 prints the sign bits of v_cndmask around its mask", _absolute_mask),
    ("s[…:103] reaches past CDNA's last scalar register", _past_the_last),
    ("global wave sync is decoded where LLVM sets GDS only", _group_of_gws),
    ("LLVM 19 allows no scalar sources in DPP of dot products", _scalar_dot),
    ("LLVM 19 prints literals of bf16 matrices in hexadecimal always", _wide_wmma_literal),
    ("LLVM 19 fixes the selectors of 8-bit float conversions", _byte_floats),
    ("LLVM 22 marks literals that could be inline", _marked_literals),
    ("LLVM 22 takes no tuple of vector registers that starts at an odd one", _unaligned),
    ("LLVM 22 decodes literals in long encodings, which CDNA has not", _long_literals),
    ("LLVM 22 decodes tuples past the last register", _past_the_end),
    ("LLVM 22 prints no op_sel_hi of dot products of bytes", _without_op_sel_hi),
    ("LLVM 22 names sources that gfx1250 alone has", _flat_base),
    ("LLVM 22 knows that SDWA has three ways with the unused bits", _unknown_unused),
    ("LLVM 22 decodes DPP and SDWA of v_pk_fmac_f16, its assembler has none", _variants_of_packed),
    ("LLVM 22 writes how ds_swizzle_b32 transforms and rotates", _fourier),
    ("LLVM 22 treats modifier bits of integers otherwise", _integer_modifiers),
    ("LLVM 19 has no scc on the floating atomics of gfx90a", _coherent_float_atomics),
    ("LLVM 19 knows fewer loads to LDS, or registers they leave alone", _buffers_to_lds),
    ("LLVM 19 has no such encoding, nothing is known of its modifiers", _later),
)


def excuse(difference: Difference) -> str | None:
    """The reason for a difference, None if there is no good one."""
    return next((reason for reason, test in REASONS if test(difference)), None)


# Texts that LLVM 22 assembles to something that decodes differently, without anyone being wrong.
LOSSY: tuple[tuple[str, str], ...] = (
    ("the same permutation of lanes has several masks", r"ds_swizzle_b32 .*BITMASK_PERM"),
    ("an unused destination selector that LLVM prints as PAD", r".*dst_unused:UNUSED_PAD"),
    ("8-bit floats have no syntax for a destination selector", r"v_cvt_.*_(fp8|bf8)_sdwa"),
    ("the long form of an instruction without operands", r"v_(nop|pipeflush|clrexcp)$"),
    ("registers of an export that are off", r"exp(ort)? .*off"),
    ("a small literal of a double reads as an inline integer", r"v_.*_f64.*\b0x[0-9a-f]{1,2}\b"),
    ("bits of a wait that count nothing", r"s_(waitcnt|delay_alu) "),
    ("images are decoded, their operands not yet printed as LLVM prints them", r"image_"),
    ("a barrier is no null", r"s_barrier.* null"),
    ("bits of a message that say nothing", r"s_sendmsg(halt)? sendmsg\(MSG_"),
    (
        "scc of gfx90a's atomics and write-backs, which LLVM 22 drops",
        r".*_atomic_.* scc|buffer_wbl2",
    ),
    ("prefetching the page table by a nonexistent length", r"s_atc_probe"),
)


def loses(target: str, row: Row, text: str) -> str | None:
    """Why a text need not assemble to what it was printed from."""
    short = row.format in ("VOP1", "VOP2", "VOPC") and any(
        spec.bits == 16 for spec in (*row.dst, *row.src)
    )
    if short and target.startswith("gfx12"):
        return "RDNA4's assembler has no syntax for upper halves in short encodings"
    return next((reason for reason, pattern in LOSSY if re.match(pattern, text)), None)
