"""What instructions compute, said a second time: by Python's integers and exact fractions, lane by
lane, as AMD's manuals describe them.  Nothing here uses the package's semantics.

``RULES`` has them by canonical key; ``machine`` runs each as machine code of a GPU.
"""

from __future__ import annotations

from oracles import (  # noqa: F401  (each registers its rules)
    cdna5,
    comparisons,
    conversions,
    floats,
    functions,
    integers,
    scalars,
    scaled,
)
from oracles.rule import RULES, Rule

__all__ = ["RULES", "Rule"]
