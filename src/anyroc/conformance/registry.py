"""The checks, found by their decorator."""

from __future__ import annotations

import importlib
from collections.abc import Callable

from anyroc.conformance import MODULES
from anyroc.conformance.api import Api

Check = Callable[[Api], None]

_checks: dict[str, dict[str, Check]] = {}


def check(function: Check) -> Check:
    """Register a check under its module's and its own name; its docstring says what it holds."""
    section = function.__module__.rpartition(".")[2]
    _checks.setdefault(section, {})[function.__name__] = function
    return function


def checks(section: str) -> dict[str, Check]:
    """Return the checks of a section by name, in the order of its module."""
    importlib.import_module(f"anyroc.conformance.{section}")
    return _checks[section]


def everything() -> dict[str, dict[str, Check]]:
    """Return all checks by section."""
    return {section: checks(section) for section in MODULES}
