"""What each instruction does, once for every ISA and wave size.

Importing the package fills the registry, :data:`anyroc.semantics.core.OPERATIONS`.
"""

from anyroc.semantics import (
    compare,
    control,
    convert,
    floating,
    lane,
    matrix,
    memory,
    scalar,
    transcendental,
    vector,
)

__all__ = [
    "compare", "control", "convert", "floating", "lane", "matrix", "memory", "scalar",
    "transcendental", "vector",
]  # fmt: skip
