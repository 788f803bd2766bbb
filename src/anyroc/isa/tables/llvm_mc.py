"""LLVM's disassembler in bulk, for whoever needs an opinion on thousands of encodings."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence

LLVM_MC = shutil.which("llvm-mc-19")
MISSING = "Debian's llvm-19 is not installed (apt-get install llvm-19)"
TRIPLE = "amdgcn-amd-amdhsa"

_MARKER = "0x25,0x03,0x80,0xbf"  # s_nop 0x325 on every ISA
_MARKER_TEXT = "s_nop 0x325"
# What LLVM writes into the text of encodings that it knows to be wrong.
_WRONG = re.compile(r"/\*.*(Invalid|DP ALU|not supported)")


def attributes(target: str, wave_size: int) -> list[str]:
    """Flags that put LLVM into a wave size."""
    if target.startswith("gfx9"):
        return []
    return [f"--mattr={'+' if wave_size == 64 else '-'}wavefrontsize64"]


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
            *(LLVM_MC, "--disassemble", f"-triple={TRIPLE}", f"-mcpu={target}"),
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
        line = "" if _WRONG.search(raw) else tidy(raw)
        if line == _MARKER_TEXT:
            found.append(group[0] if len(group) == 1 else None)
            group = []
        elif line and not line.startswith("."):
            group.append(line)
    assert len(found) == len(encodings), run.stderr[-500:]
    return found
