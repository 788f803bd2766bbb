"""The process that runs checks: ``python -m anyroc.conformance LIBRARY SECTION CHECK…``."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from anyroc.conformance.api import Api, Skipped
from anyroc.conformance.facts import of_device
from anyroc.conformance.registry import Check, checks
from anyroc.conformance.report import FAILED, PASSED, SKIPPED


def main() -> None:
    """Run the checks that the command line names and print a line of JSON for each."""
    library, section, *names = sys.argv[1:]
    api = Api(Path(library))
    _say(facts=of_device(api))
    for name in names:
        _say(started=name)
        _run(api, name, checks(section)[name])


def _run(api: Api, name: str, check: Check) -> None:
    start, state, why = time.monotonic(), PASSED, ""
    try:
        check(api)
    except Skipped as reason:
        state, why = SKIPPED, str(reason)
    except Exception as error:
        state, why = FAILED, f"{type(error).__name__}: {error}"
    _say(check=name, state=state, why=why, seconds=round(time.monotonic() - start, 3))


def _say(**fact: object) -> None:
    print(f"\n{json.dumps(fact)}", flush=True)


if __name__ == "__main__":
    main()
