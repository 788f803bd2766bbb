"""Constants in instructions: the 16-bit immediates that are bit fields, and inline floats."""

from __future__ import annotations

HALF_CONSTANTS = {
    0x3F000000: 0x3800, 0xBF000000: 0xB800, 0x3F800000: 0x3C00, 0xBF800000: 0xBC00,
    0x40000000: 0x4000, 0xC0000000: 0xC000, 0x40800000: 0x4400, 0xC0800000: 0xC400,
    0x3E22F983: 0x3118,
}  # fmt: skip
"""The bits of the inline constants that are floats, as f16 by what they are as f32.

Mixed-precision instructions read either, as their op_sel_hi says.
"""

_DELAYS = (
    "NO_DEP", "VALU_DEP_1", "VALU_DEP_2", "VALU_DEP_3", "VALU_DEP_4", "TRANS32_DEP_1",
    "TRANS32_DEP_2", "TRANS32_DEP_3", "FMA_ACCUM_CYCLE_1", "SALU_CYCLE_1", "SALU_CYCLE_2",
    "SALU_CYCLE_3",
)  # fmt: skip
_SKIPS = ("SAME", "NEXT", "SKIP_1", "SKIP_2", "SKIP_3", "SKIP_4")

# Counter -> (low bit, width) pieces, least significant first.
_WAITCNT = {
    "cdna": (
        ("vmcnt", ((0, 4), (14, 2))),
        ("expcnt", ((4, 3),)),
        ("lgkmcnt", ((8, 4),)),
    ),
    "rdna3": (
        ("vmcnt", ((10, 6),)),
        ("expcnt", ((0, 3),)),
        ("lgkmcnt", ((4, 6),)),
    ),
}
_WAITCNT["rdna4"] = _WAITCNT["rdna3"]

_DEPCTR = (
    ("depctr_hold_cnt", 7, 1), ("depctr_sa_sdst", 0, 1), ("depctr_va_vdst", 12, 4),
    ("depctr_va_sdst", 9, 3), ("depctr_va_ssrc", 8, 1), ("depctr_va_vcc", 1, 1),
    ("depctr_vm_vsrc", 2, 3),
)  # fmt: skip

_MESSAGES = {
    "cdna": {
        1: "MSG_INTERRUPT", 2: "MSG_GS", 3: "MSG_GS_DONE", 4: "MSG_SAVEWAVE",
        5: "MSG_STALL_WAVE_GEN", 6: "MSG_HALT_WAVES", 7: "MSG_ORDERED_PS_DONE",
        8: "MSG_EARLY_PRIM_DEALLOC", 9: "MSG_GS_ALLOC_REQ", 10: "MSG_GET_DOORBELL",
        15: "MSG_SYSMSG",
    },
    "rdna3": {
        1: "MSG_INTERRUPT", 2: "MSG_HS_TESSFACTOR", 3: "MSG_DEALLOC_VGPRS",
        5: "MSG_STALL_WAVE_GEN", 6: "MSG_HALT_WAVES", 9: "MSG_GS_ALLOC_REQ",
        128: "MSG_RTN_GET_DOORBELL", 129: "MSG_RTN_GET_DDID", 130: "MSG_RTN_GET_TMA",
        131: "MSG_RTN_GET_REALTIME", 132: "MSG_RTN_SAVE_WAVE", 133: "MSG_RTN_GET_TBA",
        134: "MSG_RTN_GET_TBA_TO_PC",
    },
}  # fmt: skip
_MESSAGES["rdna4"] = {
    key: name for key, name in _MESSAGES["rdna3"].items() if key not in (5, 6)
} | {
    135: "MSG_RTN_GET_SE_AID_ID",
}
_OPERATIONS = {
    "MSG_GS": {1: "GS_OP_CUT", 2: "GS_OP_EMIT", 3: "GS_OP_EMIT_CUT"},
    "MSG_GS_DONE": {0: "GS_OP_NOP", 1: "GS_OP_CUT", 2: "GS_OP_EMIT", 3: "GS_OP_EMIT_CUT"},
    "MSG_SYSMSG": {
        1: "SYSMSG_OP_ECC_ERR_INTERRUPT",
        2: "SYSMSG_OP_REG_RD",
        4: "SYSMSG_OP_TTRACE_PC",
    },
}
_DATA_FORMATS = (
    "INVALID", "8", "16", "8_8", "32", "16_16", "10_11_11", "11_11_10", "10_10_10_2", "2_10_10_10",
    "8_8_8_8", "32_32", "16_16_16_16", "32_32_32", "32_32_32_32", "RESERVED_15",
)  # fmt: skip
_NUMBER_FORMATS = (
    "UNORM", "SNORM", "USCALED", "SSCALED",  # codespell:ignore uscaled
    "UINT", "SINT", "RESERVED_6", "FLOAT",
)  # fmt: skip
_SCALED = _NUMBER_FORMATS[:6]
_WHOLE = ("UINT", "SINT", "FLOAT")
_UNIFIED = (
    "INVALID",
    *(
        f"{data}_{number}"
        for data, numbers in (
            ("8", _SCALED), ("16", (*_SCALED, "FLOAT")), ("8_8", _SCALED), ("32", _WHOLE),
            ("16_16", (*_SCALED, "FLOAT")), ("10_11_11", ("FLOAT",)), ("11_11_10", ("FLOAT",)),
            ("10_10_10_2", ("UNORM", "SNORM", "UINT", "SINT")), ("2_10_10_10", _SCALED),
            ("8_8_8_8", _SCALED), ("32_32", _WHOLE), ("16_16_16_16", (*_SCALED, "FLOAT")),
            ("32_32_32", _WHOLE), ("32_32_32_32", _WHOLE),
        )
        for number in numbers
    ),
)  # fmt: skip

