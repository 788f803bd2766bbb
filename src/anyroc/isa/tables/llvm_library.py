"""The disassembler inside a shared libLLVM, for GPUs that Debian's llvm-mc does not know.

``python -m anyroc.isa.tables.llvm_library LIBRARY CPU FEATURES`` reads encodings as hexadecimal
lines and answers each with LLVM's text, or an empty line where it is not exactly one instruction.
It is a process of its own because LLVM dies of some encodings.

The library is the one that ``ANYROC_LIBLLVM`` names, else that of a Rust toolchain, which is built
with all of LLVM's targets.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

MISSING = "no shared libLLVM 21 or newer: name one in ANYROC_LIBLLVM, or install Rust"
_TEXT = 512


@cache
def library() -> str | None:
    """The path of a libLLVM, None if there is none."""
    named = os.environ.get("ANYROC_LIBLLVM")
    if named:
        return named
    rustc = shutil.which("rustc")
    if rustc is None:
        return None
    asked = subprocess.run(
        [rustc, "--print", "sysroot"], capture_output=True, text=True, check=False
    )
    found = sorted(Path(asked.stdout.strip() or ".", "lib").glob("libLLVM.so.2*"))
    return str(found[-1]) if found else None


def _disassembler(path: str, cpu: str, features: str) -> tuple[ctypes.CDLL, int]:
    llvm = ctypes.CDLL(path)
    for part in ("TargetInfo", "TargetMC", "Disassembler"):
        getattr(llvm, f"LLVMInitializeAMDGPU{part}")()
    create = llvm.LLVMCreateDisasmCPUFeatures
    create.restype = ctypes.c_void_p
    pointer = ctypes.c_void_p
    create.argtypes = [*[ctypes.c_char_p] * 3, pointer, ctypes.c_int, pointer, pointer]
    llvm.LLVMDisasmInstruction.restype = ctypes.c_size_t
    llvm.LLVMDisasmInstruction.argtypes = [
        ctypes.c_void_p,
        ctypes.c_char_p,
        ctypes.c_uint64,
        ctypes.c_uint64,
        ctypes.c_char_p,
        ctypes.c_size_t,
    ]
    triple = b"amdgcn-amd-amdhsa"
    context = create(triple, cpu.encode(), features.encode(), None, 0, None, None)
    if not context:
        raise SystemExit(f"{path} has no disassembler for {cpu}")
    return llvm, context


def texts(path: str, cpu: str, features: str, encodings: Iterator[bytes]) -> Iterator[str]:
    """LLVM's text of each encoding, in this process."""
    llvm, context = _disassembler(path, cpu, features)
    buffer = ctypes.create_string_buffer(_TEXT)
    for code in encodings:
        taken = llvm.LLVMDisasmInstruction(context, code, len(code), 0, buffer, _TEXT)
        yield buffer.value.decode().strip() if taken == len(code) else ""


def main(arguments: list[str]) -> None:
    """Answer the encodings on standard input."""
    path, cpu, features = arguments
    lines = (bytes.fromhex(line) for line in sys.stdin)
    for text in texts(path, cpu, features, lines):
        sys.stdout.write(" ".join(text.split()) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
