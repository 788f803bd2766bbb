"""LLVM's disassembler and assembler as oracles for ours.

``disassemble`` asks Debian's LLVM 19 or a newer library, ``assemble`` the clang inside the ziglang
wheel (LLVM 22). Both take and give lists so that a process is started once per thousands of lines.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from elftools.elf.elffile import ELFFile

from anyroc.isa.tables.llvm_mc import (
    MISSING,
    NEWER,
    TRIPLE,
    attributes,
    disassemble,
    missing,
    prefixes,
    tidy,
)

__all__ = [
    "LLVM_OBJDUMP",
    "MISSING",
    "NEWER",
    "assemble",
    "attributes",
    "disassemble",
    "missing",
    "prefixes",
    "tidy",
]

LLVM_OBJDUMP = shutil.which("llvm-objdump-19")


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
                    *(f"--target={TRIPLE}", f"-mcpu={target}"),
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
