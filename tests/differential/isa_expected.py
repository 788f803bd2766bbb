"""Where our text or our verdict is meant to differ from LLVM 19's, each with its reason.

``excuse`` names the reason, or returns None where a difference would be a mistake.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from anyroc.isa.modifiers import IMAGES
from anyroc.isa.tables import Row


@dataclass(frozen=True)
class Difference:
    """One encoding on which the two do not agree; a text is None where it was refused."""

    target: str
    row: Row
    code: bytes
    ours: str | None
    llvm: str | None


_OP_SEL = re.compile(r" op_sel:\[[01,]+\]")
_HALVES = re.compile(r"(?<=\d)\.[lh]\b")
_NUMBER = re.compile(r"(neg\(|-)?\|?(lit\()?-?(0x[0-9a-f]+|\d+(\.\d+)?)\)?\|?\)?")
_OLD_NAMES = re.compile(r"HW_REG_WAVE_")


def _rdna(it: Difference) -> bool:
    return not it.target.startswith("gfx9")


def _narrow(it: Difference) -> bool:
    return any(spec.bits == 16 for spec in (*it.row.dst, *it.row.src))


def _same(pattern: re.Pattern[str], by: str, it: Difference) -> bool:
    if it.ours is None or it.llvm is None:
        return False
    return pattern.sub(by, it.ours) == pattern.sub(by, it.llvm)


def _descriptors_at_the_end(it: Difference) -> bool:
    late = it.ours is None and "s[96:103]" in (it.llvm or "")
    return it.row.format in IMAGES and it.target == "gfx90a" and late


def _no_descriptor(it: Difference) -> bool:
    other = it.ours is None and re.search(r"\bsrc_|\b(vcc|exec|m0|null)\b", it.llvm or "")
    return it.row.format in IMAGES and bool(other)


def _registers_of_images(it: Difference) -> bool:
    if it.row.format not in IMAGES:
        return False
    if it.ours is None or it.llvm is None:
        text = it.ours or it.llvm or ""
        pairs = it.target == "gfx90a" and "cmpswap" in text
        return pairs or re.search(r"\bv\[?(\d+:)?25\d", text) is not None
    left_out = r"\b[av](\d+|\[[\d:]+\])|[\[\], ]|\bnv\b"
    return re.sub(left_out, "", it.ours) == re.sub(left_out, "", it.llvm)


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


def _literals_and_halves(it: Difference) -> bool:
    if it.ours is None or it.llvm is None or not _rdna(it) or it.row.format != "VOP3":
        return False
    bare = replace(it, ours=_OP_SEL.sub("", it.ours), llvm=_OP_SEL.sub("", it.llvm))
    return _other_numbers(bare)


def _half_of_what_is_no_register(it: Difference) -> bool:
    return (
        _rdna(it)
        and it.row.format == "VOP3"
        and it.llvm is None
        and re.search(r"op_sel:\[[01,]*1", it.ours or "") is not None
    )


def _selects_nothing(it: Difference) -> bool:
    """Whether a selector names none of the operands, where LLVM's other form has fewer bits."""
    selected = it.code[1] >> 3 & 7
    absent = selected >> len(it.row.src) != 0
    return _rdna(it) and it.row.format == "VOP3" and it.llvm is None and _narrow(it) and absent


def _always_halves(it: Difference) -> bool:
    return it.row.mnemonic == "v_mov_b16"


def _register_names(it: Difference) -> bool:
    return it.target.startswith("gfx12") and _same(_OLD_NAMES, "HW_REG_", it)


def _split(text: str) -> tuple[list[str], str]:
    """The mnemonic with the operands, and the modifiers behind them."""
    name, _, rest = text.partition(" ")
    operands = rest.split(", ")
    operands[-1], _, modifiers = operands[-1].partition(" ")
    return [name, *operands], modifiers


def _other_numbers(it: Difference) -> bool:
    """Whether the texts differ in how constant operands are written only."""
    if it.ours is None or it.llvm is None:
        return False
    (ours, our_modifiers), (theirs, their_modifiers) = _split(it.ours), _split(it.llvm)
    alike = our_modifiers == their_modifiers and len(ours) == len(theirs)
    return alike and all(
        mine == other or (_NUMBER.fullmatch(mine) and _NUMBER.fullmatch(other))
        for mine, other in zip(ours, theirs, strict=True)
    )


def _literals(it: Difference) -> bool:
    narrow = any(spec.bits < 32 for spec in it.row.src) or "_mix" in it.row.mnemonic
    return narrow and "lit(" not in (it.llvm or "") and _other_numbers(it)


