"""Bytes to instructions.

Decoding has two speeds. The first meeting with an opcode in a given shape (which operands its
modifier bits imply) makes a ``Plan``: field positions with their operand tables. Every other one
is shifts, masks and dictionary lookups.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache, lru_cache

from anyroc.isa import images
from anyroc.isa.formats import Format, formats
from anyroc.isa.instruction import DecodeError, Instruction, Mods, Operand, make_instruction
from anyroc.isa.modifiers import (
    IMAGES,
    MARKERS,
    field_mask,
    has_truth_table,
    make_mods,
    modifier_mask,
    required_bits,
    used_mask,
)
from anyroc.isa.operands import (
    LITERAL,
    LITERAL64,
    BadField,
    OperandTable,
    literal_bits,
    operand_table,
)
from anyroc.isa.shapes import Place, places, shape
from anyroc.isa.tables import FAMILY, Row, Table, opcode_space, table
from anyroc.isa.targets import Target, target

_REMEMBERED = 4096
"""Different modifiers of one opcode, and different literals, that are kept for the next time."""

_NO_MODS = Mods()
_THREE_SOURCES = ("VOP3", "VOP3SD", "VOP3P")
_MODIFIED = frozenset(("VOP3", "VOP3SD", "VINTERP"))
_DESCRIPTORS = ("srsrc", "ssamp")


@dataclass(slots=True)
class Plan:
    """How to decode one opcode in one shape."""

    row: Row
    format: Format
    reserved: int
    required: int
    dst: tuple[tuple[int, int, OperandTable], ...]
    src: tuple[tuple[int, int, OperandTable], ...]
    types: tuple[Place, ...]
    mods_mask: int
    fixed_mods: int
    mods: dict[int, Mods]
    sign_mask: int


class _Encoding:
    """A format (or a variant of one) of an ISA at a wave size, with the plans made so far."""

    def __init__(self, format_: Format, decoder: Decoder) -> None:
        self.format = format_
        self.bytes = format_.bytes
        self.base, _, self.variant = format_.name.partition(".")
        self.space = opcode_space(self.base, decoder.family)
        self.low, width = format_.fields.get("op", (0, 0))
        self.op_mask = (1 << width) - 1
        self.shaped = shape(format_.name, decoder.isa)
        self.plans: dict[int, Plan] = {}
        self.variants: dict[int, _Encoding] = {}


@cache
def _modified(operand: Operand, neg: bool, absolute: bool) -> Operand:
    return replace(operand, neg=neg, abs=absolute)


class Decoder:
    """Decodes one ISA at one wave size."""

    def __init__(self, isa: str, wave_size: int) -> None:
        self.isa = isa
        self.wave_size = wave_size
        self.table: Table = table(isa)
        self.family = self.table.family
        self.dialect = isa if isa == "cdna5" else self.family
        self._encodings = {f.name: _Encoding(f, self) for f in formats(isa).values()}
        for encoding in self._encodings.values():
            if encoding.variant:
                marker = MARKERS[encoding.variant]
                variants = self._encodings[encoding.base].variants
                variants[marker] = encoding
                if encoding.variant == "dpp8":
                    variants[marker + 1] = encoding
        self._dispatch = self._make_dispatch()

    def _make_dispatch(self) -> list[tuple[_Encoding, ...]]:
        """Candidate encodings by the top nine bits of the first dword, most specific first."""
        bases = [e for e in self._encodings.values() if not e.variant]
        result = []
        for top in range(512):
            found = []
            for encoding in bases:
                mask = encoding.format.mask >> 23
                if top & mask == encoding.format.match >> 23 and encoding.space == encoding.base:
                    found.append(encoding)
            found.sort(key=lambda e: -e.format.mask.bit_count())
            result.append(tuple(found))
        return result

    def decode(self, code: bytes | memoryview, offset: int = 0) -> Instruction:
        """The instruction at ``offset``; ``DecodeError`` if there is none."""
        word = int.from_bytes(code[offset : offset + 4], "little")
        if offset < 0 or offset + 4 > len(code):
            raise DecodeError(f"truncated: {len(code) - offset} of 4 bytes", offset)
        for encoding in self._dispatch[word >> 23]:
            if word & encoding.format.mask == encoding.format.match:
                break
        else:
            raise DecodeError(f"{word:#010x} is in no {self.isa} encoding", offset)
        try:
            return self._decode(encoding, code, offset)
        except BadField as problem:
            words = bytes(code[offset : offset + encoding.bytes]).hex(" ", 4)
            raise DecodeError(f"{encoding.base} {words}: {problem}", offset) from None

    def _raw(self, encoding: _Encoding, code: bytes | memoryview, offset: int) -> int:
        end = offset + encoding.bytes
        if end > len(code):
            raise DecodeError(
                f"truncated {encoding.base}: {len(code) - offset} of {encoding.bytes} bytes", offset
            )
        return int.from_bytes(code[offset:end], "little")

    def _decode(self, encoding: _Encoding, code: bytes | memoryview, offset: int) -> Instruction:
        raw = self._raw(encoding, code, offset)
        if encoding.variants:
            marker = (raw >> encoding.format.fields["src0"][0]) & 0x1FF
            if marker in encoding.variants:
                encoding = encoding.variants[marker]
                raw = self._raw(encoding, code, offset)
        elif encoding.base in ("VOPD", "VOPD3"):
            return self._decode_pair(encoding, raw, code, offset)
        plan = self._plan(encoding, raw)
        if raw & plan.reserved != plan.required:
            raise BadField(f"reserved bits {raw & plan.reserved ^ plan.required:#x} are wrong")
        src = [operands[(raw >> low) & mask] for low, mask, operands in plan.src]
        size = encoding.bytes
        for index, operand in enumerate(src):
            if operand is LITERAL:
                if size > encoding.bytes + 4:
                    raise BadField("a literal of 32 bits beside one of 64")
                literal = self._literal(code, offset, encoding)
                src[index] = _literal_operand(literal, plan.types[index])
                size = encoding.bytes + 4
            elif operand is LITERAL64:
                if size == encoding.bytes + 4:
                    raise BadField("a literal of 32 bits beside one of 64")
                literal = self._literal(code, offset, encoding, 8)
                src[index] = _wide_literal(literal, plan.types[index])
                size = encoding.bytes + 8
        if plan.sign_mask:
            self._modify(plan.format, raw & plan.sign_mask, src)
        row = plan.row
        if encoding.base in IMAGES:
            return self._image(plan, raw, src, code, offset)
        key = raw & plan.mods_mask | plan.fixed_mods
        mods = plan.mods.get(key)
        if mods is None:
            if len(plan.mods) >= _REMEMBERED:
                plan.mods.clear()
            mods = plan.mods[key] = make_mods(plan.format, row, key, self.family)
        dst = tuple([operands[(raw >> low) & mask] for low, mask, operands in plan.dst])
        return make_instruction(offset, size, row, dst, tuple(src), mods)

    def _image(
        self, plan: Plan, raw: int, src: list[Operand], code: bytes | memoryview, offset: int
    ) -> Instruction:
        """An image instruction: its operands' sizes are not the row's."""
        format_, size = plan.format, plan.format.bytes
        listed = None
        if "vaddr0" in format_.fields:
            last = 5 if "vaddr4" in format_.fields else 4
            listed = [format_.get(raw, f"vaddr{i}") for i in range(last)]
        elif "nsa" in format_.fields and format_.get(raw, "nsa"):
            if offset + size + 4 > len(code):
                raise DecodeError(f"truncated {format_.name}: its addresses are missing", offset)
            listed = [format_.get(raw, "vaddr"), *code[offset + size : offset + size + 4]]
            size += 4
        dst, sources = images.operands(plan.row, format_, raw, listed, tuple(src))
        mods = make_mods(format_, plan.row, raw & plan.mods_mask, self.family)
        return make_instruction(offset, size, plan.row, dst, sources, mods)

    def _plan(self, encoding: _Encoding, raw: int) -> Plan:
        opcode = (raw >> encoding.low) & encoding.op_mask
        key = opcode | encoding.shaped(raw) << 16
        plan = encoding.plans.get(key)
        if plan is None:
            row = self.table.row(encoding.space, opcode)
            if row is None:
                raise BadField(f"opcode {opcode} does not exist on {self.isa}")
            plan = encoding.plans[key] = self._make_plan(encoding, row, key >> 16)
        return plan

    def _make_plan(self, encoding: _Encoding, row: Row, shape_: int) -> Plan:
        variant = f".{encoding.variant}" if encoding.variant else ""
        format_ = self._encodings[row.format + variant].format
        dst, src = places(row, format_, shape_, self.family, self.wave_size)
        if row.format in IMAGES:  # the rest is images.operands's
            dst, src = (), tuple(place for place in src if place.role in _DESCRIPTORS)
        used = used_mask(row, format_, self.family)
        for place in (*dst, *src):
            used |= field_mask(format_, place.field)
        if encoding.base in _THREE_SOURCES:
            # Where an instruction has no second or third source, compilers put zero or inline zero.
            used |= field_mask(format_, "src1") | field_mask(format_, "src2")
        refused, ignored = self._limits(row, encoding.variant)
        fixed, required = required_bits(row, format_, self.family)
        default = field_mask(format_, "op_sel_hi") | field_mask(format_, "op_sel_hi2")
        short = row.format in ("VOP1", "VOP2", "VOPC")
        modified = row.format in _MODIFIED or (short and encoding.variant in ("dpp", "sdwa"))
        modified &= not has_truth_table(row)
        return Plan(
            row,
            format_,
            (1 << format_.bits) - 1 & ~(used | ignored) | refused | fixed,
            default & refused | required,
            tuple(self._column(place, format_) for place in dst),
            tuple(self._column(place, format_) for place in src),
            src,
            modifier_mask(format_, row, self.family) & ~ignored,
            default & ignored,
            {},
            ~ignored if modified or "_mix" in row.mnemonic else 0,
        )

    @staticmethod
    def _limits(row: Row, variant: str) -> tuple[int, int]:
        if variant and not row.src:
            raise BadField(f"{row.mnemonic} has no {variant} form")
        if row.limits is None:
            return 0, 0
        limits = row.limits.get(variant or "base")
        if limits is None:
            raise BadField(f"{row.mnemonic} has no {variant} form")
        return limits

    def _column(self, place: Place, format_: Format) -> tuple[int, int, OperandTable]:
        low, width = format_.fields.get(place.field, (0, 0))
        operands = operand_table(
            place.kind, place.type, place.bits, place.count, place.role, self.dialect
        )
        return low, (1 << width) - 1, operands

    def _literal(
        self, code: bytes | memoryview, offset: int, encoding: _Encoding, size: int = 4
    ) -> int:
        at = offset + encoding.bytes
        long = encoding.base.startswith("VOP3") and self.family == "cdna"
        if encoding.variant or long or not encoding.base.startswith(("SOP", "VOP")):
            raise BadField("a literal is not possible here")
        if at + size > len(code):
            raise DecodeError(f"truncated {encoding.base}: its literal is missing", offset)
        return int.from_bytes(code[at : at + size], "little")

    @staticmethod
    def _modify(format_: Format, raw: int, src: list[Operand]) -> None:
        fields = format_.fields
        if "src0_neg" in fields:
            neg = format_.get(raw, "src0_neg") | format_.get(raw, "src1_neg") << 1
            absolute = format_.get(raw, "src0_abs") | format_.get(raw, "src1_abs") << 1
        else:
            neg = format_.get(raw, "neg")
            absolute = format_.get(raw, "abs" if "abs" in fields else "neg_hi")
        for index in range(min(3, len(src))):
            negate, magnitude = bool(neg >> index & 1), bool(absolute >> index & 1)
            if negate or magnitude:
                src[index] = _modified(src[index], negate, magnitude)

    def _decode_pair(
        self, encoding: _Encoding, raw: int, code: bytes | memoryview, offset: int
    ) -> Instruction:
        if self.wave_size != 32:
            raise BadField("pairs of instructions exist in wave32 only")
        get = encoding.format.get
        literal: int | None = None
        halves = []
        for side in "xy":
            row = self.table.row(encoding.base, get(raw, f"op{side}"))
            if row is None:
                raise BadField(f"opcode {get(raw, f'op{side}')} does not exist on {self.isa}")
            if get(raw, f"vsrc{side}1") and all(spec.field != "src1" for spec in row.src):
                raise BadField(f"{row.mnemonic} has no second source")
            values = {
                "src0": get(raw, f"src{side}0"),
                "src1": get(raw, f"vsrc{side}1"),
                "src2": get(raw, f"vsrc{side}2"),
                "vdst": get(raw, f"vdst{side}"),
            }
            if side == "y" and encoding.base == "VOPD":
                values["vdst"] = get(raw, "vdsty") << 1 | (get(raw, "vdstx") & 1 ^ 1)
            mods = _NO_MODS
            if has_truth_table(row):
                mods = Mods(extra=(("bitop3", values["src2"]),))
            elif values["src2"] and all(spec.field != "src2" for spec in row.src):
                raise BadField(f"{row.mnemonic} has no third source")
            dst, src = places(row, encoding.format, 0, self.family, self.wave_size)
            operands = []
            for place in (*dst, *src):
                operand = self._column(place, encoding.format)[2][values.get(place.field, 0)]
                if operand is LITERAL:
                    literal = self._literal(code, offset, encoding)
                    operand = _literal_operand(literal, place)
                elif operand is LITERAL64:
                    raise BadField("a literal is not possible here")
                operands.append(operand)
            negated = get(raw, f"neg{side}")
            found_dst, found_src = tuple(operands[: len(dst)]), operands[len(dst) :]
            for index, operand in enumerate(found_src[:3]):
                if negated >> index & 1:
                    found_src[index] = _modified(operand, True, False)
            halves.append(make_instruction(offset, 0, row, found_dst, tuple(found_src), mods))
        x, y = halves
        return Instruction(
            offset,
            encoding.bytes + (0 if literal is None else 4),
            "v_dual",
            f"{x.mnemonic} :: {y.mnemonic}",
            encoding.base,
            x.dst + y.dst,
            x.src + y.src,
            _NO_MODS,
            x.row,
            (x, y),
        )


@lru_cache(_REMEMBERED)
def _literal_operand(value: int, place: Place) -> Operand:
    bits = literal_bits(value, place.type, place.bits)
    return Operand("const", count=(max(place.bits, 1) + 31) // 32, value=bits, literal=True)


@lru_cache(_REMEMBERED)
def _wide_literal(value: int, place: Place) -> Operand:
    dwords = (max(place.bits, 1) + 31) // 32
    bits = value & ((1 << 32 * dwords) - 1)
    return Operand("const", count=dwords, value=bits, literal=True)


@cache
def decoder(isa: str, wave_size: int) -> Decoder:
    """The decoder of an ISA at a wave size."""
    return Decoder(isa, wave_size)


def _isa_of(where: str | Target) -> str:
    if isinstance(where, Target):
        return where.isa
    return where if where in FAMILY else target(where).isa


def decode(
    where: str | Target, code: bytes | memoryview, offset: int = 0, *, wave_size: int
) -> Instruction:
    """The instruction at ``offset`` of ``code``.

    ``where`` is a target, its name or an ISA. Raises ``DecodeError`` naming the offset and the
    words if they are no instruction.
    """
    return decoder(_isa_of(where), wave_size).decode(code, offset)


def decode_all(
    where: str | Target, code: bytes | memoryview, *, wave_size: int, start: int = 0
) -> Iterator[Instruction]:
    """Every instruction from ``start`` to the end of ``code``."""
    one = decoder(_isa_of(where), wave_size).decode
    offset = start
    while offset < len(code):
        instruction = one(code, offset)
        yield instruction
        offset += instruction.size
