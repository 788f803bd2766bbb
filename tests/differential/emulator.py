"""Random instructions against tinygrad's emulator: ``emulator.py --tinygrad PATH [ISA…]``.

PATH is a checkout of the project tinygrad (MIT), which keeps its emulator with its tests.
It compiles AMD's pseudo-code, instruction by instruction, and so shares nothing with our bodies.
For every vector and scalar instruction random encodings with random modifiers run on both from
the same random registers.  What differs is printed by instruction, except where there is a
verdict (``VERDICTS``); the exit code tells whether something differs without one.

ISAs: rdna3 (as gfx1100), rdna4 (gfx1201), cdna4 (gfx950).  Needs a clang or an LLVM that tinygrad
finds (DEV=CPU:LLVM chooses the latter), and takes some minutes for each ISA.
"""

from __future__ import annotations

import argparse
import ctypes
import random
import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))

import anyroc.semantics  # noqa: F401  (registers the instructions)
from anyroc.isa.disasm import format_instruction
from anyroc.isa.instruction import Instruction
from anyroc.isa.tables import Row, table
from anyroc.isa.targets import target
from anyroc.semantics.core import OPERATIONS, Cross, Op
from translate_support.compare import differences
from translate_support.encode import Generator
from translate_support.machine import State
from translate_support.reference import Reference

ISAS = {"rdna3": ("gfx1100", 32), "rdna4": ("gfx1201", 32), "cdna4": ("gfx950", 64)}
ARCHITECTURE = {"rdna3": "rdna3", "rdna4": "rdna4", "cdna4": "cdna"}
_NARROW = "F16 with denormals: it flushes them, our MODE (0x3F0) keeps them"
_HALF_WORDS = (
    "chooses SGPRs' low halves and constants' high ones by op_sel, where we do the reverse"
)
VERDICTS: tuple[tuple[str, str], ...] = (
    (r"s_\w+_b64", "it keeps 32 bits of EXEC and of operands in wave32"),
    (r"s_wqm_\w+|s_bfe_i64|s_cvt_pk_rtz_\w+", "it does not implement them as the manual says"),
    (r"v_cmpx_\w+", "it also writes VCC or the SGPR that RDNA's manuals say is not written"),
    (
        r"v_(add|sub|subrev|subb|addc|subbrev|mad)_\w*co_\w+|v_mad_[iu]64_\w+|v_div_scale_\w+",
        "it leaves the bits of disabled lanes in the carries, where the manual has 0",
    ),
    (r"v_cvt_\w*(i16|u16|i32|u32|u8)\w*", "it does not saturate; NaN becomes 0 by the manual"),
    (
        r"v_(sin|cos|exp|log|rcp|rsq|sqrt|s_\w+)_f(16|32|64)|v_rcp_iflag_f32",
        "within the bounds of `anyroc isa fidelity`; F32 denormals flushed, as on gfx1200",
    ),
    (r"v_(rndne|fract|trunc|ceil|floor)_f\w+", "it loses -0 and lets fract be 1"),
    (r"v_frexp_\w+", "wrong for denormals; ours is what a gfx1200 gives"),
    (r"v_(mul|mul_hi|mad)_[iu]\w*24", "it does not mask its operands to 24 bits"),
    (r"v_(minimum|maximum)\w*|v_div_fixup_f\w+", "NaN and overflow not as in the pseudo-code"),
    (
        r"v_\w+_f16|v_cvt_f32_f16|v_cvt_f16_\w+|s_\w+_f16|v_\w*f16\w*_lo|v_mov_b16|v_dot2\w+",
        _NARROW,
    ),
    (r"v_cmp_\w+(16)", _HALF_WORDS),
    (r"v_\w+_[iub]16|v_mad_[iu]32_[iu]16|v_dot[248]\w+", _HALF_WORDS),
    (
        r"v_(lerp|mqsad|qsad|sat|permlane|swap|cvt_off|cvt_norm|cvt_pk|writelane|readlane)\w+",
        "it does not implement them as the manual says",
    ),
    (r"v_fma_mix\w+|v_pk_\w+|v_ldexp_\w+|v_fmac_dx9\w+", "it leaves modifiers out"),
    (r"v_ceil_f32|v_cvt_f32_f64", "the sign of a clamped -0, of which no document speaks"),
)
"""Patterns of operations that differ in kind, examined, each with why ours is kept."""