_HWREGS = {
    "cdna": {
        1: "HW_REG_MODE", 2: "HW_REG_STATUS", 3: "HW_REG_TRAPSTS", 4: "HW_REG_HW_ID",
        5: "HW_REG_GPR_ALLOC", 6: "HW_REG_LDS_ALLOC", 7: "HW_REG_IB_STS", 15: "HW_REG_SH_MEM_BASES",
        16: "HW_REG_TBA_LO", 17: "HW_REG_TBA_HI", 18: "HW_REG_TMA_LO", 19: "HW_REG_TMA_HI",
        20: "HW_REG_XCC_ID", 21: "HW_REG_SQ_PERF_SNAPSHOT_DATA",
        22: "HW_REG_SQ_PERF_SNAPSHOT_DATA1", 23: "HW_REG_SQ_PERF_SNAPSHOT_PC_LO",
        24: "HW_REG_SQ_PERF_SNAPSHOT_PC_HI",
    },
    "rdna3": {
        1: "HW_REG_MODE", 2: "HW_REG_STATUS", 3: "HW_REG_TRAPSTS", 5: "HW_REG_GPR_ALLOC",
        6: "HW_REG_LDS_ALLOC", 7: "HW_REG_IB_STS", 15: "HW_REG_SH_MEM_BASES",
        18: "HW_REG_PERF_SNAPSHOT_PC_LO", 19: "HW_REG_PERF_SNAPSHOT_PC_HI",
        20: "HW_REG_FLAT_SCR_LO", 21: "HW_REG_FLAT_SCR_HI", 23: "HW_REG_HW_ID1",
        24: "HW_REG_HW_ID2", 27: "HW_REG_PERF_SNAPSHOT_DATA", 29: "HW_REG_SHADER_CYCLES",
    },
    "rdna4": {
        1: "HW_REG_WAVE_MODE", 2: "HW_REG_WAVE_STATUS", 4: "HW_REG_WAVE_STATE_PRIV",
        5: "HW_REG_WAVE_GPR_ALLOC", 6: "HW_REG_WAVE_LDS_ALLOC", 7: "HW_REG_IB_STS",
        10: "HW_REG_PERF_SNAPSHOT_DATA", 11: "HW_REG_PERF_SNAPSHOT_PC_LO",
        12: "HW_REG_PERF_SNAPSHOT_PC_HI", 15: "HW_REG_PERF_SNAPSHOT_DATA1",
        16: "HW_REG_PERF_SNAPSHOT_DATA2", 17: "HW_REG_WAVE_EXCP_FLAG_PRIV",
        18: "HW_REG_WAVE_EXCP_FLAG_USER", 19: "HW_REG_WAVE_TRAP_CTRL",
        20: "HW_REG_WAVE_SCRATCH_BASE_LO", 21: "HW_REG_WAVE_SCRATCH_BASE_HI",
        23: "HW_REG_WAVE_HW_ID1", 24: "HW_REG_WAVE_HW_ID2", 26: "HW_REG_WAVE_SCHED_MODE",
        29: "HW_REG_SHADER_CYCLES_LO", 30: "HW_REG_SHADER_CYCLES_HI",
        31: "HW_REG_WAVE_DVGPR_ALLOC_LO", 32: "HW_REG_WAVE_DVGPR_ALLOC_HI",
    },
}  # fmt: skip


