"""LLVM's disassembler and assembler as oracles for ours.

``disassemble`` asks Debian's llvm-mc (LLVM 19), ``assemble`` the clang inside the ziglang wheel
(LLVM 22). Both take and give lists so that a process is started once per thousands of lines.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from elftools.elf.elffile import ELFFile

LLVM_MC = shutil.which("llvm-mc-19")
LLVM_OBJDUMP = shutil.which("llvm-objdump-19")
MISSING = "Debian's llvm-19 is not installed (apt-get install llvm-19)"

_TRIPLE = "amdgcn-amd-amdhsa"
_MARKER = "0x25,0x03,0x80,0xbf"  # s_nop 0x325 on every ISA
_MARKER_TEXT = "s_nop 0x325"


def attributes(target: str, wave_size: int) -> list[str]:
    """Flags that put LLVM into a wave size."""
    if target.startswith("gfx9"):
        return []
    return [f"-mattr={'+' if wave_size == 64 else '-'}wavefrontsize64"]


def tidy(line: str) -> str:
    """An assembly line without comments, white space runs and indentation."""
    return " ".join(re.split(r"//|;", line, maxsplit=1)[0].split())


def disassemble(
    target: str, encodings: Sequence[bytes], *, wave_size: int, flags: Sequence[str] = ()
) -> list[str | None]:
    """LLVM 19's text of each encoding; None where it is not exactly one instruction.

    LLVM dies of some encodings that no GPU accepts; those count as refused.
    """
    found: list[str | None] = []
    for start in range(0, len(encodings), 1000):
        found += _surviving(target, encodings[start : start + 1000], wave_size, flags)
    return found


def _surviving(
    target: str, encodings: Sequence[bytes], wave_size: int, flags: Sequence[str]
) -> list[str | None]:
    found = _disassemble(target, encodings, wave_size, flags)
    if found is not None:
        return found
    if len(encodings) == 1:
        return [None]
    half = len(encodings) // 2
    return [
        *_surviving(target, encodings[:half], wave_size, flags),
        *_surviving(target, encodings[half:], wave_size, flags),
    ]


def _disassemble(
    target: str, encodings: Sequence[bytes], wave_size: int, flags: Sequence[str]
) -> list[str | None] | None:
    assert LLVM_MC, MISSING
    lines = []
    for encoding in encodings:
        lines.append("[" + ",".join(f"{byte:#04x}" for byte in encoding) + "]")
        lines.append(f"[{_MARKER}]")
    run = subprocess.run(
        [
            *(LLVM_MC, "--disassemble", f"-triple={_TRIPLE}", f"-mcpu={target}"),
            *attributes(target, wave_size),
            *flags,
        ],
        input="\n".join(lines),
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "LLVM_DISABLE_SYMBOLIZATION": "1", "LLVM_DISABLE_CRASH_REPORT": "1"},
    )
    if run.returncode < 0:
        return None
    found: list[str | None] = []
    group: list[str] = []
    for raw in run.stdout.splitlines():
        line = tidy(raw)
        if line == _MARKER_TEXT:
            found.append(group[0] if len(group) == 1 else None)
            group = []
        elif line and not line.startswith("."):
            group.append(line)
    assert len(found) == len(encodings), run.stderr[-500:]
    return found


def assemble(target: str, lines: Sequence[str], *, wave_size: int) -> list[bytes | str]:
    """LLVM 22's encoding of each line, or its error message."""
    result: list[bytes | str] = [""] * len(lines)
    todo = list(range(len(lines)))
    with tempfile.TemporaryDirectory() as folder:
        source, output = Path(folder) / "a.s", Path(folder) / "a.o"
        while todo:
            source.write_text("".join(f"{lines[i]}\n.p2align 4, 0xff\n" for i in todo))
            output.unlink(missing_ok=True)
            run = subprocess.run(
                [
                    *(sys.executable, "-m", "ziglang", "clang", "-x", "assembler", "-c"),
                    *(f"--target={_TRIPLE}", f"-mcpu={target}"),
                    *(
                        [f"-m{'' if wave_size == 64 else 'no-'}wavefrontsize64"]
                        if not target.startswith("gfx9")
                        else []
                    ),
                    *("-ferror-limit=0", str(source), "-o", str(output)),
                ],
                capture_output=True,
                text=True,
                check=False,
            )
            errors = {
                int(match[1]): match[2]
                for match in re.finditer(r"a\.s:(\d+):\d+: error: (.*)", run.stderr)
            }
            if not errors:
                assert output.exists(), run.stderr[-500:]
                break
            for line, message in errors.items():
                result[todo[(line - 1) // 2]] = message
            todo = [i for n, i in enumerate(todo) if 2 * n + 1 not in errors]
        if todo:
            with output.open("rb") as stream:
                text = ELFFile(stream).get_section_by_name(".text").data()
            for slot, index in enumerate(todo):
                result[index] = text[16 * slot : 16 * slot + 16]
    return result
