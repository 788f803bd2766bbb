"""What came of each case: a file of lines of JSON per target, so that a later run goes on there."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from glob import escape
from pathlib import Path

OUTCOMES = ("passed", "skipped", "failed", "crashed", "timeout", "unbuilt", "costly")
GOOD = ("passed", "skipped")
_TEST = "Test: "


@dataclass(frozen=True)
class Outcome:
    """One case on one target; `why` is the end of what it wrote if it did not pass.

    `case` is "*" for a source that does not compile or whose cases cannot be listed.
    """

    category: str
    source: str
    case: str
    outcome: str
    seconds: float = 0.0
    why: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        return self.category, self.source, self.case


class Results:
    """The outcomes of one target."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.path.parent.mkdir(parents=True, exist_ok=True)

    def read(self) -> dict[tuple[str, str, str], Outcome]:
        """Return the last outcome of each case."""
        if not self.path.exists():
            return {}
        lines = self.path.read_text("utf-8").splitlines()
        rows = [Outcome(**json.loads(line)) for line in lines]
        return {row.key: row for row in rows}

    def add(self, *rows: Outcome) -> None:
        text = "".join(json.dumps(asdict(row)) + "\n" for row in rows)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(text)

    def forget(self, keys: set[tuple[str, str, str]]) -> None:
        """Drop cases, so that they run again."""
        kept = [row for key, row in self.read().items() if key not in keys]
        self.path.write_text("", "utf-8")
        self.add(*kept)


@dataclass(frozen=True)
class Expected:
    """Cases that need not pass: patterns of targets, of "category/source" and of names; why.

    Of those whose reason begins with "Some" others pass. Those whose reason begins with "Costly"
    run only if they are asked for. "Test:" before all says that the test itself is wrong.
    """

    targets: str
    sources: str
    cases: str
    reason: str

    @property
    def costly(self) -> bool:
        return self.reason.removeprefix(_TEST).startswith("Costly")

    @property
    def others_pass(self) -> bool:
        return self.reason.removeprefix(_TEST).startswith("Some")

    @property
    def of_the_test(self) -> bool:
        return self.reason.startswith(_TEST)

    def covers(self, target: str, row: Outcome) -> bool:
        return (
            fnmatchcase(row.case, self.cases)
            and fnmatchcase(f"{row.category}/{row.source}", self.sources)
            and any(fnmatchcase(target, pattern) for pattern in self.targets.split(","))
        )


def expectations(path: Path) -> list[Expected]:
    """Read `TARGETS SOURCES CASES` and, indented below it, the reason; # begins a comment."""
    found: list[Expected] = []
    for line in path.read_text("utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if line[0].isspace():
            last = found.pop()
            reason = f"{last.reason} {line.strip()}".strip()
            found.append(Expected(last.targets, last.sources, last.cases, reason))
        else:
            targets, sources, cases = line.split(maxsplit=2)
            found.append(Expected(targets, sources, cases.strip(), ""))
    return found


def left_out(target: str, cases: set[str]) -> list[Expected]:
    """What upstream's configuration leaves out on a target; here some of it passes."""
    reason = f"{_TEST}Some pass; upstream leaves the case out, as AMD's own library fails it"
    return [Expected(target, "*", escape(case), reason) for case in sorted(cases)]