def _integer_signs(it: Difference) -> bool:
    return it.llvm is not None and "sext(" in it.llvm and "sdwa" not in it.llvm


def _nonsense_registers(it: Difference) -> bool:
    compare = it.row.format in ("VOP1", "VOP3") and it.row.mnemonic.startswith(
        ("v_cmp", "v_s_", "v_readlane", "v_readfirstlane")
    )
    word = int.from_bytes(it.code[:4], "little")
    destination = word >> 17 & 0xFF if it.row.format == "VOP1" else word & 0xFF
    return compare and it.ours is None and destination >= 128


def _scalars_as_vectors(it: Difference) -> bool:
    takes_registers = (
        r"v_(swap|permlane|movrels|readfirstlane|readlane|accvgpr_mov|mfma|smfmac|wmma|swmmac)"
    )
    scalar = re.search(r", (src_|null\b)", it.llvm or "") is not None
    return it.ours is None and scalar and re.match(takes_registers, it.row.mnemonic) is not None


def _strange_scalars(it: Difference) -> bool:
    pairs = ("xnack_mask", "flat_scratch", "exec", "null")
    return it.llvm is None and it.ours is not None and any(name in it.ours for name in pairs)


def _matrix_operands(it: Difference) -> bool:
    matrix = re.match(r"v_(wmma|swmmac|mfma|smfmac)", it.row.mnemonic) is not None
    return matrix and (it.llvm is None or (it.ours is None and " src_" in it.llvm))


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


def _results_in_m0(it: Difference) -> bool:
    loads = it.row.format == "SMEM" or it.row.mnemonic.startswith("v_read")
    return loads and it.llvm is None and " m0," in (it.ours or "")


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
    ours, theirs = ((text or "").split(" :: ") for text in (it.ours, it.llvm))  # pairs of VOPD
    return (
        "lit(" in (it.llvm or "")
        and len(ours) == len(theirs)
        and all(
            mine == other or _other_numbers(replace(it, ours=mine, llvm=other))
            for mine, other in zip(ours, theirs, strict=True)
        )
    )


def _odd_accumulators(it: Difference) -> bool:
    odd = any(int(first) % 2 for first in re.findall(r" a\[(\d+):", it.llvm or ""))
    return it.ours is None and odd and it.row.format in ("DS", "FLAT", "GLOBAL", "MUBUF", "MTBUF")


def _long_literals(it: Difference) -> bool:
    formats = ("MUBUF", "MTBUF", "VOP3", "MAI") if it.target == "gfx950" else ("MUBUF", "MTBUF")
    return it.ours is None and it.row.format.startswith(formats)


def _past_the_end(it: Difference) -> bool:
    return it.ours is None and any(int(n) > 255 for n in re.findall(r":(\d+)\]", it.llvm or ""))


def _without_op_sel_hi(it: Difference) -> bool:
    pattern = re.compile(r" op_sel_hi:\[[01,]+\]")
    return it.row.mnemonic.startswith(("v_dot4", "v_dot8")) and _same(pattern, "", it)


def _flat_base(it: Difference) -> bool:
    return (
        it.ours is None
        and re.search(r"src_flat_scratch_base| scale_offset", it.llvm or "") is not None
    )


def _unknown_unused(it: Difference) -> bool:
    return it.llvm is None and "dst_unused" in (it.ours or "") and it.code[5] >> 3 & 3 == 3


def _variants_of_packed(it: Difference) -> bool:
    return it.ours is None and it.row.mnemonic == "v_pk_fmac_f16"


def _fourier(it: Difference) -> bool:
    return "swizzle(FFT" in (it.llvm or "") or "swizzle(ROTATE" in (it.llvm or "")


def _integer_modifiers(it: Difference) -> bool:
    names = r"v_(alignbit|alignbyte)_b32|v_cvt_pk_u8_f32|v_(mad|min3|max3|med3|mad_[iu]32)_[iu]16"
    names += r"|v_ldexp_f(16|32)|v_trig_preop_f64|v_cvt_pkaccum_u8_f32|v_(add|sub)_i16"
    if _rdna(it):
        integers = any(spec.bits == 16 and spec.type[0] in "iub" for spec in it.row.src)
        return it.llvm is None and it.row.format == "VOP3" and integers
    return it.target == "gfx950" and re.fullmatch(names, it.row.mnemonic) is not None


def _coherent_float_atomics(it: Difference) -> bool:
    names = r".*_atomic_(pk_)?(add|min|max)_f\d+"
    return (it.ours or "").endswith(" scc") and re.fullmatch(names, it.row.mnemonic) is not None


