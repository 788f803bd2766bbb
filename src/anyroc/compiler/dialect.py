"""What nvcc accepts and clang does not, written as clang understands it.

Only sources that do not compile as they are come here, preprocessed: others pay nothing for it.
"""

from __future__ import annotations

import re

from anyroc.compiler.ptx import Rewritten
from anyroc.compiler.ptx import rewritten as without_ptx

_LAUNCH = re.compile(r"<<(\s*)<(?!<)((?:[^;{}\"]|\"(?:[^\"\\\n]|\\.)*\")*?)>>(\s*)>(?=\s*\()")


def rewritten(text: str, *, device: bool) -> Rewritten:
    """Join the brackets of ``kernel << <grid, block> >> (…)`` and, for a device, replace PTX."""
    launches = 0

    def join(found: re.Match[str]) -> str:
        nonlocal launches
        if not found[1] and not found[3]:
            return found[0]
        launches += 1
        return f"<<<{found[1]}{found[2]}>>>{found[3]}"

    joined = _LAUNCH.sub(join, text)
    if not device:
        return Rewritten(joined, launches, ())
    made = without_ptx(joined)
    return Rewritten(made.text, made.replaced + launches, made.refused)
