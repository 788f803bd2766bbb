"""Our decoder against LLVM: ``isa_differential.py [--count N] [TARGET…]``.

Random encodings from the tables go to our disassembler and to LLVM 19's; the score per format says
how many texts are equal among those that both accept, and how many only one accepts. With
``--assemble`` our text also goes through LLVM 22's assembler and must give the same bytes back.

``--count 5000000`` compares so many encodings per target with every LLVM at hand, in rounds that
are kept under ``--state`` and not done again, and writes ``--report``.
"""

from __future__ import annotations

import argparse
import collections
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import isa_bulk
import isa_oracles as oracles
import isa_random
from isa_expected import Difference, excuse, loses

from anyroc.isa.decode import decoder
from anyroc.isa.disasm import format_instruction
from anyroc.isa.instruction import DecodeError, Instruction
from anyroc.isa.tables import Row
from anyroc.isa.targets import TARGETS, target


@dataclass
class Score:
    """What became of the encodings of one format."""

    equal: int = 0
    both_refuse: int = 0
    only_we_accept: int = 0
    only_llvm_accepts: int = 0
    differ: int = 0
    excused: collections.Counter[str] = field(default_factory=collections.Counter)
    examples: list[str] = field(default_factory=list)


def ours(name: str, wave_size: int, code: bytes, *, true16: bool | None = None) -> str | None:
    """Our text, or None where we refuse or do not take all bytes."""
    record = target(name)
    try:
        instruction = decoder(record.isa, wave_size).decode(code)
    except DecodeError:
        return None
    if instruction.size != len(code):
        return None
    return format_instruction(instruction, record, true16=true16)


def _sample(name: str, per_row: int, seed: int, only: str | None) -> list[tuple[Row, bytes]]:
    found = isa_random.encodings(target(name).isa, per_row, seed)
    return [(row, code) for row, code in found if only in (None, row.format)]


def compare(
    name: str, wave_size: int, per_row: int, seed: int, only: str | None = None
) -> dict[str, Score]:
    """Scores per format for one target."""
    pairs = _sample(name, per_row, seed, only)
    theirs = oracles.disassemble(name, [code for _, code in pairs], wave_size=wave_size)
    scores: dict[str, Score] = collections.defaultdict(Score)
    for (row, code), want in zip(pairs, theirs, strict=True):
        score = scores[row.format]
        got = ours(name, wave_size, code, true16=False)
        got = None if got is None else oracles.tidy(got)
        reason = None if got == want else excuse(Difference(name, row, code, got, want))
        if reason:
            score.excused[reason] += 1
        elif got is None and want is None:
            score.both_refuse += 1
        elif got is None:
            score.only_llvm_accepts += 1
            score.examples.append(f"only LLVM: {code.hex()} {row.mnemonic} | {want}")
        elif want is None:
            score.only_we_accept += 1
            score.examples.append(f"only we: {code.hex()} {got}")
        elif got == want:
            score.equal += 1
        else:
            score.differ += 1
            score.examples.append(f"differ: {code.hex()} LLVM {want} | we {got}")
    return scores


def _same(name: str, wave_size: int, code: bytes, padded: bytes) -> bool:
    """Whether two encodings mean the same, whatever is in bits that do nothing.

    The assembler writes literals inline where it can, and knows no wait for fields without syntax.
    """
    decode = decoder(target(name).isa, wave_size).decode
    try:
        given, back = decode(code), decode(padded)
    except DecodeError:
        return False
    return _meaning(given) == _meaning(back)


def _meaning(it: Instruction) -> tuple[object, ...]:
    src = tuple(replace(operand, literal=False) for operand in it.src)
    parts = tuple(_meaning(part) for part in it.parts)
    return it.op, it.format, it.dst, src, replace(it.mods, extra=()), parts


def round_trip(
    name: str, wave_size: int, per_row: int, seed: int, only: str | None = None
) -> dict[str, Score]:
    """Our text through LLVM 22's assembler: the same instruction?"""
    pairs = _sample(name, per_row, seed, only)
    texts = [(row, code, ours(name, wave_size, code)) for row, code in pairs]
    accepted = [(row, code, text) for row, code, text in texts if text is not None]
    back = oracles.assemble(name, [text for _, _, text in accepted], wave_size=wave_size)
    known = _newest_texts(name, [code for _, code, _ in accepted], wave_size)
    scores: dict[str, Score] = collections.defaultdict(Score)
    for (row, code, text), got, llvms in zip(accepted, back, known, strict=True):
        score = scores[row.format]
        if isinstance(got, str):
            score.only_we_accept += 1
            score.examples.append(f"refused: {code.hex()} {text}: {got}")
        elif _same(name, wave_size, code, got):
            score.equal += 1
        elif llvms is not None and f"{len(code)} {oracles.tidy(text)}" not in llvms:
            score.excused["the newest LLVM refuses such bits, or says more of them"] += 1
        elif ours(name, wave_size, got[: len(code)]) == text:
            score.excused["LLVM's own text of it says no more"] += 1
        elif reason := loses(name, row, text):
            score.excused[reason] += 1
        else:
            score.differ += 1
            score.examples.append(f"differ: {code.hex()} {got[: len(code)].hex()} {text}")
    return scores


