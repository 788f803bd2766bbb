"""What a command line of hipcc or clang asks for: objects, executables, libraries, code objects.

Sources of C++ are HIP, as for AMD's hipcc, each with code for every GPU that is named. An object
has its fat binary inside. With relocatable device code (-fgpu-rdc) it has the unit's bitcode
instead, from which the code objects are made when the host's objects are linked.
"""

from __future__ import annotations

import itertools
import os
import platform
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from anyroc.compiler import bundle, commands, program, relocatable, steps
from anyroc.compiler.options import Language, Options
from anyroc.compiler.toolchain import Toolchain, discover
from anyroc.errors import BadInput
from anyroc.isa import targets

if TYPE_CHECKING:
    from anyroc.isa.targets import Target

RELOCATABLE = ".anyroc.rdc"
"""The section of an object that has a unit's id (16 bytes) and a bundle of its bitcode."""

_ID_SIZE = 16
_CXX = {".cpp", ".cc", ".cxx", ".c++", ".C"}
_DEFAULTS = {".hip": Language.HIP, ".cu": Language.HIP, ".c": Language.C}
_LANGUAGES = {"hip": Language.HIP, "cuda": Language.HIP, "c++": Language.CXX, "c": Language.C}
_TWO_WORDS = {
    *("-I", "-D", "-U", "-L", "-l", "-isystem", "-iquote", "-idirafter", "-include", "-imacros"),
    *("-Xclang", "-Xpreprocessor", "-mllvm", "-Xarch_device", "-Xarch_host", "-Xoffload-linker"),
    *("-Xassembler", "-MF", "-MT", "-MQ", "--param"),
}
_LINKER = ("-l", "-L", "-Wl,", "-rdynamic", "-static-lib", "-pthread", "-s", "-no-pie", "-pie")
_DEPENDENCIES = ("-MD", "-MMD", "-MP", "-MF", "-MT", "-MQ")
_DROPPED = (
    "--rocm-path", "--hip-path", "--hip-device-lib-path", "--cuda-path", "--hip-version",
    "-parallel-jobs", "-save-temps", "--save-temps", "--hip-link", "-fuse-ld", "--gcc-toolchain",
    "-no-hip-rt", "-nogpulib", "--offload-new-driver", "--no-offload-new-driver",
    "-fno-gpu-rdc", "--offload-compress", "--no-offload-compress", "-foffload-lto", "-flto",
    "--rtlib", "-unwindlib", "-fopenmp",  # whose directives mean one thread: see omp.h
)  # fmt: skip
_TARGETS = ("--offload-arch=", "--amdgpu-target=", "--cuda-gpu-arch=")
_TEXTS = {("-S",): "-S", ("-S", "-emit-llvm"): "-emit-llvm", ("-emit-llvm",): "-emit-llvm-bc"}
"""What cc1 is told, by what asks for assembly, LLVM IR or bitcode of the device code."""

_WAVES = {"-mwavefrontsize64": 64, "-mno-wavefrontsize64": 32}
_LOADER = {"x86_64": "/lib64/ld-linux-x86-64.so.2", "aarch64": "/lib/ld-linux-aarch64.so.1"}

FindLibrary = Callable[[str], Path | None]
"""Returns the library that takes the place of one of ROCm's, by its name behind -l."""


@dataclass
class Command:
    """A command line, taken apart."""

    inputs: list[tuple[Path, Language | None]] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)
    linking: list[str] = field(default_factory=list)
    dependencies: list[str] = field(default_factory=list)
    targets: list[str] = field(default_factory=list)
    output: Path | None = None
    wave_size: int | None = None
    compile_only: bool = False
    device_only: bool = False
    shared: bool = False
    rdc: bool = False

    @property
    def options(self) -> Options:
        return Options(extra=tuple(self.flags), wave_size=self.wave_size, rdc=self.rdc)

    @property
    def gpus(self) -> list[Target]:
        """The GPUs that are named, or else the one that programs see by default.

        Of several those that are not known here are left out.
        """
        named = list(dict.fromkeys(self.targets or [os.environ.get("ANYROC_TARGET", "gfx942")]))
        known = [name for name in named if name in targets.TARGETS]
        return [targets.target(name) for name in known or named]


