"""How much of an ISA has semantics, and what has none on purpose."""

from __future__ import annotations

import re
from dataclasses import dataclass

from anyroc.isa.tables import table
from anyroc.semantics.core import OPERATIONS

__all__ = ["BY_DECISION", "Coverage", "coverage", "decision"]

BY_DECISION: tuple[tuple[str, str], ...] = (
    (r"image_.*", "images are for graphics"),
    (r"buffer_load_lds_format_x", "typed buffers that go to LDS are for graphics"),
    (r"buffer_store_lds_dword", "stores straight from LDS, which CDNA2 alone has left"),
    (r"exp|export|v_interp_.*|(ds_|lds_)(direct|param)_load", "pixel shaders"),
    (r"ds_gws_.*|ds_ordered_count|global_atomic_ordered_.*", "global wave sync"),
    (r"ds_(add|sub)_gs_reg_rtn", "append buffers of shaders"),
    (r"v_cvt_pkaccum_u8_f32", "packing of pixels"),
    (r"ds_bvh_.*", "ray tracing"),
    (r"s_rfe_.*|s_cbranch_(g_fork|i_fork|join)|s_subvector_.*", "trap handlers and forks"),
    (r"s_setvskip", "skipping by mode, which compilers avoid"),
    (r"s_(buffer_)?atomic_.*|s_(buffer_|scratch_)?store_.*|s_scratch_load_.*", "scalar stores"),
    (r"s_alloc_vgpr|s_barrier_(init|join|leave)|s_get_barrier_state", "named barriers"),
    (r"(global|scratch)_(load|store)_block", "block transfers, for callee-saved registers"),
    (r"v_screen_partition_4se_b32", "screen space"),
)
"""Patterns of keys that are refused by name, each with the reason."""


@dataclass(frozen=True)
class Coverage:
    """Mnemonics of an ISA: ``executed`` have semantics, ``decided`` are refused on purpose (with
    the reason), ``missing`` are neither."""

    executed: frozenset[str]
    decided: dict[str, str]
    missing: frozenset[str]


def decision(key: str) -> str | None:
    """Why a key has no semantics on purpose; None if nothing was decided."""
    return next((why for pattern, why in BY_DECISION if re.fullmatch(pattern, key)), None)


def coverage(isa: str) -> Coverage:
    """Counts the instructions of an ISA (``"cdna3"``)."""
    executed, decided, missing = set(), {}, set()
    for row in table(isa):
        why = decision(row.op)
        if row.op in OPERATIONS:
            executed.add(row.mnemonic)
        elif why:
            decided[row.mnemonic] = why
        else:
            missing.add(row.mnemonic)
    return Coverage(frozenset(executed), decided, frozenset(missing))
