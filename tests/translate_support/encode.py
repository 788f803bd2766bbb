"""Machine code from field values, and random valid instructions of a table's rows."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from functools import cache

from anyroc.isa.decode import decode
from anyroc.isa.formats import formats
from anyroc.isa.instruction import EXEC, NULL, VCC, DecodeError, Instruction
from anyroc.isa.tables import FAMILY, OperandSpec, Row, table

SOURCE_ROWS = 48
"""VGPRs that random instructions read; they write others."""

_SCALAR_SOURCES = 64
_DPP_CONTROLS = {
    "cdna": (
        0x1B, 0x4E, 0xB1, 0x101, 0x10F, 0x111, 0x118, 0x121, 0x12F, 0x130, 0x134, 0x138, 0x13C,
        0x140, 0x141, 0x142, 0x143, 0x150, 0x15B,
    ),
    "rdna3": (0x1B, 0x4E, 0x101, 0x11F, 0x123, 0x140, 0x141, 0x150, 0x157, 0x161, 0x16F),
    "rdna4": (0x1B, 0x4E, 0x101, 0x11F, 0x123, 0x140, 0x141, 0x150, 0x157, 0x161, 0x16F),
}  # fmt: skip
_FREE_FIELDS = (
    "op_sel", "neg", "abs", "neg_hi", "bound_ctrl", "fi", "dpp8", "simm16", "imm",
    "src0_neg", "src0_abs", "src0_sext", "src1_neg", "src1_abs", "src1_sext",
)  # fmt: skip
_CLAMPED = (
    "v_add_",
    "v_sub_",
    "v_subrev_",
    "v_mad_",
    "v_pk_add_",
    "v_pk_sub_",
    "v_pk_mad_",
    "v_dot",
)


@cache
def _rows(isa: str) -> dict[tuple[str, str], Row]:
    return {(row.format, row.op): row for row in reversed(list(table(isa)))}


def encode(isa: str, format_: str, op: str, **fields: int) -> bytes:
    """An instruction by its canonical name; fields that are not given are 0.

    ``literal`` is the constant behind the instruction.
    """
    layout = formats(isa)[format_]
    raw = layout.put(layout.match, "op", _rows(isa)[format_.partition(".")[0], op].opcode)
    literal = fields.pop("literal", None)
    for name, value in fields.items():
        raw = layout.put(raw, name, value)
    code = raw.to_bytes(layout.bytes, "little")
    return code if literal is None else code + (literal & 0xFFFFFFFF).to_bytes(4, "little")


def field_value(rng: random.Random, isa: str, name: str, width: int, row: Row) -> int:
    """A value for a field that is no operand: modifiers now and then."""
    if name == "dpp_ctrl":
        return rng.choice(_DPP_CONTROLS[FAMILY[isa]])
    if name in ("row_mask", "bank_mask"):
        is_mask = any(s.type == "mask" for s in row.dst)
        return 15 if is_mask or rng.random() < 0.7 else rng.randrange(16)
    if name in ("src0_sel", "src1_sel", "dst_sel"):
        return rng.randrange(7)
    if name == "dst_unused":
        return rng.randrange(3)
    if name in ("op_sel_hi", "op_sel_hi2") and rng.random() < 0.5:
        return (1 << width) - 1
    if name == "clamp":
        floats = any("f" in s.type for s in row.dst)
        return int(
            (floats or (row.op.startswith(_CLAMPED) and "_co_" not in row.op))
            and rng.random() < 0.2
        )
    if name == "omod":
        return rng.randrange(4) if rng.random() < 0.2 else 0
    if name in _FREE_FIELDS:
        return rng.randrange(1 << width) if rng.random() < 0.6 else 0
    return 0


def finish(rng: random.Random, isa: str, row: Row, name: str, raw: int) -> bytes:
    """The bytes of an encoding: with its variant's marker, or with a literal in case it has one."""
    layout = formats(isa)[name]
    variant = name.partition(".")[2]
    if variant:
        marker = {"sdwa": 249, "dpp": 250, "dpp8": rng.choice((233, 234))}[variant]
        low = formats(isa)[row.format].fields["src0"][0]
        raw = raw & ~(0x1FF << low) | marker << low
        return raw.to_bytes(layout.bytes, "little")
    return raw.to_bytes(layout.bytes, "little") + rng.getrandbits(32).to_bytes(4, "little")


