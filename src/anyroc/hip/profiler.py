"""Profiling: nothing to start or stop, which programs may do all the same."""

from __future__ import annotations


def hipProfilerStart() -> None:
    pass


def hipProfilerStop() -> None:
    pass
