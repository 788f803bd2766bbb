"""The combinations of target and wave size that tests of translated code run on."""

from __future__ import annotations

__all__ = ["CONFIGURATIONS", "ISA"]

ISA = {
    "gfx90a": "cdna2",
    "gfx942": "cdna3",
    "gfx950": "cdna4",
    "gfx1100": "rdna3",
    "gfx1151": "rdna3_5",
    "gfx1201": "rdna4",
}
CONFIGURATIONS = [
    ("gfx942", 64),
    ("gfx1151", 32),
    ("gfx1151", 64),
    ("gfx1201", 32),
    ("gfx1201", 64),
]