def waitcnt_fields(family: str, value: int) -> dict[str, int]:
    """The counters that ``s_waitcnt`` waits for, by name."""
    return {name: _gather(value, pieces) for name, pieces in _WAITCNT[family]}


def _gather(value: int, pieces: tuple[tuple[int, int], ...]) -> int:
    result = shift = 0
    for low, width in pieces:
        result |= (value >> low & ((1 << width) - 1)) << shift
        shift += width
    return result


def waitcnt(family: str, value: int) -> str:
    """``vmcnt(0) lgkmcnt(0)``: the counters that are waited for, all if none is."""
    counts = waitcnt_fields(family, value)
    limits = waitcnt_fields(family, 0xFFFF)
    shown = {name: count for name, count in counts.items() if count != limits[name]} or counts
    return " ".join(f"{name}({count})" for name, count in shown.items())


def delay_alu(value: int) -> str:
    """``instid0(VALU_DEP_1) | instskip(NEXT) | instid1(…)``."""
    parts = []
    first, skip, second = value & 15, value >> 4 & 7, value >> 7 & 15
    if first:
        parts.append(f"instid0({_name(_DELAYS, first, 'instid')})")
    if skip:
        parts.append(f"instskip({_name(_SKIPS, skip, 'instskip')})")
    if second:
        parts.append(f"instid1({_name(_DELAYS, second, 'instid')})")
    return " | ".join(parts) or "0"


def _name(names: tuple[str, ...], index: int, what: str) -> str:
    return names[index] if index < len(names) else f"/* invalid {what} value */"


def depctr(value: int) -> str:
    """``depctr_va_vdst(0)``: the fields of ``s_waitcnt_depctr`` that differ from "do not wait"."""
    known = 0
    shown, every = [], []
    for name, low, width in _DEPCTR:
        mask = (1 << width) - 1
        known |= mask << low
        count = value >> low & mask
        every.append(f"{name}({count})")
        if count != mask:
            shown.append(f"{name}({count})")
    if value & ~known & 0xFFFF:
        return f"{value:#x}"
    return " ".join(shown or every)


def sendmsg(family: str, value: int) -> str:
    """``sendmsg(MSG_DEALLOC_VGPRS)``, ``sendmsg(MSG_GS, GS_OP_EMIT, 0)`` or the bare number."""
    if family == "cdna":
        message, operation, stream = value & 15, value >> 4 & 7, value >> 8 & 3
    else:
        message, operation, stream = value & 0xFF, 0, 0
    name = _MESSAGES[family].get(message)
    operations = _OPERATIONS.get(name or "", {}) if family == "cdna" else {}
    if name and (operation in operations if operations else operation == 0):
        streams = name.startswith("MSG_GS") and name != "MSG_GS_ALLOC_REQ" and operation
        if streams or stream == 0:
            parts = [name, operations[operation]] if operations else [name]
            return f"sendmsg({', '.join(parts + [str(stream)] * bool(streams))})"
    if value == (message | operation << 4 | stream << 8):
        return f"sendmsg({message}, {operation}, {stream})"
    return str(value)


