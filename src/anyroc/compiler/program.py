"""From sources to a program: device code for each GPU, host code, one shared object with both.

Every source is a unit of its own, as without relocatable device code in nvcc and hipcc: its kernels
become a code object per GPU, bundled into a fat binary that its host code registers. With
relocatable device code all units have one code object per GPU, linked from their bitcode. Host code
does not depend on the GPU and all compilations run side by side.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from anyroc import cache
from anyroc.compiler import bundle, commands, relocatable, steps
from anyroc.compiler.options import Language, Options, language_of
from anyroc.compiler.toolchain import Toolchain, discover
from anyroc.errors import BadInput, CompileError

if TYPE_CHECKING:
    from anyroc.isa.targets import Target

_DEFAULTS = Options()
_UNDEFINED = re.compile("undefined (hidden |protected )?symbol")


@dataclass(frozen=True)
class Program:
    """A compiled program.

    `shared_object` has the program's `main` and all its GPU code inside; `code_object_paths` are
    the code objects by target name, one for each source with device code; `warnings` is what the
    compiler wrote.
    """

    shared_object: Path
    code_object_paths: dict[str, tuple[Path, ...]]
    warnings: str = ""

    @property
    def code_objects(self) -> dict[str, tuple[bytes, ...]]:
        """The content of `code_object_paths`."""
        return {
            name: tuple(path.read_bytes() for path in paths)
            for name, paths in self.code_object_paths.items()
        }


def compile_program(
    sources: Sequence[Path],
    *,
    target: Target | Sequence[Target],
    options: Options = _DEFAULTS,
) -> Program:
    """Compile and link CUDA, HIP, C++ and C sources to a program for one or several GPUs.

    Raises CompileError with the compiler's output, ToolchainError naming what is missing, BadInput
    for a source that is not there or not known. What has been compiled before comes from the cache.
    """
    tools = discover().require()
    targets = [target] if not isinstance(target, Sequence) else list(target)
    languages = {source: _language(source) for source in dict.fromkeys(sources)}
    units = [source for source, language in languages.items() if language.has_device_code]
    jobs = [
        _job(host_object, tools, source, language, options)
        for source, language in languages.items()
    ]
    work = device_object if options.rdc else code_object
    jobs += [
        _job(work, tools, source, languages[source], gpu, options)
        for source in units
        for gpu in targets
    ]
    made = _all(jobs)
    host, device = made[: len(languages)], made[len(languages) :]
    if options.libraries_for:
        found_libraries = options.libraries_for({path for step in host for path in step.read})
        options = replace(options, libraries=(*options.libraries, *found_libraries))
    codes = {gpu.name: device[index :: len(targets)] for index, gpu in enumerate(targets)}
    if options.rdc and units:
        codes = {gpu.name: [_linked_units(tools, codes[gpu.name], gpu, options)] for gpu in targets}
    fat = {
        commands.unit_id(source): {name: found[index % len(found)] for name, found in codes.items()}
        for index, source in enumerate(units)
    }
    return Program(
        _linked(tools, host, fat, options),
        {name: tuple(code.path for code in found) for name, found in codes.items()},
        "".join(dict.fromkeys(step.warnings for step in host)),
    )


def compile_device(
    sources: Path | Sequence[Path], *, target: Target, options: Options = _DEFAULTS
) -> bytes:
    """Compile the device part of CUDA or HIP sources to one code object, an AMDGPU ELF file."""
    tools = discover().require()
    files = [sources] if isinstance(sources, Path) else list(sources)
    if len(files) == 1:
        return code_object(
            tools, files[0], _device_language(files[0]), target, options
        ).path.read_bytes()
    jobs = [
        _job(device_object, tools, source, _device_language(source), target, options)
        for source in files
    ]
    objects = _all(jobs)
    if options.rdc:
        return _linked_units(tools, objects, target, options).path.read_bytes()
    return _linked_device(tools, objects, target).path.read_bytes()


def _language(source: Path) -> Language:
    if not source.is_file():
        raise BadInput(f"{source}: there is no such file", hint="check the name and the folder")
    return language_of(source)


def _device_language(source: Path) -> Language:
    language = _language(source)
    return language if language.has_device_code else Language.HIP


def _job(work: Callable[..., steps.Made], *arguments: object) -> Callable[[], steps.Made]:
    return lambda: work(*arguments)


def _all(jobs: Sequence[Callable[[], steps.Made]]) -> list[steps.Made]:
    """Do the jobs, as many at once as there are cores; raise the first error in their order."""
    if len(jobs) == 1:
        return [jobs[0]()]
    cores = threading.Semaphore(max(2, os.cpu_count() or 1))
    made: dict[int, steps.Made] = {}
    errors: dict[int, BaseException] = {}

    def work(index: int) -> None:
        with cores:
            try:
                made[index] = jobs[index]()
            except BaseException as error:
                errors[index] = error

    threads = [threading.Thread(target=work, args=(index,)) for index in range(len(jobs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[min(errors)]
    return [made[index] for index in range(len(jobs))]


def host_object(tools: Toolchain, source: Path, language: Language, options: Options) -> steps.Made:
    """Compile the host part of a source."""
    flags = commands.host_flags(tools, language, options)
    if language.has_device_code:
        flags.append(f"-cuid={commands.unit_id(source)}")
    build = _compilation(flags, source, language, f"{source} does not compile", device=False)
    return steps.remembered("object", ".o", [*flags, str(source), tools.identity], build)


def code_object(
    tools: Toolchain, source: Path, language: Language, target: Target, options: Options
) -> steps.Made:
    """Compile the device part of a source and link it."""
    return _linked_device(tools, [device_object(tools, source, language, target, options)], target)


def device_object(
    tools: Toolchain, source: Path, language: Language, target: Target, options: Options
) -> steps.Made:
    """Compile the device part of a source to an object, or to bitcode if it is relocatable."""
    wave_size = chosen_wave_size(target, options)
    flags = commands.device_flags(tools, language, target, wave_size, options, bitcode=options.rdc)
    flags.append(f"-cuid={commands.unit_id(source)}")
    if not options.rdc:
        flags += commands.bitcode_flags(device_libraries(tools, target, wave_size))
    failure = f"{source} does not compile for {target.name}"
    build = _compilation(flags, source, language, failure, device=True)
    kind, suffix = ("bitcode", ".bc") if options.rdc else ("object", ".o")
    return steps.remembered(kind, suffix, [*flags, str(source), tools.identity], build)


def _compilation(
    flags: list[str], source: Path, language: Language, failure: str, *, device: bool
) -> Callable[[Path, Path], str]:
    """Return the step that compiles a source, rewritten where only nvcc accepts it as it is."""

    def build(result: Path, depfile: Path) -> str:
        files = [*commands.depfile_flags(depfile), str(source), "-o", str(result)]
        try:
            return steps.run([*flags, *files], failure)
        except CompileError as error:
            if language is not Language.CUDA:
                raise
            return _rewritten(flags, source, result, depfile, error, device=device)

    return build


def _rewritten(
    flags: list[str],
    source: Path,
    result: Path,
    depfile: Path,
    error: CompileError,
    *,
    device: bool,
) -> str:
    """Compile what failed to compile again, in clang's dialect; raise `error` if it is in it."""
    from anyroc.compiler import dialect

    with steps.workspace() as folder:
        plain, rewritten = folder / "plain.cui", folder / "rewritten.cui"
        files = [*commands.depfile_flags(depfile), str(source), "-o", str(plain)]
        steps.run([*commands.preprocess(flags), *files], error.message)
        made = dialect.rewritten(plain.read_text(errors="surrogateescape"), device=device)
        if not made.replaced and not made.refused:
            raise error
        rewritten.write_text(made.text, errors="surrogateescape")
        argv = [*commands.preprocessed(flags), str(rewritten), "-o", str(result)]
        try:
            return steps.run(argv, error.message)
        except CompileError as again:
            output = "".join(f"{line}\n" for line in made.refused) or again.output
            raise CompileError(error.message, output=output) from None