def parse(arguments: Sequence[str], cxx: Language = Language.HIP) -> Command:
    """Take a command line apart; what is not known goes to clang. `cxx` is what C++ sources are."""
    found = Command()
    language: Language | None = None
    words = iter(arguments)
    for word in words:
        value = next(words, "") if word in _TWO_WORDS or word in ("-o", "-x", "-Xlinker") else ""
        if word == "-o":
            found.output = Path(value)
        elif word == "-x":
            language = _LANGUAGES.get(value)
        elif word == "-Xlinker":
            found.linking.append(value)
        elif word.startswith(_TARGETS):
            names = word.partition("=")[2].split(",")
            found.targets += [name.partition(":")[0] for name in names if name != "native"]
        elif word in _WAVES:
            found.wave_size = _WAVES[word]
        elif word == "-c":
            found.compile_only = True
        elif word in ("--genco", "--cuda-device-only", "--offload-device-only"):
            found.device_only = True
        elif word in ("-shared", "--shared"):
            found.shared = True
        elif word in ("-fgpu-rdc", "-dc", "--relocatable-device-code=true"):
            found.rdc = True
            found.compile_only = found.compile_only or word == "-dc"
        elif word.startswith(_DEPENDENCIES):
            found.dependencies += [word, *([value] if word in _TWO_WORDS else [])]
        elif word.startswith(_DROPPED):
            pass
        elif word.startswith(_LINKER) and not word.startswith(("-std", "-save")):
            found.linking += _for_linker(word + value if word in _TWO_WORDS else word)
        elif word.startswith("-") and word != "-":
            found.flags += [word, *([value] if word in _TWO_WORDS else [])]
        else:
            found.inputs.append((Path(word), _kind(Path(word), language, cxx)))
    return found


def _for_linker(word: str) -> list[str]:
    """Return what a driver's option says to the linker."""
    if word.startswith("-Wl,"):
        return word.split(",")[1:]
    if word == "-rdynamic":
        return ["--export-dynamic"]
    return [word] if word.startswith(("-l", "-L", "-s")) and not word.startswith("-stat") else []


def _kind(path: Path, language: Language | None, cxx: Language) -> Language | None:
    """Return the language of an input, None for what is only linked."""
    if path.suffix in _DEFAULTS:
        return language or _DEFAULTS[path.suffix]
    return language or cxx if path.suffix in _CXX else None


def run(command: Command, library: FindLibrary) -> None:
    """Do what a command line asks for; raises CompileError or BadInput."""
    if not command.inputs:
        raise BadInput("hipcc: no input files")
    for path, _ in command.inputs:
        if not path.is_file():
            raise BadInput(f"hipcc: no such file: {path}")
    unknown = set(command.targets) - set(targets.TARGETS)
    if unknown and unknown != set(command.targets):
        _say(f"hipcc: no code for {', '.join(sorted(unknown))}, which anyroc does not know\n")
    tools = discover().require()
    if command.device_only:
        _device_only(tools, command)
        return
    if command.compile_only:
        sources = [(path, language) for path, language in command.inputs if language]
        if command.output and len(sources) > 1:
            raise BadInput("hipcc: cannot specify -o with -c and several sources")
        for path, language in sources:
            _compile(tools, command, path, language, command.output or Path(f"{path.stem}.o"))
        return
    with steps.workspace() as folder:
        objects: list[Path] = []
        for number, (path, kind) in enumerate(command.inputs):
            objects.append(path)
            if kind is not None:
                objects[-1] = folder / f"{number}.o"
                _compile(tools, command, path, kind, objects[-1])
        _link(tools, command, objects, library, folder)


