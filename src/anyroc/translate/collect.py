"""Which shapes of instructions are common: ``python -m anyroc.translate.collect FILE...``.

Prints one instruction of each shape that the kernels in code objects have, most frequent first, for
``common.routines``.  ``--least N`` leaves out what occurs less often.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import anyroc.semantics  # noqa: F401  (registers the instructions)
from anyroc.errors import AnyrocError
from anyroc.isa.decode import decode_all
from anyroc.isa.instruction import DecodeError
from anyroc.isa.targets import TARGETS, Target
from anyroc.semantics.core import OPERATIONS, Op
from anyroc.translate.codeobject import CodeObject
from anyroc.translate.routines import routine_of

__all__ = ["main"]


class _Shapes:
    """Shapes met, how often, and one instruction of each."""

    def __init__(self) -> None:
        self.count: Counter[tuple[str, bool]] = Counter()
        self.example: dict[tuple[str, bool], str] = {}

    def add_file(self, path: Path) -> None:
        """Counts the instructions of a code object; anything else has none."""
        with suppress(AnyrocError, KeyError):
            code = CodeObject.parse(path.read_bytes())
            self.add(code, TARGETS[code.target_name])

    def add(self, code: CodeObject, target: Target) -> None:
        """Counts the instructions of all kernels of a code object."""
        for kernel in code.kernels.values():
            text = code.text(kernel.entry, kernel.size)
            try:
                for inst in decode_all(target, text, wave_size=kernel.wave_size):
                    raw = text[inst.offset : inst.offset + inst.size]
                    for part in inst.parts or (inst,):
                        operation = OPERATIONS.get(part.op)
                        if not isinstance(operation, Op) or inst.format.startswith("SOP"):
                            continue
                        # Waves of 64 have all that waves of 32 have.
                        routine = routine_of(part, operation, 64, target)
                        if routine is not None:
                            shape = routine.symbol, target.zeroes_high_half
                            self.count[shape] += 1
                            self.example.setdefault(shape, f"{target.isa} {raw.hex()}")
            except DecodeError:
                continue


def main(arguments: Sequence[str] | None = None) -> None:
    """The command; ``arguments``: in place of the process's."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--least", type=int, default=1)
    options = parser.parse_args(arguments)
    shapes = _Shapes()
    for path in options.files:
        shapes.add_file(path)
    for shape, count in shapes.count.most_common():
        if count >= options.least:
            print(shapes.example[shape])


if __name__ == "__main__":
    main()
