"""Running compilers, and remembering what they made.

A step is one command whose result depends on the files it read. The first time, the compiler
lists those files; a manifest in the cache keeps their sizes, times and hashes. The next time the
files are compared (by time, then by content) and the result comes from the cache, with nothing run.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from anyroc import cache
from anyroc.errors import AnyrocError, CompileError, ToolchainError

_REMEMBERED = 4
_ENVIRONMENT = ("CPATH", "C_INCLUDE_PATH", "CPLUS_INCLUDE_PATH", "SOURCE_DATE_EPOCH")

Dependency = tuple[str, int, int, str]
"""Path, size in bytes, time of modification in ns, SHA-256 of a file that a step read."""


@dataclass(frozen=True)
class Made:
    """A step's result: the file, a key that names its content, and the compiler's warnings.

    `read` are the paths of the files that the result was made from.
    """

    path: Path
    key: str
    warnings: str = ""
    read: tuple[str, ...] = ()


def run(argv: Sequence[str], failure: str) -> str:
    """Run a tool and return what it wrote to stderr; raise CompileError if it fails."""
    try:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    except OSError as error:
        raise ToolchainError(
            f"cannot run {argv[0]}: {error.strerror}", hint="reinstall it: see `anyroc info`"
        ) from error
    output = done.stderr.decode(errors="replace")
    if done.returncode < 0:
        name = signal.Signals(-done.returncode).name
        raise CompileError(f"{failure}: {Path(argv[0]).name} was ended by {name}", output=output)
    if done.returncode != 0:
        raise CompileError(failure, output=output)
    return output


@contextlib.contextmanager
def workspace() -> Iterator[Path]:
    """Yield a folder for intermediate files, deleted afterwards."""
    try:
        folder = tempfile.mkdtemp(prefix="anyroc-")
    except OSError as error:
        raise AnyrocError(
            f"cannot make a temporary folder: {error.strerror}",
            hint="free some disk space, or set TMPDIR to a folder that can be written",
        ) from error
    try:
        yield Path(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def remembered(
    kind: str,
    suffix: str,
    parts: Sequence[str],
    build: Callable[[Path, Path], str],
) -> Made:
    """Return the result of a step, from the cache when nothing it read has changed.

    `parts` are all that decides the result besides files: the command, the tools, the folder.
    ``build(result, depfile)`` makes both files (the latter in make's syntax) and returns warnings.
    """
    store = cache.default()
    environment = [os.environ.get(name, "") for name in _ENVIRONMENT]
    step = cache.key(kind, str(Path.cwd()), *parts, *environment)
    entries = _load(store, step)
    for dependencies, result, warnings in entries:
        if all(_unchanged(dependency) for dependency in dependencies):
            found = store.get(kind, result, suffix)
            if found is not None:
                return Made(found, result, warnings, _paths(dependencies))
    start = time.time_ns()
    with workspace() as folder:
        made, depfile = folder / "result", folder / "depfile"
        warnings = build(made, depfile)
        dependencies = [_describe(path) for path in read_depfile(depfile)]
        result = cache.key(step, *(f"{path}:{digest}" for path, _, _, digest in dependencies))
        path = store.put(kind, result, suffix, made.read_bytes())
    if all(modified < start for _, _, modified, _ in dependencies):
        entries = [(dependencies, result, warnings), *entries][:_REMEMBERED]
        store.put("manifest", step, ".json", json.dumps(entries).encode())
    return Made(path, result, warnings, _paths(dependencies))


def _paths(dependencies: list[Dependency]) -> tuple[str, ...]:
    return tuple(path for path, _, _, _ in dependencies)


def read_depfile(path: Path) -> list[Path]:
    """Return the absolute paths a compiler listed in make's syntax, each once, in order."""
    text = path.read_text(errors="surrogateescape").replace("\\\n", " ")
    _, _, names = text.partition(": ")
    spaced = names.replace("\\ ", "\0").replace("\\#", "#").replace("$$", "$")
    files = [name.replace("\0", " ") for name in spaced.split()]
    return list(dict.fromkeys(Path.cwd() / name for name in files))


def _load(store: cache.Cache, step: str) -> list[tuple[list[Dependency], str, str]]:
    path = store.get("manifest", step, ".json")
    if path is None:
        return []
    try:
        return [
            (list(map(tuple, files)), key, text)
            for files, key, text in json.loads(path.read_bytes())
        ]
    except (OSError, ValueError):
        return []


def _describe(path: Path) -> Dependency:
    status = path.stat()
    return str(path), status.st_size, status.st_mtime_ns, content_hash(path)


def _unchanged(dependency: Dependency) -> bool:
    path, size, modified, digest = dependency
    try:
        status = os.stat(path)  # noqa: PTH116 - hundreds of these are on the warm path
        if status.st_size != size:
            return False
        return status.st_mtime_ns == modified or content_hash(Path(path)) == digest
    except OSError:
        return False


def content_hash(path: Path) -> str:
    """Return the SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