def _device_only(tools: Toolchain, command: Command) -> None:
    """Make a code object, a bundle of several, or a text of one GPU's device code."""
    sources, gpus = [path for path, _ in command.inputs], command.gpus
    asked = tuple(flag for flag in ("-S", "-emit-llvm") if flag in command.flags)
    command.flags = [flag for flag in command.flags if flag not in asked]
    if asked:
        _text(tools, command, sources[0], gpus[0], _TEXTS[asked])
        return
    codes = {
        gpu.name: program.compile_device(sources, target=gpu, options=command.options)
        for gpu in gpus
    }
    output = command.output or Path("a.out")
    one = len(codes) == 1
    output.write_bytes(next(iter(codes.values())) if one else bundle.write(codes))


def _text(tools: Toolchain, command: Command, source: Path, gpu: Target, action: str) -> None:
    wave = program.chosen_wave_size(gpu, command.options)
    flags = commands.device_flags(tools, Language.HIP, gpu, wave, command.options)
    flags = [action if flag == "-emit-obj" else flag for flag in flags]
    flags += commands.bitcode_flags(program.device_libraries(tools, gpu, wave))
    suffix = {"-S": ".s", "-emit-llvm": ".ll"}.get(action, ".bc")
    output = command.output or Path(f"{source.stem}{suffix}")
    failure = f"{source} does not compile for {gpu.name}"
    _say(steps.run([*flags, str(source), "-o", str(output)], failure))


def _compile(
    tools: Toolchain, command: Command, source: Path, language: Language, output: Path
) -> None:
    """Make an object of a source, with the source's device code inside."""
    options = command.options
    made = program.host_object(tools, source, language, options)
    _say(made.warnings)
    parts = [made.path]
    with steps.workspace() as folder:
        if language.has_device_code:
            work = program.device_object if options.rdc else program.code_object
            codes = {
                gpu.name: work(tools, source, language, gpu, options).path.read_bytes()
                for gpu in command.gpus
            }
            parts.append(_embedded(tools, source, codes, folder, rdc=options.rdc))
        if len(parts) == 1:
            shutil.copyfile(parts[0], output)
        else:
            argv = [*tools.linker, "-r", *map(str, parts), "-o", str(output)]
            steps.run(argv, f"the parts of {source} do not go together")
    _write_dependencies(command, source, made.read, output)


def _embedded(
    tools: Toolchain, source: Path, codes: dict[str, bytes], folder: Path, *, rdc: bool
) -> Path:
    unit = commands.unit_id(source)
    bundled, text, made = (folder / f"device{suffix}" for suffix in (".hipfb", ".s", ".o"))
    bundled.write_bytes(bundle.write(codes))
    text.write_text(
        f'.section {RELOCATABLE},"",@progbits\n.ascii "{unit}"\n.incbin "{bundled}"\n'
        '.section .note.GNU-stack,"",@progbits\n'
        if rdc
        else commands.embed_assembly({unit: bundled})
    )
    steps.run(commands.assemble(tools, text, made), "the device code does not assemble")
    return made


def _write_dependencies(command: Command, source: Path, read: Iterable[str], output: Path) -> None:
    """Write the makefile rule that -MD and -MMD ask for."""
    words = command.dependencies
    if not {"-MD", "-MMD"} & set(words):
        return
    values = dict(itertools.pairwise(words))
    place = Path(values.get("-MF") or output.with_suffix(".d"))
    name = values.get("-MT") or values.get("-MQ") or str(output)
    system = (str(Path(__file__).parent), str(discover().resource_dir), "/usr/include", "/usr/lib")
    files = [path for path in read if "-MD" in words or not path.startswith(system)]
    files = [path for path in dict.fromkeys(files) if Path(path) != source.absolute()]
    files = [path.replace(" ", "\\ ") for path in [str(source), *files]]
    rule = f"{name}: " + " \\\n  ".join(files) + "\n"
    if "-MP" in words:
        rule += "".join(f"{path}:\n" for path in files[1:])
    place.write_text(rule)


# ---- linking ----