def version(value: int) -> str:
    """``UC_VERSION_GFX11|UC_VERSION_W32_BIT``: the operand of ``s_version``."""
    names = {0: "UC_VERSION_GFX7", 4: "UC_VERSION_GFX10", 6: "UC_VERSION_GFX11"}
    names[9] = "UC_VERSION_GFX12"
    number = value & 0x1FFF
    if number > 0xFF:
        return f"{value:#x}"
    text = names.get(number, str(number))
    bits = [name for bit, name in ((13, "W64"), (14, "W32"), (15, "MDP")) if value >> bit & 1]
    for index, name in enumerate(bits):
        text = f"({text})" if index else text
        text += f"|UC_VERSION_{name}_BIT"
    return text


def export_target(value: int) -> str:
    """Where an export goes: ``mrt0``, ``pos1``, ``prim``."""
    single = {8: "mrtz", 20: "prim", 21: "dual_src_blend0", 22: "dual_src_blend1"}
    if value in single:
        return single[value]
    if value < 8:
        return f"mrt{value}"
    return f"pos{value - 12}" if 12 <= value <= 16 else f"invalid_target_{value}"


def swizzle(offset: int) -> str:
    """The offset of ``ds_swizzle_b32``: ``swizzle(SWAP,16)`` and its kin, or the number."""
    if offset & 0xFF00 == 0x8000:
        return f"swizzle(QUAD_PERM,{','.join(str(offset >> 2 * lane & 3) for lane in range(4))})"
    if offset & 0x8000:
        return str(offset)
    keep, force, flip = offset & 31, offset >> 5 & 31, offset >> 10
    if keep == 31 and force == 0 and flip:
        if flip & (flip - 1) == 0:
            return f"swizzle(SWAP,{flip})"
        if flip & (flip + 1) == 0:
            return f"swizzle(REVERSE,{flip + 1})"
    group = 32 - keep
    if group > 1 and group & (group - 1) == 0 and force < group and flip == 0:
        return f"swizzle(BROADCAST,{group},{force})"
    low, high = force ^ flip, (keep | force) ^ flip
    letters = ("0", "p", "i", "1")
    mask = "".join(letters[(low >> bit & 1) << 1 | (high >> bit & 1)] for bit in range(4, -1, -1))
    return f'swizzle(BITMASK_PERM,"{mask}")'


def buffer_format(family: str, value: int) -> str | None:
    """The format of a typed buffer access, None for the default."""
    if family != "cdna":
        if value == 1:
            return None
        return f"[BUF_FMT_{_UNIFIED[value]}]" if value < len(_UNIFIED) else str(value)
    data, number = value & 15, value >> 4
    parts = [] if data == 1 else [f"BUF_DATA_FORMAT_{_DATA_FORMATS[data]}"]
    parts += [f"BUF_NUM_FORMAT_{_NUMBER_FORMATS[number]}"] if number else []
    return f"[{','.join(parts)}]" if parts else None


def gpr_index_mode(value: int) -> str:
    """``gpr_idx(SRC0,DST)``."""
    names = ("SRC0", "SRC1", "SRC2", "DST")
    if value > 15:
        return f"{value:#x}"
    return f"gpr_idx({','.join(name for bit, name in enumerate(names) if value >> bit & 1)})"


_HWREGS["cdna5"] = _HWREGS["rdna4"] | {
    28: "HW_REG_IB_STS2", 33: "HW_REG_XNACK_STATE_PRIV", 34: "HW_REG_XNACK_MASK",
}  # fmt: skip
_HWREGS["cdna2"] = {number: name for number, name in _HWREGS["cdna"].items() if number < 20}


def hwreg(family: str, isa: str, value: int) -> str:
    """``hwreg(HW_REG_MODE, 0, 4)``: a register, a first bit and a width."""
    register, first, width = value & 63, value >> 6 & 31, (value >> 11) + 1
    name = (_HWREGS.get(isa) or _HWREGS[family]).get(register, str(register))
    return f"hwreg({name})" if (first, width) == (0, 32) else f"hwreg({name}, {first}, {width})"
