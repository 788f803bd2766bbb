"""Compiling text that a running program hands over: what hipRTC is made of.

Text, its name and the headers that come with it lie in the cache under a name made from their
content, so that a text compiled before is found again like any other source.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from anyroc import cache
from anyroc.compiler import bundle, commands, program, steps
from anyroc.compiler.options import Language, Options
from anyroc.compiler.toolchain import discover
from anyroc.errors import BadInput, CompileError

if TYPE_CHECKING:
    from anyroc.isa.targets import Target

_SOURCE, _HEADERS = "source.hip", "headers"


@dataclass(frozen=True)
class Text:
    """A program in memory: its text, its name in messages, its headers by the names they have."""

    source: str
    name: str = "source.hip"
    headers: Mapping[str, str] = field(default_factory=dict)

    def place(self) -> tuple[Path, Path]:
        """Return a file with the text and the folder of its headers."""
        pairs = [part for item in sorted(self.headers.items()) for part in item]

        def build(folder: Path) -> None:
            folder.mkdir()
            line = f'#line 1 "{self.name}"\n'.replace("\\", "\\\\")
            (folder / _SOURCE).write_text(line + self.source, encoding="utf-8")
            (folder / _HEADERS).mkdir()
            for name, text in self.headers.items():
                path = folder / _HEADERS / _below(name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")

        key = cache.key("text", self.name, self.source, *pairs)
        folder = cache.default().make("text", key, "", build)
        return folder / _SOURCE, folder / _HEADERS


def _below(name: str) -> PurePosixPath:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        raise BadInput(f"{name!r} cannot be the name of a header", hint="use a relative name")
    return path


@dataclass(frozen=True)
class Compiled:
    """A code object or bitcode, and the compiler's warnings."""

    data: bytes
    warnings: str = ""


def compile_text(
    text: Text, *, target: Target, options: Options, language: Language = Language.HIP
) -> Compiled:
    """Compile a text to a code object; raises CompileError with the compiler's output."""
    tools = discover().require()
    source, headers = text.place()
    made = program.code_object(tools, source, language, target, _with(options, headers))
    return Compiled(made.path.read_bytes(), made.warnings)


def compile_bitcode(
    text: Text, *, target: Target, options: Options, language: Language = Language.HIP
) -> Compiled:
    """Compile a text to LLVM bitcode that `link_bitcode` makes a code object of."""
    tools = discover().require()
    source, headers = text.place()
    chosen = _with(options, headers)
    size = program.chosen_wave_size(target, options)
    flags = commands.device_flags(tools, language, target, size, chosen, bitcode=True)
    flags.append(f"-cuid={commands.unit_id(source)}")

    def build(result: Path, depfile: Path) -> str:
        files = [*commands.depfile_flags(depfile), str(source), "-o", str(result)]
        return steps.run([*flags, *files], f"{text.name} does not compile for {target.name}")

    made = steps.remembered("bitcode", ".bc", [*flags, str(source), tools.identity], build)
    return Compiled(made.path.read_bytes(), made.warnings)


def link_bitcode(
    modules: Sequence[bytes], *, target: Target, options: Sequence[str] = ()
) -> Compiled:
    """Link bitcode modules, raw or in offload bundles, to a code object.

    `options` go to clang. Raises CompileError with the output of the tools.
    """
    tools = discover().require()
    if not modules:
        raise CompileError("there is nothing to link")
    parts = [_module_for(target, data) for data in modules]
    found = program.device_libraries(tools, target, target.default_wave_size)
    libraries = commands.bitcode_flags(found)
    key = cache.key("bitcode", tools.identity, target.name, *options, *parts)

    def build(result: Path) -> None:
        with steps.workspace() as folder:
            files = [folder / f"{index}.bc" for index in range(len(parts))]
            for file, data in zip(files, parts, strict=True):
                file.write_bytes(data)
            made = folder / "linked.o"
            first, others = files[0], files[1:]
            argv = commands.compile_bitcode(tools, target, first, others, made)
            steps.run([*argv, *options, *libraries], f"linking fails for {target.name}")
            argv = commands.link_device(tools, [made], result)
            steps.run(argv, f"linking fails for {target.name}")

    path = cache.default().make("codeobject", key, ".co", build)
    return Compiled(path.read_bytes())


def _module_for(target: Target, data: bytes) -> bytes:
    """Return the bitcode for a target: `data` itself, or what a bundle has for it."""
    if data.startswith(b"BC\xc0\xde"):
        return data
    return bundle.select(bundle.images(data), target.name)


def _with(options: Options, headers: Path) -> Options:
    return replace(options, include_dirs=(*options.include_dirs, headers))
