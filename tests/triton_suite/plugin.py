"""The pytest plugin that runs a list of Triton's cases and writes down what came of each.

ANYROC_SUITE_CASES names a file with the node ids to run, one per line; ANYROC_SUITE_LIST one that
all are written to. ANYROC_SUITE_RESULTS gets a line of JSON when a case begins and one when it
ends, so that a crash has the name of its case. No case begins after ANYROC_SUITE_SECONDS.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import stand_in

LIMIT = int(os.environ.get("ANYROC_SUITE_LIMIT", "120"))
"""Seconds that a case may take."""

END = time.monotonic() + float(os.environ.get("ANYROC_SUITE_SECONDS", "inf"))


class TooSlow(BaseException):
    """A case took longer than it may."""


def pytest_configure(config: pytest.Config) -> None:
    # A whole checkout has Triton's sources beside the tests, not built, and pytest puts them in
    # front of the Triton that is installed.
    sys.path[:] = [path for path in sys.path if not _only_sources(Path(path, "triton"))]
    stand_in.install()


def _only_sources(package: Path) -> bool:
    return (package / "__init__.py").exists() and not any(package.glob("_C/libtriton*.so"))


def _late(*_: Any) -> None:
    raise TooSlow(f"more than {LIMIT} s")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    listing = os.environ.get("ANYROC_SUITE_LIST")
    if listing:
        Path(listing).write_text("".join(f"{item.nodeid}\n" for item in items), encoding="utf-8")
    chosen = os.environ.get("ANYROC_SUITE_CASES")
    if chosen:
        wanted = set(Path(chosen).read_text(encoding="utf-8").splitlines())
        items[:] = [item for item in items if item.nodeid in wanted]


def _note(**fields: Any) -> None:
    with Path(os.environ["ANYROC_SUITE_RESULTS"]).open("a", encoding="utf-8") as file:
        file.write(json.dumps(fields) + "\n")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    _note(case=item.nodeid, outcome="begun")
    signal.signal(signal.SIGALRM, _late)
    signal.alarm(LIMIT)
    begun = time.monotonic()
    item.stash[_REPORTS] = []
    try:
        return (yield)
    finally:
        signal.alarm(0)
        if time.monotonic() > END:
            item.session.shouldstop = "the time is over"
        outcome, why = _verdict(item.stash[_REPORTS])
        seconds = round(time.monotonic() - begun, 2)
        _note(case=item.nodeid, outcome=outcome, why=why, seconds=seconds)


_REPORTS = pytest.StashKey[list[pytest.TestReport]]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    item.stash[_REPORTS].append(report)
    return report


def _verdict(reports: list[pytest.TestReport]) -> tuple[str, str]:
    for report in reports:
        if report.failed:
            crash = getattr(report.longrepr, "reprcrash", None)
            return "failed", str(crash.message if crash else report.longrepr)[:1500]
    for report in reports:
        if report.skipped:
            if hasattr(report, "wasxfail"):
                return "skipped", f"xfail: {report.wasxfail}"
            where = report.longrepr
            return "skipped", str(where[2] if isinstance(where, tuple) else where)[:300]
    return ("passed", "") if reports else ("failed", "no report")
