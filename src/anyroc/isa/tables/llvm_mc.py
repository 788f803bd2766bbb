"""LLVM's disassembler in bulk, for whoever needs an opinion on thousands of encodings."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence

from anyroc.isa.tables import llvm_library

LLVM_MC = shutil.which("llvm-mc-19")
MISSING = "Debian's llvm-19 is not installed (apt-get install llvm-19)"
TRIPLE = "amdgcn-amd-amdhsa"

_MARKER = "0x25,0x03,0x80,0xbf"  # s_nop 0x325 on every ISA
_MARKER_TEXT = "s_nop 0x325"
# What LLVM writes into the text of encodings that it knows to be wrong.
_WRONG = re.compile(r"/\*.*(Invalid|DP ALU|not supported)")


# GPUs that LLVM 19 does not know.
NEWER = frozenset(("gfx950", "gfx1250"))


def missing(target: str) -> str | None:
    """What must be installed to ask about a target, None if it is there."""
    if target in NEWER:
        return None if llvm_library.library() else llvm_library.MISSING
    return None if LLVM_MC else MISSING


def attributes(target: str, wave_size: int) -> list[str]:
    """Flags that put LLVM into a wave size."""
    if target.startswith("gfx9"):
        return []
    return [f"--mattr={'+' if wave_size == 64 else '-'}wavefrontsize64"]


def tidy(line: str) -> str:
    """An assembly line without comments, white space runs and indentation."""
    return " ".join(re.split(r"//|;", line, maxsplit=1)[0].split())


def disassemble(
    target: str,
    encodings: Sequence[bytes],
    *,
    wave_size: int,
    flags: Sequence[str] = (),
    newest: bool = False,
) -> list[str | None]:
    """LLVM's text of each encoding; None where it is not exactly one instruction.

    That is LLVM 19, or a newer library for the targets that it does not know, for all with
    ``newest``.

    LLVM dies of some encodings that no GPU accepts; those count as refused.
    """
    found: list[str | None] = []
    library = newest or target in NEWER
    step = 20000 if library else 1000
    for start in range(0, len(encodings), step):
        found += _surviving(target, encodings[start : start + step], wave_size, flags, library)
    return found


def _surviving(
    target: str, encodings: Sequence[bytes], wave_size: int, flags: Sequence[str], library: bool
) -> list[str | None]:
    if library:
        found = _ask_library(target, encodings, wave_size)
    else:
        found = _disassemble(target, encodings, wave_size, flags)
    if found is not None:
        return found
    if len(encodings) == 1:
        return [None]
    half = len(encodings) // 2
    return [
        *_surviving(target, encodings[:half], wave_size, flags, library),
        *_surviving(target, encodings[half:], wave_size, flags, library),
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


def _ask_library(
    target: str, encodings: Sequence[bytes], wave_size: int
) -> list[str | None] | None:
    path = llvm_library.library()
    assert path, llvm_library.MISSING
    features = "".join(flag.removeprefix("--mattr=") for flag in attributes(target, wave_size))
    run = subprocess.run(
        [sys.executable, "-m", llvm_library.__name__, path, target, features],
        input="".join(f"{code.hex()}\n" for code in encodings),
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode < 0:
        return None
    lines = run.stdout.splitlines()
    assert len(lines) == len(encodings), run.stderr[-500:]
    return [None if not line or _WRONG.search(line) else tidy(line) for line in lines]
