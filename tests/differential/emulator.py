"""Random instructions against tinygrad's emulator: ``emulator.py --tinygrad PATH [ISA…]``.

PATH is a checkout of the project tinygrad (MIT), which keeps its emulator with its tests.
It compiles AMD's pseudo-code, instruction by instruction, and so shares nothing with our bodies.
For every vector and scalar instruction random encodings with random modifiers run on both from
the same registers: noise first, then edges of the operands' types (NaNs with payloads, denormals,
infinities, both zeros, the ends of the range).  What differs is printed by instruction, except
where there is a verdict (``VERDICTS``); the exit code tells whether something differs without one.
``--record`` writes what never differed into emulated.txt, for ``anyroc isa coverage``: instructions
that were not tried keep their place there, so it can be done in pieces (``--only``).

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
from oracles import RULES
from oracles.machine import IMPLICIT
from oracles.rule import bits_of
from semantics_support.operands import codes
from translate_support.compare import differences
from translate_support.encode import SOURCE_ROWS, Generator
from translate_support.machine import State
from translate_support.reference import Reference

ISAS = {"rdna3": ("gfx1100", 32), "rdna4": ("gfx1201", 32), "cdna4": ("gfx950", 64)}
GPUS = {"rdna3": "gfx1100 gfx1151", "rdna4": "gfx1200 gfx1201", "cdna4": "gfx950"}
EMULATED = Path(__file__).with_name("emulated.txt")
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
    (r"v_cmpx?_\w+_i64", "it zero-extends literals of signed operands"),
    (r"v_alignbit_b32", "it does not take the shift modulo 32, and heeds op_sel"),
    (r"v_(min|max|med)3_f\w+", "it lets no signaling NaN win, which the manual has in IEEE mode"),
)
"""Patterns of operations that differ in kind, examined, each with why ours is kept."""
CLAMPED_ZERO = re.compile(r"expected 0x00000000, got 0x80000000|expected 0x0{8}, got 0x0{4}8000")


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


def edged(state: State, op: str, seed: int) -> None:
    """Fills the registers that random instructions read with edges of a type that one takes."""
    kinds = RULES[op].sources if op in RULES else ()
    types = [k.partition("x")[0] for k in kinds if k not in (*IMPLICIT, "mask", "vcc")]
    if not types:
        return
    t = types[seed % len(types)]
    t = "u" + t[1:] if t[0] == "i" else t
    count, bits = state.wave_size, bits_of(t)
    for row in range(0, SOURCE_ROWS, 2):
        low, high = (codes(t, count, 100 * seed + row + n).astype(np.uint64) for n in (0, 1))
        if bits == 64:
            low, high = low & np.uint64(0xFFFFFFFF), low >> np.uint64(32)
        elif bits < 32:
            low, high = (v | v[::-1] << np.uint64(16) for v in (low, high))
        state.vgpr[row], state.vgpr[row + 1] = low, high


def compare(
    emulator: Emulator, name: str, inst: Instruction, code: bytes, seed: int
) -> list[str] | None:
    """The differences; None where either cannot run it."""
    state = State.random(np.random.default_rng(seed), emulator.wave_size)
    if seed % 2:
        edged(state, inst.op, seed)
    expected = state.copy()
    reference = Reference(expected, target(name))
    try:
        reference.run([inst])
        emulator.run(code, state)
    except Exception:
        return None
    return differences(state, expected, reference.float_rows)


def record(isa: str, tried: set[str], differed: set[str]) -> None:
    """Brings emulated.txt up to date."""
    lines = EMULATED.read_text().splitlines() if EMULATED.exists() else []
    known = dict(line.split(": ", 1) for line in lines)
    kept = set(known.get(GPUS[isa], "").split()) - tried
    known[GPUS[isa]] = " ".join(sorted(kept | (tried - differed)))
    EMULATED.write_text("".join(f"{gpus}: {keys}\n" for gpus, keys in sorted(known.items())))


def main() -> int:
    parser = argparse.ArgumentParser(description="Random instructions against tinygrad's emulator.")
    parser.add_argument("--tinygrad", required=True, help="a checkout of tinygrad")
    parser.add_argument("--each", type=int, default=3, help="encodings of each instruction")
    parser.add_argument("--only", default="", help="a pattern of operations")
    parser.add_argument("--record", action="store_true", help="note what never differed")
    parser.add_argument("isas", nargs="*", default=list(ISAS))
    arguments = parser.parse_args()
    unexplained = 0
    for isa in arguments.isas:
        name, wave_size = ISAS[isa]
        emulator, counts = Emulator(arguments.tinygrad, isa), Counter[str]()
        tried, differed = set[str](), set[str]()
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
                    tried.add(row.op)
                    if not found:
                        continue
                    differed.add(row.op)
                    verdict = next((v for p, v in VERDICTS if re.fullmatch(p, row.op)), "")
                    if made.mods.clamp and all(map(CLAMPED_ZERO.search, found)):
                        verdict = "the sign of a clamped -0, of which no document speaks"
                    counts["differ, explained" if verdict else "differ"] += 1
                    unexplained += not verdict
                    if not verdict:
                        print(f"{format_instruction(made, target(name))}: {found[:2]}", flush=True)
        if arguments.record:
            record(isa, tried, differed)
        print(f"{isa}: " + ", ".join(f"{n} {what}" for what, n in counts.items()), flush=True)
    return int(unexplained > 0)


if __name__ == "__main__":
    sys.exit(main())
