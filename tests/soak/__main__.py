"""What goes wrong, and what goes on for long: faults and soaks on the software GPU.

    python tests/soak [--target gfx942] [TRIAL …]

Each trial runs in a process of its own; the table says which passed, and how long each took.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from trials import MEMORY, PROGRAM, TRIALS


def anyroc(
    *words: str | Path, target: str, limit: float = 3600
) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "ANYROC_DEVICES": target, "ANYROC_MEMORY": MEMORY}
    environment.setdefault("ANYROC_OPT", "2")  # a compiler that comes later looks like a leak
    command = [sys.executable, "-m", "anyroc", *map(str, words)]
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False, timeout=limit
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("trial", nargs="*", help="only these")
    parser.add_argument("--target", action="append", help="a GPU; may be given several times")
    parser.add_argument("--brief", action="store_true", help="a few rounds of each")
    options = parser.parse_args()
    chosen = [trial for trial in TRIALS if not options.trial or trial.name in options.trial]
    fine = True
    print("| Trial | Rounds | Target | Seconds | Outcome |\n|---|---:|---|---:|---|", flush=True)
    for target in options.target or ["gfx942", "gfx1201"]:
        with tempfile.TemporaryDirectory() as folder:
            program, code = Path(folder) / "soak.so", Path(folder) / "soak.co"
            for words in (["-o", program], ["--device-only", "-o", code]):
                built = anyroc("build", PROGRAM, "--target", target, *words, target=target)
                if built.returncode != 0:
                    raise SystemExit(built.stderr)
            for trial in chosen:
                rounds = trial.brief if options.brief else trial.long
                begun = time.monotonic()
                words = [trial.name, str(rounds), str(code)]
                done = anyroc("run", program, "--", *words, target=target)
                passed = done.returncode == 0 and done.stdout == "fine\n"
                fine = fine and passed
                outcome = "passed" if passed else f"failed ({done.returncode})"
                row = (
                    trial.shows,
                    f"{rounds:,}",
                    target,
                    f"{time.monotonic() - begun:.1f}",
                    outcome,
                )
                print(f"| {' | '.join(row)} |", flush=True)
                if not passed:
                    print(done.stdout[-2000:] + done.stderr[-2000:], flush=True)
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