@dataclass
class Generator:
    """Makes instructions that read v0-47 and s0-63 and write others, each VGPR once."""

    isa: str
    wave_size: int
    rng: random.Random
    used: set[int] = field(default_factory=set)

    def variants(self, row: Row) -> list[str]:
        """The encodings of a row: its format and what of SDWA and DPP the ISA has for it."""
        return [name for name in formats(self.isa) if name.partition(".")[0] == row.format]

    def instruction(self, row: Row, name: str) -> Instruction | None:
        """A random instruction of a row in one of its variants; None if no try was valid."""
        for _ in range(40):
            code = self._encoding(row, name)
            try:
                inst = decode(self.isa, code + bytes(8), 0, wave_size=self.wave_size)
            except DecodeError:
                continue
            if inst.op == row.op and self._fits(inst):
                self.used |= _written_rows(inst)
                self.code = code[: inst.size]
                return inst
        return None

    def _fits(self, inst: Instruction) -> bool:
        written = _written_rows(inst)
        if written & self.used or any(not 64 <= row < 250 for row in written):
            return False
        read = {
            operand.index + i
            for operand in inst.src
            if operand.kind in ("v", "a")
            for i in range(operand.count)
        }
        if not {row for row in read if row >= 64} <= written:
            return False
        scalars = [o.index for o in inst.dst if o.kind == "s" and o.index != EXEC]
        return all(index in (VCC, NULL) or 64 <= index < 104 for index in scalars)

    def _encoding(self, row: Row, name: str) -> bytes:
        layout = formats(self.isa)[name]
        raw = layout.put(layout.match, "op", row.opcode)
        specs = {spec.field: spec for spec in (*row.src, *row.dst)}
        for key, (_, width) in layout.fields.items():
            if key != "op":
                raw = layout.put(raw, key, self._field(key, width, specs.get(key), row))
        return finish(self.rng, self.isa, row, name, raw)

    def _field(self, name: str, width: int, spec: OperandSpec | None, row: Row) -> int:
        rng = self.rng
        if spec is not None and spec.kind not in ("imm", "k", "k16"):
            if any(spec is result for result in row.dst):
                return rng.randrange(64, 104, 4) if width == 7 else self._result(spec, width, row)
            return self._source(spec, width)
        return field_value(rng, self.isa, name, width, row)

    def _result(self, spec: OperandSpec, width: int, row: Row) -> int:
        halved = spec.bits == 16 and row.format in ("VOP1", "VOP2", "VOPC")
        top = 128 if halved and FAMILY[self.isa] != "cdna" else 248
        free = [r for r in range(64, top, 2) if r not in self.used]
        value = self.rng.choice(free) if free else 64
        half = top == 128 and self.rng.random() < 0.5
        return value | half << 7 | (256 if width == 9 else 0)

    def _source(self, spec: OperandSpec, width: int) -> int:
        rng, kind = self.rng, spec.kind
        row = 2 * rng.randrange(SOURCE_ROWS // 2)
        if width == 8 and kind not in ("ss", "s"):
            return row | (rng.random() < 0.3) << 7 if spec.bits == 16 else row
        align = (1, 2, 4)[min(spec.dwords(self.wave_size).bit_length(), 3) - 1]
        scalar = rng.randrange(_SCALAR_SOURCES // align - 2) * align
        if width < 8 or kind == "s" or spec.type == "mask":
            return scalar
        choice = rng.random()
        if width == 9 and (choice < 0.5 or kind in ("v", "a", "ma", "mb", "src_v")):
            return 256 + row
        if choice < 0.75:
            return scalar
        return 255 if choice > 0.93 else rng.choice((*range(128, 209), *range(240, 249)))


def _written_rows(inst: Instruction) -> set[int]:
    return {
        operand.index + i
        for operand in inst.dst
        if operand.kind in ("v", "a")
        for i in range(operand.count)
    }
