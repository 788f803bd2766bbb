"""``isa_objects.py FILE…``: our disassembly of AMDGPU objects against llvm-objdump's.

Every instruction of every text section, LLVM 19's text on one side, ours on the other.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import isa_oracles as oracles
from elftools.elf.elffile import ELFFile
from isa_expected import Difference, excuse

from anyroc.isa.decode import decode, decode_all
from anyroc.isa.disasm import format_instruction
from anyroc.isa.instruction import DecodeError

_SOURCE = Path(__file__).with_name("isa_kernels.hip")
_LINE = re.compile(r"\s+(\S.*?)\s*// [0-9A-F]+: ((?:[0-9A-F]{8} ?)+)")
_UNKNOWN = re.compile(r"\.long|/\*Invalid")  # register halves that LLVM 19 does not decode
_SYMBOL = re.compile(r"[.\w]*(LBB|@rel32|@gotpcrel|_ZL?\d)\S*|@\S+")
_HALF = re.compile(r"\bv\d+\.[lh]\b")
_OP_SEL = re.compile(r" op_sel:\[[01,]+\]")
_WAIT = "s_barrier_wait 0xffff"
_TARGET = re.compile(r"gfx[0-9a-f]+")


def compile_kernels(target: str, wave_size: int, level: str, folder: Path) -> Path:
    """The kernels beside this file as an object for one target, its assembly beside it."""
    clang = [sys.executable, "-m", "ziglang", "clang"]
    bitcode = folder / f"{target}.w{wave_size}{level}.bc"
    wave = f"-m{'' if wave_size == 64 else 'no-'}wavefrontsize64"
    common = ["-nogpulib", level] if target.startswith("gfx9") else ["-nogpulib", level, wave]
    front = ["-x", "hip", "--cuda-device-only", f"--offload-arch={target}", "-nogpuinc", "-c"]
    source = [str(_SOURCE), "-emit-llvm", "-o", str(bitcode)]
    subprocess.run([*clang, *front, *common, *source], check=True)
    back = ["-target", "amdgcn-amd-amdhsa", f"-mcpu={target}", "-x", "ir", str(bitcode)]
    for flag, suffix in (("-c", ".o"), ("-S", ".s")):
        output = bitcode.with_suffix(suffix)
        subprocess.run([*clang, *back, *common, flag, "-o", str(output)], check=True)
    return bitcode.with_suffix(".o")


def assembly(path: Path) -> list[str]:
    """The instructions of a compiler's assembly file, symbols and their offsets as ``@``."""
    lines = []
    for raw in path.read_text().splitlines():
        line = oracles.tidy(raw)
        if raw.startswith("\t") and line and not line.startswith((".", "amdhsa")):
            lines.append(_SYMBOL.sub("@", line))
    return lines


def code_sections(path: Path) -> list[bytes]:
    """The contents of an object's text sections."""
    with path.open("rb") as stream:
        sections = [s for s in ELFFile(stream).iter_sections() if s.name.startswith(".text")]
        return [section.data() for section in sections]


def spelling_differences(path: Path, target: str, wave_size: int) -> tuple[int, list[str]]:
    """Our text of an object against the assembly that LLVM 22 printed for it."""
    wanted = assembly(path.with_suffix(".s"))
    found = [
        oracles.tidy(format_instruction(instruction, target))
        for code in code_sections(path)
        for instruction in decode_all(target, code, wave_size=wave_size)
        if instruction.op not in ("s_code_end", "s_nop")
    ]
    wanted = [line for line in wanted if not line.startswith(("s_code_end", "s_nop"))]
    wrong = [] if len(found) == len(wanted) else [f"{len(found)} instructions, not {len(wanted)}"]
    for want, got in zip(wanted, found, strict=False):
        names = want.split(" ")[0], got.split(" ")[0]
        if got in (want.replace(", 0x0", ", null"), want.replace("s_barrier_wait -1", _WAIT)):
            continue  # as LLVM's disassembler, not its compiler, writes it
        if _HALF.search(got) and _OP_SEL.sub("", got) == want:
            continue  # likewise: only the disassembler repeats which halves
        if (names[0] != names[1]) if "@" in want else (want != got):
            wrong.append(f"LLVM {want} | we {got}")
    return len(found), wrong


def instructions(path: Path, target: str, wave_size: int) -> Iterator[tuple[bytes, str]]:
    """(encoding, LLVM's text) of each instruction in an object."""
    assert oracles.LLVM_OBJDUMP, oracles.MISSING
    attributes = oracles.attributes(target, wave_size)
    run = subprocess.run(
        [oracles.LLVM_OBJDUMP, "-d", f"--mcpu={target}", *attributes, str(path)],
        capture_output=True,
        text=True,
        check=True,
    )
    for line in run.stdout.splitlines():
        if (match := _LINE.match(line)) and not _UNKNOWN.search(line):
            words = match[2].split()
            yield b"".join(bytes.fromhex(word)[::-1] for word in words), " ".join(match[1].split())


def differences(path: Path, target: str, wave_size: int) -> tuple[int, list[str]]:
    """How many instructions there are, and what differs without a reason."""
    count, wrong = 0, []
    for code, expected in instructions(path, target, wave_size):
        count += 1
        try:
            instruction = decode(target, code, wave_size=wave_size)
        except DecodeError as problem:
            wrong.append(f"{code.hex()} {expected}: {problem}")
            continue
        got = oracles.tidy(format_instruction(instruction, target, true16=False))
        same = got == expected and instruction.size == len(code)
        if not same and not excuse(Difference(target, instruction.row, code, got, expected)):
            wrong.append(f"{code.hex()} LLVM {expected} | we {got}")
    return count, wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", type=Path, help="names say target and wave size (w64)")
    failures = 0
    for path in parser.parse_args().files:
        named = _TARGET.search(path.name)
        if named is None:
            parser.error(f"{path.name} does not name its target")
        wave_size = 64 if "w64" in path.name or named[0].startswith("gfx9") else 32
        count, wrong = differences(path, named[0], wave_size)
        failures += len(wrong)
        print(f"{path.name}: {count} instructions, {len(wrong)} differ")
        for line in wrong[:10]:
            print(f"  {line}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
