"""The C and C++ libraries that the host part of a program is compiled against.

Where g++ is installed its libstdc++ and the system's C headers are used. Elsewhere the `ziglang`
package serves: headers of libc++ and glibc are among its files, and the libraries are built from
its sources once (about a minute) and kept in the cache. `$ANYROC_CXX_LIBRARY` ("libstdc++" or
"libc++") decides against the order.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from anyroc import cache
from anyroc.errors import BadInput, ToolchainError

GLIBC_MINOR = 28
"""The glibc (2.x) to link for; the wheels this project depends on need no older one either."""

_GCC_ROOTS = ("/usr/lib/gcc", "/usr/lib64/gcc", "/usr/local/lib/gcc")
_SYSTEM_LIBRARIES = ("-lstdc++", "-lm", "-lpthread", "-ldl", "-lrt", "-lgcc_s", "-lgcc", "-lc")
_STUBS = ("libc.so.6", "libm.so.6", "libpthread.so.0", "libdl.so.2", "librt.so.1", "libld.so.2")
_TOLD_APART = 1 << 20
_ARCHIVES = ("libc++.a", "libc++abi.a", "libunwind.a", "libc_nonshared.a", "libcompiler_rt.a")
_OBJECTS_TO_BUILD = 107
_LIBCXX_DEFINES = {
    "_LIBCPP_ABI_VERSION": "1",
    "_LIBCPP_ABI_NAMESPACE": "__1",
    "_LIBCPP_HAS_THREADS": "1",
    "_LIBCPP_HAS_MONOTONIC_CLOCK": "1",
    "_LIBCPP_HAS_TERMINAL": "1",
    "_LIBCPP_HAS_MUSL_LIBC": "0",
    "_LIBCXXABI_DISABLE_VISIBILITY_ANNOTATIONS": "1",
    "_LIBCPP_DISABLE_VISIBILITY_ANNOTATIONS": "1",
    "_LIBCPP_HAS_VENDOR_AVAILABILITY_ANNOTATIONS": "0",
    "_LIBCPP_HAS_FILESYSTEM": "1",
    "_LIBCPP_HAS_RANDOM_DEVICE": "1",
    "_LIBCPP_HAS_LOCALIZATION": "1",
    "_LIBCPP_HAS_UNICODE": "1",
    "_LIBCPP_HAS_WIDE_CHARACTERS": "1",
    "_LIBCPP_HAS_NO_STD_MODULES": "1",
    "_LIBCPP_HAS_TIME_ZONE_DATABASE": "1",
    "_LIBCPP_PSTL_BACKEND_SERIAL": "1",
    "_LIBCPP_HARDENING_MODE": "_LIBCPP_HARDENING_MODE_NONE",
    "_LIBCPP_ASSERTION_SEMANTIC_DEFAULT": "_LIBCPP_ASSERTION_SEMANTIC_IGNORE",
    "__GLIBC_MINOR__": str(GLIBC_MINOR),
}
_FINISH = """
/* What GCC's crtbeginS.o does: destructors and exit handlers run when the library is unloaded.
 * C++ takes the handle's address, glibc's atexit its value. */
