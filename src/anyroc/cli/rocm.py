"""A folder that is laid out as ROCm's installation is, for builds and programs that look for one.

It has the compiler's commands (`bin`, `llvm/bin`), the headers (`include`), the libraries under all
their names (`lib`), and packages by which CMake finds them (`lib/cmake`).
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

from anyroc import cache
from anyroc.cabi import library
from anyroc.compiler.toolchain import HEADERS
from anyroc.hip.device import HIP_VERSION

COMMANDS = (
    *("bin/hipcc", "bin/hipconfig", "bin/rocm_agent_enumerator", "bin/rocminfo"),
    *("llvm/bin/clang", "llvm/bin/clang++", "llvm/bin/amdgpu-arch", "llvm/bin/offload-arch"),
)

_TARGETS = {"hipfft": "hip::hipfft", "hiprand": "hip::hiprand", "hiprtc": "hiprtc::hiprtc"}
_HEADERS_ONLY = {"hipcub": "hip::hipcub", "rocthrust": "roc::rocthrust"}
_SHARED = """\
add_library({target} SHARED IMPORTED)
set_target_properties({target} PROPERTIES
  IMPORTED_LOCATION "${{ROOT}}/lib/lib{library}.so"
  INTERFACE_INCLUDE_DIRECTORIES "${{ROOT}}/include"
  INTERFACE_COMPILE_DEFINITIONS "__HIP_PLATFORM_AMD__=1")
"""
_INTERFACE = """\
add_library({target} INTERFACE IMPORTED)
set_target_properties({target} PROPERTIES
  INTERFACE_INCLUDE_DIRECTORIES "${{ROOT}}/include"
  INTERFACE_LINK_LIBRARIES "{links}")
"""
_PACKAGE = """\
get_filename_component(ROOT "${{CMAKE_CURRENT_LIST_DIR}}/../../.." REALPATH)
set({name}_INCLUDE_DIR "${{ROOT}}/include")
set({name}_INCLUDE_DIRS "${{ROOT}}/include")
set({name}_LIBRARIES {target})
{more}if(NOT TARGET {target})
{targets}endif()
unset(ROOT)
"""
_HIP = """\
set(HIP_PLATFORM amd)
set(HIP_COMPILER clang)
set(HIP_RUNTIME rocclr)
set(HIP_INCLUDE_DIRS "${ROOT}/include")
set(HIP_LIBRARIES hip::host)
set(hip_LIB_INSTALL_DIR "${ROOT}/lib")
set(hip_BIN_INSTALL_DIR "${ROOT}/bin")
set(HIP_HIPCC_EXECUTABLE "${ROOT}/bin/hipcc")
set(HIP_HIPCONFIG_EXECUTABLE "${ROOT}/bin/hipconfig")
"""
_DEVICE_OPTIONS = """\
set(_flags "$<$<COMPILE_LANGUAGE:CXX>:SHELL:-x hip>")
foreach(_gpu IN LISTS GPU_TARGETS)
  list(APPEND _flags "$<$<COMPILE_LANGUAGE:CXX>:--offload-arch=${_gpu}>")
endforeach()
set_target_properties(hip::device PROPERTIES INTERFACE_COMPILE_OPTIONS "${_flags}")
unset(_flags)
"""
_LANGUAGE = "set(_CMAKE_HIP_DEVICE_RUNTIME_TARGET hip-lang::device)\n"
_VERSION = """\
set(PACKAGE_VERSION {version})
if(PACKAGE_FIND_VERSION VERSION_LESS_EQUAL PACKAGE_VERSION)
  set(PACKAGE_VERSION_COMPATIBLE TRUE)
endif()
if(PACKAGE_FIND_VERSION VERSION_EQUAL PACKAGE_VERSION)
  set(PACKAGE_VERSION_EXACT TRUE)
endif()
"""


def version() -> str:
    """Return HIP's version."""
    major, rest = divmod(HIP_VERSION, 10_000_000)
    minor, patch = divmod(rest, 100_000)
    return f"{major}.{minor}.{patch}"


def root(libraries: Mapping[str, Path] | None = None) -> Path:
    """Return the folder; `libraries` are those of `library.names()`, which are built if need be."""
    if libraries is None:
        libraries = {name: library.library(name) for name in library.names()}
    script, packages = _script(), _packages(libraries)
    places = sorted({path.parent for path in libraries.values()})

    def build(made: Path) -> None:
        for name in ("bin", "lib", "llvm/bin"):
            (made / name).mkdir(parents=True)
        for name in COMMANDS:
            (made / name).write_text(script)
            (made / name).chmod(0o755)
        (made / "include").symlink_to(HEADERS)
        for place in places:
            for file in sorted(place.glob("lib*.so*")):
                (made / "lib" / file.name).symlink_to(file)
        for name, text in packages.items():
            file = made / "lib" / "cmake" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)

    key = cache.key(script, repr(packages), *map(str, places), str(HEADERS), *COMMANDS)
    return cache.default().make("rocm", key, "", build)


def _script() -> str:
    package = Path(__file__).parents[2]
    lines = [
        "#!/bin/sh",
        f"PYTHONPATH={shlex.quote(str(package))}${{PYTHONPATH:+:$PYTHONPATH}} \\",
        f'    exec {shlex.quote(sys.executable)} -m anyroc.cli.hipcc "$0" "$@"',
    ]
    return "\n".join(lines) + "\n"


def _packages(libraries: Mapping[str, Path]) -> dict[str, str]:
    """Return the texts of CMake's packages by their files."""
    texts = {"hip": _hip(), "hip-lang": _hip_language()}
    for name in libraries:
        if name != "hip":
            target = _TARGETS.get(name, f"roc::{name}")
            shared = _SHARED.format(target=target, library=name)
            texts[name] = _package(name, target, shared)
    for name, target in _HEADERS_ONLY.items():
        interface = _INTERFACE.format(target=target, links="")
        texts[name] = _package(name, target, interface)
    files = {f"{name}/{name}-config.cmake": text for name, text in texts.items()}
    told = _VERSION.format(version=version())
    return files | {f"{name}/{name}-config-version.cmake": told for name in texts}


def _package(name: str, target: str, targets: str, more: str = "") -> str:
    return _PACKAGE.format(name=name, target=target, targets=targets, more=more)


def _hip() -> str:
    targets = _SHARED.format(target="hip::amdhip64", library="amdhip64")
    targets += _INTERFACE.format(target="hip::host", links="hip::amdhip64")
    targets += _INTERFACE.format(target="hip::device", links="hip::host") + _DEVICE_OPTIONS
    return _package("hip", "hip::host", targets, _HIP)


def _hip_language() -> str:
    targets = _SHARED.format(target="hip-lang::amdhip64", library="amdhip64")
    targets += _INTERFACE.format(target="hip-lang::host", links="hip-lang::amdhip64")
    targets += _INTERFACE.format(target="hip-lang::device", links="hip-lang::host")
    return _package("hip-lang", "hip-lang::host", targets, _LANGUAGE)
