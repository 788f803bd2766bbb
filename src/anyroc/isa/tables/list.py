"""``python -m anyroc.isa.tables.list [ISA…]``: every semantic key and its operands.

One line per key and encoding shape: key, formats, destination types, source types, ISAs. Types
are in canonical operand order; ``*`` marks operands that assembly does not write.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable

from anyroc.isa.tables import FAMILY, OperandSpec, table


def lines(isas: Iterable[str]) -> list[str]:
    """The listing as lines of five columns."""
    shapes: dict[tuple[str, str, str], tuple[set[str], set[str]]] = {}
    for isa in isas:
        for row in table(isa):
            shape = (row.op, _types(row.dst), _types(row.src))
            formats, where = shapes.setdefault(shape, (set(), set()))
            formats.add(row.format)
            where.add(isa)
    return [
        f"{op:36} {','.join(sorted(formats)):18} {dst:24} {src:48} {','.join(sorted(where))}"
        for (op, dst, src), (formats, where) in sorted(shapes.items())
    ]


def _types(specs: tuple[OperandSpec, ...]) -> str:
    return " ".join(spec.type + ("*" if spec.hidden else "") for spec in specs) or "-"


if __name__ == "__main__":
    print("\n".join(lines(sys.argv[1:] or FAMILY)))
