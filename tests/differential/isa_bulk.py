"""Random encodings by the million, for ``isa_differential.py --count``.

Each target's work is cut into rounds that a seed makes again; what the rounds gave is kept in a
JSON file per target, so that a run continues where the last one ended. What differed is judged
again first. A round holds encodings of every row of the table and noise (see ``isa_random.py``).

Of each encoding the newest LLVM is asked first. Where that says something else than we do, LLVM 19
and the newest with register halves (``v0.l``) are asked too. Where none agrees there must be a
reason (``isa_expected.py``); else it is a difference.
"""

from __future__ import annotations

import collections
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import isa_oracles as oracles
import isa_random
from isa_expected import Difference, excuse, excuse_unknown

from anyroc.isa.decode import Decoder, decoder
from anyroc.isa.disasm import format_instruction
from anyroc.isa.formats import formats
from anyroc.isa.instruction import DecodeError
from anyroc.isa.tables import Row, llvm_library, opcode_space
from anyroc.isa.targets import Target, target

PER_ROW = 64
NOISE = 30_000
_KEPT = 40

Case = tuple[bytes, bool]
"""Bytes and whether they must be one instruction without a rest."""


@dataclass
class Totals:
    """What became of the encodings of one target."""

    rounds: int = 0
    encodings: int = 0
    refused: int = 0
    agreed: dict[str, int] = field(default_factory=dict)
    excused: dict[str, int] = field(default_factory=dict)
    differ: int = 0
    examples: list[str] = field(default_factory=list)
    seconds: float = 0.0


@dataclass(frozen=True)
class _Voice:
    """One LLVM in one syntax, and whether that syntax has register halves."""

    name: str
    newest: bool
    halves: bool
    true16: bool | None


def voices(name: str) -> list[_Voice]:
    """The LLVMs that know a target, the one to ask first in front."""
    found = []
    if llvm_library.library():
        found.append(_Voice("the newest LLVM", True, False, None))
    if name not in oracles.NEWER and llvm_library.debian():
        found.append(_Voice("LLVM 19 only", False, False, False))
    if llvm_library.library() and not name.startswith("gfx9"):
        found.append(_Voice("the newest LLVM only with register halves", True, True, True))
    return found


class Comparison:
    """Our verdicts on encodings of a target at a wave size, and LLVM's."""

    def __init__(self, name: str, wave_size: int) -> None:
        self.target: Target = target(name)
        self.wave_size = wave_size
        self.decoder: Decoder = decoder(self.target.isa, wave_size)

    def ours(self, case: Case, true16: bool | None) -> str | None:
        """Our text of a case, None where we refuse."""
        code, whole = case
        try:
            it = self.decoder.decode(code)
        except DecodeError:
            return None
        if whole and it.size != len(code):
            return None
        return f"{it.size} " + oracles.tidy(format_instruction(it, self.target, true16=true16))

    def theirs(self, cases: Sequence[Case], voice: _Voice) -> list[str | None]:
        """The same of LLVM."""
        answers = oracles.prefixes(
            self.target.name,
            [code for code, _ in cases],
            wave_size=self.wave_size,
            newest=voice.newest,
            halves=voice.halves,
        )
        return [
            None if it is None or (whole and it[0] != len(code)) else f"{it[0]} {it[1]}"
            for (code, whole), it in zip(cases, answers, strict=True)
        ]

    def row(self, code: bytes) -> Row | None:
        """The row that the opcode of some bytes names."""
        word = int.from_bytes(code[:4], "little")
        whole = int.from_bytes(code, "little")
        layouts = [
            it
            for it in formats(self.target.isa).values()
            if word & it.mask == it.match and "." not in it.name
        ]
        for layout in sorted(layouts, key=lambda it: -it.mask.bit_count()):
            space = opcode_space(layout.name, self.decoder.family)
            if row := self.decoder.table.row(space, layout.get(whole, "op")):
                return row
        return None

    def count(self, cases: Sequence[Case], totals: Totals) -> None:
        """Compare, and add the result to ``totals``."""
        left = list(cases)
        texts: dict[Case, list[tuple[str | None, str | None]]] = {}
        for voice in voices(self.target.name):
            theirs = self.theirs(left, voice)
            still = []
            for case, want in zip(left, theirs, strict=True):
                got = self.ours(case, voice.true16)
                if got == want:
                    totals.agreed[voice.name] = totals.agreed.get(voice.name, 0) + 1
                    totals.refused += got is None
                    continue
                still.append(case)
                texts.setdefault(case, []).append((got, want))
            left = still
        for case in left:
            self._judge(case, texts[case], totals)
        totals.encodings += len(cases)

    def _judge(
        self, case: Case, texts: Sequence[tuple[str | None, str | None]], totals: Totals
    ) -> None:
        """Look for the reason why no LLVM agrees, the first one first."""
        row = self.row(case[0])
        for got, want in texts:
            mine, other = (text and text.partition(" ")[2] for text in (got, want))
            if row:
                reason = excuse(Difference(self.target.name, row, case[0], mine, other))
            else:
                reason = excuse_unknown(self.target.name, other)
            if reason:
                totals.excused[reason] = totals.excused.get(reason, 0) + 1
                return
        totals.differ += 1
        got, want = texts[0]
        if len(totals.examples) < _KEPT:
            totals.examples.append(f"wave{self.wave_size} {case[0].hex()} LLVM {want} | we {got}")


