"""What a client program reports its checks with; it runs in the client's environment.

    from report import check, run

    @check
    def copies() -> None:
        "Memory comes back as it went."
        assert ...

    run()

Every check is reported as a line of JSON behind a record separator, once when it starts and once
when it ends, so that a crash has a name.
"""

from __future__ import annotations

import json
import sys
import time
import traceback
from collections.abc import Callable

MARK = "\x1e"

_checks: list[Callable[[], None]] = []


def check(function: Callable[[], None]) -> Callable[[], None]:
    """Register a check: a function that raises when something is wrong."""
    _checks.append(function)
    return function


def run() -> None:
    """Run the checks in their order; those that are named on the command line, if any are."""
    wanted = sys.argv[1:]
    for function in _checks:
        if wanted and function.__name__ not in wanted:
            continue
        _say(check=function.__name__)
        start = time.monotonic()
        try:
            function()
        except Exception as error:
            why = "".join(traceback.format_exception_only(type(error), error)).strip()
            traceback.print_exc()
            _say(check=function.__name__, passed=False, why=why or "failed", seconds=_since(start))
        else:
            _say(check=function.__name__, passed=True, seconds=_since(start))
    _say(finished=True)


def _since(start: float) -> float:
    return round(time.monotonic() - start, 3)


def _say(**fact: object) -> None:
    print(f"\n{MARK}{json.dumps(fact)}", flush=True)
