"""All GPU code in wheels: ``wheels.py [--results FILE] [--report FILE] WHEEL…`` (``make sweep``).

For every code object of our targets: each function is disassembled, and the text of every encoding
that occurs is compared with LLVM's (LLVM 22's, where a shared libLLVM is there, else LLVM 19's);
and each kernel is translated, in the form that runs first to machine code, and in the fast form to
LLVM IR that LLVM verifies.  Kernels that have the same machine code for the same ISA are translated
once.

It can be done in pieces: with ``--results`` what is known is kept in a file, and ``--minutes`` says
when to stop; the report then counts how many of how many are done.  ``--part 1/2`` and ``--part
2/2`` share the work between two processes, which may have one file of results.
"""

from __future__ import annotations

import argparse
import collections
import hashlib
import sys
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import isa_oracles as oracles
from isa_expected import Difference, excuse
from wheel_kernels import FORMS, Results, Work, translate_all, works

from anyroc.compiler.bundle import host_section, images
from anyroc.isa.decode import decoder
from anyroc.isa.disasm import format_instruction
from anyroc.isa.instruction import DecodeError
from anyroc.isa.tables import llvm_library
from anyroc.isa.targets import TARGETS
from anyroc.translate.codeobject import CodeObject, Kernel

SECTION = ".hip_fatbin"
BEGAN = time.monotonic()
SIZES = (4, 8, 12, 16, 20)
"""Bytes that an instruction may have."""


@dataclass
class Target:
    """What was found of one GPU in one wheel.

    ``distinct``: keys of the kernels; ``translated``: how many of them, by form.
    """

    objects: int = 0
    instructions: int = 0
    encodings: int = 0
    kernels: int = 0
    distinct: set[str] = field(default_factory=set)
    translated: collections.Counter[str] = field(default_factory=collections.Counter)
    undecoded: list[str] = field(default_factory=list)
    different: list[str] = field(default_factory=list)
    failed: collections.Counter[str] = field(default_factory=collections.Counter)
    excused: collections.Counter[str] = field(default_factory=collections.Counter)


def code_objects(wheel: Path) -> Iterator[tuple[str, CodeObject]]:
    """(file, code object) of our targets in a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        for entry in archive.infolist():
            if entry.is_dir() or entry.file_size < 4096:
                continue
            data = archive.read(entry)
            if not data.startswith(b"\x7fELF") or host_section(data, SECTION) is None:
                continue
            for image in images(data):
                if image.is_device and image.target_name in TARGETS:
                    yield entry.filename, CodeObject.parse(image.data)


def functions(code: CodeObject) -> Iterator[tuple[str, bytes, int]]:
    """(name, machine code, wave size) of each function."""
    waves = {kernel.symbol.removesuffix(".kd"): k for kernel, k in _waves(code)}
    usual = next(iter(waves.values()), code.target.default_wave_size)
    seen = set()
    for symbol in code.symbols.values():
        if symbol.kind == "func" and symbol.size and symbol.vaddr not in seen:
            seen.add(symbol.vaddr)
            text = code.text(symbol.vaddr, symbol.size)
            yield symbol.name, text, waves.get(symbol.name, usual)


def _waves(code: CodeObject) -> Iterator[tuple[Kernel, int]]:
    for kernel in code.kernels.values():
        yield kernel, kernel.wave_size


Encodings = dict[tuple[str, int], dict[bytes, str]]


def read(code: CodeObject, found: Target, known: Encodings, seen: set[bytes]) -> None:
    """Decodes a code object's functions and notes every encoding with our text."""
    for name, text, wave_size in functions(code):
        key = hashlib.sha256(text + bytes([wave_size])).digest()
        if key in seen:
            continue
        seen.add(key)
        one = decoder(code.target.isa, wave_size).decode
        texts = known.setdefault((code.target_name, wave_size), {})
        offset = 0
        while offset < len(text):
            found.instructions += 1
            # An encoding that is known need not be decoded again: none begins with another one.
            sizes = (size for size in SIZES if text[offset : offset + size] in texts)
            if size := next(sizes, 0):
                offset += size
                continue
            try:
                instruction = one(text, offset)
            except DecodeError as problem:
                found.instructions -= 1
                if text[offset : offset + 4] != bytes(4):  # padding
                    found.undecoded.append(f"{name}: {problem}")
                    break
                offset += 4
                continue
            raw = text[offset : offset + instruction.size]
            texts[raw] = format_instruction(instruction, code.target)
            offset += instruction.size


