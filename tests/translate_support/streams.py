"""Random straight-line code whose instructions feed each other, lane masks and EXEC included."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from anyroc.isa.decode import decode
from anyroc.isa.formats import formats
from anyroc.isa.instruction import EXEC, M0, NULL, VCC, DecodeError, Instruction
from anyroc.isa.tables import OperandSpec, Row, table
from anyroc.semantics.core import OPERATIONS, Control, Cross, Op
from translate_support.encode import field_value, finish

__all__ = ["Stream"]

_ROWS = 24
_SCALARS = 32


def _exact(row: Row) -> bool:
    """Whether results are the same bits whoever computes them: no floats, whose NaNs may differ."""
    entry = OPERATIONS.get(row.op)
    if isinstance(entry, Op):
        return not any(slot.type.is_float for slot in entry.results)
    return isinstance(entry, Cross) or (isinstance(entry, Control) and entry.kind == "nop")


@dataclass
class Stream:
    """Makes instructions over v0-23, s0-31, VCC, M0 and EXEC."""

    isa: str
    wave_size: int
    rng: random.Random
    rows: dict[str, list[Row]] = field(init=False)

    def __post_init__(self) -> None:
        self.rows = {}
        for row in table(self.isa):
            if row.format.startswith(("VOP", "SOP")) and row.format != "VOPD" and _exact(row):
                if OPERATIONS[row.op] is not None and "saveexec" not in row.op:
                    self.rows.setdefault(self._class(row), []).append(row)
                elif row.op.endswith(f"b{self.wave_size}"):
                    self.rows.setdefault("exec", []).append(row)
        self.pairs = [row for row in table(self.isa) if row.format == "VOPD" and _exact(row)]

    @staticmethod
    def _class(row: Row) -> str:
        if isinstance(OPERATIONS[row.op], Cross):
            return "cross"
        if row.format.startswith("SOP"):
            return "scalar"
        if "cmpx" in row.op:
            return "exec"
        return "mask" if any(spec.type == "mask" for spec in (*row.dst, *row.src)) else "vector"

    def make(self, count: int) -> list[tuple[Instruction, bytes]]:
        """``count`` instructions with their encodings."""
        result: list[tuple[Instruction, bytes]] = []
        weights = {"vector": 45, "mask": 25, "scalar": 20, "exec": 4, "cross": 6}
        kinds = list(weights)
        while len(result) < count:
            kind = self.rng.choices(kinds, [weights[k] for k in kinds])[0]
            if kind == "vector" and self.pairs and self.rng.random() < 0.15:
                made = self._pair()
            else:
                row = self.rng.choice(self.rows[kind])
                names = [n for n in formats(self.isa) if n.partition(".")[0] == row.format]
                made = self._encoded(row, self.rng.choice(names))
            if made is not None:
                result.append(made)
        return result

    def _encoded(self, row: Row, name: str) -> tuple[Instruction, bytes] | None:
        layout = formats(self.isa)[name]
        raw = layout.put(layout.match, "op", row.opcode)
        specs = {spec.field: spec for spec in (*row.src, *row.dst)}
        for key, (_, width) in layout.fields.items():
            if key == "op":
                continue
            spec = specs.get(key)
            if spec is not None and spec.kind not in ("imm", "k", "k16"):
                value = self._operand(spec, width, any(spec is result for result in row.dst))
            else:
                value = field_value(self.rng, self.isa, key, width, row)
            raw = layout.put(raw, key, value)
        return self._checked(finish(self.rng, self.isa, row, name, raw))

    def _checked(self, code: bytes) -> tuple[Instruction, bytes] | None:
        try:
            inst = decode(self.isa, code + bytes(8), 0, wave_size=self.wave_size)
        except DecodeError:
            return None
        for operand in (o for part in (inst, *inst.parts) for o in part.dst):
            last = operand.index + operand.count - 1
            if operand.kind == "s" and last >= _SCALARS and operand.index not in (
                VCC, EXEC, M0, NULL,
            ):  # fmt: skip
                return None
            if operand.kind in ("v", "a") and last >= _ROWS + 8:
                return None
        return inst, code[: inst.size]

    def _operand(self, spec: OperandSpec, width: int, result: bool) -> int:
        rng = self.rng
        row = rng.randrange(_ROWS)
        scalar = rng.choice((rng.randrange(_SCALARS - 4) & ~1, rng.randrange(_SCALARS - 4), VCC))
        if width == 8 and spec.kind not in ("ss", "s"):
            return row | (rng.random() < 0.3) << 7 if spec.bits == 16 else row
        if spec.kind == "s" and rng.random() < 0.05 and spec.bits == self.wave_size:
            return EXEC
        if width < 8 or spec.kind == "s" or spec.type == "mask" or result:
            return scalar
        choice = rng.random()
        if width == 9 and (choice < 0.6 or spec.kind in ("v", "a")):
            return 256 + row
        if choice < 0.85:
            return EXEC if choice > 0.83 else scalar
        return 255 if choice > 0.97 else rng.choice((*range(128, 209), *range(240, 249)))

    def _pair(self) -> tuple[Instruction, bytes] | None:
        rng, layout = self.rng, formats(self.isa)["VOPD"]
        x = rng.choice([row for row in self.pairs if row.opcode < 16])
        y = rng.choice(self.pairs)
        raw = layout.put(layout.put(layout.match, "opx", x.opcode), "opy", y.opcode)
        for key in ("srcx0", "srcy0"):
            raw = layout.put(raw, key, rng.choice((256 + rng.randrange(_ROWS), rng.randrange(16))))
        for key in ("vsrcx1", "vsrcy1", "vdstx"):
            raw = layout.put(raw, key, rng.randrange(_ROWS))
        raw = layout.put(raw, "vdsty", rng.randrange(_ROWS // 2))
        return self._checked(raw.to_bytes(8, "little") + rng.getrandbits(32).to_bytes(4, "little"))