def _link(
    tools: Toolchain, command: Command, objects: list[Path], library: FindLibrary, folder: Path
) -> None:
    relocatables = list(_relocatables([*objects, *_archives(command.linking)]))
    if relocatables:
        objects = [*objects, _linked_device(tools, command, relocatables, folder)]
    libraries = [_library(word, library) for word in command.linking]
    after = ["--as-needed", str(library("amdhip64"))]
    output = command.output or Path("a.out")
    begin, end = _around(tools, shared=command.shared)
    kind = ["-shared"] if command.shared else ["-pie", "--dynamic-linker", _loader()]
    argv = [
        *(*tools.linker, *kind, "--eh-frame-hdr", "-z", "now", *begin),
        *(*map(str, objects), *libraries, *after, *end, "-o", str(output)),
    ]
    steps.run(argv, f"{output} does not link")
    output.chmod(0o755)


def _library(word: str, library: FindLibrary) -> str:
    found = library(word[2:]) if word.startswith("-l") else None
    return word if found is None else str(found)


def _loader() -> str:
    return _LOADER[platform.machine()]


def _around(tools: Toolchain, *, shared: bool) -> tuple[list[str], list[str]]:
    """Return what comes before and after all else on the linker's command line."""
    before, after = tools.host.link_arguments()
    if shared:
        return before, after
    places = [Path(word[2:]) for word in before if word.startswith("-L")]
    starts = {
        name: next((place / name for place in places if (place / name).is_file()), None)
        for name in ("Scrt1.o", "crti.o", "crtn.o")
    }
    if None in starts.values():
        raise BadInput(
            "hipcc makes executables only where g++ is installed",
            hint="install g++, link a shared library (-shared), or see `anyroc build`",
        )
    return (
        [str(starts["Scrt1.o"]), str(starts["crti.o"]), *before],
        [*after, str(starts["crtn.o"])],
    )


def _archives(linking: Sequence[str]) -> Iterator[Path]:
    """Yield the archives that -l means."""
    folders = [Path(word[2:]) for word in linking if word.startswith("-L")]
    for name in (word[2:] for word in linking if word.startswith("-l")):
        found = (place / f"lib{name}.a" for place in folders)
        yield from (path for path in found if path.is_file())


def _relocatables(objects: list[Path]) -> Iterator[tuple[str, bytes]]:
    """Yield ids and bundles of the units of relocatable device code in objects and archives."""
    for path in objects:
        data = path.read_bytes()
        for member in _members(data) if data.startswith(b"!<arch>\n") else [data]:
            if member.startswith(bundle.ELF_MAGIC):
                section = bundle.host_section(member, RELOCATABLE)
                if section is not None:
                    yield section[:_ID_SIZE].decode(), section[_ID_SIZE:]


def _members(archive: bytes) -> Iterator[bytes]:
    place = 8
    while place + 60 <= len(archive):
        size = int(archive[place + 48 : place + 58])
        yield archive[place + 60 : place + 60 + size]
        place += 60 + size + size % 2


def _linked_device(
    tools: Toolchain, command: Command, units: list[tuple[str, bytes]], folder: Path
) -> Path:
    """Link units of bitcode, and make the object through which their host code finds the result."""
    named = dict(units)
    names = {image.target_name for image in bundle.images(units[0][1]) if image.is_device}
    codes = {}
    for name in sorted(names):
        gpu = targets.target(name)
        made = []
        for unit, data in named.items():
            path = folder / f"{unit}.{name}.bc"
            path.write_bytes(bundle.select(bundle.images(data), name))
            made.append(steps.Made(path, f"{unit}:{steps.content_hash(path)}"))
        wave = program.chosen_wave_size(gpu, command.options)
        libraries = program.device_libraries(tools, gpu, wave)
        codes[name] = relocatable.linked(tools, made, gpu, libraries).path.read_bytes()
    bundled, text, output = (folder / f"linked{suffix}" for suffix in (".hipfb", ".s", ".dev.o"))
    bundled.write_bytes(bundle.write(codes))
    first, *others = named
    assembly = commands.embed_assembly({first: bundled}, others)
    text.write_text(assembly + commands.handles_assembly(list(named)))
    steps.run(commands.assemble(tools, text, output), "the device code does not assemble")
    return output


def _say(warnings: str) -> None:
    if warnings:
        os.write(2, warnings.encode())