def _buffers_to_lds(it: Difference) -> bool:
    return it.llvm is None and (it.ours or "").endswith(" lds")


def _negative_buffer_offset(it: Difference) -> bool:
    return (
        it.target == "gfx1250"
        and it.llvm is None
        and "buffer_" in it.row.mnemonic
        and re.search(r"offset:-| -0x[0-9a-f]+", it.ours or "") is not None
    )


def _barrier_by_literal(it: Difference) -> bool:
    barriers = r"s_(barrier_(init|join|signal)|wakeup_barrier|get_barrier_state).*"
    return it.llvm is None and re.fullmatch(barriers, it.row.mnemonic) is not None


def _last_lane(it: Difference) -> bool:
    pattern = re.compile(r"(quad_perm:\[\d,\d,\d,)\d")
    return it.target == "gfx1250" and _same(pattern, r"\1", it)


def _interpolated_scalars(it: Difference) -> bool:
    return it.row.format == "VINTERP" and it.ours is None


def _accumulating_atomics(it: Difference) -> bool:
    atomic = (
        re.search(r"_atomic_((pk_)?add|min|max)_(f64|f32|f16|bf16)$", it.row.mnemonic) is not None
    )
    return (
        it.target in ("gfx942", "gfx950") and atomic and it.llvm is None and " a" in (it.ours or "")
    )


def _later(it: Difference) -> bool:
    return it.llvm is None and it.row.limits is None


def _unset_exec(it: Difference) -> bool:
    return _rdna(it) and it.llvm is None and it.row.mnemonic.startswith("v_cmpx_")


_MODIFIERS = re.compile(r" byte_sel:\d| op_sel(_hi)?:\[[01,]+\]|-|neg\(|lit\(|\)|_e32|_e64|0x|\|")
_TRANSFERS = re.compile(
    r"v_cvt_sr_\w+_f16|tensor_s\w+|scratch_store_block|(s_)?buffer_\w+"
    r"|s_(sendmsg|rfe|set_pc|prefetch)\w*"
)


def _borrowed(it: Difference) -> bool:
    if it.target != "gfx1250":
        return False
    if _TRANSFERS.fullmatch(it.row.mnemonic):
        return True
    refused = it.llvm is None or it.ours is None
    marked = "lit(" in (it.llvm or "")
    alike = refused or marked or _same(_MODIFIERS, "", it)
    return it.row.format.startswith("VOP") and alike


