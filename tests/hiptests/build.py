"""Builds the programs: one for each source, with code for all GPUs asked for inside.

The host's part is compiled without optimisation (but for mathematics, whose cases compute their
expectations on the host), and all share precompiled headers, one for the host and one per GPU.
"""

from __future__ import annotations

import hashlib
import shlex
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from suite import Category, Checkout, CodeObject

from anyroc.cabi import library
from anyroc.compiler import bundle, commands, program
from anyroc.compiler.options import Language, Options
from anyroc.compiler.toolchain import HEADERS, discover
from anyroc.isa.targets import Target, target

HEADER = "hip_test_common.hh"
"""What all sources with cases include, and what takes longest."""

OPTIMISED = ("math", "cooperativeGrps", "warp", "atomics")
_INCLUDED = "-include-pch"
_STALE = "modified since the precompiled header"
LIBRARIES = ("hiprtc",)


class BuildError(Exception):
    """A source does not compile; the argument is what the compiler wrote."""


@dataclass(frozen=True)
class Unit:
    """A source on its way: its flags and where its parts go."""

    source: Path
    includes: tuple[Path, ...]
    flags: tuple[str, ...]
    level: int


class Builder:
    """Makes programs of a checkout for some GPUs, in a folder."""

    def __init__(
        self, checkout: Checkout, targets: Sequence[str], folder: Path, includes: Sequence[Path]
    ) -> None:
        self.checkout = checkout
        self.targets = [target(name) for name in targets]
        self.folder = folder.resolve()
        self.includes = tuple(includes)
        self.tools = discover().require()
        (self.folder / "parts").mkdir(parents=True, exist_ok=True)

    def program(self, category: Category, source: Path) -> Path:
        """Return the program of a source, which is built if it is not there.

        Raises BuildError, also later calls for the same source.
        """
        return self._program(category, source, [*self.checkout.shared, *category.shared])

    def helper(self, category: Category, name: str, source: Path) -> Path:
        """Return an executable for a program that cases start."""
        made = self._program(category, source, [])
        starter = self.folder / category.name / name
        command = shlex.join([sys.executable, "-m", "anyroc", "run", str(made), "--"])
        starter.write_text(f'#!/bin/sh\nexec {command} "$@"\n', "utf-8")
        starter.chmod(0o755)
        return starter

    def code_object(self, category: Category, item: CodeObject) -> Path:
        """Return a bundle of code objects for all GPUs, as hipcc --genco makes it, or assembly."""
        made = self.folder / category.name / item.name
        if not made.exists():
            unit = self._unit(item.source, item.flags, 0)
            if made.suffix == ".s":
                _run(_replaced(self._device_flags(unit, self.targets[0]), "-S"), made)
                return made
            codes = {gpu.name: self._device(unit, gpu).read_bytes() for gpu in self.targets}
            made.write_bytes(bundle.write(codes))
        return made

    def _program(self, category: Category, source: Path, shared: list[Path]) -> Path:
        made = self.folder / category.name / f"{source.stem}.so"
        failed = made.with_suffix(".error")
        if failed.exists():
            raise BuildError(failed.read_text("utf-8"))
        if made.exists():
            return made
        made.parent.mkdir(parents=True, exist_ok=True)
        level = 2 if category.name in OPTIMISED else 0
        unit = self._unit(source, tuple(category.flags(source)), level)
        try:
            parts = self._parts(unit)
            for other in shared:
                if other != source:
                    parts += self._parts(self._unit(other, (), 0))
            self._link(parts, made)
        except BuildError as error:
            if _STALE in str(error):
                _state_of_headers.cache_clear()
                return self._program(category, source, shared)
            failed.write_text(str(error), "utf-8")
            raise
        return made

    def _unit(self, source: Path, flags: tuple[str, ...], level: int) -> Unit:
        includes = (*self.checkout.include_dirs(source), *self.includes)
        return Unit(source, includes, flags, level)

    def _part(self, unit: Unit, kind: str) -> Path:
        key = hashlib.sha256(repr((unit, kind)).encode()).hexdigest()[:12]
        return self.folder / "parts" / f"{unit.source.stem}-{key}.{kind}"

    def _options(self, unit: Unit, level: int) -> Options:
        return Options(
            opt_level=level,
            include_dirs=unit.includes,
            defines=(f'KERNELS_PATH="{self.checkout.root}/kernels/"',),
            extra=("-w", *unit.flags),
        )

    def _parts(self, unit: Unit) -> list[Path]:
        """Return the two objects of a source: the host's code and the code objects."""
        return [self._host(unit), self._fat(unit)]

    def _host(self, unit: Unit) -> Path:
        made = self._part(unit, "host.o")
        if not made.exists():
            flags = commands.host_flags(self.tools, Language.HIP, self._options(unit, unit.level))
            flags += [f"-cuid={commands.unit_id(unit.source)}"]
            precompiled = self._precompiled(flags, unit, f"host{unit.level}")
            try:
                _run([*flags, *precompiled, str(unit.source)], made)
            except BuildError as error:
                if not precompiled or _STALE in str(error):
                    raise
                # It may be one that other headers must come before.
                _run([*flags, str(unit.source)], made)
        return made

    def _fat(self, unit: Unit) -> Path:
        made = self._part(unit, "fat.o")
        if not made.exists():
            codes = {gpu.name: self._device(unit, gpu).read_bytes() for gpu in self.targets}
            bundled, text = made.with_suffix(".hipfb"), made.with_suffix(".s")
            bundled.write_bytes(bundle.write(codes))
            identity = commands.unit_id(unit.source)
            text.write_text(commands.embed_assembly({identity: bundled}), "utf-8")
            _run(commands.assemble(self.tools, text, made)[:-2], made)
            text.unlink()
            bundled.unlink()
        return made

    def _device(self, unit: Unit, gpu: Target) -> Path:
        made = self._part(unit, f"{gpu.name}.co")
        if not made.exists():
            item = made.with_suffix(".o")
            flags = self._device_flags(unit, gpu)
            try:
                _run(flags, item)
            except BuildError as error:
                if _INCLUDED not in flags or _STALE in str(error):
                    raise
                place = flags.index(_INCLUDED) - 1
                _run([*flags[:place], *flags[place + 4 :]], item)
            _run(commands.link_device(self.tools, [item], made)[:-2], made)
            item.unlink()
        return made

    def _device_flags(self, unit: Unit, gpu: Target) -> list[str]:
        """Return the command that makes a device object of a source, without where it goes."""
        wave = gpu.default_wave_size
        flags = commands.device_flags(self.tools, Language.HIP, gpu, wave, self._options(unit, 2))
        flags.append(f"-cuid={commands.unit_id(unit.source)}")
        precompiled = self._precompiled(flags, unit, gpu.name)
        linked = commands.bitcode_flags(program.device_libraries(self.tools, gpu, wave))
        return [*flags, *precompiled, *linked, str(unit.source)]

    def _precompiled(self, flags: list[str], unit: Unit, kind: str) -> list[str]:
        """Return the flags for the headers that all sources have, compiled once."""
        words = unit.source.read_text("utf-8", "replace")
        if unit.flags or unit.source.parent.name == "hipTestMain" or HEADER not in words:
            return []
        made = self.folder / "parts" / f"{kind}-{_state_of_headers()}.pch"
        if not made.exists():
            text = made.with_suffix(".hip")
            text.write_text(f"#include <{HEADER}>\n", "utf-8")
            plain = [flag for flag in flags if flag != f"-I{unit.source.parent}"]
            plain = _replaced(plain, "-emit-pch")
            _run([*plain, str(text)], made)
        return ["-Xclang", _INCLUDED, "-Xclang", str(made)]

    def _link(self, parts: list[Path], made: Path) -> None:
        options = Options(link_flags=tuple(str(_library(name)) for name in LIBRARIES))
        _run(commands.link_host(self.tools, parts, options, made)[:-2], made)


@cache
def _library(name: str) -> Path:
    return library.library(name)


@cache
def _state_of_headers() -> str:
    """Return a key of our headers as they are: what was precompiled from others is of no use."""
    files = sorted(path for path in HEADERS.rglob("*") if path.is_file())
    rows = [(str(path), (s := path.stat()).st_size, s.st_mtime_ns) for path in files]
    return hashlib.sha256(repr(rows).encode()).hexdigest()[:12]


def _replaced(flags: list[str], action: str) -> list[str]:
    """Have clang make something else than an object."""
    if "-emit-obj" in flags:
        return [action if flag == "-emit-obj" else flag for flag in flags]
    return [*flags, "-Xclang", action]


def _run(argv: Sequence[str], made: Path) -> None:
    """Run a command that makes a file, which is there only if the command succeeded."""
    partial = made.with_name(f"{made.name}.part")
    done = subprocess.run([*argv, "-o", str(partial)], capture_output=True, check=False)
    if done.returncode != 0:
        partial.unlink(missing_ok=True)
        raise BuildError(done.stderr.decode(errors="replace")[-8000:])
    partial.rename(made)