def one_round(name: str, number: int, seed: int, totals: Totals) -> None:
    """Add a round of a target to its totals; the wave sizes take turns."""
    sizes = target(name).wave_sizes
    comparison = Comparison(name, sizes[number % len(sizes)])
    where = seed * 1_000_003 + 2 * number
    isa = target(name).isa
    cases = [(code, True) for _, code in isa_random.encodings(isa, PER_ROW, where)]
    cases += [(code, False) for code in isa_random.noise(isa, NOISE, where)]
    comparison.count(cases, totals)


def again(name: str, totals: Totals) -> None:
    """Judge once more what differed, if all of it was kept: something may have been mended."""
    if totals.differ != len(totals.examples):
        return
    examples, totals.examples, totals.differ = totals.examples, [], 0
    for example in examples:
        wave, code = example.split(" ")[:2]
        case = bytes.fromhex(code), len(code) < 2 * isa_random.WINDOW
        totals.encodings -= 1
        Comparison(name, int(wave.removeprefix("wave"))).count([case], totals)


def run(
    names: Sequence[str], count: int, seed: int, folder: Path, minutes: float
) -> dict[str, Totals]:
    """Go on with each target until it has ``count`` encodings, or the time is over."""
    folder.mkdir(parents=True, exist_ok=True)
    end = time.monotonic() + 60 * minutes
    result = {}
    for name in names:
        path = folder / f"{name}.{seed}.json"
        totals = Totals(**json.loads(path.read_text())) if path.exists() else Totals()
        again(name, totals)
        path.write_text(json.dumps(asdict(totals)))
        while totals.encodings < count and time.monotonic() < end:
            start = time.monotonic()
            one_round(name, totals.rounds, seed, totals)
            totals.rounds += 1
            totals.seconds += time.monotonic() - start
            path.write_text(json.dumps(asdict(totals)))
        result[name] = totals
    return result


def report(results: dict[str, Totals], seed: int) -> str:
    """The totals as a page."""
    lines = ["# Random encodings against LLVM's disassembler", "", f"Seed {seed}.", ""]
    lines += [
        "| target | encodings | the same | of these refused | differ for a reason | differ |",
        "|---|---|---|---|---|---|",
    ]
    reasons: collections.Counter[str] = collections.Counter()
    for name, it in results.items():
        same = sum(it.agreed.values())
        excused = sum(it.excused.values())
        lines.append(
            f"| {name} | {it.encodings} | {same} | {it.refused} | {excused} | {it.differ} |"
        )
        reasons.update(it.excused)
    lines += ["", "Who agrees, where the newest LLVM does not:", ""]
    for name, it in results.items():
        others = {who: n for who, n in it.agreed.items() if who != "the newest LLVM"}
        lines += [f"- {name}: {n} {who}" for who, n in others.items()]
    lines += ["", "The reasons:", "", *(f"- {n} {reason}" for reason, n in reasons.most_common())]
    for name, it in results.items():
        if it.examples:
            lines += ["", f"{name} differs:", "", *(f"    {example}" for example in it.examples)]
    return "\n".join(lines) + "\n"
