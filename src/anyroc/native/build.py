"""Building the native library on first use.

`library_path` compiles the C files beside this module with zig's C compiler for this very machine
and keeps the result in the cache.
"""

from __future__ import annotations

import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from anyroc import cache as disk_cache
from anyroc.errors import ToolchainError

FLAGS = (
    "-std=gnu11",
    "-D_GNU_SOURCE",
    "-O3",
    "-march=native",
    "-shared",
    "-fPIC",
    "-fno-math-errno",
    "-fno-strict-aliasing",
    "-fno-sanitize=all",
    "-ffp-contract=off",
    "-Wall",
    "-Wextra",
    "-Wno-parentheses",
)
"""What the library is compiled with."""

_HERE = Path(__file__).parent
_PATIENCE = 1.0  # seconds before a build says what it is doing


def sources() -> list[Path]:
    """Return the C files and headers of the library, sorted."""
    return sorted([*_HERE.glob("*.c"), *_HERE.glob("*.h")])


@cache
def library_path() -> Path:
    """Return the native library, built if need be; ToolchainError if it cannot be."""
    files = sources()
    parts = [part for file in files for part in (file.name, file.read_bytes())]
    key = disk_cache.key("native", _compiler(), host(), *FLAGS, *parts)
    return disk_cache.default().make("native", key, ".so", _build)


def zig() -> Path:
    """Return the compiler's program, which any Python that finds anyroc can start."""
    found = find_spec("ziglang")
    if found is None or found.origin is None:
        raise ToolchainError(
            "the C compiler that builds anyroc's native part is not installed",
            hint="pip install ziglang",
        )
    return Path(found.origin).with_name("zig")


def _compiler() -> str:
    """Return what tells one installed zig from another."""
    facts = zig().stat()
    return f"{zig()} {facts.st_size} {facts.st_mtime_ns}"


def host() -> str:
    """Return what -march=native depends on."""
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        import platform

        return platform.processor() + platform.machine()
    first = text.split("\n\n", 1)[0].splitlines()
    wanted = ("vendor_id", "cpu family", "model", "stepping", "flags", "CPU part", "Features")
    return "\n".join(line for line in first if line.startswith(wanted))


def _build(target: Path) -> None:
    import subprocess
    import threading

    files = [str(file) for file in sources() if file.suffix == ".c"]
    command = [str(zig()), "cc", *FLAGS, "-o", str(target), *files]
    note = threading.Timer(
        _PATIENCE, print, ["anyroc: building the native runtime (once)"], {"file": sys.stderr}
    )
    note.daemon = True
    note.start()
    try:
        result = subprocess.run(command, capture_output=True, text=True, check=False)
    finally:
        note.cancel()
    if result.returncode != 0:
        raise ToolchainError(
            f"building anyroc's native part failed:\n{result.stderr.strip()}",
            hint="pip install --force-reinstall ziglang",
        )