def _linked_device(tools: Toolchain, objects: list[steps.Made], target: Target) -> steps.Made:
    key = cache.key("link", tools.identity, *(made.key for made in objects))

    def build(result: Path) -> None:
        argv = commands.link_device(tools, [made.path for made in objects], result)
        failure = f"the device code does not link for {target.name}"
        try:
            steps.run(argv, failure)
        except CompileError as error:
            hint = None
            if _UNDEFINED.search(error.output):
                hint = "if another source defines it, link device code across sources with --rdc"
            raise CompileError(failure, output=error.output, hint=hint) from None

    path = cache.default().make("codeobject", key, ".co", build)
    return steps.Made(path, key, "".join(made.warnings for made in objects))


def _linked_units(
    tools: Toolchain, units: list[steps.Made], target: Target, options: Options
) -> steps.Made:
    """Link the bitcode of relocatable units to one code object."""
    libraries = device_libraries(tools, target, chosen_wave_size(target, options))
    return relocatable.linked(tools, units, target, libraries)


def chosen_wave_size(target: Target, options: Options) -> int:
    """Return the lanes of a wave; raises BadInput where the target has no such waves."""
    size = options.wave_size or target.default_wave_size
    if size not in target.wave_sizes:
        known = " or ".join(map(str, target.wave_sizes))
        raise BadInput(
            f"{target.name} has no waves of {size} lanes", hint=f"it has waves of {known} lanes"
        )
    return size


