"""What the published operand lists leave out or get wrong, as data.

AMD's documents list encoded operands only. Here are the implied ones (VCC of a carry, a
destination that is also read), rows the documents lack, and names that LLVM and the rest of
the world spell differently.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from anyroc.isa.tables.generate import Row

MNEMONICS: dict[str, dict[str, str]] = {
    "cdna": {
        "v_accvgpr_read": "v_accvgpr_read_b32",
        "v_accvgpr_write": "v_accvgpr_write_b32",
        "v_mad_mix_f32": "v_fma_mix_f32",
        "v_mad_mixlo_f16": "v_fma_mixlo_f16",
        "v_mad_mixhi_f16": "v_fma_mixhi_f16",
    },
    "rdna3": {},
    "rdna4": {},
}

# Destinations that are read as well: appended to the sources.
_READ_MODIFY_WRITE = re.compile(
    r"[vs]_(dual_)?(fmac|mac|pk_fmac)_.*|v_(dual_)?dot\d+(c|acc)_.*|v_smfmac_.*|v_swmmac_.*"
    r"|s_cmovk?_.*|s_addk_.*|s_mulk_.*|s_bitset[01]_.*|v_swap_b.*|v_permlane\d+_swap_b32"
    r"|v_cvt_(pk|sr)_(fp8|bf8)_f32"
)
_CARRY_IN = re.compile(r"v_(add|sub|subrev)_co_ci_u32|v_(addc|subb|subbrev)_co_u32")
_CARRY_OUT = re.compile(r"v_(add|sub|subrev|addc|subb|subbrev)_co(_ci)?_u32")
_SWAP = re.compile(r"v_swap(rel)?_b.*|v_permlane\d+_swap_b32")

# Encodings the documents repeat under a segment or format that has no such instruction.
_REMOVED: dict[str, tuple[tuple[str, str], ...]] = {
    "cdna": (("VOP3", r"v_readfirstlane_b32|v_swap_b32|v_accvgpr_mov_b32|v_permlane.*_swap_b32"),),
    "rdna3": (
        ("VOP3", r"v_readfirstlane_b32"),
        ("FLAT", r"global_.*"),
        ("FLAT", r"flat_atomic_csub_u32"),
    ),
    "rdna4": (("VOP3", r"v_readfirstlane_b32"), ("FLAT", r"global_.*")),
}

_ADDED: dict[str, str] = {
    "cdna": """
        MAI 62 v_mfma_f32_16x16x8_xf32 vdst:md:pk4_f32 src0:ma:pk2_f32,src1:mb:pk2_f32,src2:mc:pk4_f32
        MAI 63 v_mfma_f32_32x32x4_xf32 vdst:md:pk16_f32 src0:ma:pk2_f32,src1:mb:pk2_f32,src2:mc:pk16_f32
    """,
    "rdna3": """
        SOPK 22 s_subvector_loop_begin sdst:s:b32 sdst:s:b32! simm16=label
        SOPK 23 s_subvector_loop_end sdst:s:b32 sdst:s:b32! simm16=label
        SOPP 19 s_singleuse_vdst - - simm16=simm16
    """,
    "rdna4": """
        SOPP 19 s_singleuse_vdst - - simm16=simm16
        SOPP 9 s_waitcnt - - simm16=waitcnt
        SOP1 80 s_get_barrier_state sdst:s:b32 ssrc0:ss:b32
        SOP1 81 s_barrier_init - ssrc0:ss:b32
        SOP1 82 s_barrier_join - ssrc0:ss:b32
    """,
}  # fmt: skip


def is_removed(family: str, format_: str, mnemonic: str) -> bool:
    """Whether the documents' row is left out."""
    if mnemonic in _added_names(family):
        return True
    return any(
        format_ == where and re.fullmatch(pattern, mnemonic) for where, pattern in _REMOVED[family]
    )


# CDNA instructions that LLVM's gfx942 refuses although the hardware documents have them.
_ALL_CDNA = re.compile(r"ds_gws_.*|ds_nop")
_NOT_CDNA4 = re.compile(r".*_xf32")


