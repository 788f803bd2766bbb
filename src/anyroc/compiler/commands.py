"""The command lines: what clang and lld are told, for the device and for the host."""

from __future__ import annotations

import hashlib
import platform
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from anyroc.compiler.options import Language, Options
from anyroc.compiler.toolchain import HEADERS, Toolchain

if TYPE_CHECKING:
    from anyroc.isa.targets import Target

CODE_OBJECT_VERSION = 5

_PRELUDES = {Language.CUDA: "anyroc/prelude_cuda.h", Language.HIP: "anyroc/prelude_hip.h"}
_QUIET = (
    "-Qunused-arguments",
    "-Wno-unused-command-line-argument",
    "-Wno-register",
    "-Wno-deprecated-declarations",
    "-Wno-unused-value",
    "-Wno-unused-result",
    "-Wno-switch",
)
_DEVICE_OBJECT = "-emit-obj"
_TARGET_NAME = re.compile(r"gfx(\d{1,2})([0-9a-f])([0-9a-f])")


def isa_version(target_name: str) -> int:
    """Return the device libraries' number of a target: gfx942 is 9402, gfx90a is 9010."""
    found = _TARGET_NAME.fullmatch(target_name)
    if found is None:
        raise ValueError(f"{target_name!r} is no gfx name")
    major, minor, stepping = int(found[1]), int(found[2], 16), int(found[3], 16)
    return 1000 * major + 100 * minor + stepping


def unit_id(source: Path) -> str:
    """Return the id that ties the host and the device part of a source together."""
    return hashlib.sha256(str(source.absolute()).encode()).hexdigest()[:16]


def fat_binary_symbol(unit: str) -> str:
    """Return the symbol by which clang's host code refers to the fat binary of a unit."""
    return f"__hip_fatbin_{_unit_hash(unit)}"


def _unit_hash(unit: str) -> str:
    digest = hashlib.md5(unit.encode(), usedforsecurity=False).digest()
    return f"{int.from_bytes(digest[:8], 'little'):x}"


def control_constants(target_name: str, wave_size: int) -> str:
    """Return LLVM IR that defines the constants by which the device libraries are configured."""
    values = {
        "ISA_version": ("i32", isa_version(target_name), 4),
        "ABI_version": ("i32", 100 * CODE_OBJECT_VERSION, 4),
        "wavefrontsize_log2": ("i32", wave_size.bit_length() - 1, 4),
        "wavefrontsize64": ("i8", int(wave_size == 64), 1),
        "finite_only_opt": ("i8", 0, 1),
        "unsafe_math_opt": ("i8", 0, 1),
        "daz_opt": ("i8", 0, 1),
        "correctly_rounded_sqrt32": ("i8", 1, 1),
    }
    lines = ['target triple = "amdgcn-amd-amdhsa"']
    lines += [
        f"@__oclc_{name} = linkonce_odr hidden addrspace(4) constant {kind} {value}, align {align}"
        for name, (kind, value, align) in values.items()
    ]
    return "\n".join(lines) + "\n"


def assemble_constants(tools: Toolchain, source: Path, output: Path) -> list[str]:
    """Return the command that turns `control_constants` into bitcode."""
    device = ["-target", "amdgcn-amd-amdhsa", "-nogpulib"]
    return [*tools.clang, *device, "-x", "ir", "-c", "-emit-llvm", str(source), "-o", str(output)]


def device_flags(
    tools: Toolchain,
    language: Language,
    target: Target,
    wave_size: int,
    options: Options,
    *,
    bitcode: bool = False,
) -> list[str]:
    """Return clang's command line, up to the files, that makes a device object of a source.

    With `bitcode` it makes LLVM bitcode that may refer to what other modules define.
    """
    flags = [
        *_common(tools, language, options),
        "--cuda-device-only",
        f"--offload-arch={target.name}",
        f"-mcode-object-version={CODE_OBJECT_VERSION}",
        "-mprintf-kind=buffered",
        f"-DANYROC_WAVE_SIZE={wave_size}",
    ]
    if len(target.wave_sizes) > 1:
        flags.append("-mwavefrontsize64" if wave_size == 64 else "-mno-wavefrontsize64")
    if bitcode:
        return [*flags, "-fgpu-rdc", "-c", "-emit-llvm"]
    # The driver cannot stop after the device object; the last action named to cc1 wins.
    return [*flags, "-c", "-emit-llvm", "-Xclang", _DEVICE_OBJECT]


def preprocess(flags: list[str]) -> list[str]:
    """Turn the command line of `device_flags` or `host_flags` into one that preprocesses only.

    The source gets what inline PTX needs besides its own text.
    """
    more = ["-include", "anyroc/ptx.h"]
    if _DEVICE_OBJECT in flags:
        return [*("-E" if flag == _DEVICE_OBJECT else flag for flag in flags), *more]
    return [*flags, *more, "-E"]


def preprocessed(flags: list[str]) -> list[str]:
    """Turn the command line of `device_flags` or `host_flags` into one for preprocessed source."""
    rest = iter(flags)
    return [flag for flag in rest if flag != "-include" or not next(rest)]