def _newest_texts(
    name: str, codes: list[bytes], wave_size: int
) -> list[set[str | None]] | list[None]:
    """What the newest LLVM calls each encoding, in all its syntaxes, with its size before; None
    where no disassembler of it is at hand."""
    comparison = isa_bulk.Comparison(name, wave_size)
    cases = [(code, True) for code in codes]
    voices = [voice for voice in isa_bulk.voices(name) if voice.newest]
    if not voices:
        return [None] * len(codes)
    texts = [comparison.theirs(cases, voice) for voice in voices]
    return [set(those) for those in zip(*texts, strict=True)]


def write_golden(folder: Path) -> None:
    """Store what LLVM says of a few encodings of each instruction, for tests without LLVM."""
    folder.mkdir(exist_ok=True)
    for name in sorted(TARGETS):
        for wave_size in target(name).wave_sizes:
            lines = {}
            pairs = _sample(name, 2, 7, None)
            codes = [code for _, code in pairs]
            theirs = oracles.disassemble(name, codes, wave_size=wave_size)
            newest = oracles.disassemble(name, codes, wave_size=wave_size, newest=True)
            halves = oracles.disassemble(name, codes, wave_size=wave_size, newest=True, halves=True)
            for (row, code), want, *newer in zip(pairs, theirs, newest, halves, strict=True):
                variant = (want or "").split(" ")[0]
                if want is None:
                    continue
                got = ours(name, wave_size, code, true16=False)
                mine = [ours(name, wave_size, code, true16=true16) for true16 in (None, True)]
                settled = got != want and any(map(str.__eq__, map(str, newer), map(str, mine)))
                if settled or (got != want and excuse(Difference(name, row, code, got, want))):
                    continue
                if wave_size == target(name).default_wave_size or "vcc" in want:
                    lines.setdefault((row.format, variant), f"{code.hex()} {want}")
            path = folder / f"{name}.wave{wave_size}.txt"
            path.write_text("".join(f"{line}\n" for line in lines.values()))
        _write_halves(folder, name)


def _write_halves(folder: Path, name: str) -> None:
    if "true16" not in target(name).features:
        return
    texts = {}
    for row, code in _sample(name, 3, 8, None):
        text = ours(name, 32, code)
        if text and (".l" in text or ".h" in text):
            texts.setdefault((row.format, text.split(" ")[0]), text)
    lines = list(texts.values())
    codes = oracles.assemble(name, lines, wave_size=32)
    known = [
        f"{code[: _size(name, code)].hex()} {text}"
        for text, code in zip(lines, codes, strict=True)
        if isinstance(code, bytes) and ours(name, 32, code[: _size(name, code)]) == text
    ]
    (folder / f"{name}.halves.txt").write_text("".join(f"{line}\n" for line in known))


def _size(name: str, code: bytes) -> int:
    return decoder(target(name).isa, 32).decode(code).size


def bulk(arguments: argparse.Namespace) -> int:
    """Random encodings by the million; 1 if any differs without a reason."""
    results = isa_bulk.run(
        arguments.targets, arguments.count, arguments.seed, arguments.state, arguments.minutes
    )
    page = isa_bulk.report(results, arguments.seed)
    print(page, end="")
    if arguments.report:
        arguments.report.write_text(page)
    return int(any(it.differ for it in results.values()))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", nargs="*", default=sorted(TARGETS))
    parser.add_argument("--per-row", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--wave-size", type=int)
    parser.add_argument("--assemble", action="store_true")
    parser.add_argument("--examples", type=int, default=0, help="print so many of each format")
    parser.add_argument("--format", help="only this format")
    parser.add_argument("--kind", default="", help="only examples that start so")
    parser.add_argument("--golden", type=Path, help="write golden files to this folder instead")
    parser.add_argument("--count", type=int, help="compare so many encodings per target")
    parser.add_argument(
        "--minutes", type=float, default=1e6, help="stop after so many, with --count"
    )
    parser.add_argument("--state", type=Path, default=Path("out/isa"), help="what --count keeps")
    parser.add_argument("--report", type=Path, help="a page to write, with --count")
    arguments = parser.parse_args()
    if arguments.count:
        return bulk(arguments)
    if arguments.golden:
        write_golden(arguments.golden)
        return 0
    worst = 0
    total: collections.Counter[str] = collections.Counter()
    for name in arguments.targets:
        sizes = (arguments.wave_size,) if arguments.wave_size else target(name).wave_sizes
        for wave_size in sizes:
            check = round_trip if arguments.assemble else compare
            scores = check(name, wave_size, arguments.per_row, arguments.seed, arguments.format)
            print(f"{name} wave{wave_size}")
            for format_, score in sorted(scores.items()):
                print(
                    f"  {format_:8} equal {score.equal:6} differ {score.differ:5} only we "
                    f"{score.only_we_accept:5} only LLVM {score.only_llvm_accepts:5} "
                    f"expected {score.excused.total():5} both refuse {score.both_refuse}"
                )
                shown = [e for e in score.examples if e.startswith(arguments.kind)]
                for example in shown[: arguments.examples]:
                    print(f"    {example}")
                worst += score.differ + score.only_llvm_accepts + score.only_we_accept
                total += score.excused
                total["equal"] += score.equal
                total["both refuse"] += score.both_refuse
    for reason, count in total.most_common():
        print(f"{count:8} {reason}")
    print(f"{worst:8} without a reason")
    return 1 if worst else 0


if __name__ == "__main__":
    sys.exit(main())