def isas_of(
    family: str, format_: str, mnemonic: str, probed: list[str], isas: list[str]
) -> list[str]:
    """The ISAs of a family that have an instruction.

    The published CDNA lists are CDNA4's: what gfx942 lacks is new there. RDNA3's are RDNA3.5's.
    """
    if family == "cdna" and not probed and format_ != "VOPD" and not _ALL_CDNA.fullmatch(mnemonic):
        return [isa for isa in isas if isa == "cdna4"]
    if family == "cdna" and _NOT_CDNA4.fullmatch(mnemonic):
        return [isa for isa in isas if isa != "cdna4"]
    if family == "rdna3" and probed == ["rdna3_5"]:
        return ["rdna3_5"]
    return isas


def added_rows(family: str) -> list[str]:
    """Rows (without the key column) that the documents lack."""
    return [line.strip() for line in _ADDED[family].splitlines() if line.strip()]


def _added_names(family: str) -> set[str]:
    return {line.split()[2] for line in added_rows(family)}


def _type_of(spec: str) -> str:
    return spec.rsplit(":", 1)[1]


def apply(family: str, row: Row) -> None:
    """Correct a row's types, mark what it ignores, and add the operands that it implies."""
    _correct(row)
    _ignore(row)
    if row.format == "SOPK":
        _constants_of_sopk(row)
    _compare(family, row)
    _carry(row)
    _literals(row)
    if _SWAP.fullmatch(row.mnemonic):
        row.dst.append(row.src[0] + "!")
    if _READ_MODIFY_WRITE.fullmatch(row.mnemonic):
        row.src.append(row.dst[0] + "!")


def _correct(row: Row) -> None:
    name = row.mnemonic
    if swap := re.search(r"_atomic_cmpswap_[bf](\d+)", name):  # one value comes back, not two
        row.dst = [re.sub(r":\w+$", f":b{swap[1]}", spec) for spec in row.dst]
    if name.startswith("global_load_tr_"):
        row.dst = [spec + "/2" for spec in row.dst]
    if name in ("v_readlane_b32", "v_readfirstlane_b32"):
        row.src[0] = row.src[0].replace(":src:", ":v:")
    if name == "v_ldexp_f16":
        row.src[1] = row.src[1].replace(":f16", ":i16")
    if name.startswith("v_cmp") and "_class_f16" in name:
        row.src[1] = row.src[1].replace(":f16", ":b16")


def _ignore(row: Row) -> None:
    if row.format == "SMEM" and all(not spec.startswith("soffset") for spec in row.src):
        row.flags.append("ignore=offset")
    if re.fullmatch(r"buffer_(wbl2|inv|gl[01]_inv)", row.mnemonic):
        row.flags.append("ignore=offset")
    if "_load_lds_" in row.mnemonic:  # the data goes to LDS
        row.dst = []
        row.flags.append("ignore=vdst")


def _compare(family: str, row: Row) -> None:
    writes_exec = row.mnemonic.startswith("v_cmpx")
    if row.format == "VOPC":
        row.dst = [] if writes_exec and family != "cdna" else ["vcc:vcc:mask"]
    if writes_exec and (row.format == "VOPC" or family == "cdna"):
        row.dst.append("exec:exec:mask")


def _carry(row: Row) -> None:
    name = row.mnemonic
    if row.format == "VOP2" and _CARRY_OUT.fullmatch(name):
        row.dst.append("vcc:vcc:mask")
    if row.format == "VOP2" and (_CARRY_IN.fullmatch(name) or name.startswith("v_cndmask")):
        row.src.append("vcc:vcc:mask")
    if name.startswith(("v_dual_cndmask", "v_div_fmas")):
        row.src.append("vcc:vcc:mask!")


def _literals(row: Row) -> None:
    """``fmamk`` multiplies by the constant behind it, ``fmaak`` adds it."""
    if re.fullmatch(r"[vs]_(dual_)?(fma|mad)mk_.*", row.mnemonic):
        row.src.insert(1, f"literal:k:{_type_of(row.src[0])}")
    if re.fullmatch(r"[vs]_(dual_)?(fma|mad)ak_.*", row.mnemonic):
        row.src.append(f"literal:k:{_type_of(row.src[0])}")


def _constants_of_sopk(row: Row) -> None:
    name = row.mnemonic
    if re.match(r"s_(cmpk|setreg_b32|waitcnt)", name):
        row.src += row.dst
        row.dst = []
    if re.match(r"s_(movk|cmovk|cmpk|addk|mulk)_", name):
        row.src.append("simm16:k16:u32" if name.endswith("_u32") else "simm16:k16:i32")
    if name == "s_setreg_imm32_b32":
        row.src.append("literal:k:b32")