void *__dso_handle __attribute__((visibility("hidden"))) = &__dso_handle;
void __cxa_finalize(void *);
static void __attribute__((destructor)) finish(void) { __cxa_finalize(__dso_handle); }
"""
_BUILD_ALL = """
#include <cstdlib>
#include <iostream>
#include <stdexcept>
void bye() { std::cout << "bye"; }
int anyroc_use(int n) { std::atexit(bye); if (n) throw std::runtime_error("used"); return n; }
"""


@dataclass(frozen=True)
class HostLibrary:
    """A C++ standard library with its C library: how to compile against it and link to it.

    `include_flags` go on clang's command line, for the host and for the device alike.
    """

    name: str
    path: Path | None
    origin: str
    hint: str
    include_flags: tuple[str, ...] = ()
    gcc_dir: Path | None = None
    zig: Path | None = field(default=None, repr=False)

    def link_arguments(self) -> tuple[list[str], list[str]]:
        """Return what comes before and after the objects on the linker's command line.

        Builds the bundled library when it is not in the cache yet.
        """
        if self.gcc_dir is not None:
            triple = _debian_triple()
            places = [str(self.gcc_dir), f"/usr/lib/{triple}", f"/lib/{triple}"]
            places += ["/usr/lib64", "/lib64", "/usr/lib", "/lib"]
            search = [f"-L{place}" for place in places if Path(place).is_dir()]
            begin, end = self.gcc_dir / "crtbeginS.o", self.gcc_dir / "crtendS.o"
            return [str(begin), *search], [*_SYSTEM_LIBRARIES, str(end)]
        folder = self._built()
        system = ["--as-needed", *(str(folder / name) for name in _STUBS)]
        after = ["--start-group", *(str(folder / name) for name in _ARCHIVES), "--end-group"]
        # The system's mathematics come before those that zig's archives bring along.
        after = [*system, *after, *system]
        return [str(folder / "finish.o"), "--exclude-libs", "ALL", "--strip-debug"], after

    def _built(self) -> Path:
        assert self.zig is not None
        made_of = (GLIBC_MINOR, platform.machine(), _BUILD_ALL, _FINISH)
        with self.zig.open("rb") as program:  # enough to tell releases apart, wherever they lie
            start = program.read(_TOLD_APART)
        key = cache.key(self.zig.stat().st_size, start, *made_of)
        return cache.default().make("libcxx", key, "", self._build)

    def _build(self, folder: Path) -> None:
        """Let zig build its C++ library by linking a small program; keep what it linked with."""
        with tempfile.TemporaryDirectory(prefix="anyroc-libcxx-", dir=folder.parent) as work:
            store = Path(work, "zig")
            use, finish = Path(work, "use.cpp"), Path(work, "finish.c")
            use.write_text(_BUILD_ALL)
            finish.write_text(_FINISH)
            target = f"{platform.machine()}-linux-gnu.2.{GLIBC_MINOR}"
            flags = ["-target", target, "-O2", "-g0", "-fno-sanitize=undefined", "-fPIC"]
            zig = str(self.zig)
            folder.mkdir()
            _run_with_progress(
                [
                    [zig, "c++", *flags, "-shared", str(use), "-o", str(Path(work, "use.so"))],
                    [zig, "cc", *flags, "-c", str(finish), "-o", str(folder / "finish.o")],
                ],
                store,
            )
            for name in (*_ARCHIVES, *_STUBS):
                found = sorted(store.glob(f"o/*/{name}"))
                if not found:
                    raise ToolchainError(f"zig built no {name}", hint="reinstall ziglang")
                shutil.copyfile(found[0], folder / name)


def discover(choice: str, zig: Path | None) -> HostLibrary:
    """Return the C++ library to use: the system's, else zig's (`choice` "" means this order)."""
    if choice not in ("", "libstdc++", "libc++"):
        raise BadInput(
            f"ANYROC_CXX_LIBRARY is {choice!r}",
            hint='set it to "libstdc++" or "libc++", or unset it',
        )
    if choice != "libc++":
        gcc = _gcc_dir()
        if gcc is not None or choice == "libstdc++":
            hint = "install g++, or unset ANYROC_CXX_LIBRARY"
            return HostLibrary("libstdc++", gcc, "system", hint, (f"--gcc-install-dir={gcc}",), gcc)
    root = zig.parent / "lib" if zig is not None else None
    path = root / "libcxx" if root is not None and (root / "libcxx").is_dir() else None
    flags = _libcxx_flags(root) if root is not None else ()
    return HostLibrary("libc++", path, "ziglang", "pip install ziglang", flags, None, zig)


def _libcxx_flags(root: Path) -> tuple[str, ...]:
    machine = platform.machine()
    arch = "x86" if machine == "x86_64" else machine
    defines = [f"-D{name}={value}" for name, value in _LIBCXX_DEFINES.items()]
    places = [root / "libcxx/include", root / "libcxxabi/include"]
    c_places = [f"{arch}-linux-gnu", "generic-glibc", f"{arch}-linux-any", "any-linux-any"]
    flags = ["-nostdinc++", "-nostdlibinc", *defines]
    for place in places:
        flags += ["-cxx-isystem", str(place)]
    for name in c_places:
        flags += ["-idirafter", str(root / "libc/include" / name)]
    return tuple(flags)


def _gcc_dir() -> Path | None:
    """Return the newest GCC's folder that can serve for C++: libstdc++ to link, headers to read."""
    found: list[tuple[tuple[int, ...], Path]] = []
    for root in _GCC_ROOTS:
        for library in Path(root).glob(f"{platform.machine()}*/*/libstdc++.so"):
            folder = library.parent
            version = tuple(int(part) for part in folder.name.split(".") if part.isdigit())
            headers = Path("/usr/include/c++", folder.name)
            if version and headers.is_dir() and (folder / "crtbeginS.o").is_file():
                found.append((version, folder))
    return max(found)[1] if found else None


def _debian_triple() -> str:
    return f"{platform.machine()}-linux-gnu"


def _run_with_progress(commands: list[list[str]], store: Path) -> None:
    """Run zig with its own cache at `store`, telling on stderr how far it is."""
    start = time.monotonic()
    print("anyroc: building the C++ standard library (once, about a minute)", file=sys.stderr)
    for argv in commands:
        _run_zig(argv, store)
    end = "\r" if sys.stderr.isatty() else ""
    seconds = time.monotonic() - start
    print(f"{end}anyroc: built the C++ standard library in {seconds:.0f} s", file=sys.stderr)


def _run_zig(argv: list[str], store: Path) -> None:
    environment = os.environ | {
        "ZIG_GLOBAL_CACHE_DIR": str(store),
        "ZIG_LOCAL_CACHE_DIR": str(store),
    }
    process = subprocess.Popen(
        argv, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    live = sys.stderr.isatty()
    try:
        while True:
            try:
                _, errors = process.communicate(timeout=0.5 if live else 10)
                break
            except subprocess.TimeoutExpired:
                done = sum(1 for _ in store.glob("o/*/*.o"))
                share = min(99, 100 * done // _OBJECTS_TO_BUILD)
                text = f"anyroc: building the C++ standard library: {share} %"
                print(f"\r{text}" if live else text, end="" if live else "\n", file=sys.stderr)
                sys.stderr.flush()
    except BaseException:
        process.kill()
        process.wait()
        raise
    if process.returncode != 0:
        raise ToolchainError(
            f"zig could not build its C++ standard library:\n{errors.strip()}",
            hint="reinstall ziglang, or install g++ to use its library",
        )
