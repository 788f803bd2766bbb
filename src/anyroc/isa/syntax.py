"""Pieces of LLVM's assembly syntax that depend on nothing but their arguments."""

from __future__ import annotations

from anyroc.isa.operands import element_type

SDWA = ("BYTE_0", "BYTE_1", "BYTE_2", "BYTE_3", "WORD_0", "WORD_1", "DWORD")
UNUSED = ("UNUSED_PAD", "UNUSED_SEXT", "UNUSED_PRESERVE")
_FLOATS = {
    16: {
        0x3800: "0.5", 0xB800: "-0.5", 0x3C00: "1.0", 0xBC00: "-1.0", 0x4000: "2.0",
        0xC000: "-2.0", 0x4400: "4.0", 0xC400: "-4.0", 0x3118: "0.15915494",
    },
    32: {
        0x3F000000: "0.5", 0xBF000000: "-0.5", 0x3F800000: "1.0", 0xBF800000: "-1.0",
        0x40000000: "2.0", 0xC0000000: "-2.0", 0x40800000: "4.0", 0xC0800000: "-4.0",
        0x3E22F983: "0.15915494",
    },
    64: {
        0x3FE0000000000000: "0.5", 0xBFE0000000000000: "-0.5", 0x3FF0000000000000: "1.0",
        0xBFF0000000000000: "-1.0", 0x4000000000000000: "2.0", 0xC000000000000000: "-2.0",
        0x4010000000000000: "4.0", 0xC010000000000000: "-4.0",
        0x3FC45F306DC9C882: "0.15915494309189532",
    },
    -16: {
        0x3F00: "0.5", 0xBF00: "-0.5", 0x3F80: "1.0", 0xBF80: "-1.0", 0x4000: "2.0",
        0xC000: "-2.0", 0x4080: "4.0", 0xC080: "-4.0", 0x3E22: "0.15915494",
    },
}  # fmt: skip
_INTEGER16 = frozenset(("i16", "u16", "b16", "pk2_u8", "pk2_i8", "pk2_fp8", "pk2_bf8"))


def constant(value: int, type_: str, bits: int, literal: bool, *, floats: bool = True) -> str:
    """A constant operand: a float LLVM has a name for, a small integer, or hexadecimal.

    ``value`` is the operand's bits; ``floats`` false writes floats as integers.
    """
    if type_ in ("pk2_f32", "pk2_b32"):
        bits = 32
    element = element_type(type_)
    width = 64 if bits == 64 or element == "f64" else 16 if bits == 16 else 32
    names = _FLOATS[-16 if element == "bf16" else 16 if element == "f16" else width]
    if floats and value in names and type_ not in _INTEGER16:
        return names[value]
    signed = value - (1 << width) if value >> (width - 1) else value
    if literal and bits == 64:
        signed = value if type_ == "f64" else value & 0xFFFFFFFF
    if -16 <= signed <= 64:
        return str(signed)
    return f"{value >> 32 if type_ == 'f64' else value & 0xFFFFFFFF:#x}"


def registers(prefix: str, index: int, count: int) -> str:
    """``v5`` or ``v[5:6]``."""
    return f"{prefix}{index}" if count == 1 else f"{prefix}[{index}:{index + count - 1}]"


def pick(names: tuple[str, ...], index: int) -> str:
    """A selector's name; unknown ones print as the first."""
    return names[index] if index < len(names) else names[0]


def short_hex(value: int) -> str:
    """Decimal up to 64, else hexadecimal."""
    return str(value) if value <= 64 else f"{value:#x}"


def signed_hex(value: int) -> str:
    """Hexadecimal with a sign."""
    return f"{'-' if value < 0 else ''}{abs(value):#x}"


def dpp_control(ctrl: int, family: str) -> str:
    """The DPP control code of a family as modifiers say it."""
    if ctrl < 0x100:
        return f"quad_perm:[{','.join(str(ctrl >> 2 * lane & 3) for lane in range(4))}]"
    amount = ctrl & 15
    kind = ctrl >> 4
    rows = {0x10: "row_shl", 0x11: "row_shr", 0x12: "row_ror"}
    if kind in rows and amount:
        return f"{rows[kind]}:{amount}"
    single = {0x140: "row_mirror", 0x141: "row_half_mirror"}
    if ctrl in single:
        return single[ctrl]
    if family == "cdna":
        waves = {
            0x130: "wave_shl:1",
            0x134: "wave_rol:1",
            0x138: "wave_shr:1",
            0x13C: "wave_ror:1",
            0x142: "row_bcast:15",
            0x143: "row_bcast:31",
        }
        if ctrl in waves:
            return waves[ctrl]
        if kind == 0x15:
            return f"row_newbcast:{amount}"
    elif kind == 0x15:
        return f"row_share:{amount}"
    elif kind == 0x16:
        return f"row_xmask:{amount}"
    return "/* Invalid dpp_ctrl value */"


def temporal_hint(mnemonic: str, hint: int, scope: int) -> list[str]:
    """The cache modifiers of RDNA4: ``th:TH_LOAD_NT scope:SCOPE_SE``."""
    parts = []
    if hint:
        parts.append(f"th:{_hint_name(mnemonic, hint, scope)}")
    if scope:
        parts.append(f"scope:{('SCOPE_CU', 'SCOPE_SE', 'SCOPE_DEV', 'SCOPE_SYS')[scope]}")
    return parts


def _hint_name(name: str, hint: int, scope: int) -> str:
    if "atomic" in name:
        if hint & 4 and scope < 2:
            return f"TH_ATOMIC_{hint:#x}"
        if hint & 4:
            return "TH_ATOMIC_CASCADE_" + ("NT" if hint & 2 else "RT")
        return {1: "TH_ATOMIC_RETURN", 2: "TH_ATOMIC_NT", 3: "TH_ATOMIC_NT_RETURN"}[hint]
    kind = "STORE" if "store" in name or name in ("tensor_save", "tensor_stop") else "LOAD"
    names = {1: "NT", 2: "HT", 4: "NT_RT", 5: "RT_NT", 6: "NT_HT"}
    if hint == 3 and scope == 3:
        return f"TH_{kind}_BYPASS"
    if hint == 3:
        return "TH_LOAD_LU" if kind == "LOAD" else "TH_STORE_RT_WB"
    if hint == 7:
        return "TH_STORE_NT_WB" if kind == "STORE" else f"{hint:#x}"
    return f"TH_{kind}_{names[hint]}"
