"""The fields of an encoding that are not operands, as ``Mods``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from anyroc.isa.formats import Format
from anyroc.isa.instruction import Dpp, Mods, Sdwa
from anyroc.isa.operands import BadField
from anyroc.isa.tables import Row

IMAGES = frozenset(("MIMG", "VIMAGE", "VSAMPLE"))
_OPERANDS = frozenset((
    "op", "opx", "opy", "vdst", "sdst", "sdata", "ssrc0", "ssrc1", "src0", "src1", "src2", "vaddr",
    "vdata", "data0", "data1", "saddr", "srsrc", "ssamp", "soffset", "low_soffset", "sbase", "acc",
    "acc_cd", "s0", "s1", "sd", "abs", "src0_neg", "src0_abs", "src1_neg", "src1_abs", "sve",
    "vaddr0", "vaddr1", "vaddr2", "vaddr3", "vaddr4", "src3", "imm",
    "soffset_en",
))  # fmt: skip
_FLAGS = frozenset((
    "clamp", "offen", "idxen", "lds", "gds", "tfe", "glc", "slc", "dlc", "sc0", "sc1", "nt", "nv",
))  # fmt: skip
_NUMBERS = frozenset((
    "omod", "offset0", "offset1", "scope", "th", "format", "cbsz", "abid", "blgp",
))  # fmt: skip
_DPP = ("dpp_ctrl", "row_mask", "bank_mask", "bound_ctrl", "fi")
_SDWA = ("dst_sel", "dst_unused", "src0_sel", "src1_sel", "src0_sext", "src1_sext")


# What src0 holds where the variants of an encoding begin; 234 is DPP8 that fetches inactive lanes.
MARKERS = {"sdwa": 249, "dpp": 250, "dpp8": 233}

IDLE_OFFSET = "idle offset"
"""The bit of CDNA's FLAT offsets that counts nothing, where it is set."""

# Fields that decide the shape or modify an operand, whether or not they are set.
_SHAPING = (
    "op", "acc", "acc_cd", "s0", "s1", "sd", "abs", "src0_neg", "src0_abs", "src1_neg", "src1_abs",
    "sve", "imm", "soffset_en",
)  # fmt: skip


_TO_LDS = re.compile(r"(global|scratch)_load_([us]byte|[us]short|dword)")
"""Loads that CDNA2 can send to LDS."""


def field_mask(format_: Format, name: str) -> int:
    """The bits of a field, none if the format lacks it."""
    low, width = format_.fields.get(name, (0, 0))
    return ((1 << width) - 1) << low


def _mask(format_: Format, names: Iterable[str]) -> int:
    mask = 0
    for name in names:
        mask |= field_mask(format_, name)
    return mask


def used_mask(row: Row, format_: Format, family: str) -> int:
    """The bits of an instruction that mean something or may hold anything."""
    mask = format_.mask | modifier_mask(format_, row, family) | _mask(format_, _SHAPING)
    mask |= _mask(format_, (spec.field for spec in (*row.dst, *row.src)))
    mask |= _mask(format_, ignored_fields(row))
    base, _, variant = format_.name.partition(".")
    if base in IMAGES:
        mask |= _mask(format_, format_.fields)
        if "_bvh" in row.mnemonic:  # what is in between may hold anything
            mask |= (1 << format_.bits) - 1
    if format_.name == "VOPC.sdwa":
        mask |= field_mask(format_, "sdst")
    if variant == "dpp":
        mask |= 3 << format_.fields["dpp_ctrl"][0] + 9
    if variant:
        mask |= 0x1FF << (32 if base.startswith("VOP3") else 0)
    if base in ("GLOBAL", "SCRATCH"):
        mask |= field_mask(format_, "saddr")
    if base == "SMEM":
        mask |= _mask(format_, ("soffset", "low_soffset"))
    return mask


def required_bits(row: Row, format_: Format, family: str) -> tuple[int, int]:
    """Bits that have a fixed value though they are no part of what identifies the format."""
    if "_prefetch_" in row.mnemonic and row.format == "SMEM":
        return 3 << 11, 0  # the length has five bits
    if format_.name == "VOP3PX2":  # the second half has marks of its own; abid: it is scaled
        return 0x1FF << 87 | 15 << 75, 0x1A7 << 87 | 1 << 75
    if row.mnemonic == "buffer_store_lds_dword":
        return field_mask(format_, "lds"), field_mask(format_, "lds")
    if row.format in ("GLOBAL", "SCRATCH") and "lds" in format_.fields:
        return (0, 0) if _TO_LDS.fullmatch(row.mnemonic) else (field_mask(format_, "lds"), 0)
    unused = all(spec.field != "saddr" for spec in row.src)
    if row.format in ("FLAT", "GLOBAL", "SCRATCH") and unused and family != "cdna":
        return field_mask(format_, "saddr"), format_.put(0, "saddr", 124)
    return 0, 0