class Emulator:
    """tinygrad's emulator, one instruction at a time."""

    def __init__(self, path: str, isa: str) -> None:
        sys.path.insert(0, path)
        from test.mockgpu.amd import emu  # type: ignore[import-not-found]

        self.emu: Any = emu
        self.architecture = ARCHITECTURE[isa]
        self.m0 = 124 if isa.startswith("cdna") else 125
        self.wave_size = ISAS[isa][1]

    def run(self, code: bytes, state: State) -> None:
        """Raises whatever it raises on what it does not know."""
        emu, wave = self.emu, self.emu.WaveState(self.wave_size, self.wave_size)
        memory = ctypes.create_string_buffer(code + bytes(32))
        program, runtime = emu._get_runner(code + bytes(16), self.architecture)
        scalars, rows = wave._sgpr_mv, wave._vgpr_mv
        for index in (*range(108), 126, 127):
            scalars[index] = int(state.sgpr[index])
        scalars[self.m0] = int(state.sgpr[124])
        scalars[emu.SCC.offset] = state.scc
        size = 256 * self.wave_size
        rows[:] = memoryview(np.ascontiguousarray(state.vgpr[:256])).cast("B").cast("I")
        accumulators = wave.accvgpr_buf
        if self.wave_size == 64:
            moved = np.ascontiguousarray(state.vgpr[256:512])
            ctypes.memmove(accumulators._buf.va_addr, moved.ctypes.data, 4 * size)
        wave.pc = ctypes.addressof(memory)
        addresses = [
            wave.sgpr_buf._buf.va_addr, wave.vgpr_buf._buf.va_addr, 0, 0, 0,
            accumulators._buf.va_addr,
        ]  # fmt: skip
        runtime.fxn(*[ctypes.c_uint64(addresses[g]) for g in program.arg.globals])
        for index in (*range(108), 126, 127):
            state.sgpr[index] = scalars[index]
        state.sgpr[124] = scalars[self.m0]
        state.scc = int(bool(scalars[emu.SCC.offset]))
        state.vgpr[:256] = np.frombuffer(rows, np.uint32).reshape(256, self.wave_size)
        if self.wave_size == 64:
            ctypes.memmove(moved.ctypes.data, accumulators._buf.va_addr, 4 * size)
            state.vgpr[256:512] = moved


def rows_of(isa: str, pattern: str) -> list[Row]:
    return [
        row
        for row in table(isa)
        if isinstance(OPERATIONS.get(row.op), Op | Cross)
        and row.format.startswith(("VOP", "SOP"))
        and row.format != "VOPD"
        and re.search(pattern, row.op)
    ]


def compare(
    emulator: Emulator, name: str, inst: Instruction, code: bytes, seed: int
) -> list[str] | None:
    """The differences; None where either cannot run it."""
    state = State.random(np.random.default_rng(seed), emulator.wave_size)
    expected = state.copy()
    reference = Reference(expected, target(name))
    try:
        reference.run([inst])
        emulator.run(code, state)
    except Exception:
        return None
    return differences(state, expected, reference.float_rows)


def main() -> int:
    parser = argparse.ArgumentParser(description="Random instructions against tinygrad's emulator.")
    parser.add_argument("--tinygrad", required=True, help="a checkout of tinygrad")
    parser.add_argument("--each", type=int, default=3, help="encodings of each instruction")
    parser.add_argument("--only", default="", help="a pattern of operations")
    parser.add_argument("isas", nargs="*", default=list(ISAS))
    arguments = parser.parse_args()
    unexplained = 0
    for isa in arguments.isas:
        name, wave_size = ISAS[isa]
        emulator, counts = Emulator(arguments.tinygrad, isa), Counter[str]()
        for row in rows_of(isa, arguments.only):
            rng = random.Random(f"{isa} {row.op} {row.format}")
            generator = Generator(isa, wave_size, rng)
            for variant in generator.variants(row):
                if "dpp" in variant or "sdwa" in variant:
                    continue  # the emulator leaves out masks, movement in VOP3, and SDWA
                for seed in range(arguments.each):
                    generator.used.clear()
                    made = generator.instruction(row, variant)
                    if made is None or made.mods.omod:  # the emulator applies omod always
                        continue
                    found = compare(emulator, name, made, generator.code, seed)
                    if found is None:
                        counts["not run"] += 1
                        break
                    counts["compared"] += 1
                    if not found:
                        continue
                    verdict = next((v for p, v in VERDICTS if re.fullmatch(p, row.op)), "")
                    counts["differ, explained" if verdict else "differ"] += 1
                    unexplained += not verdict
                    if not verdict:
                        print(f"{format_instruction(made, target(name))}: {found[:2]}", flush=True)
        print(f"{isa}: " + ", ".join(f"{n} {what}" for what, n in counts.items()), flush=True)
    return int(unexplained > 0)


if __name__ == "__main__":
    sys.exit(main())
