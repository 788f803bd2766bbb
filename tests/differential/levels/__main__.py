"""The same functions at every optimisation level: ``python tests/differential/levels [TARGET…]``.

levels.hip compiled with -O0, -O1, -O3 (the same bits as on the host are wanted) and with -O3
-ffast-math (integers the same, floats within 1e-5), run on each GPU with waves of each size.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from anyroc.isa.targets import TARGETS

PROGRAM = Path(__file__).with_name("levels.hip")
EXACT = ("-X", "-ffp-contract=off")
LEVELS = {
    "-O0": ("-O", "0", *EXACT),
    "-O1": ("-O", "1", *EXACT),
    "-O3": ("-O", "3", *EXACT),
    "-O3 -ffast-math": (
        "-O", "3", "-DINTEGERS_ONLY", "-X", "-ffp-contract=off", "-X", "-Xarch_device",
        "-X", "-ffast-math",
    ),
}  # fmt: skip


def run(target: str, wave: int, flags: tuple[str, ...]) -> tuple[bool, str]:
    """Whether all is right, and the last lines of what the program said."""
    command = [sys.executable, "-m", "anyroc", "run", "--target", target, "--wave", str(wave)]
    try:
        done = subprocess.run(
            [*command, *flags, str(PROGRAM)], capture_output=True, text=True, timeout=900
        )
    except subprocess.TimeoutExpired:
        return False, "no end after 15 minutes"
    lines = (done.stdout + done.stderr).strip().splitlines()
    right = done.returncode == 0 and any(line.endswith(", 0 wrong") for line in lines)
    return right, next((line for line in lines if line.endswith("wrong")), "\n".join(lines[-6:]))


def main() -> int:
    failures = 0
    for target in sys.argv[1:] or TARGETS:
        for wave in TARGETS[target].wave_sizes:
            for level, flags in LEVELS.items():
                began = time.perf_counter()
                right, said = run(target, wave, flags)
                failures += not right
                seconds = time.perf_counter() - began
                print(f"{target} wave{wave} {level:<16}{seconds:>6.0f} s  {said}", flush=True)
    return int(failures > 0)


if __name__ == "__main__":
    sys.exit(main())