def ignored_fields(row: Row) -> list[str]:
    """Fields that the instruction does not use and that may hold anything."""
    fields = [flag.removeprefix("ignore=") for flag in row.flags if flag.startswith("ignore=")]
    return [*fields, "format"] if row.format == "MUBUF" else fields


@cache
def _true16(row: Row, format_: Format, family: str) -> tuple[tuple[int, int], ...]:
    """(position in op_sel, bit) of the half selectors in 16-bit VGPR fields of VOP1/2/C."""
    base = format_.name.partition(".")[0]
    if base not in ("VOP1", "VOP2", "VOPC") or family == "cdna":
        return ()
    found = []
    for spec in (*row.dst, *row.src):
        if spec.bits == 16 and not spec.hidden and spec.field in ("vdst", "src0", "src1"):
            position = {"src0": 0, "src1": 1, "vdst": 3}[spec.field]
            found.append((position, format_.fields[spec.field][0] + 7))
    return tuple(found)


# The bits of a truth table, low first, stand where others have modifiers.
_TRUTH_TABLE = (("neg", 0), ("abs", 3), ("omod", 6))


def has_truth_table(row: Row) -> bool:
    """Whether the instruction's sign modifiers are a table of a function of three bits."""
    return row.mnemonic.startswith(("v_bitop3_", "v_dual_bitop2_"))


def put_truth_table(format_: Format, raw: int, table: int) -> int:
    """``raw`` with the table of an instruction that has one."""
    for name, low in _TRUTH_TABLE:
        raw = format_.put(raw, name, table >> low & ((1 << format_.fields[name][1]) - 1))
    return raw


def modifier_mask(format_: Format, row: Row, family: str) -> int:
    """The bits of an instruction that ``make_mods`` looks at."""
    unused = ignored_fields(row)
    names = [name for name in format_.fields if name not in _OPERANDS and name not in unused]
    if row.format in ("SOPP", "SOPK") and not _has_immediate(row):
        names.remove("simm16")
    names += [spec.field for spec in (*row.dst, *row.src) if spec.kind == "imm"]
    if has_truth_table(row):
        names.append("abs")
    if row.format == "SMEM" and "imm" in format_.fields:
        names += ["imm", "soffset_en"]
    mask = _mask(format_, names)
    halves = _true16(row, format_, family)
    for _, bit in halves:
        mask |= 1 << bit
    if halves and "src0" in format_.fields and format_.fields["src0"][1] == 9:
        mask |= 1 << 8 + format_.fields["src0"][0]
    return mask


def _has_immediate(row: Row) -> bool:
    return (
        row.mnemonic == "s_endpgm"
        or any(spec.kind == "k16" for spec in row.src)
        or any(flag.startswith("simm16=") for flag in row.flags)
    )


def _bits(value: int, count: int) -> tuple[bool, ...]:
    return tuple(bool(value >> bit & 1) for bit in range(count))


def _signed(value: int, width: int) -> int:
    return value - (1 << width) if value >> (width - 1) else value


