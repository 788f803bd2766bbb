"""The disassembler inside a shared libLLVM, asked in bulk through LLVM's C interface.

``python -m anyroc.isa.tables.llvm_library LIBRARY CPU FEATURES`` reads encodings as hexadecimal
lines and answers each with the bytes that LLVM takes and its text (``8 s_nop 0``), or with an
empty line where LLVM takes none. LLVM dies of some encodings that no GPU accepts: each run of
answers comes from a forked child, and the encoding that kills one has an empty line.

``library`` is the one that ``ANYROC_LIBLLVM`` names, else that of a Rust toolchain, which is
built with all of LLVM's targets; ``debian`` is that of Debian's llvm-19.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import resource
import shutil
import struct
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

MISSING = "no shared libLLVM 21 or newer: name one in ANYROC_LIBLLVM, or install Rust"
_TEXT = 512
_HEADER = 16
_ROOM = 1 << 16


@cache
def library() -> str | None:
    """The path of a libLLVM that knows every target, None if there is none."""
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


@cache
def debian() -> str | None:
    """The path of the libLLVM that belongs to Debian's llvm-mc-19, None if that is not there."""
    tool = shutil.which("llvm-mc-19")
    if tool is None:
        return None
    # Beside the tool, or among the system's libraries as in Debian 12.
    place, system = Path(tool).resolve().parents[1], Path(tool).resolve().parents[2]
    found = [place / "lib" / "libLLVM.so.1", *system.glob("*-linux-gnu/libLLVM.so.19.*")]
    return next((str(path) for path in found if path.exists()), None)


def ask(
    path: str, cpu: str, features: str, encodings: Sequence[bytes]
) -> list[tuple[int, str] | None]:
    """(bytes taken, text) of each encoding, None where LLVM takes none or dies."""
    run = subprocess.run(
        [sys.executable, "-m", __name__, path, cpu, features],
        input="".join(f"{code.hex()}\n" for code in encodings),
        capture_output=True,
        text=True,
        check=False,
    )
    lines = run.stdout.splitlines()
    if run.returncode or len(lines) != len(encodings):
        raise RuntimeError(f"{path} gave no answers: {run.stderr[-500:]}")
    found: list[tuple[int, str] | None] = []
    for line in lines:
        size, _, text = line.partition(" ")
        found.append((int(size), text) if size else None)
    return found


class _Disassembler:
    def __init__(self, path: str, cpu: str, features: str) -> None:
        llvm = ctypes.CDLL(path)
        for part in ("TargetInfo", "TargetMC", "Disassembler"):
            getattr(llvm, f"LLVMInitializeAMDGPU{part}")()
        pointer = ctypes.c_void_p
        create = llvm.LLVMCreateDisasmCPUFeatures
        create.restype = pointer
        create.argtypes = [*[ctypes.c_char_p] * 3, pointer, ctypes.c_int, pointer, pointer]
        context = create(b"amdgcn-amd-amdhsa", cpu.encode(), features.encode(), None, 0, None, None)
        if not context:
            raise SystemExit(f"{path} has no disassembler for {cpu}")
        self._one = llvm.LLVMDisasmInstruction
        self._one.restype = ctypes.c_size_t
        number, size, text = ctypes.c_uint64, ctypes.c_size_t, ctypes.c_char_p
        self._one.argtypes = [pointer, text, number, number, text, size]
        self._context = context
        self._buffer = ctypes.create_string_buffer(_TEXT)

    def line(self, code: bytes) -> bytes:
        """The answer to one encoding."""
        taken = self._one(self._context, code, len(code), 0, self._buffer, _TEXT)
        if not taken:
            return b"\n"
        return b"%d %b\n" % (taken, b" ".join(self._buffer.value.split()))


def _answer(codes: Sequence[bytes], first: int, llvm: _Disassembler, at: mmap.mmap) -> None:
    """Leave the answers from ``first`` on behind a header: their size, and which code is asked."""
    size = 0
    for index in range(first, len(codes)):
        at[:_HEADER] = struct.pack("QQ", size, index)
        line = llvm.line(codes[index])
        if size + len(line) > _ROOM:
            os.write(1, at[_HEADER : _HEADER + size])
            size = 0
        at[_HEADER + size : _HEADER + size + len(line)] = line
        size += len(line)
    at[:_HEADER] = struct.pack("QQ", size, len(codes))


def main(arguments: list[str]) -> None:
    """Answer the encodings on standard input."""
    path, cpu, features = arguments
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.environ["LLVM_DISABLE_CRASH_REPORT"] = "1"
    codes = [bytes.fromhex(line) for line in sys.stdin]
    llvm = _Disassembler(path, cpu, features)
    at = mmap.mmap(-1, _HEADER + _ROOM)
    first = 0
    while first < len(codes):
        at[:_HEADER] = struct.pack("QQ", 0, first)
        child = os.fork()
        if child == 0:
            _answer(codes, first, llvm, at)
            os._exit(0)
        os.waitpid(child, 0)
        size, first = struct.unpack("QQ", at[:_HEADER])
        os.write(1, at[_HEADER : _HEADER + size])
        if first < len(codes):  # it died of that one
            os.write(1, b"\n")
            first += 1


if __name__ == "__main__":
    main(sys.argv[1:])
