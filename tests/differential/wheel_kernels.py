"""Translates kernels of code objects in pieces that can be taken up again.

What was found of each kernel goes to a file of results, a line of JSON each; a kernel that is there
is not translated again.  The work is done in processes of their own, a batch of kernels each, so
that a crash or an endless loop in the compiler costs one kernel and is told by name.
"""

from __future__ import annotations

import collections
import hashlib
import json
import os
import signal
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import llvmlite.binding as llvm

import anyroc.semantics  # noqa: F401  (registers the instructions)
from anyroc.errors import AnyrocError
from anyroc.isa.targets import TARGETS
from anyroc.translate.codeobject import CodeObject, Kernel
from anyroc.translate.jit import translate
from anyroc.translate.library import library
from anyroc.translate.machine import load_compiler, native_code

__all__ = ["FORMS", "Results", "Work", "identity", "translate_all"]

FORMS = ("quick", "native", "full")
"""``quick``: the form that runs first, to LLVM IR that LLVM has verified; ``native``: the same, to
machine code; ``full``: the fast form, to verified LLVM IR."""

BATCH = 100
SECONDS = 120
"""CPU time of one kernel in one form, after which it counts as endless."""


@dataclass(frozen=True)
class Work:
    """A kernel to be translated; ``wheel`` and ``file`` say where it lies."""

    wheel: str
    file: str
    code: CodeObject
    kernel: Kernel
    key: str


def _calls_functions(code: CodeObject) -> bool:
    """Whether a code object has functions besides kernels, which these may call."""
    kernels = {kernel.symbol.removesuffix(".kd") for kernel in code.kernels.values()}
    return any(s.kind == "func" and s.name not in kernels for s in code.symbols.values())


def identity(code: CodeObject, kernel: Kernel, alone: bool) -> str:
    """What a kernel's translation depends on: two with the same are translated alike.

    GPUs of one ISA count as one.  ``alone``: nothing but the kernel's own bytes is reached.
    """
    text = code.text(kernel.entry, kernel.size)
    facts = (TARGETS[code.target_name].isa, kernel.wave_size, kernel.descriptor.mode)
    rest = b"" if alone else code.digest.encode()
    return hashlib.sha256(repr(facts).encode() + rest + text).hexdigest()[:32]


def works(wheel: str, objects: Iterable[tuple[str, CodeObject]]) -> Iterator[Work]:
    """The kernels of code objects."""
    for file, code in objects:
        alone = not _calls_functions(code)
        for kernel in code.kernels.values():
            yield Work(wheel, file, code, kernel, identity(code, kernel, alone))


@dataclass
class Results:
    """What is known of kernels, by key and form: "" for one that translates, else what is wrong.

    ``instructions``: how many GPU instructions were translated, by form; ``seconds``: in what CPU
    time.
    """

    path: Path | None
    known: dict[tuple[str, str], str] = field(default_factory=dict)
    instructions: collections.Counter[str] = field(default_factory=collections.Counter)
    seconds: collections.Counter[str] = field(default_factory=collections.Counter)

    @classmethod
    def load(cls, path: Path | None) -> Results:
        """The results that a file has; failures in it are tried again."""
        results = cls(path)
        if path is not None and path.exists():
            for line in path.read_text().splitlines():
                with suppress(ValueError):  # a line cut off by a kill
                    results._note(json.loads(line))
            results.known = {at: said for at, said in results.known.items() if not said}
        return results

    def _note(self, row: dict[str, str | int | float]) -> None:
        self.known[str(row["key"]), str(row["form"])] = str(row["said"])
        if row["form"] == "native" and not row["said"]:
            self.known[str(row["key"]), "quick"] = ""
        self.instructions[str(row["form"])] += int(row["instructions"])
        self.seconds[str(row["form"])] += float(row["seconds"])

    def add(self, lines: Iterable[str]) -> None:
        """Takes up the lines that a process wrote."""
        for line in lines:
            self._note(json.loads(line))
            if self.path is not None:
                with self.path.open("a") as file:
                    file.write(line + "\n")


def _one(work: Work, form: str) -> dict[str, str | int | float]:
    """What translating a kernel in a form gives."""
    began, instructions, said = time.process_time(), 0, ""
    code, kernel = work.code, work.kernel
    try:
        found = translate(code, kernel, code.target, quick=form != "full")
        instructions = found.instructions
        if form == "native":
            native_code(found.ir, 0)
        else:
            llvm.parse_assembly(found.ir).verify()
    except AnyrocError as problem:
        said = str(problem)
    except Exception as problem:  # what a sweep is for
        said = repr(problem)[:300]
    seconds = round(time.process_time() - began, 4)
    return {
        "key": work.key, "form": form, "said": said, "instructions": instructions,
        "seconds": seconds,
    }  # fmt: skip


def _child(batch: list[tuple[Work, str]], pipe: int) -> None:
    """Translates a batch; says the number of each before it, and the outcome after it."""
    with os.fdopen(pipe, "w") as out:
        for number, (work, form) in enumerate(batch):
            signal.setitimer(signal.ITIMER_PROF, SECONDS)
            print(number, file=out, flush=True)
            print(json.dumps(_one(work, form)), file=out, flush=True)


def _run(batch: list[tuple[Work, str]], results: Results) -> None:
    """Translates a batch in processes of their own, going on behind what kills one."""
    while batch:
        end, pipe = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(end)
            try:
                _child(batch, pipe)
            finally:
                os._exit(0)
        os.close(pipe)
        with os.fdopen(end) as said:
            lines = said.read().splitlines()
        _, status = os.waitpid(child, 0)
        done = [line for line in lines if line.startswith("{")]
        results.add(done)
        if len(done) < len(batch):
            work, form = batch[len(done)]
            killer = signal.Signals(os.WTERMSIG(status)).name if os.WIFSIGNALED(status) else "exit"
            results.add([json.dumps({
                "key": work.key, "form": form, "said": f"the process ended by {killer}",
                "instructions": 0, "seconds": 0,
            })])  # fmt: skip
            done.append("")
        batch = batch[len(done) :]


def _warm_up(work: Work, warm: set[tuple[str, int, int]]) -> None:
    """Has what kernels share compiled once, here, and not in each process."""
    kernel = work.kernel
    key = (work.code.target_name, kernel.wave_size, kernel.descriptor.mode)
    if key not in warm:
        warm.add(key)
        library(kernel.wave_size, work.code.target, kernel.descriptor.mode)


def translate_all(
    todo: Iterable[Work], results: Results, forms: Iterable[str], minutes: float | None = None
) -> None:
    """Translates what has no result, until it is done or the time is over."""
    load_compiler()
    warm: set[tuple[str, int, int]] = set()
    until = time.monotonic() + 60 * minutes if minutes is not None else None
    batch: list[tuple[Work, str]] = []
    planned = set(results.known)
    for work in todo:
        for form in forms:
            if (work.key, form) not in planned:
                planned.add((work.key, form))
                batch.append((work, form))
                _warm_up(work, warm)
        if len(batch) >= BATCH:
            _run(batch, results)
            batch = []
            if until is not None and time.monotonic() > until:
                return
    _run(batch, results)