def make_mods(format_: Format, row: Row, raw: int, family: str) -> Mods:
    """The modifiers of an instruction; ``raw`` may be masked by ``modifier_mask``."""
    values: dict[str, object] = {}
    extra: list[tuple[str, int]] = []
    for name in format_.fields:
        if name in _OPERANDS:
            continue
        value = format_.get(raw, name)
        if name in _FLAGS:
            values[name] = bool(value)
        elif name in _NUMBERS:
            values[name] = value
        elif name == "marker":
            values["fi"] = value == 234
        elif name == "dpp8":
            values["dpp8"] = tuple(value >> 3 * lane & 7 for lane in range(8))
        elif name == "offset":
            values["offset"] = _offset(format_, row, raw, value, family)
            if row.format == "FLAT" and family == "cdna" and value >> 12:
                extra.append((IDLE_OFFSET, value & 0x1000))  # counts nothing, but is printed
        elif name == "simm16":
            signed = "simm16=label" in row.flags or any(s.kind == "k16" for s in row.src)
            values["simm16"] = _signed(value, 16) if signed else value
        elif name not in ("op_sel", "op_sel_hi", "op_sel_hi2", "neg", "neg_hi", *_DPP, *_SDWA):
            extra.append((name, value))
    if has_truth_table(row):
        table = sum(format_.get(raw, name) << low for name, low in _TRUTH_TABLE)
        extra.append(("bitop3", table))
        values["omod"] = 0
    for spec in (*row.dst, *row.src):
        if spec.kind == "imm":
            values["imm"] = format_.get(raw, spec.field)
    if "dpp_ctrl" in format_.fields:
        ctrl, rows, banks, bound, fi = (format_.get(raw, name) for name in _DPP)
        _check_dpp(ctrl, row, family)
        values["dpp"] = Dpp(ctrl, rows, banks, bool(bound), bool(fi))
    if "src0_sel" in format_.fields:
        values["sdwa"] = _sdwa(format_, raw)
    if "op_sel_hi" in format_.fields:
        high = format_.get(raw, "op_sel_hi") | format_.get(raw, "op_sel_hi2") << 2
        values["op_sel"] = (*_bits(format_.get(raw, "op_sel"), 3), False)
        values["op_sel_hi"] = _bits(high, 3)
        values["neg_lo"] = _bits(format_.get(raw, "neg"), 3)
        values["neg_hi"] = _bits(format_.get(raw, "neg_hi"), 3)
    elif "op_sel" in format_.fields:
        values["op_sel"] = _bits(format_.get(raw, "op_sel"), 4)
    if halves := _true16(row, format_, family):
        values["op_sel"] = _half_selectors(format_, raw, halves)
    return Mods(**values, extra=tuple(extra))  # type: ignore[arg-type]


# Ranges of DPP controls: quad_perm, row shifts and rotations, mirrors; then what each family adds.
_DPP_RANGES = (
    (0, 0xFF), (0x101, 0x10F), (0x111, 0x11F), (0x121, 0x12F), (0x140, 0x141), (0x150, 0x15F),
)  # fmt: skip
_DPP_CDNA = frozenset((0x130, 0x134, 0x138, 0x13C, 0x142, 0x143))


def _check_dpp(ctrl: int, row: Row, family: str) -> None:
    known = any(low <= ctrl <= high for low, high in _DPP_RANGES)
    known |= ctrl in _DPP_CDNA if family == "cdna" else 0x160 <= ctrl <= 0x16F
    if not known:
        raise BadField(f"DPP control {ctrl:#x} does not exist")
    wide = any(spec.bits == 64 and spec.type != "mask" for spec in (*row.dst, *row.src))
    if family == "cdna" and wide and ctrl >> 4 != 0x15:
        raise BadField(f"DPP control {ctrl:#x} does not work on 64 bits")


def _half_selectors(
    format_: Format, raw: int, halves: tuple[tuple[int, int], ...]
) -> tuple[bool, ...]:
    op_sel = [False] * 4
    low, width = format_.fields["src0"]
    for position, bit in halves:
        register = position != 0 or width != 9 or raw >> (low + 8) & 1
        op_sel[position] = bool(raw >> bit & 1 and register)
    return tuple(op_sel)


def _sdwa(format_: Format, raw: int) -> Sdwa:
    get = format_.get
    has_dst = "dst_sel" in format_.fields
    if 7 in (get(raw, "dst_sel"), get(raw, "src0_sel"), get(raw, "src1_sel")):
        raise BadField("SDWA selector 7 does not exist")
    return Sdwa(
        get(raw, "dst_sel") if has_dst else 6,
        get(raw, "dst_unused"),
        get(raw, "src0_sel"),
        get(raw, "src1_sel"),
        bool(get(raw, "src0_sext")),
        bool(get(raw, "src1_sext")),
    )


def _offset(format_: Format, row: Row, raw: int, value: int, family: str) -> int:
    width = format_.fields["offset"][1]
    if row.format == "SMEM":
        if family == "cdna" and not format_.get(raw, "imm"):
            return 0
        return _signed(value, width)
    if row.format in ("GLOBAL", "SCRATCH") or family == "rdna4":
        return _signed(value, width)
    if row.format == "FLAT" and family == "cdna":
        return value & 0xFFF
    return value
