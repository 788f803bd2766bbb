"""Which mnemonics of different ISAs name the same behaviour.

The semantic key of an instruction is its newest spelling, so that one body serves every ISA.
``RULES`` are regular expressions applied in order to a whole mnemonic; ``EXACT`` maps single names.
A name whose behaviour changed between ISAs (``v_min_f32`` and ``v_min_num_f32`` treat NaN
differently, ``ds_cmpst_b32`` and ``ds_cmpstore_b32`` order their operands differently) is
deliberately absent, and keeps a key of its own.
"""

from __future__ import annotations

import re
from functools import cache

_MEMORY = r"(global|flat|scratch|buffer)"
_WIDTHS = {"dword": "b32", "dwordx2": "b64", "dwordx3": "b96", "dwordx4": "b128"}
_NARROW = {"ubyte": "u8", "sbyte": "i8", "ushort": "u16", "sshort": "i16", "short": "b16"}

# Suffix of CDNA2's matrix instructions: type of the sums, key's suffix, and shapes with their blocks.
_CDNA2_MATRICES: dict[str, tuple[str, str, str]] = {
    "f32": ("f32", "f32", "32x32x1_2b 16x16x1_4b 4x4x1_16b 32x32x2 16x16x4"),
    "f16": ("f32", "f16", "32x32x4_2b 16x16x4_4b 4x4x4_16b 32x32x8 16x16x16"),
    "i8": ("i32", "i8", "32x32x4_2b 16x16x4_4b 4x4x4_16b 32x32x8 16x16x16"),
    "bf16_1k": ("f32", "bf16", "32x32x4_2b 16x16x4_4b 4x4x4_16b 32x32x8 16x16x16"),
    "bf16": ("f32", "bf16", "32x32x2_2b 16x16x2_4b 4x4x2_16b 32x32x4 16x16x8"),
    "f64": ("f64", "f64", "16x16x4 4x4x4_4b"),
}

RULES: tuple[tuple[str, str], ...] = (
    *((rf"{_MEMORY}_(load|store|load_lds)_{old}", rf"\1_\2_{new}") for old, new in _WIDTHS.items()),
    *((rf"{_MEMORY}_(load|load_lds)_{old}", rf"\1_\2_{new}") for old, new in _NARROW.items()),
    *((rf"{_MEMORY}_load_{old}_d16", rf"\1_load_d16_{new}") for old, new in _NARROW.items()),
    *((rf"{_MEMORY}_load_{old}_d16_hi", rf"\1_load_d16_hi_{new}") for old, new in _NARROW.items()),
    (rf"{_MEMORY}_store_byte", r"\1_store_b8"),
    (rf"{_MEMORY}_store_short", r"\1_store_b16"),
    (rf"{_MEMORY}_store_byte_d16_hi", r"\1_store_d16_hi_b8"),
    (rf"{_MEMORY}_store_short_d16_hi", r"\1_store_d16_hi_b16"),
    (r"(t?buffer)_(load|store)_format_d16_(x|xy|xyz|xyzw)", r"\1_\2_d16_format_\3"),
    (r"buffer_(load|store)_format_d16_hi_x", r"buffer_\1_d16_hi_format_x"),
    (r"((?:global|flat|buffer|s|s_buffer)_atomic)_(swap|cmpswap|and|or|xor)", r"\1_\2_b32"),
    (r"((?:global|flat|buffer|s|s_buffer)_atomic)_(swap|cmpswap|and|or|xor)_x2", r"\1_\2_b64"),
    (r"((?:global|flat|buffer|s|s_buffer)_atomic)_(add|sub|inc|dec)", r"\1_\2_u32"),
    (r"((?:global|flat|buffer|s|s_buffer)_atomic)_(add|sub|inc|dec)_x2", r"\1_\2_u64"),
    (r"((?:global|flat|buffer|s|s_buffer)_atomic)_s(min|max)", r"\1_\2_i32"),
    (r"((?:global|flat|buffer|s|s_buffer)_atomic)_s(min|max)_x2", r"\1_\2_i64"),
    (r"((?:global|flat|buffer|s|s_buffer)_atomic)_u(min|max)", r"\1_\2_u32"),
    (r"((?:global|flat|buffer|s|s_buffer)_atomic)_u(min|max)_x2", r"\1_\2_u64"),
    (r"(global|buffer)_atomic_csub_u32", r"\1_atomic_sub_clamp_u32"),
    (r"s_(load|store|buffer_load|buffer_store|scratch_load|scratch_store)_dword", r"s_\1_b32"),
    (
        r"s_(load|store|buffer_load|buffer_store|scratch_load|scratch_store)_dwordx2",
        r"s_\1_b64",
    ),
    (
        r"s_(load|store|buffer_load|buffer_store|scratch_load|scratch_store)_dwordx4",
        r"s_\1_b128",
    ),
    (r"s_(load|buffer_load)_dwordx8", r"s_\1_b256"),
    (r"s_(load|buffer_load)_dwordx16", r"s_\1_b512"),
    (r"ds_read2_(b32|b64)", r"ds_load_2addr_\1"),
    (r"ds_read2st64_(b32|b64)", r"ds_load_2addr_stride64_\1"),
    (r"ds_read_(.*)", r"ds_load_\1"),
    (r"ds_write2_(b32|b64)", r"ds_store_2addr_\1"),
    (r"ds_write2st64_(b32|b64)", r"ds_store_2addr_stride64_\1"),
    (r"ds_write_(.*)", r"ds_store_\1"),
    (r"ds_wrxchg_rtn_(b32|b64)", r"ds_storexchg_rtn_\1"),
    (r"ds_wrxchg2_rtn_(b32|b64)", r"ds_storexchg_2addr_rtn_\1"),
    (r"ds_wrxchg2st64_rtn_(b32|b64)", r"ds_storexchg_2addr_stride64_rtn_\1"),
    (r"s_(and|or)n2_(b32|b64)", r"s_\1_not1_\2"),
    (r"s_(and|or)n2_(saveexec|wrexec)_(b32|b64)", r"s_\1_not1_\2_\3"),
    (r"s_(and|or)n1_(saveexec|wrexec)_(b32|b64)", r"s_\1_not0_\2_\3"),
    (r"v_(add|sub|subrev)_(u32|u16)", r"v_\1_nc_\2"),
    (r"v_(add|sub)_(i32|i16)", r"v_\1_nc_\2"),
    (r"v_addc_co_u32", r"v_add_co_ci_u32"),
    (r"v_subb_co_u32", r"v_sub_co_ci_u32"),
    (r"v_subbrev_co_u32", r"v_subrev_co_ci_u32"),
    (r"v_cmp(x?)_tru_(f16|f32|f64)", r"v_cmp\1_t_\2"),
    (r"v_cvt_pknorm_(i16|u16)_(f16|f32)", r"v_cvt_pk_norm_\1_\2"),
    (r"v_mad_(u64_u32|i64_i32)", r"v_mad_co_\1"),
    (r"v_dual_(.*)", r"v_\1"),
)

