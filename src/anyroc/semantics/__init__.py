"""What each instruction does, once for every ISA and wave size.

Importing the package fills the registry, :data:`anyroc.semantics.core.OPERATIONS`.
"""

from anyroc.semantics import (
    cdna5,
    cdna5_convert,
    compare,
    control,
    convert,
    floating,
    flushing,
    lane,
    matrix,
    memory,
    scalar,
    scaled,
    transcendental,
    vector,
)

__all__ = [
    "cdna5", "cdna5_convert", "compare", "control", "convert", "floating", "flushing", "lane",
    "matrix", "memory", "scalar", "scaled", "transcendental", "vector",
]  # fmt: skip