REASONS: tuple[tuple[str, Callable[[Difference], bool]], ...] = (
    ("LLVM takes descriptors from s96 on, though SGPRs end at s101", _descriptors_at_the_end),
    ("LLVM takes what is no SGPR for an image's descriptor", _no_descriptor),
    ("LLVM 19 has other registers for images than LLVM 22, and no nv", _registers_of_images),
    ("AMD documents the instruction, LLVM 19 does not know it", _only_documents),
    ("LLVM 19 does not decode v0.h in most short 16-bit encodings", _upper_half),
    ("LLVM 19 takes the half selector of an 8-bit pair for a register bit", _eight_bit_pair),
    ("LLVM 19 does not print op_sel of these 16-bit instructions, LLVM 22 writes .h", _op_sel),
    ("LLVM writes literals and op_sel otherwise", _literals_and_halves),
    ("LLVM knows no upper half of scalars and constants", _half_of_what_is_no_register),
    ("LLVM refuses bits beside op_sel of an operand that is not there", _selects_nothing),
    ("LLVM 19 knows v_mov_b16 by its halves only", _always_halves),
    ("LLVM 20 renamed RDNA4's hardware registers after AMD's documents", _register_names),
    ("LLVM 19 prints bits of a 32-bit literal that a 16-bit operand does not have", _literals),
    ("LLVM 19 writes the sign of an integer operand as sext()", _integer_signs),
    ("LLVM 19 prints sources where a compare's destination is no register", _nonsense_registers),
    ("LLVM takes special scalars where only vector registers can be", _scalars_as_vectors),
    ("pairs of special registers that code never names", _strange_scalars),
    ("matrix operands that only LLVM refuses, or that are no registers", _matrix_operands),
    ("a constant is no address", _constant_address),
    ("DPP and SDWA of an instruction without sources", _without_operands),
    ("LLVM 19 allows no scalar sources in mixed-precision DPP", _mixed_scalars),
    ("lds_direct is a source on CDNA only, and of vector instructions only", _lds_direct),
    ("LLVM 19 has no triples of trap registers", _triples),
    ("a constant is no lane mask", _constant_mask),
    ("LLVM neither loads nor reads a lane into m0", _results_in_m0),
    ("constants as packed 8-bit floats", _small_floats),
    ("LLVM 19 prints the sign bits of v_cndmask around its mask", _absolute_mask),
    ("s[…:103] reaches past CDNA's last scalar register", _past_the_last),
    ("global wave sync is decoded where LLVM sets GDS only", _group_of_gws),
    ("LLVM 19 allows no scalar sources in DPP of dot products", _scalar_dot),
    ("LLVM 19 prints literals of bf16 matrices in hexadecimal always", _wide_wmma_literal),
    ("LLVM 19 fixes the selectors of 8-bit float conversions", _byte_floats),
    ("LLVM 22 marks literals that could be inline", _marked_literals),
    ("LLVM 22 takes data of memory from accumulators that start at an odd one", _odd_accumulators),
    ("LLVM decodes literals in encodings that have none", _long_literals),
    ("LLVM 22 decodes tuples past the last register", _past_the_end),
    ("LLVM 22 prints no op_sel_hi of dot products of bytes", _without_op_sel_hi),
    ("LLVM 22 names what gfx1250 alone has", _flat_base),
    ("LLVM 22 knows that SDWA has three ways with the unused bits", _unknown_unused),
    ("LLVM 22 decodes DPP and SDWA of v_pk_fmac_f16, its assembler has none", _variants_of_packed),
    ("LLVM 22 writes how ds_swizzle_b32 transforms and rotates", _fourier),
    (
        "LLVM treats sign bits of integers otherwise, one syntax unlike the other",
        _integer_modifiers,
    ),
    ("LLVM 19 has no scc on the floating atomics of gfx90a", _coherent_float_atomics),
    ("LLVM 19 knows fewer loads to LDS, or registers they leave alone", _buffers_to_lds),
    ("LLVM 22 wants EXEC where a compare names no destination", _unset_exec),
    ("LLVM 22 takes no negative offset into a buffer on gfx1250", _negative_buffer_offset),
    ("a literal names no barrier for LLVM 22", _barrier_by_literal),
    ("LLVM 22 loses the last lane of quad_perm in some of gfx1250's instructions", _last_lane),
    ("LLVM interpolates scalars", _interpolated_scalars),
    ("LLVM 22 adds to memory from no accumulator on gfx942 and gfx950", _accumulating_atomics),
    ("LLVM 19 has no such encoding, nothing is known of its modifiers", _later),
)


def excuse_unknown(target: str, llvm: str | None) -> str | None:
    """The reason why LLVM decodes an opcode that the tables lack, None if there is no good one."""
    if llvm is None:
        return None
    if target == "gfx1250" and llvm.startswith("v_fma_mix"):
        return "LLVM 22 decodes CDNA's mixed precision for gfx1250"
    if llvm.startswith("v_mfma_ld_scale_b32"):
        return "the scales of a matrix instruction are no instruction by themselves"
    return None


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
    ("an image's bits that count nothing, or of no such operand", r"image_"),
    ("a barrier is no null", r"s_barrier.* null"),
    (
        "which half of no register a comparison writes that only sets EXEC",
        r"v_cmpx_\w+_(f16|i16|u16)_e64(_dpp)? .* op_sel:\[[01],[01],1\]",
    ),
    ("bits of a message that say nothing", r"s_sendmsg(halt)? sendmsg\(MSG_"),
    (
        "scc of gfx90a's atomics and write-backs, which LLVM 22 drops",
        r".*_atomic_.* scc|buffer_wbl2",
    ),
    ("prefetching the page table by a nonexistent length", r"s_atc_probe"),
)


def loses(target: str, row: Row, text: str) -> str | None:
    """Why a text need not assemble to what it was printed from."""
    if target == "gfx1250" and re.match(r"v_(wmma|swmmac|cvt|dual)_", text):
        return "RDNA4's limits of modifiers stand in for gfx1250's; pairs have two encodings"
    short = row.format in ("VOP1", "VOP2", "VOPC") and any(
        spec.bits == 16 for spec in (*row.dst, *row.src)
    )
    if short and target.startswith("gfx12"):
        return "RDNA4's assembler has no syntax for upper halves in short encodings"
    bare = row.format == "VOP3" and not _HALVES.search(text) and "op_sel" not in text
    if bare and target.startswith(("gfx11", "gfx12")) and any(spec.bits == 16 for spec in row.src):
        return "which half is selected of an operand that is not there"
    return next((reason for reason, pattern in LOSSY if re.match(pattern, text)), None)