EXACT: dict[str, str] = {
    "s_add_u32": "s_add_co_u32",
    "s_sub_u32": "s_sub_co_u32",
    "s_add_i32": "s_add_co_i32",
    "s_sub_i32": "s_sub_co_i32",
    "s_addc_u32": "s_add_co_ci_u32",
    "s_subb_u32": "s_sub_co_ci_u32",
    "s_addk_i32": "s_addk_co_i32",
    "s_ff1_i32_b32": "s_ctz_i32_b32",
    "s_ff1_i32_b64": "s_ctz_i32_b64",
    "s_flbit_i32_b32": "s_clz_i32_u32",
    "s_flbit_i32_b64": "s_clz_i32_u64",
    "s_flbit_i32": "s_cls_i32",
    "s_flbit_i32_i64": "s_cls_i32_i64",
    "s_get_pc_i64": "s_getpc_b64",
    "s_set_pc_i64": "s_setpc_b64",
    "s_swap_pc_i64": "s_swappc_b64",
    "s_rfe_i64": "s_rfe_b64",
    "s_call_i64": "s_call_b64",
    "s_inst_prefetch": "s_set_inst_prefetch_distance",
    "v_ffbh_u32": "v_clz_i32_u32",
    "v_ffbl_b32": "v_ctz_i32_b32",
    "v_ffbh_i32": "v_cls_i32",
    "v_cvt_rpi_i32_f32": "v_cvt_nearest_i32_f32",
    "v_cvt_flr_i32_f32": "v_cvt_floor_i32_f32",
    "v_cvt_pkrtz_f16_f32": "v_cvt_pk_rtz_f16_f32",
    "v_mul_legacy_f32": "v_mul_dx9_zero_f32",
    "v_fma_legacy_f32": "v_fma_dx9_zero_f32",
    "v_fmac_legacy_f32": "v_fmac_dx9_zero_f32",
    **{
        f"v_mfma_{sums}_{shape.partition('_')[0]}{suffix}": f"v_mfma_{sums}_{shape}_{key}"
        for suffix, (sums, key, shapes) in _CDNA2_MATRICES.items()
        for shape in shapes.split()
    },
}

# ISA -> (mnemonics, suffix): the same spelling with another behaviour. CDNA3's 8-bit floats have no
# negative zero and another bias; CDNA2's 16-bit matrices and dot products take and give no denormals;
# RDNA3's matrices hold every A and B element twice.
VARIANTS: dict[str, tuple[str, str]] = {
    "cdna2": (r"v_mfma_.*(f16|_1k)|v_dot2c?_f32_f16", "_flush"),
    "cdna3": (r"v_.*_(fp8|bf8).*", "_fnuz"),
    "rdna3": (r"v_wmma_.*", "_gfx11"),
    "rdna3_5": (r"v_wmma_.*", "_gfx11"),
}


@cache
def semantic_key(mnemonic: str) -> str:
    """The key under which the behaviour of ``mnemonic`` is defined, the same on every ISA."""
    if mnemonic in EXACT:
        return EXACT[mnemonic]
    for pattern, replacement in RULES:
        if match := re.fullmatch(pattern, mnemonic):
            return match.expand(replacement)
    return mnemonic