def host_flags(tools: Toolchain, language: Language, options: Options) -> list[str]:
    """Return clang's command line, up to the files, that makes a host object of a source."""
    flags = [*_common(tools, language, options), "-fPIC", "-c"]
    if language.has_device_code:
        flags += ["--cuda-host-only", "-fhip-new-launch-api"]
        flags += ["-fgpu-rdc"] if options.rdc else []
    if language is Language.CUDA:
        # Programs that were only ever built by nvcc and gcc check products that overflow (`i * i`).
        flags.insert(len(tools.clang), "-fwrapv")
    return flags


def compile_bitcode(
    tools: Toolchain, target: Target, first: Path, others: list[Path], output: Path
) -> list[str]:
    """Return the command that makes one device object of several bitcode modules."""
    device = ["-target", "amdgcn-amd-amdhsa", f"-mcpu={target.name}", "-nogpulib", "-O3"]
    linked = [word for file in others for word in _linked_bitcode("-mlink-bitcode-file", file)]
    return [*tools.clang, *device, "-x", "ir", *linked, "-c", str(first), "-o", str(output)]


def print_bitcode(tools: Toolchain, source: Path, output: Path) -> list[str]:
    """Return the command that writes bitcode as the text of LLVM IR."""
    device = ["-target", "amdgcn-amd-amdhsa", "-nogpulib", "-O0", "-Xclang", "-disable-llvm-passes"]
    return [*tools.clang, *device, "-x", "ir", "-S", "-emit-llvm", str(source), "-o", str(output)]


def _linked_bitcode(flag: str, file: Path) -> list[str]:
    return ["-Xclang", flag, "-Xclang", str(file)]


def bitcode_flags(files: list[Path]) -> list[str]:
    """Return the flags that link bitcode libraries into a device object, first things first."""
    return [word for file in files for word in _linked_bitcode("-mlink-builtin-bitcode", file)]


def depfile_flags(depfile: Path) -> list[str]:
    """Return the flags that list every file read, system headers too."""
    listed = ["-dependency-file", str(depfile), "-MT", "result", "-sys-header-deps"]
    return [word for flag in listed for word in ("-Xclang", flag)]


def link_device(tools: Toolchain, objects: list[Path], output: Path) -> list[str]:
    """Return the command that links device objects to a code object."""
    files = [str(path) for path in objects]
    return [*tools.linker, "-shared", "--no-undefined", *files, "-o", str(output)]


def link_host(tools: Toolchain, objects: list[Path], options: Options, output: Path) -> list[str]:
    """Return the command that links host objects to a shared object that keeps its own `main`.

    Its own definitions bind first, as in an executable, whatever the process it is loaded into has.
    """
    before, after = tools.host.link_arguments()
    libraries = [str(path) for path in options.libraries]
    strict = ["--no-undefined"] if libraries else []
    return [
        *tools.linker,
        *("-shared", "-Bsymbolic", "--eh-frame-hdr", "-z", "now", *strict, *before),
        *(str(path) for path in objects),
        *("--as-needed", *libraries, *options.link_flags, "--no-as-needed", *after),
        *("-o", str(output)),
    ]


def embed_assembly(fat_binaries: dict[str, Path], sharing: Sequence[str] = ()) -> str:
    """Return assembly that puts each unit's fat binary where its host code looks for it.

    The units in `sharing` have the last fat binary too.
    """
    lines = ['.section .hip_fatbin,"a",@progbits']
    for unit, path in fat_binaries.items():
        lines += [".p2align 12", *_label(fat_binary_symbol(unit))]
        if unit == list(fat_binaries)[-1]:
            lines += [line for other in sharing for line in _label(fat_binary_symbol(other))]
        lines.append(f'.incbin "{path}"')
    return "\n".join([*lines, '.section .note.GNU-stack,"",@progbits']) + "\n"


def handles_assembly(units: Sequence[str]) -> str:
    """Return assembly with the variable in which each relocatable unit keeps a handle."""
    lines = [".bss", ".p2align 3"]
    for unit in units:
        lines += [*_label(f"__hip_gpubin_handle_{_unit_hash(unit)}"), ".quad 0"]
    return "\n".join(lines) + "\n"


def _label(symbol: str) -> list[str]:
    return [f".globl {symbol}", f".hidden {symbol}", f"{symbol}:"]


def assemble(tools: Toolchain, source: Path, output: Path) -> list[str]:
    """Return the command that assembles host assembly."""
    return [*tools.clang, "-target", host_triple(), "-c", str(source), "-o", str(output)]


def host_triple() -> str:
    """Return clang's name of this machine."""
    return f"{platform.machine()}-unknown-linux-gnu"


def _common(tools: Toolchain, language: Language, options: Options) -> list[str]:
    clang_headers = tools.resource_dir / "include"
    flags = [*tools.clang, "-target", host_triple(), "-resource-dir", str(tools.resource_dir)]
    if language.has_device_code:
        flags += ["-x", "hip", "-nogpulib", "-nogpuinc"]
        flags += ["-include", _PRELUDES[language]]
    else:
        flags += ["-x", language.value]
    if language is not Language.C:
        flags.append(f"-std={options.std}")
    flags += [f"-O{options.opt_level}", *_QUIET]
    flags += [f"-D{define}" for define in options.defines]
    flags += [f"-I{folder}" for folder in options.include_dirs]
    flags += ["-D__HIP_PLATFORM_AMD__=1", "-isystem", str(HEADERS)]
    if language.has_device_code:
        flags += ["-isystem", str(clang_headers / "cuda_wrappers")]
    return [*flags, *tools.host.include_flags, *options.extra]