def compare(name: str, wave_size: int, texts: dict[bytes, str], found: Target) -> None:
    """Our texts against LLVM's, in the syntax with register halves too where RDNA has it."""
    newest = llvm_library.library() is not None
    codes = list(texts)
    found.encodings += len(codes)
    one = decoder(TARGETS[name].isa, wave_size).decode

    def ours(code: bytes, true16: bool | None) -> str:
        return oracles.tidy(format_instruction(one(code), name, true16=true16))

    left: list[tuple[bytes, str, str | None]] = []
    theirs = oracles.disassemble(name, codes, wave_size=wave_size, newest=newest)
    for code, want in zip(codes, theirs, strict=True):
        if want != (got := oracles.tidy(texts[code]) if newest else ours(code, False)):
            left.append((code, got, want))
    halves: list[str | None] = [None] * len(left)
    if newest and not name.startswith("gfx9"):
        codes = [code for code, _, _ in left]
        halves = oracles.disassemble(name, codes, wave_size=wave_size, newest=True, halves=True)
    for (code, got, want), other in zip(left, halves, strict=True):
        if other is not None and other == ours(code, True):
            continue
        if reason := excuse(Difference(name, one(code).row, code, got, want)):
            found.excused[reason] += 1
        else:
            found.different.append(f"{name} {code.hex()} LLVM {want} | we {got}")


def disassemble(wheel: Path, result: dict[str, Target]) -> None:
    """Compares all texts of a wheel with LLVM's."""
    seen: dict[str, set[bytes]] = collections.defaultdict(set)
    known: Encodings = {}
    for _, code in code_objects(wheel):
        read(code, result[code.target_name], known, seen[code.target_name])
    for (name, wave_size), encodings in known.items():
        compare(name, wave_size, encodings, result[name])


def count(kernels: list[Work], results: Results, result: dict[str, Target]) -> None:
    """What is known of a wheel's kernels."""
    objects = collections.defaultdict(set)
    for work in kernels:
        found = result[work.code.target_name]
        objects[work.code.target_name].add(work.code.digest)
        found.kernels += 1
        if work.key in found.distinct:
            continue
        found.distinct.add(work.key)
        for form in FORMS:
            said = results.known.get((work.key, form))
            found.translated[form] += said == ""
            if said:
                found.failed[f"{work.code.target_name} {work.kernel.name} ({form}): {said}"] += 1
    for name, digests in objects.items():
        result[name].objects = len(digests)


def report(name: str, result: dict[str, Target], seconds: float) -> list[str]:
    """A section of the report."""
    columns = (
        *("GPU", "code objects", "instructions", "encodings", "unlike LLVM's"),
        *("kernels", "distinct", "translated", "to machine code", "fast form"),
    )
    lines = [f"## {name}", "", f"| {' | '.join(columns)} |", "|---" + "|---:" * 9 + "|"]
    for target, found in sorted(result.items()):
        wrong = len(found.different) + len(found.undecoded)
        cells = [
            *(target, found.objects, found.instructions, found.encodings, wrong),
            *(found.kernels, len(found.distinct)),
            *(found.translated[form] for form in FORMS),
        ]
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    lines += ["", f"{seconds:.0f} seconds."]
    excused: collections.Counter[str] = collections.Counter()
    for found in result.values():
        excused += found.excused
    if excused:
        lines += ["", "Encodings on which the two are meant to differ:", ""]
        lines += [f"- {count}: {reason}" for reason, count in excused.most_common()]
    for title, pick in (
        ("Not decoded", lambda found: found.undecoded),
        ("Unlike LLVM's", lambda found: found.different),
        ("Not translated", lambda found: [f"{n}: {t}" for t, n in found.failed.most_common()]),
    ):
        shown = [line for found in result.values() for line in pick(found)[:20]]
        if shown:
            lines += ["", f"{title}:", "", *(f"- {line}" for line in shown)]
    return [*lines, ""]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("wheels", nargs="+", type=Path)
    parser.add_argument("--only", choices=("texts", "kernels"), help="do one of the two")
    parser.add_argument("--forms", nargs="+", choices=FORMS, default=FORMS[1:])
    parser.add_argument("--minutes", type=float, help="stop translating after so long")
    parser.add_argument("--part", default="1/1", help="K/N: the K-th of N parts of the kernels")
    parser.add_argument("--results", type=Path, help="what is known of kernels, and will be")
    parser.add_argument("--report", type=Path)
    arguments = parser.parse_args()
    lines, bad = ["# GPU code in wheels", ""], 0
    results = Results.load(arguments.results)
    for wheel in arguments.wheels:
        started = time.monotonic()
        result: dict[str, Target] = collections.defaultdict(Target)
        if arguments.only != "kernels":
            disassemble(wheel, result)
        if arguments.only != "texts":
            left = None
            if arguments.minutes is not None:
                left = max(0.0, arguments.minutes - (time.monotonic() - BEGAN) / 60)
            kernels = list(works(wheel.name, code_objects(wheel)))
            part, parts = map(int, arguments.part.split("/"))
            mine = [w for w in kernels if int(w.key, 16) % parts == part - 1]
            translate_all(mine, results, arguments.forms, left)
            count(kernels, results, result)
        lines += report(wheel.name, result, time.monotonic() - started)
        for found in result.values():
            bad += len(found.different) + len(found.undecoded) + sum(found.failed.values())
    for form in FORMS:
        if results.instructions[form]:
            cost = 1e6 * results.seconds[form] / results.instructions[form]
            lines.append(
                f"{form}: {results.instructions[form]} instructions, "
                f"{cost:.0f} microseconds of CPU time each."
            )
    text = "\n".join([*lines, ""])
    print(text)
    if arguments.report:
        arguments.report.write_text(text)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
