"""``make torch``: torch.compile on the software GPU, compared with eager PyTorch on the CPU.

python tests/inductor fragments [NAME …] --target gfx942 --target gfx1201
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
CHECKS = ("fragments", "optimisers", "random", "gpt", "generate", "packages", "targets")


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests/inductor", description=__doc__.splitlines()[0])
    parser.add_argument("check", nargs="?", choices=CHECKS)
    parser.add_argument("names", nargs="*", help="some fragments only")
    parser.add_argument("--target", action="append")
    options = parser.parse_args()
    failed = []
    for target in options.target or ["gfx942", "gfx1201"]:
        for check in [options.check] if options.check else CHECKS:
            environment = {**os.environ, "ANYROC_TARGET": target, "ANYROC_TRITON": "1"}
            if check == "fragments":  # with more, a process crashes at its end if PyTorch 2.13 has
                # made the gradient of a 1x1 convolution in channels_last, with or without anyroc
                environment["OMP_NUM_THREADS"] = "1"
            command = [sys.executable, "-W", "ignore", str(HERE / f"check_{check}.py")]
            done = subprocess.run([*command, *options.names], env=environment, check=False)
            if done.returncode:
                failed.append(f"{check} on {target}")
    print("not as expected: " + ", ".join(failed) if failed else "all as expected")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
