"""The commands `hipcc` and `hipconfig`, by which programs and builds know ROCm's compiler.

They are on the PATH of programs that `anyroc run` starts, and of shells that `anyroc env` has
prepared.
"""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from anyroc import cache

COMMANDS = ("hipcc", "hipconfig")


def folder() -> Path:
    """Return a folder with the commands, which run this Python."""
    package = Path(__file__).parents[2]
    python = shlex.quote(sys.executable)
    lines = [
        "#!/bin/sh",
        f"PYTHONPATH={shlex.quote(str(package))}${{PYTHONPATH:+:$PYTHONPATH}} \\",
        f'    exec {python} -m anyroc.cli.hipcc "${{0##*/}}" "$@"',
    ]
    text = "\n".join(lines) + "\n"

    def build(made: Path) -> None:
        made.mkdir()
        for name in COMMANDS:
            (made / name).write_text(text)
            (made / name).chmod(0o755)

    return cache.default().make("commands", cache.key(text, *COMMANDS), "", build)