def device_libraries(tools: Toolchain, target: Target, wave_size: int) -> list[Path]:
    """Return the bitcode libraries of device code with the constants that configure them."""
    text = commands.control_constants(target.name, wave_size)

    def build(result: Path) -> None:
        with steps.workspace() as folder:
            source = folder / "constants.ll"
            source.write_text(text)
            argv = commands.assemble_constants(tools, source, result)
            steps.run(argv, "the device library constants do not assemble")

    constants = cache.default().make("oclc", cache.key(text, tools.identity), ".bc", build)
    return [*tools.device_libraries, constants]


def _linked(
    tools: Toolchain,
    host: list[steps.Made],
    fat: dict[str, dict[str, steps.Made]],
    options: Options,
) -> Path:
    units = [f"{unit}:{name}:{made.key}" for unit, by in fat.items() for name, made in by.items()]
    libraries = [
        f"{path}:{(s := path.stat()).st_size}:{s.st_mtime_ns}" for path in options.libraries
    ]
    key = cache.key(
        "program",
        tools.identity,
        *(made.key for made in host),
        *units,
        *libraries,
        f"rdc={options.rdc}",
        *commands.link_host(tools, [], options, Path("program.so")),
    )

    def build(result: Path) -> None:
        with steps.workspace() as folder:
            objects = [made.path for made in host]
            if fat:
                objects.append(_embedded(tools, fat, folder, rdc=options.rdc))
            argv = commands.link_host(tools, objects, options, result)
            steps.run(argv, "the program does not link")

    return cache.default().make("program", key, ".so", build)


def _embedded(
    tools: Toolchain, fat: dict[str, dict[str, steps.Made]], folder: Path, *, rdc: bool
) -> Path:
    """Make an object that holds every unit's fat binary, or the one that all units have."""
    files: dict[str, Path] = {}
    for unit, by_target in list(fat.items())[: 1 if rdc else None]:
        files[unit] = folder / f"{unit}.hipfb"
        codes = {name: made.path.read_bytes() for name, made in by_target.items()}
        files[unit].write_bytes(bundle.write(codes))
    source, result = folder / "embed.s", folder / "embed.o"
    others = [unit for unit in fat if unit not in files]
    text = commands.embed_assembly(files, others)
    source.write_text(text + commands.handles_assembly(list(fat)) if rdc else text)
    steps.run(commands.assemble(tools, source, result), "the fat binaries do not assemble")
    return result
