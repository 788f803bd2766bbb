"""All GPU code in wheels: ``wheels.py [--kernels N] [--report FILE] WHEEL…`` (``make sweep``).

For every code object of our targets: each function is disassembled, and the text of every encoding
that occurs is compared with LLVM's (LLVM 22's, where a shared libLLVM is there, else LLVM 19's);
and each kernel is translated. Kernels whose machine code was seen before count, but are not
translated again.
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

from anyroc.compiler.bundle import host_section, images
from anyroc.errors import AnyrocError
from anyroc.isa.decode import decoder
from anyroc.isa.disasm import format_instruction
from anyroc.isa.instruction import DecodeError
from anyroc.isa.tables import llvm_library
from anyroc.isa.targets import TARGETS
from anyroc.translate.codeobject import CodeObject, Kernel
from anyroc.translate.jit import translate

SECTION = ".hip_fatbin"


@dataclass
class Target:
    """What was found of one GPU in one wheel."""

    files: int = 0
    objects: int = 0
    instructions: int = 0
    encodings: int = 0
    kernels: int = 0
    distinct: int = 0
    translated: int = 0
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
            try:
                instruction = one(text, offset)
            except DecodeError as problem:
                if text[offset : offset + 4] != bytes(4):  # padding
                    found.undecoded.append(f"{name}: {problem}")
                    break
                offset += 4
                continue
            raw = text[offset : offset + instruction.size]
            if raw not in texts:
                texts[raw] = format_instruction(instruction, code.target)
            offset += instruction.size
            found.instructions += 1


def compare(name: str, wave_size: int, texts: dict[bytes, str], found: Target) -> None:
    """Our texts against LLVM's."""
    newest = llvm_library.library() is not None
    codes = list(texts)
    theirs = oracles.disassemble(name, codes, wave_size=wave_size, newest=newest)
    found.encodings += len(codes)
    one = decoder(TARGETS[name].isa, wave_size).decode
    for code, want in zip(codes, theirs, strict=True):
        got = oracles.tidy(texts[code])
        if got == want:
            continue
        instruction = one(code)
        if not newest:
            got = oracles.tidy(format_instruction(instruction, name, true16=False))
        reason = excuse(Difference(name, instruction.row, code, got, want))
        if reason:
            found.excused[reason] += 1
        elif got != want:
            found.different.append(f"{name} {code.hex()} LLVM {want} | we {got}")


def translate_kernels(
    code: CodeObject, found: Target, seen: set[bytes], limit: int, full: bool
) -> None:
    """Translates kernels that were not seen before, ``limit`` of them (0: all)."""
    done = 0
    for kernel in code.kernels.values():
        found.kernels += 1
        text = code.text(kernel.entry, kernel.size)
        key = hashlib.sha256(text + bytes([kernel.wave_size])).digest()
        if key in seen or (limit and done >= limit):
            continue
        seen.add(key)
        done += 1
        found.distinct += 1
        try:
            translate(code, kernel, code.target, quick=True)
            if full:
                translate(code, kernel, code.target)
            found.translated += 1
        except AnyrocError as problem:
            found.failed[f"{code.target_name} {problem}"] += 1
        except Exception as problem:  # what a sweep is for
            found.failed[f"{code.target_name} {kernel.name}: {problem!r}"] += 1


def sweep(wheel: Path, limit: int, full: bool) -> dict[str, Target]:
    """What a wheel holds, by target."""
    result: dict[str, Target] = collections.defaultdict(Target)
    texts: dict[str, set[bytes]] = collections.defaultdict(set)
    kernels: dict[str, set[bytes]] = collections.defaultdict(set)
    known: Encodings = {}
    files: set[tuple[str, str]] = set()
    for file, code in code_objects(wheel):
        found = result[code.target_name]
        if (file, code.target_name) not in files:
            files.add((file, code.target_name))
            found.files += 1
        found.objects += 1
        read(code, found, known, texts[code.target_name])
        translate_kernels(code, found, kernels[code.target_name], limit, full)
    for (name, wave_size), encodings in known.items():
        compare(name, wave_size, encodings, result[name])
    return result


def report(name: str, result: dict[str, Target], seconds: float) -> list[str]:
    """A section of the report."""
    columns = (
        *("GPU", "code objects", "instructions", "encodings", "unlike LLVM's"),
        *("kernels", "distinct", "translated"),
    )
    lines = [f"## {name}", "", f"| {' | '.join(columns)} |", "|---" + "|---:" * 7 + "|"]
    for target, found in sorted(result.items()):
        wrong = len(found.different) + len(found.undecoded)
        lines.append(
            f"| {target} | {found.objects} | {found.instructions} | {found.encodings} | {wrong} | "
            f"{found.kernels} | {found.distinct} | {found.translated} |"
        )
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
    parser.add_argument("--kernels", type=int, default=0, help="so many of a code object, 0: all")
    parser.add_argument("--full", action="store_true", help="translate into the fast form as well")
    parser.add_argument("--report", type=Path)
    arguments = parser.parse_args()
    lines, bad = ["# GPU code in wheels", ""], 0
    for wheel in arguments.wheels:
        started = time.monotonic()
        result = sweep(wheel, arguments.kernels, arguments.full)
        lines += report(wheel.name, result, time.monotonic() - started)
        for found in result.values():
            bad += len(found.different) + len(found.undecoded) + sum(found.failed.values())
    text = "\n".join(lines)
    print(text)
    if arguments.report:
        arguments.report.write_text(text)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
