"""Random encodings made from the tables, valid more often than not."""

from __future__ import annotations

import random
from collections.abc import Iterator

from anyroc.isa.formats import Format, formats
from anyroc.isa.modifiers import required_bits
from anyroc.isa.tables import FAMILY, OperandSpec, Row, table

_FLAGS_OFTEN_ZERO = 0.85


def _source(rng: random.Random, width: int) -> int:
    """A source field: registers, inline constants, a literal now and then, rarely anything."""
    choice = rng.random()
    if width == 9 and choice < 0.45:
        return 256 + rng.choice((rng.randrange(256), rng.randrange(0, 240, 2)))
    if choice < 0.65:
        return rng.choice((rng.randrange(106), 4 * rng.randrange(26), 106, 126, 124, 125))
    if choice < 0.85:
        return rng.choice((*range(128, 209), *range(240, 249)))
    return 255 if choice < 0.92 else rng.randrange(1 << width)


def _register(rng: random.Random, width: int) -> int:
    return rng.choice((rng.randrange(1 << width), 4 * rng.randrange(max(1, (1 << width) // 4))))


def _operand(rng: random.Random, spec: OperandSpec, width: int) -> int:
    if spec.kind in ("src", "ss", "ma", "mb", "mc") and width >= 8:
        value = _source(rng, width)
        return value | 256 if spec.kind in ("ma", "mb") and width == 9 else value
    if spec.kind in ("v", "a") and width == 9:
        return 256 | _register(rng, 8)
    return _register(rng, width)


def _fill(rng: random.Random, format_: Format, row: Row, isa: str) -> int:
    raw = format_.match
    specs = {spec.field: spec for spec in (*row.dst, *row.src)}
    for name, (_, width) in format_.fields.items():
        if name == "op":
            value = row.opcode
        elif name in specs:
            value = _operand(rng, specs[name], width)
        elif name in ("simm16", "offset", "offset0", "offset1", "dpp_ctrl", "dpp8", "format"):
            value = rng.choice((0, rng.randrange(1 << width), rng.randrange(1 << width)))
        elif name == "saddr":
            continue
        elif name in ("op_sel_hi", "op_sel_hi2") and rng.random() < 0.6:
            value = (1 << width) - 1
        elif name == "sdst" and format_.name == "VOPC.sdwa":
            value = rng.randrange(1 << width)
        elif _is_unused_operand(name):
            continue
        else:
            value = 0 if rng.random() < _FLAGS_OFTEN_ZERO else rng.randrange(1 << width)
        raw = format_.put(raw, name, value)
    cdna = "sc0" in format_.fields
    if ("saddr" in specs and rng.random() < 0.4) or (row.format == "FLAT" and not cdna):
        raw = format_.put(raw, "saddr", 0x7F if cdna else 124)
    if row.format == "VOP3PX2":
        fixed, value = required_bits(row, format_, FAMILY[isa])
        raw = raw & ~fixed | value
    return raw


def _is_unused_operand(name: str) -> bool:
    return (
        name.startswith(("src", "ssrc", "v", "data", "s"))
        and not (
            name.startswith(("src0_", "src1_", "sc", "slc", "sve")) or name in ("s0", "s1", "sd")
        )
    ) or name == "low_soffset"


def encodings(isa: str, per_row: int, seed: int) -> Iterator[tuple[Row, bytes]]:
    """``per_row`` encodings of each row and variant of an ISA's table."""
    rng = random.Random(seed)
    layouts = formats(isa)
    for row in table(isa):
        if row.format == "VOPD":
            continue
        names = [name for name in layouts if name.partition(".")[0] == row.format]
        for name in names:
            for _ in range(per_row if name == row.format else max(1, per_row // 2)):
                yield row, _encode(rng, layouts, name, row, isa)
    if "VOPD" in layouts:
        yield from _pairs(rng, isa, layouts["VOPD"], per_row)


def _encode(rng: random.Random, layouts: dict[str, Format], name: str, row: Row, isa: str) -> bytes:
    format_ = layouts[name]
    raw = _fill(rng, format_, row, isa)
    variant = name.partition(".")[2]
    if variant:
        marker = {"sdwa": 249, "dpp": 250, "dpp8": rng.choice((233, 234))}[variant]
        low = layouts[row.format].fields["src0"][0]
        raw = raw & ~(0x1FF << low) | marker << low
        return raw.to_bytes(format_.bytes, "little")
    return raw.to_bytes(format_.bytes, "little") + _tail(rng, format_, raw, row)


def _tail(rng: random.Random, format_: Format, raw: int, row: Row) -> bytes:
    """The literal that the encoding asks for."""
    fields = {spec.field for spec in (*row.dst, *row.src) if spec.kind in ("src", "ss")}
    wants = any(spec.kind == "k" for spec in row.src)
    for name in fields & format_.fields.keys():
        wants |= format_.get(raw, name) == 255
        if name == "src0" and format_.get(raw, name) in (233, 234, 249, 250):
            wants = True
    return (
        rng.choice((0, 1, 0xFFFFFFFF, rng.getrandbits(32))).to_bytes(4, "little") if wants else b""
    )


def _pairs(
    rng: random.Random, isa: str, format_: Format, per_row: int
) -> Iterator[tuple[Row, bytes]]:
    rows = [row for row in table(isa) if row.format == "VOPD"]
    for x in (row for row in rows if row.opcode < 16):
        for y in rows:
            for _ in range(per_row):
                raw = format_.match
                for name, (_, width) in format_.fields.items():
                    value = _source(rng, 9) if width == 9 else rng.randrange(1 << width)
                    raw = format_.put(raw, name, value)
                raw = format_.put(format_.put(raw, "opx", x.opcode), "opy", y.opcode)
                literal = 255 in (format_.get(raw, "srcx0"), format_.get(raw, "srcy0"))
                literal |= any(spec.kind == "k" for row in (x, y) for spec in row.src)
                tail = rng.getrandbits(32).to_bytes(4, "little") if literal else b""
                yield y, raw.to_bytes(8, "little") + tail
