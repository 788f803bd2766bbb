"""Checks of HIP's runtime API that run against any libamdhip64.so: anyroc's, or AMD's on a GPU.

A check is a function that calls the C functions through `Api` and asserts what HIP's documentation
says. `anyroc conformance` runs them and writes a report.
"""

from __future__ import annotations

MODULES = (
    *("devices", "errors", "allocation", "pools", "virtual", "copies", "streams", "events"),
    *("modules", "functions", "graphs", "threads"),
)
"""The modules with checks; each is a section of the report."""
