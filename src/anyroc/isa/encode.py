"""Instructions to bytes: the inverse of decoding.

Bits that do nothing become zero, so ``encode(decode(x))`` is ``x`` for what compilers write.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from anyroc.isa.formats import Format, formats
from anyroc.isa.instruction import M0, NULL, Instruction, Mods, Operand
from anyroc.isa.modifiers import (
    IDLE_OFFSET,
    IMAGES,
    MARKERS,
    has_truth_table,
    put_truth_table,
    required_bits,
)
from anyroc.isa.operands import operand_table
from anyroc.isa.shapes import Place, places, shape
from anyroc.isa.tables import FAMILY
from anyroc.isa.targets import Target, target

# Operands whose absence has a value of its own.
_OFF = {"cdna": {"saddr": 0x7F}, "rdna3": {"saddr": 124, "soffset": 124}}
_OFF["rdna4"] = _OFF["rdna3"]


def encode(it: Instruction, where: Target | str, *, wave_size: int) -> bytes:
    """The bytes of an instruction for a target."""
    record = where if isinstance(where, Target) else target(where)
    return _Encoder(record.isa, wave_size, it).code()


class _Encoder:
    def __init__(self, isa: str, wave_size: int, it: Instruction) -> None:
        self.isa = isa
        self.family = FAMILY[isa]
        self.wave_size = wave_size
        self.it = it
        self.literal: int | None = None
        self.listed = b""  # an image's further addresses
        mods = it.mods
        self.variant = "sdwa" if mods.sdwa else "dpp" if mods.dpp else "dpp8" if mods.dpp8 else ""
        layouts = formats(isa)
        self.format = layouts[f"{it.format}.{self.variant}" if self.variant else it.format]
        self.base = layouts[it.format]
        self.raw = self.format.match

    def put(self, field: str, value: int) -> None:
        if field in self.format.fields:
            self.raw = self.format.put(self.raw, field, value)

    def code(self) -> bytes:
        if self.it.parts:
            self._pair()
        else:
            self._single()
        wide = self.it.size == self.format.bytes + 8
        tail = b"" if self.literal is None else self.literal.to_bytes(8 if wide else 4, "little")
        return self.raw.to_bytes(self.format.bytes, "little") + self.listed + tail

    def _single(self) -> None:
        it = self.it
        self.put("op", it.row.opcode)
        self.raw |= required_bits(it.row, self.format, self.family)[1]
        if self.variant:
            low = self.base.fields["src0"][0]
            marker = MARKERS[self.variant] + (self.variant == "dpp8" and it.mods.fi)
            self.raw = self.raw & ~(0x1FF << low) | marker << low
        self._mods(it.mods)
        self._shape()
        places, operands = self._places(it, self.format)
        if it.format in IMAGES:
            places, operands = self._image(places, operands)
        self._operands(places, operands)

    def _places(self, it: Instruction, format_: Format) -> tuple[list[Place], list[Operand]]:
        bits = shape(format_.name, self.isa)(self.raw)
        dst, src = places(it.row, format_, bits, self.family, self.wave_size)
        return [*dst, *src], [*it.dst, *it.src]

    # -- modifiers ------------------------------------------------------------------------------

    def _mods(self, mods: Mods) -> None:
        for name in self.format.fields:
            value = getattr(mods, name, None)
            if isinstance(value, int):
                self.put(name, value & ((1 << self.format.fields[name][1]) - 1))
        for name, value in mods.extra:
            if name == "bitop3":
                self.raw = put_truth_table(self.format, self.raw, value)
            if name == IDLE_OFFSET:
                self.raw |= value
            self.put(name, value)
        for spec in (*self.it.row.dst, *self.it.row.src):
            if spec.kind == "imm":
                self.put(spec.field, mods.imm)
        if "op_sel_hi" in self.format.fields:
            self.put("op_sel", _pack(mods.op_sel[:3]))
            self.put("op_sel_hi", _pack(mods.op_sel_hi[:2]))
            self.put("op_sel_hi2", mods.op_sel_hi[2])
            self.put("neg", _pack(mods.neg_lo))
            self.put("neg_hi", _pack(mods.neg_hi))
        else:
            self.put("op_sel", _pack(mods.op_sel))
            signs = () if has_truth_table(self.it.row) else ("neg", "abs")
            for field in signs:
                self.put(field, _pack(getattr(operand, field) for operand in self.it.src[:3]))
        if mods.dpp8:
            self.put("dpp8", sum(lane << 3 * i for i, lane in enumerate(mods.dpp8)))
        if mods.dpp:
            self.put("dpp_ctrl", mods.dpp.ctrl)
        for part in (mods.dpp, mods.sdwa):
            for name in part._fields if part else ():
                self.put(name, int(getattr(part, name)))
        if self.variant in ("dpp", "sdwa"):
            for index, operand in enumerate(self.it.src[:2]):
                self.put(f"src{index}_neg", operand.neg)
                self.put(f"src{index}_abs", operand.abs)

    def _shape(self) -> None:
        """The bits that say which operands there are."""
        it = self.it
        everything = (*it.dst, *it.src)
        vaddr, soffset = it.operand("vaddr"), it.operand("soffset")
        if it.format == "SCRATCH":
            self.put("sve", vaddr is not None and vaddr.kind == "v")
        if it.format == "SMEM" and "imm" in self.format.fields and soffset is not None:
            self.put("soffset_en", soffset.kind == "s")
            self.put("imm", soffset.kind == "none" or it.mods.offset != 0)
        if it.format in ("MAI", "VOP3PX2"):
            acc = [operand.kind == "a" for operand in it.src[:2]]
            self.put("acc", _pack(acc))
            self.put("acc_cd", it.dst[0].kind == "a")
        elif any(operand.kind == "a" for operand in everything):
            self.put("acc", 1)
        for role in ("saddr", "soffset"):
            operand = it.operand(role)
            if operand is not None and operand.kind == "none":
                self.put(role, _OFF[self.family].get(role, 0))
        if self.variant == "sdwa":
            self.put("s0", it.src[0].kind != "v")
            self.put("s1", len(it.src) > 1 and it.format != "VOP1" and it.src[1].kind != "v")
            self.put("sd", it.format == "VOPC" and it.dst[0].index != 106)

    # -- operands -------------------------------------------------------------------------------

    def _operands(self, where: list[Place], operands: list[Operand]) -> None:
        for place, operand in zip(where, operands, strict=True):
            if operand.literal:
                self._literal(operand, place)
            implied = operand.kind == "none" or place.kind in ("imm", "k16")
            if place.field in self.format.fields and not implied:
                low, width = self.format.fields[place.field]
                self.put(place.field, self._value(place, operand, width))
                self._half(place, low, width)

    def _image(
        self, places: list[Place], operands: list[Operand]
    ) -> tuple[list[Place], list[Operand]]:
        """Puts an image's data and address; gives its descriptors, which are like others'."""
        by_role = {role: [it for it in operands if it.role == role] for role in ("vdata", "vaddr")}
        self.put("vdata", by_role["vdata"][0].index)
        address = [it.index for it in by_role["vaddr"]]
        self.put("vaddr", address[0])
        for number, index in enumerate(address):
            self.put(f"vaddr{number}", index)
        if self.it.size > self.format.bytes:
            self.listed = bytes(address[1:]).ljust(4, b"\0")
        return (
            [place for place in places if place.role in ("srsrc", "ssamp")],
            [it for it in operands if it.role in ("srsrc", "ssamp")],
        )

    def _half(self, place: Place, low: int, width: int) -> None:
        position = {"src0": 0, "src1": 1, "vdst": 3}.get(place.field)
        if position is None or place.kind not in ("v16", "v169", "src16"):
            return
        register = width != 9 or self.raw >> low + 8 & 1
        if register and self.it.mods.op_sel[position]:
            self.raw |= 1 << low + 7

    def _literal(self, operand: Operand, place: Place) -> None:
        value = int(operand.value)
        if self.it.size == self.format.bytes + 8:
            self.literal = value
            return
        self.literal = value >> 32 if place.type == "f64" else value & 0xFFFFFFFF

    def _value(self, place: Place, operand: Operand, width: int) -> int:
        if operand.literal:
            return 254 if self.it.size == self.format.bytes + 8 else 255
        if operand.kind in ("v", "a"):
            return operand.index | (256 if width == 9 else 0)
        if operand.kind == "special":
            return operand.index
        if operand.kind == "const":
            return _inline_codes(place, self.family)[int(operand.value)]
        index = operand.index
        if self.family != "cdna" and index in (M0, NULL):
            index = M0 + NULL - index
        return index >> {"sbase": 1, "srsrc": 2}.get(place.kind, 0)

    def _pair(self) -> None:
        it = self.it
        for side, part in zip("xy", it.parts, strict=True):
            self.put(f"op{side}", part.row.opcode)
            fields = {"src0": f"src{side}0", "vdst": f"vdst{side}"}
            fields |= {f"src{index}": f"vsrc{side}{index}" for index in (1, 2)}
            self.put(f"neg{side}", _pack(operand.neg for operand in part.src[:3]))
            self.put(f"vsrc{side}2", dict(part.mods.extra).get("bitop3", 0))
            where, operands = self._places(part, self.format)
            for place, operand in zip(where, operands, strict=True):
                if operand.literal:
                    self._literal(operand, place)
                if field := fields.pop(place.field, None):
                    width = self.format.fields[field][1]
                    value = self._value(place, operand, width)
                    halved = field == "vdsty" and it.format == "VOPD"
                    self.put(field, value >> 1 if halved else value)


def _pack(bits: Iterable[bool]) -> int:
    return sum(bit << index for index, bit in enumerate(bits))


@cache
def _inline_codes(place: Place, family: str) -> dict[int, int]:
    """Field value by bits of the inline constants of an operand."""
    kind = "src" if place.kind.startswith("src") else "ss"
    operands = operand_table(kind, place.type, place.bits, place.count, "", family)
    codes: dict[int, int] = {}
    for code in (*range(128, 209), *range(240, 249)):
        codes.setdefault(int(operands[code].value), code)
    return codes
