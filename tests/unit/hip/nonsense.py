"""Call every function with nulls and one bogus handle: ``python nonsense.py 0xdeadbee0``."""

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from anyroc import hip
from anyroc.cabi import table
from anyroc.cabi.table import Argument
from conftest import Api


def argument(declared: Argument, bogus: int) -> Any:
    """Return nothing for a pointer, and the bogus value for anything else."""
    passing = table.load("hip").passing(declared.type)
    if passing.count > 1:
        return (bogus & 0x7F,) * passing.count
    if declared.type.endswith("*"):
        return None
    if passing.element == "void *":
        return bogus
    return float(bogus) if passing.element == "float" else bogus & 0x7F


def main() -> None:
    bogus = int(sys.argv[1], 0)
    hip.bind()
    api = Api()
    for function in table.load("hip").functions:
        if function.returns == "hipError_t":
            code = getattr(api, function.name)(*(argument(a, bogus) for a in function.arguments))
            assert 0 <= code < 2000, (function.name, code)
            print(function.name, flush=True)


main()
