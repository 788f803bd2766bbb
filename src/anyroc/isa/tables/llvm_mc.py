"""LLVM's disassembler in bulk, for whoever needs an opinion on thousands of encodings."""

from __future__ import annotations

import re
from collections.abc import Sequence

from anyroc.isa.tables import llvm_library

MISSING = "Debian's llvm-19 is not installed (apt-get install llvm-19)"
TRIPLE = "amdgcn-amd-amdhsa"

# What LLVM writes into the text of encodings that it knows to be wrong.
_WRONG = re.compile(r"/\*.*(Invalid|DP ALU|not supported)")
_AT_ONCE = 100_000


# GPUs that LLVM 19 does not know.
NEWER = frozenset(("gfx950", "gfx1250"))


def missing(target: str) -> str | None:
    """What must be installed to ask about a target, None if it is there."""
    if target in NEWER:
        return None if llvm_library.library() else llvm_library.MISSING
    return None if llvm_library.debian() else MISSING


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
    newest: bool = False,
    halves: bool = False,
) -> list[str | None]:
    """LLVM's text of each encoding; None where it is not exactly one instruction.

    That is LLVM 19, or a newer library for the targets that it does not know, for all with
    ``newest``. ``halves`` asks for ``v0.l`` and ``v0.h`` on RDNA also where that is not LLVM's way.

    LLVM dies of some encodings that no GPU accepts; those count as refused.
    """
    texts = prefixes(target, encodings, wave_size=wave_size, newest=newest, halves=halves)
    return [
        text[1] if text is not None and text[0] == len(code) else None
        for text, code in zip(texts, encodings, strict=True)
    ]


def prefixes(
    target: str,
    encodings: Sequence[bytes],
    *,
    wave_size: int,
    newest: bool = False,
    halves: bool = False,
) -> list[tuple[int, str] | None]:
    """Size and text of the instruction that each encoding begins with; None where there is none."""
    path = llvm_library.library() if newest or target in NEWER else llvm_library.debian()
    assert path, missing(target) or llvm_library.MISSING
    features = [flag.removeprefix("--mattr=") for flag in attributes(target, wave_size)]
    if halves and not target.startswith("gfx9"):
        features.append("+real-true16")
    found: list[tuple[int, str] | None] = []
    for start in range(0, len(encodings), _AT_ONCE):
        part = encodings[start : start + _AT_ONCE]
        for answer in llvm_library.ask(path, target, ",".join(features), part):
            wrong = answer is None or _WRONG.search(answer[1])
            found.append(None if wrong or answer is None else (answer[0], tidy(answer[1])))
    return found
