"""What decoding gives: instructions, operands and modifiers, all immutable."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, NamedTuple

from anyroc.errors import CodeObjectError

if TYPE_CHECKING:
    from anyroc.isa.tables import OperandSpec, Row

M0, NULL, VCC, EXEC = 124, 125, 106, 126


class DecodeError(CodeObjectError):
    """Bytes that are no instruction of the ISA; ``offset`` says where in the code."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(f"at offset {offset:#x}: {message}")
        self.offset = offset


@dataclass(frozen=True, slots=True)
class Operand:
    """A register range, a constant or nothing.

    ``kind`` is "s", "v", "a" (``index``, ``count`` dwords), "const" (``value``: raw bits at the
    operand's width), "special" (``value``: its name) or "none". Scalar registers have one
    numbering on every ISA: 0-105 SGPRs, 106/107 VCC, 108-123 TTMPs, 124 M0, 125 null, 126/127
    EXEC. ``role`` tells the parts of memory instructions apart.
    """

    kind: str
    index: int = 0
    count: int = 1
    value: int | str = 0
    literal: bool = False
    neg: bool = False
    abs: bool = False
    role: str = ""


class Dpp(NamedTuple):
    """Cross-lane data movement: a control code and which rows and banks are written."""

    ctrl: int
    row_mask: int
    bank_mask: int
    bound_ctrl: bool
    fi: bool


class Sdwa(NamedTuple):
    """Sub-dword addressing; a selector is 0-3 byte, 4/5 low/high word, 6 the dword."""

    dst_sel: int = 6
    dst_unused: int = 0
    src0_sel: int = 6
    src1_sel: int = 6
    src0_sext: bool = False
    src1_sext: bool = False


_NO4 = (False,) * 4
_NO3 = (False,) * 3
_ALL3 = (True,) * 3


@dataclass(frozen=True, slots=True)
class Mods:
    """Everything encoded beside the operands; the defaults mean "absent".

    ``op_sel`` is (src0, src1, src2, dst): which half of a register a 16-bit operand is in. ``fi``
    belongs to ``dpp8``, ``dpp`` has its own. ``offset`` is in bytes and signed where the encoding
    is; ``simm16`` is signed for branches and SALU constants, else the raw 16 bits.
    """

    clamp: bool = False
    omod: int = 0
    op_sel: tuple[bool, ...] = _NO4
    op_sel_hi: tuple[bool, ...] = _ALL3
    neg_lo: tuple[bool, ...] = _NO3
    neg_hi: tuple[bool, ...] = _NO3
    dpp: Dpp | None = None
    dpp8: tuple[int, ...] | None = None
    fi: bool = False
    sdwa: Sdwa | None = None
    offset: int = 0
    offset0: int = 0
    offset1: int = 0
    offen: bool = False
    idxen: bool = False
    lds: bool = False
    gds: bool = False
    tfe: bool = False
    glc: bool = False
    slc: bool = False
    dlc: bool = False
    sc0: bool = False
    sc1: bool = False
    nt: bool = False
    nv: bool = False
    scope: int = 0
    th: int = 0
    format: int = 0
    cbsz: int = 0
    abid: int = 0
    blgp: int = 0
    simm16: int = 0
    imm: int = 0
    extra: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Instruction:
    """One decoded instruction.

    ``op`` is the key under which semantics define it, ``mnemonic`` this ISA's spelling without
    an encoding suffix. ``dst`` and ``src`` are in canonical order and hold what is read and
    written besides memory, SCC, M0, MODE and the lanes' EXEC; a destination that is also read is
    also the last source.
    """

    offset: int
    size: int
    op: str
    mnemonic: str
    format: str
    dst: tuple[Operand, ...]
    src: tuple[Operand, ...]
    mods: Mods
    row: Row
    parts: tuple[Instruction, ...] = ()

    def source_is_high(self, at: int) -> bool:
        """Whether op_sel has the 16-bit operand ``src[at]`` in the upper half.

        A destination that is also read is in the half that is written.
        """
        return _is_high(self.mods, self.row.src, at)

    def result_is_high(self, at: int) -> bool:
        """Whether op_sel has the 16-bit ``dst[at]`` in the upper half."""
        return _is_high(self.mods, self.row.dst, at) if at else self.mods.op_sel[3]

    @property
    def branch_target(self) -> int:
        """Where a direct branch or call goes, as an offset into the code."""
        if self.op == "s_add_pc_i64":  # by a constant, of which a literal of 32 bits is signed
            bits = 64 if self.size > 8 else 32
            distance = int(self.src[0].value) & (1 << bits) - 1
            return self.offset + self.size + distance - (distance >> bits - 1 << bits)
        return self.offset + 4 + 4 * self.mods.simm16

    def operand(self, role: str) -> Operand | None:
        """The source with a role, if there is one."""
        for operand in self.src:
            if operand.role == role:
                return operand
        return None


(
    _set_offset,
    _set_size,
    _set_op,
    _set_mnemonic,
    _set_format,
    _set_dst,
    _set_src,
    _set_mods,
    _set_row,
    _set_parts,
) = (vars(Instruction)[field.name].__set__ for field in fields(Instruction))


def make_instruction(
    offset: int,
    size: int,
    row: Row,
    dst: tuple[Operand, ...],
    src: tuple[Operand, ...],
    mods: Mods,
) -> Instruction:
    """An instruction of a row: what ``Instruction(…)`` makes, in half the time."""
    it = object.__new__(Instruction)
    _set_offset(it, offset)
    _set_size(it, size)
    _set_op(it, row.op)
    _set_mnemonic(it, row.mnemonic)
    _set_format(it, row.format)
    _set_dst(it, dst)
    _set_src(it, src)
    _set_mods(it, mods)
    _set_row(it, row)
    _set_parts(it, ())
    return it


# Position in op_sel of each operand field.
HALVES = {"src0": 0, "src1": 1, "src2": 2, "vdst": 3}


def _is_high(mods: Mods, specs: tuple[OperandSpec, ...], at: int) -> bool:
    selector = HALVES.get(specs[at].field, at) if at < len(specs) else at
    return selector < len(mods.op_sel) and mods.op_sel[selector]
