"""ROCm's hip-tests on the software GPUs.

    python tests/hiptests --source CHECKOUT

CHECKOUT is a checkout of ROCm/hip-tests, which stays as it is. Each source of the chosen categories
becomes a program with code for all chosen GPUs; its cases run in processes of their own. What came
of them is written down, and a second call goes on where the first one stopped. The report counts
the cases, and names those that failed though expected.txt does not list them, and those that passed
though it does.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path

import report
from build import Builder, BuildError
from outcomes import GOOD, Outcome, Results, expectations, left_out
from run import Runner, list_cases
from suite import CATEGORIES, Category, Checkout

HERE = Path(__file__).parent
MEMORY = "4G"
EVERY = "*"
"""The case of a source that does not compile."""

ARGUMENTS = {
    "math": ("-A", "65536", "-M", "5"),
    "atomics": ("-I", "1"),
}
"""Options of the tests themselves that set how much they repeat; upstream's cases of mathematics
try 2^32 random numbers unless told otherwise."""


class Session:
    """What one call of the command works on."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.targets: list[str] = options.target or ["gfx942", "gfx1201"]
        self.folder: Path = options.folder.resolve()
        self.checkout = Checkout(options.source)
        build = self.folder / "build"
        self.builder = Builder(self.checkout, self.targets, build, options.include)
        self.results = {name: Results(self.folder / f"{name}.jsonl") for name in self.targets}
        self.listed = expectations(HERE / "expected.txt")
        for name in self.targets:
            self.listed += left_out(name, self.checkout.disabled(name))
        self.end = time.monotonic() + options.minutes * 60 if options.minutes else None

    def sources(self) -> Iterator[tuple[Category, Path]]:
        """Yield the sources of this shard in the order of the categories."""
        shard, shards = map(int, self.options.shard.split("/"))
        every = [
            (category, source)
            for category in map(self.checkout.category, self.options.category or CATEGORIES)
            for source in category.sources
            if fnmatchcase(source.stem, self.options.only)
        ]
        yield from every[shard - 1 :: shards]

    @property
    def over(self) -> bool:
        """Whether the time given has run out."""
        return self.end is not None and time.monotonic() > self.end

    def work(self) -> bool:
        """Build and run what has no outcome yet; return whether everything has one."""
        prepared: set[str] = set()
        for category, source in self.sources():
            if self.over:
                return False
            if category.name not in prepared:
                self._prepare(category)
                prepared.add(category.name)
            try:
                program = self.builder.program(category, source)
            except BuildError as error:
                self._all(Outcome(category.name, source.stem, EVERY, "unbuilt", 0, str(error)))
                continue
            if not self.options.build:
                for name in self.targets:
                    self._run(name, category, program)
        return True

    def _all(self, row: Outcome) -> None:
        for results in self.results.values():
            if row.key not in results.read():
                results.add(row)
        print(f"{row.category}/{row.source} does not compile", flush=True)

    def _prepare(self, category: Category) -> None:
        """Make the folder in which a category's programs run: with what they read and start."""
        folder = self.builder.folder / category.name
        folder.mkdir(parents=True, exist_ok=True)
        for entry in category.folder.iterdir():
            link = folder / entry.name
            if entry.suffix != ".cc" and entry.name != "CMakeLists.txt" and not link.exists():
                link.symlink_to(entry)
        makers = {
            item.name: partial(self.builder.code_object, category, item)
            for item in category.code_objects
        }
        for name, source in category.helpers.items():
            makers[name] = partial(self.builder.helper, category, name, source)
        for name, make in makers.items():
            self._made(f"{category.name}/{name}", make)

    @staticmethod
    def _made(name: str, make: Callable[[], Path]) -> None:
        """Make what cases read or start; what does not compile they will not find."""
        try:
            make()
        except BuildError as error:
            print(f"{name} does not compile: {error}", flush=True)

    def _run(self, target: str, category: Category, program: Path) -> None:
        results = self.results[target]
        known = results.read()
        if (category.name, program.stem, EVERY) in known:  # it has compiled by now
            results.forget({(category.name, program.stem, EVERY)})
        environment = {"ANYROC_DEVICES": self._devices(target), "ANYROC_MEMORY": MEMORY}
        environment |= {"ANYROC_TARGET": target}
        folder = self.builder.folder / category.name
        cases = self._cases(program, folder, environment)
        if cases is None:
            print(f"{target} {category.name}/{program.stem} does not tell its cases", flush=True)
            return
        rest = [name for name in cases if (category.name, program.stem, name) not in known]
        rest = [name for name in rest if fnmatchcase(name, self.options.case)]
        rest = [name for name in rest if not self._left_out(target, category, program, name)]
        if not rest:
            return
        runner = Runner(folder, environment, self.options.limit, ARGUMENTS.get(category.name, ()))
        if len(rest) > 1:
            rows = runner.together(program, category.name, rest)
            results.add(*rows)
            rest = [name for name in rest if name not in {row.case for row in rows}]
        for name in rest:
            if self.over:
                return
            row = runner.alone(program, category.name, name)
            results.add(row)
            if row.outcome not in GOOD:
                print(f"{target} {category.name}/{row.source} {name}: {row.outcome}", flush=True)

    def _left_out(self, target: str, category: Category, program: Path, case: str) -> bool:
        """Write down a case that is too costly to run; tell whether it is one."""
        row = Outcome(category.name, program.stem, case, "costly")
        costly = any(known.costly and known.covers(target, row) for known in self.listed)
        if costly and not self.options.costly:
            self.results[target].add(row)
            return True
        return False

    def _devices(self, target: str) -> str:
        return f"{target}x{self.options.gpus}"

    def _cases(self, program: Path, folder: Path, environment: dict[str, str]) -> list[str] | None:
        listing = program.with_suffix(".cases")
        if not listing.exists():
            names = list_cases(program, folder, environment)
            if names is None:
                return None
            listing.write_text("\n".join(names), "utf-8")
        return listing.read_text("utf-8").splitlines()

    def report(self) -> bool:
        """Write the report; return whether nothing was unexpected."""
        chosen = {(category.name, source.stem) for category, source in self.sources()}
        rows = {
            name: [row for key, row in results.read().items() if key[:2] in chosen]
            for name, results in self.results.items()
        }
        sources = Counter(category.name for category, _ in self.sources())
        text, fine = report.made(rows, self.listed, sources)
        (self.folder / "report.md").write_text(text, "utf-8")
        print(text)
        return fine

    def forget_failed(self) -> None:
        """Drop what did not pass of the chosen categories, with programs that did not compile."""
        chosen = {(category.name, source.stem) for category, source in self.sources()}
        for results in self.results.values():
            failed = [row for row in results.read().values() if row.outcome not in GOOD]
            results.forget({row.key for row in failed if row.key[:2] in chosen})
        for name, stem in chosen:
            (self.builder.folder / name / f"{stem}.error").unlink(missing_ok=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--source", type=Path, required=True, help="a checkout of hip-tests")
    parser.add_argument("--target", action="append", help="a GPU; may be given several times")
    parser.add_argument("--category", action="append", help="a folder of unit tests; only these")
    parser.add_argument("--only", default="*", help="a pattern of sources, without their suffix")
    parser.add_argument("--case", default="*", help="a pattern of cases")
    parser.add_argument("--folder", type=Path, default=Path("out/hiptests"), help="for the results")
    parser.add_argument("--shard", default="1/1", help="which part of the sources: 2/8")
    parser.add_argument("--limit", type=float, default=120, help="processor seconds per process")
    parser.add_argument("--minutes", type=float, help="stop after this time; call again to go on")
    parser.add_argument("--gpus", type=int, default=1, help="how many GPUs the programs see")
    parser.add_argument("--include", type=Path, action="append", default=[], help="more headers")
    parser.add_argument("--costly", action="store_true", help="run also what takes hours")
    parser.add_argument("--build", action="store_true", help="only build")
    parser.add_argument("--again", action="store_true", help="run again what did not pass")
    parser.add_argument("--report", action="store_true", help="run nothing")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    session = Session(parser.parse_args())
    if session.options.again:
        session.forget_failed()
    whole = session.options.report or session.work()
    if not whole:
        print("STOPPED when the time was up: the same command goes on")
    fine = session.options.build or session.report()
    return 0 if whole and fine else 1


if __name__ == "__main__":
    sys.exit(main())
