"""Translated code against the NumPy reference: ``translate_differential.py [--seeds N] [TARGET…]``.

Random streams and programs by the seed, on every target and wave size; a difference is printed with
what is needed to see it again.
"""

from __future__ import annotations

import argparse
import random
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))

import anyroc.semantics  # noqa: F401  (registers the instructions)
from anyroc.isa.targets import target
from translate_support.compare import differences
from translate_support.machine import BAD_PC, RETURN, State, kernel_of, run
from translate_support.programs import Program, follow
from translate_support.reference import Reference
from translate_support.streams import Stream
from translate_support.targets import CONFIGURATIONS, ISA


def stream(name: str, wave_size: int, seed: int, state: State) -> tuple[bytes, State, int]:
    """Code, the state that the reference leaves, and the number of instructions that ran."""
    made = Stream(ISA[name], wave_size, random.Random(seed)).make(120)
    Reference(state, target(name)).run([inst for inst, _ in made])
    return b"".join(code for _, code in made), state, len(made)


def program(name: str, wave_size: int, seed: int, state: State) -> tuple[bytes, State, int]:
    """The same of code with control flow."""
    made = Program(ISA[name], wave_size, random.Random(seed))
    made.fill(3, 2)
    code = made.finish()
    return code, state, follow(Reference(state, target(name)), code, ISA[name])


def main() -> int:
    parser = argparse.ArgumentParser(description="Translated code against the NumPy reference.")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("targets", nargs="*", default=list(ISA))
    arguments = parser.parse_args()
    failures = instructions = 0
    for seed in range(arguments.first, arguments.first + arguments.seeds):
        for name, wave_size in CONFIGURATIONS:
            for make in (stream, program) if name in arguments.targets else ():
                initial = State.random(np.random.default_rng(seed), wave_size)
                initial.vgpr[56:64] = 1
                initial.sgpr[RETURN : RETURN + 2] = 0x10, 0
                if seed % 3 == 0:
                    initial.enabled = (1 << wave_size) - 1
                code, expected, count = make(name, wave_size, seed, initial.copy())
                instructions += count
                kernel = kernel_of(name, wave_size, code, starts_full=seed % 3 == 0)
                status = run(kernel, initial, budget=seed % 5 * 3)
                found = differences(initial, expected) if status == BAD_PC else [f"status {status}"]
                if found:
                    failures += 1
                    print(f"{make.__name__} {seed} on {name} wave{wave_size}: {found[:3]}")
    print(f"{instructions} instructions, {failures} differences")
    return int(failures > 0)


if __name__ == "__main__":
    sys.exit(main())
