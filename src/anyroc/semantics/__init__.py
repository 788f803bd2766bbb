"""What each instruction does, once for every ISA and wave size.

Importing the package fills the registry, :data:`anyroc.semantics.core.OPERATIONS`.
"""

from anyroc.semantics import (
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
    "compare", "control", "convert", "floating", "flushing", "lane", "matrix", "memory", "scalar",
    "scaled", "transcendental", "vector",
]  # fmt: skip
