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
    r"|v_cvt_(pk|sr)_(fp8|bf8)_f32|v_cvt_sr_b?f16_f32|v_ashr_pk_[iu]8_i32"
    r"|v_cvt_scalef32_(f16_(fp8|bf8)|(sr_|pk_|sr_pk_)(fp8|bf8|fp4)_b?f\d+)"
)
_CARRY_IN = re.compile(r"v_(add|sub|subrev)_co_ci_u32|v_(addc|subb|subbrev)_co_u32")
_CARRY_OUT = re.compile(r"v_(add|sub|subrev|addc|subb|subbrev)_co(_ci)?_u32")
_SWAP = re.compile(r"v_swap(rel)?_b.*|v_permlane\d+_swap_b32")

# Encodings the documents repeat under a segment or format that has no such instruction.
_REMOVED: dict[str, tuple[tuple[str, str], ...]] = {
    "cdna": (
        ("VOP3", r"v_readfirstlane_b32|v_swap_b32|v_accvgpr_mov_b32"),
        ("VOP3P", r"v_mfma_ld_scale_b32"),
    ),
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
        MUBUF 41 buffer_invl2 - - ignore=offset @cdna2
        MUBUF 61 buffer_store_lds_dword - srsrc:srsrc:b128,soffset:soffset:b32 @cdna2
        MUBUF 62 buffer_wbinvl1 - - ignore=offset @cdna2
        MUBUF 63 buffer_wbinvl1_vol - - ignore=offset @cdna2
        VOP2 22 v_mac_f32 vdst:v:f32 src0:src:f32,src1:v:f32,vdst:v:f32! @cdna2
        VOP2 23 v_madmk_f32 vdst:v:f32 src0:src:f32,literal:k:f32,src1:v:f32 @cdna2
        VOP2 24 v_madak_f32 vdst:v:f32 src0:src:f32,src1:v:f32,literal:k:f32 @cdna2
        VOP3 278 v_mac_f32 vdst:v:f32 src0:src:f32,src1:src:f32,vdst:v:f32! @cdna2
        VOP3 448 v_mad_legacy_f32 vdst:v:f32 src0:src:f32,src1:src:f32,src2:src:f32 @cdna2
        VOP3 449 v_mad_f32 vdst:v:f32 src0:src:f32,src1:src:f32,src2:src:f32 @cdna2
        MAI 64 v_mfma_f32_32x32x1f32 vdst:md:pk32_f32 src0:ma:f32,src1:mb:f32,src2:mc:pk32_f32 @cdna2
        MAI 65 v_mfma_f32_16x16x1f32 vdst:md:pk16_f32 src0:ma:f32,src1:mb:f32,src2:mc:pk16_f32 @cdna2
        MAI 66 v_mfma_f32_4x4x1f32 vdst:md:pk4_f32 src0:ma:f32,src1:mb:f32,src2:mc:pk4_f32 @cdna2
        MAI 68 v_mfma_f32_32x32x2f32 vdst:md:pk16_f32 src0:ma:f32,src1:mb:f32,src2:mc:pk16_f32 @cdna2
        MAI 69 v_mfma_f32_16x16x4f32 vdst:md:pk4_f32 src0:ma:f32,src1:mb:f32,src2:mc:pk4_f32 @cdna2
        MAI 72 v_mfma_f32_32x32x4f16 vdst:md:pk32_f32 src0:ma:pk4_f16,src1:mb:pk4_f16,src2:mc:pk32_f32 @cdna2
        MAI 73 v_mfma_f32_16x16x4f16 vdst:md:pk16_f32 src0:ma:pk4_f16,src1:mb:pk4_f16,src2:mc:pk16_f32 @cdna2
        MAI 74 v_mfma_f32_4x4x4f16 vdst:md:pk4_f32 src0:ma:pk4_f16,src1:mb:pk4_f16,src2:mc:pk4_f32 @cdna2
        MAI 76 v_mfma_f32_32x32x8f16 vdst:md:pk16_f32 src0:ma:pk4_f16,src1:mb:pk4_f16,src2:mc:pk16_f32 @cdna2
        MAI 77 v_mfma_f32_16x16x16f16 vdst:md:pk4_f32 src0:ma:pk4_f16,src1:mb:pk4_f16,src2:mc:pk4_f32 @cdna2
        MAI 80 v_mfma_i32_32x32x4i8 vdst:md:pk32_i32 src0:ma:pk4_i8,src1:mb:pk4_i8,src2:mc:pk32_i32 @cdna2
        MAI 81 v_mfma_i32_16x16x4i8 vdst:md:pk16_i32 src0:ma:pk4_i8,src1:mb:pk4_i8,src2:mc:pk16_i32 @cdna2
        MAI 82 v_mfma_i32_4x4x4i8 vdst:md:pk4_i32 src0:ma:pk4_i8,src1:mb:pk4_i8,src2:mc:pk4_i32 @cdna2
        MAI 84 v_mfma_i32_32x32x8i8 vdst:md:pk16_i32 src0:ma:pk4_i8,src1:mb:pk4_i8,src2:mc:pk16_i32 @cdna2
        MAI 85 v_mfma_i32_16x16x16i8 vdst:md:pk4_i32 src0:ma:pk4_i8,src1:mb:pk4_i8,src2:mc:pk4_i32 @cdna2
        MAI 99 v_mfma_f32_32x32x4bf16_1k vdst:md:pk32_f32 src0:ma:pk4_bf16,src1:mb:pk4_bf16,src2:mc:pk32_f32 @cdna2
        MAI 100 v_mfma_f32_16x16x4bf16_1k vdst:md:pk16_f32 src0:ma:pk4_bf16,src1:mb:pk4_bf16,src2:mc:pk16_f32 @cdna2
        MAI 101 v_mfma_f32_4x4x4bf16_1k vdst:md:pk4_f32 src0:ma:pk4_bf16,src1:mb:pk4_bf16,src2:mc:pk4_f32 @cdna2
        MAI 102 v_mfma_f32_32x32x8bf16_1k vdst:md:pk16_f32 src0:ma:pk4_bf16,src1:mb:pk4_bf16,src2:mc:pk16_f32 @cdna2
        MAI 103 v_mfma_f32_16x16x16bf16_1k vdst:md:pk4_f32 src0:ma:pk4_bf16,src1:mb:pk4_bf16,src2:mc:pk4_f32 @cdna2
        MAI 104 v_mfma_f32_32x32x2bf16 vdst:md:pk32_f32 src0:ma:pk2_bf16,src1:mb:pk2_bf16,src2:mc:pk32_f32 @cdna2
        MAI 105 v_mfma_f32_16x16x2bf16 vdst:md:pk16_f32 src0:ma:pk2_bf16,src1:mb:pk2_bf16,src2:mc:pk16_f32 @cdna2
        MAI 107 v_mfma_f32_4x4x2bf16 vdst:md:pk4_f32 src0:ma:pk2_bf16,src1:mb:pk2_bf16,src2:mc:pk4_f32 @cdna2
        MAI 108 v_mfma_f32_32x32x4bf16 vdst:md:pk16_f32 src0:ma:pk2_bf16,src1:mb:pk2_bf16,src2:mc:pk16_f32 @cdna2
        MAI 109 v_mfma_f32_16x16x8bf16 vdst:md:pk4_f32 src0:ma:pk2_bf16,src1:mb:pk2_bf16,src2:mc:pk4_f32 @cdna2
        MAI 110 v_mfma_f64_16x16x4f64 vdst:md:pk4_f64 src0:ma:f64,src1:mb:f64,src2:mc:pk4_f64 @cdna2
        MAI 111 v_mfma_f64_4x4x4f64 vdst:md:f64 src0:ma:f64,src1:mb:f64,src2:mc:f64 @cdna2
        MIMG 0 image_load vdata:va:b32 vaddr:v:b32,srsrc:srsrc:b256 @cdna2
        MIMG 1 image_load_mip vdata:va:b32 vaddr:v:b32,srsrc:srsrc:b256 @cdna2
        MIMG 2 image_load_pck vdata:va:b32 vaddr:v:b32,srsrc:srsrc:b256 @cdna2
        MIMG 3 image_load_pck_sgn vdata:va:b32 vaddr:v:b32,srsrc:srsrc:b256 @cdna2
        MIMG 4 image_load_mip_pck vdata:va:b32 vaddr:v:b32,srsrc:srsrc:b256 @cdna2
        MIMG 5 image_load_mip_pck_sgn vdata:va:b32 vaddr:v:b32,srsrc:srsrc:b256 @cdna2
        MIMG 8 image_store - vaddr:v:b32,vdata:va:b32,srsrc:srsrc:b256 @cdna2
        MIMG 9 image_store_mip - vaddr:v:b32,vdata:va:b32,srsrc:srsrc:b256 @cdna2
        MIMG 10 image_store_pck - vaddr:v:b32,vdata:va:b32,srsrc:srsrc:b256 @cdna2
        MIMG 11 image_store_mip_pck - vaddr:v:b32,vdata:va:b32,srsrc:srsrc:b256 @cdna2
        MIMG 14 image_get_resinfo vdata:va:b32 vaddr:v:b32,srsrc:srsrc:b256 @cdna2
        MIMG 16 image_atomic_swap vdata:va:b32 vaddr:v:b32,srsrc:srsrc:b256 @cdna2
        MIMG 17 image_atomic_cmpswap vdata:va:b32 vaddr:v:b32,srsrc:srsrc:b256 @cdna2
        MIMG 18 image_atomic_add vdata:va:b32 vaddr:v:b32,srsrc:srsrc:b256 @cdna2
        MIMG 19 image_atomic_sub vdata:va:b32 vaddr:v:b32,srsrc:srsrc:b256 @cdna2
        MIMG 20 image_atomic_smin vdata:va:b32 vaddr:v:b32,srsrc:srsrc:b256 @cdna2
        MIMG 21 image_atomic_umin vdata:va:b32 vaddr:v:b32,srsrc:srsrc:b256 @cdna2
        MIMG 22 image_atomic_smax vdata:va:b32 vaddr:v:b32,srsrc:srsrc:b256 @cdna2
        MIMG 23 image_atomic_umax vdata:va:b32 vaddr:v:b32,srsrc:srsrc:b256 @cdna2
        MIMG 24 image_atomic_and vdata:va:b32 vaddr:v:b32,srsrc:srsrc:b256 @cdna2
        MIMG 25 image_atomic_or vdata:va:b32 vaddr:v:b32,srsrc:srsrc:b256 @cdna2
        MIMG 26 image_atomic_xor vdata:va:b32 vaddr:v:b32,srsrc:srsrc:b256 @cdna2
        MIMG 27 image_atomic_inc vdata:va:b32 vaddr:v:b32,srsrc:srsrc:b256 @cdna2
        MIMG 28 image_atomic_dec vdata:va:b32 vaddr:v:b32,srsrc:srsrc:b256 @cdna2
        MIMG 32 image_sample vdata:va:b32 vaddr:v:b32,srsrc:srsrc:b256,ssamp:ssamp:b128 @cdna2
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
        VOPD 18 v_dual_and_b32 vdst:v:b32 src0:src:b32,src1:v:b32 @rdna4
        VOPD 20 v_dual_sub_nc_u32 vdst:v:u32 src0:src:u32,src1:v:u32 @cdna5
        VOPD 21 v_dual_lshrrev_b32 vdst:v:b32 src0:src:b32,src1:v:b32 @cdna5
        VOPD 22 v_dual_ashrrev_i32 vdst:v:i32 src0:src:b32,src1:v:i32 @cdna5
        VOPD 23 v_dual_max_i32 vdst:v:i32 src0:src:i32,src1:v:i32 @cdna5
        VOPD 24 v_dual_min_i32 vdst:v:i32 src0:src:i32,src1:v:i32 @cdna5
        VOPD3 0 v_dual_fmac_f32 vdst:v:f32 src0:src:f32,src1:v:f32,vdst:v:f32! @cdna5
        VOPD3 3 v_dual_mul_f32 vdst:v:f32 src0:src:f32,src1:v:f32 @cdna5
        VOPD3 4 v_dual_add_f32 vdst:v:f32 src0:src:f32,src1:v:f32 @cdna5
        VOPD3 5 v_dual_sub_f32 vdst:v:f32 src0:src:f32,src1:v:f32 @cdna5
        VOPD3 6 v_dual_subrev_f32 vdst:v:f32 src0:src:f32,src1:v:f32 @cdna5
        VOPD3 7 v_dual_mul_dx9_zero_f32 vdst:v:f32 src0:src:f32,src1:v:f32 @cdna5
        VOPD3 8 v_dual_mov_b32 vdst:v:b32 src0:src:b32 @cdna5
        VOPD3 9 v_dual_cndmask_b32 vdst:v:b32 src0:src:b32,src1:v:b32,src2:s:mask @cdna5
        VOPD3 10 v_dual_max_num_f32 vdst:v:f32 src0:src:f32,src1:v:f32 @cdna5
        VOPD3 11 v_dual_min_num_f32 vdst:v:f32 src0:src:f32,src1:v:f32 @cdna5
        VOPD3 12 v_dual_dot2acc_f32_f16 vdst:v:f32 src0:src:pk2_f16,src1:v:pk2_f16,vdst:v:f32! @cdna5
        VOPD3 13 v_dual_dot2acc_f32_bf16 vdst:v:f32 src0:src:pk2_bf16,src1:v:pk2_bf16,vdst:v:f32! @cdna5
        VOPD3 16 v_dual_add_nc_u32 vdst:v:u32 src0:src:u32,src1:v:u32 @cdna5
        VOPD3 17 v_dual_lshlrev_b32 vdst:v:b32 src0:src:b32,src1:v:b32 @cdna5
        VOPD3 18 v_dual_bitop2_b32 vdst:v:b32 src0:src:b32,src1:v:b32 @cdna5
        VOPD3 19 v_dual_fma_f32 vdst:v:f32 src0:src:f32,src1:v:f32,src2:v:f32 @cdna5
        VOPD3 20 v_dual_sub_nc_u32 vdst:v:u32 src0:src:u32,src1:v:u32 @cdna5
        VOPD3 21 v_dual_lshrrev_b32 vdst:v:b32 src0:src:b32,src1:v:b32 @cdna5
        VOPD3 22 v_dual_ashrrev_i32 vdst:v:i32 src0:src:b32,src1:v:i32 @cdna5
        VOPD3 23 v_dual_max_i32 vdst:v:i32 src0:src:i32,src1:v:i32 @cdna5
        VOPD3 24 v_dual_min_i32 vdst:v:i32 src0:src:i32,src1:v:i32 @cdna5
        VOPD3 32 v_dual_fma_f64 vdst:v:f64 src0:src:f64,src1:v:f64,src2:v:f64 @cdna5
        VOPD3 33 v_dual_add_f64 vdst:v:f64 src0:src:f64,src1:v:f64 @cdna5
        VOPD3 34 v_dual_mul_f64 vdst:v:f64 src0:src:f64,src1:v:f64 @cdna5
        VOPD3 35 v_dual_max_num_f64 vdst:v:f64 src0:src:f64,src1:v:f64 @cdna5
        VOPD3 36 v_dual_min_num_f64 vdst:v:f64 src0:src:f64,src1:v:f64 @cdna5
    """,
}  # fmt: skip


def is_removed(family: str, format_: str, mnemonic: str) -> bool:
    """Whether the documents' row is left out."""
    if mnemonic in _added_names(family):
        return True
    return any(
        format_ == where and re.fullmatch(pattern, mnemonic) for where, pattern in _REMOVED[family]
    )


# CDNA instructions that LLVM refuses although the hardware documents have them.
_ALL_CDNA = re.compile(r"ds_gws_.*|ds_nop")


def isas_of(family: str, mnemonic: str, probed: list[str], isas: list[str]) -> list[str]:
    """The ISAs of a family that have an instruction.

    The published CDNA lists are CDNA4's: what LLVM knows of no GPU is new there. RDNA3's are
    RDNA3.5's.
    """
    if family == "cdna" and not _ALL_CDNA.fullmatch(mnemonic):
        return [isa for isa in isas if isa in (probed or ["cdna4"])]
    if family == "rdna4":  # what is documented; of what is not probed, gfx1250 has pairs only
        shared = "cdna5" in probed or (not probed and mnemonic.startswith("v_dual_"))
        return ["rdna4", "cdna5"] if shared else ["rdna4"]
    if family == "rdna3" and probed == ["rdna3_5"]:
        return ["rdna3_5"]
    return isas


def added_rows(family: str) -> list[str]:
    """Rows (without the key column) that the documents lack."""
    return [line.strip() for line in _ADDED[family].splitlines() if line.strip()]


def _added_names(family: str) -> set[str]:
    return {line.split()[2] for line in added_rows(family) if not line.startswith("VOPD3 ")}


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
    if row.format.startswith("SOP"):  # constants have a register's 32 bits, whatever counts of them
        row.src = [re.sub(r":ss:([biu])(8|16)$", r":ss:\g<1>32", spec) for spec in row.src]
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
    if re.fullmatch(r"buffer_(wbl2|inv|gl[01]_inv)|global_(inv|wb|wbinv)", row.mnemonic):
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
