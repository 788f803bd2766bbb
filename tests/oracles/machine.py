"""Runs instructions of a GPU as machine code on operands that find mistakes, for the rules to
check.

Every instruction stands once, its modifiers absent but for those that a rule speaks of.
Instructions with the same kinds of operands share a kernel and its operands; where one writes SCC,
VCC or EXEC, that is kept in scalar registers of its own and put back.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np

from anyroc.isa.decode import decode
from anyroc.isa.formats import formats
from anyroc.isa.instruction import EXEC, VCC, DecodeError, Instruction, Operand
from anyroc.isa.tables import Row, table
from anyroc.isa.targets import target
from oracles.rule import RULES, Rule, bits_of, number, same, signed
from semantics_support import exact
from semantics_support.exact import FORMATS as FLOATS
from semantics_support.operands import codes
from translate_support.encode import encode
from translate_support.machine import ACCUM_OFFSET, BAD_PC, State, form_of, run

__all__ = ["FORMATS", "IMPLICIT", "Made", "batches", "check", "make"]

IMPLICIT = ("scc", "exec", "lane", "op_sel", "op_sel_hi", "neg_lo", "truth")
FORMATS = (
    "SOP1", "SOP2", "SOPC", "SOPK", "VOP1", "VOP2", "VOP3", "VOP3P", "VOP3SD", "VOPC", "VINTERP",
    "MAI",
)  # fmt: skip
_SOURCES = {"src0": 0, "src1": 40, "src2": 80, "ssrc0": 0, "ssrc1": 2}
"""The first VGPR of each vector source, of up to 32; results begin at v112."""
_FIRST_RESULT, _SCALAR_SOURCE, _MASK_SOURCE = 112, 8, 20
_SAVED_EXEC, _SAVED_VCC, _SCC_SOURCE = 2, 4, 6
_FIRST_SCALAR, _SCALARS = 24, 100


@dataclass
class Made:
    """An instruction in a kernel, and where its results are.

    ``masks``: scalar registers that hold the VCC, EXEC or SCC it left, by name.
    """

    row: Row
    inst: Instruction
    code: bytes
    rule: Rule
    masks: dict[str, int] = field(default_factory=dict)


class _Full(Exception):
    """No registers are left for results."""


@dataclass
class _Kernel:
    """One batch: code, and the next registers that are free."""

    isa: str
    wave_size: int
    rng: random.Random
    code: bytes = b""
    made: list[Made] = field(default_factory=list)
    vector: int = _FIRST_RESULT
    scalar: int = _FIRST_SCALAR

    def vectors(self, count: int, limit: int) -> int:
        first = self.vector + self.vector % 2
        if first + count > limit:
            raise _Full
        self.vector = first + count
        return first

    def scalars(self, count: int) -> int:
        first = self.scalar + self.scalar % 2
        if first + count > _SCALARS:
            raise _Full
        self.scalar = first + count
        return first


def make(isa: str, wave_size: int, row: Row, entry: Rule, kernel: _Kernel) -> Made | None:
    """An encoding of a row whose results have registers of their own; None if none decodes."""
    layout = formats(isa)[row.format]
    rng, raw = kernel.rng, layout.put(layout.match, "op", row.opcode)
    specs = {spec.field: spec for spec in (*row.src, *row.dst)}
    results = {spec.field for spec in row.dst}
    literal = b""
    for name, (_, width) in layout.fields.items():
        spec = specs.get(name)
        if name == "op":
            continue
        if spec is not None and name in results:
            count = spec.dwords(wave_size)
            if spec.kind in ("s", "ss"):
                value = kernel.scalars(max(count, wave_size // 32))
            else:
                value = kernel.vectors(count, 128 if spec.bits == 16 else 256)
                value |= 256 if width == 9 else 0
        elif spec is not None and spec.kind not in ("imm", "k", "k16"):
            if spec.kind in ("s", "ss") or spec.type == "mask":
                scalar = _SCALAR_SOURCE + 2 * _SOURCES.get(name, 0)
                value = _MASK_SOURCE if spec.type == "mask" else scalar
            else:
                value = _SOURCES[name] | (256 if width == 9 else 0)
        else:
            value = _modifier(name, width, row, entry, rng)
        raw = layout.put(raw, name, value)
    if any(spec.kind == "k" for spec in row.src):
        t = next(t for t in ("f64", "f32", "f16", "") if t in row.op)
        literal = int(codes(t or "f16", 1, rng.randrange(99))[0])
        literal = literal.to_bytes(8 if t == "f64" else 4, "little")
    code = raw.to_bytes(layout.bytes, "little") + literal
    try:
        inst = decode(isa, code + bytes(8), 0, wave_size=wave_size)
    except DecodeError:
        return None
    return Made(row, inst, code[: inst.size], entry) if inst.op == row.op else None


def _modifier(name: str, width: int, row: Row, entry: Rule, rng: random.Random) -> int:
    every = (1 << width) - 1
    if name == "simm16":
        return rng.choice((0, 1, 0x7FFF, 0x8000, 0xFFFF, rng.randrange(1 << 16)))
    if name in ("op_sel_hi", "op_sel_hi2"):
        return rng.randrange(every + 1) if "op_sel_hi" in entry.sources else every
    if name == "op_sel" and "op_sel" in entry.sources:
        return rng.randrange(every + 1)
    if name == "neg" and "neg_lo" in entry.sources:
        return rng.randrange(4)
    if name in ("abs", "omod", "neg") and "truth" in entry.sources:
        return rng.randrange(every + 1)
    return 0


def _add(kernel: _Kernel, row: Row, entry: Rule) -> bool:
    """Adds an instruction to a kernel, if an encoding is found; False if there is no room for its
    results."""
    before = kernel.vector, kernel.scalar
    try:
        _append(kernel, row, entry)
    except _Full:
        kernel.vector, kernel.scalar = before
        return False
    return True


def _append(kernel: _Kernel, row: Row, entry: Rule) -> None:
    isa, wide = kernel.isa, kernel.wave_size == 64
    move = "s_mov_b64" if wide else "s_mov_b32"
    for _ in range(40):
        before = (kernel.vector, kernel.scalar)
        made = make(isa, kernel.wave_size, row, entry, kernel)
        if made is not None:
            break
        kernel.vector, kernel.scalar = before
    else:
        return

    def scalar(op: str, to: int, *sources: int) -> bytes:
        fields = {f"ssrc{n}": source for n, source in enumerate(sources)}
        return encode(isa, "SOP2" if len(sources) > 1 else "SOP1", op, sdst=to, **fields)

    code = b""
    if "scc" in entry.sources:
        code += encode(isa, "SOPC", "s_cmp_lg_u32", ssrc0=_SCC_SOURCE, ssrc1=128)
    code += made.code
    if "scc" in entry.results:
        made.masks["scc"] = kernel.scalars(1)
        code += scalar("s_cselect_b32", made.masks["scc"], 129, 128)
    if any(o.kind == "s" and o.index == VCC for o in made.inst.dst):
        made.masks["vcc"] = kernel.scalars(2)
        code += scalar(move, made.masks["vcc"], VCC) + scalar(move, VCC, _SAVED_VCC)
    if "exec" in entry.results or made.inst.op.startswith("v_cmpx"):
        made.masks["exec"] = kernel.scalars(2)
        code += scalar("s_mov_b64", made.masks["exec"], EXEC)
        code += scalar("s_mov_b64", EXEC, _SAVED_EXEC)
    kernel.code += code
    kernel.made.append(made)


def batches(
    isa: str, wave_size: int, rows: list[Row] | None = None
) -> Iterator[tuple[tuple[str, ...], _Kernel]]:
    """(kinds of operands, kernel) of all rows that have a rule, dual instructions aside."""
    groups: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in rows if rows is not None else table(isa):
        if row.op in RULES and row.format in FORMATS:
            scalar = row.format.startswith("SOP") or row.op.startswith("v_s_")
            groups[(str(scalar), *RULES[row.op].sources)].append(row)
    for key, members in groups.items():
        rng = random.Random(f"{isa} {wave_size} {key}")
        todo = members * 3 if {"op_sel", "op_sel_hi", "neg_lo", "truth"} & {*key} else members
        kernel = _Kernel(isa, wave_size, rng)
        for row in todo:
            if not _add(kernel, row, RULES[row.op]):
                yield key, kernel
                kernel = _Kernel(isa, wave_size, rng)
                _add(kernel, row, RULES[row.op])
        if kernel.made:
            yield key, kernel


def _tame(t: str, column: np.ndarray) -> np.ndarray:
    """Floats without infinities, NaNs and denormals."""
    f = FLOATS[t]
    exponent = (1 << f.exponent) - 1
    values = column.astype(object)
    middle = (values >> f.fraction & exponent) % (exponent // 2) + exponent // 4
    return np.array(values & ~(exponent << f.fraction) | middle << f.fraction, column.dtype)


@cache
def columns(kinds: tuple[str, ...], count: int, seed: int, finite: bool) -> list[list[Any]]:
    """For each operand that has a type, ``count`` values (or tuples), edges among them; operands of
    the same type are equal now and then, and three floats nearly cancel."""
    result: list[list[Any]] = []
    types = [kind for kind in kinds if kind not in IMPLICIT and kind not in ("mask", "vcc")]
    for n, kind in enumerate(types):
        name, _, many = kind.partition("x")
        t = name if name in FLOATS else "u" + name[1:]
        parts = []
        for element in range(int(many or 1)):
            column = codes(t, count, 1000 * seed + 40 * n + element)
            parts.append((_tame(t, column) if finite and t in FLOATS else column).tolist())
        result.append(list(zip(*parts, strict=True)) if many else parts[0])
    rng = random.Random(f"{kinds} {seed}")
    for lane in range(count):
        if len(types) > 1 and rng.random() < 0.2:
            a, b = rng.sample(range(len(types)), 2)
            if types[a] == types[b]:
                result[a][lane] = result[b][lane]
        if len(types) == 3 and len({*types}) == 1 and types[0] in FLOATS and rng.random() < 0.3:
            product = exact.multiply(*(number(result[n][lane], types[0]) for n in (0, 1)))
            f = FLOATS[types[0]]
            near = exact.encode(product, f) ^ 1 << (f.bits - 1)
            result[2][lane] = near ^ rng.randrange(4)
        for n, kind in enumerate(types):  # amounts and exponents that leave something
            if kind in ("u32", "i32", "u16", "i16") and n and rng.random() < 0.3:
                result[n][lane] = rng.randrange(70) if kind[0] == "u" else rng.randrange(-70, 70)
                result[n][lane] &= (1 << int(kind[1:])) - 1
    return result


def _words(kind: str, value: Any) -> list[int]:
    """An operand's value as dwords."""
    elements = value if isinstance(value, tuple) else (value,)
    bits = bits_of(kind)
    whole = sum(int(v) << bits * n for n, v in enumerate(elements))
    count = max(1, -(-bits * len(elements) // 32))
    return [whole >> 32 * n & 0xFFFFFFFF for n in range(count)]


def _value(kind: str, words: list[int]) -> Any:
    """A rule's operand from dwords."""
    name, _, many = kind.partition("x")
    bits, whole = bits_of(kind), sum(word << 32 * n for n, word in enumerate(words))
    parts = [whole >> bits * n & (1 << bits) - 1 for n in range(int(many or 1))]
    if name[0] == "i":
        parts = [signed(v, bits) for v in parts]
    return parts if many else parts[0]


def _fill(state: State, key: tuple[str, ...], seed: int, finite: bool) -> None:
    """Puts a batch's operands in place."""
    rng = random.Random(f"{key} {seed} state")
    scalar, kinds = key[0] == "True", key[1:]
    n = 1 if scalar else 64
    types = [kind for kind in kinds if kind not in IMPLICIT and kind not in ("mask", "vcc")]
    for at, (kind, column) in enumerate(zip(types, columns(kinds, n, seed, finite), strict=True)):
        if scalar:
            for i, word in enumerate(_words(kind, column[0])):
                state.sgpr[_SCALAR_SOURCE + 4 * at + i] = word
            if at == 0:  # v_s_… and literals
                continue
        else:
            words = np.array([_words(kind, v) for v in column[: state.wave_size]], np.uint32)
            first = 40 * at
            state.vgpr[first : first + words.shape[1]] = words.T
            if kinds[0] == "u32" and ACCUM_OFFSET + first < len(state.vgpr):
                state.vgpr[ACCUM_OFFSET + first : ACCUM_OFFSET + first + words.shape[1]] = words.T
    for register in (_MASK_SOURCE, _MASK_SOURCE + 1, VCC, VCC + 1):
        state.sgpr[register] = rng.getrandbits(32)
    if state.wave_size == 32:
        state.sgpr[VCC + 1] = 0
    state.enabled = rng.choice(((1 << 64) - 1, rng.getrandbits(64)))
    state.sgpr[_SAVED_EXEC : _SAVED_EXEC + 2] = state.sgpr[EXEC : EXEC + 2]
    state.sgpr[_SAVED_VCC : _SAVED_VCC + 2] = state.sgpr[VCC : VCC + 2]
    state.sgpr[_SCC_SOURCE] = rng.getrandbits(1)


@dataclass
class _Wave:
    """A wave's registers before and after; what a rule reads and is compared with."""

    before: State
    after: State

    def words(self, state: State, operand: Operand, lane: int, count: int) -> list[int]:
        if operand.kind in ("v", "a"):
            row = operand.index + (ACCUM_OFFSET if operand.kind == "a" else 0)
            return [int(v) for v in state.vgpr[row : row + count, lane]]
        if operand.kind == "s":
            return [int(v) for v in state.sgpr[operand.index : operand.index + count]]
        value = int(operand.value)
        return [value >> 32 * n & 0xFFFFFFFF for n in range(count)]

    def mask(self, register: int) -> int:
        low = int(self.after.sgpr[register])
        return low | (int(self.after.sgpr[register + 1]) << 32 if self.after.wave_size == 64 else 0)

    def operands(self, made: Made, lane: int) -> list[Any]:
        """What a rule is given."""
        encoded, given = iter(enumerate(made.inst.src)), []
        mods = made.inst.mods
        flags = {
            "scc": int(self.before.sgpr[_SCC_SOURCE]),
            "exec": self.before.enabled,
            "lane": lane,
            "op_sel": sum(bit << n for n, bit in enumerate(mods.op_sel)),
            "op_sel_hi": sum(bit << n for n, bit in enumerate(mods.op_sel_hi)),
            "neg_lo": sum(bit << n for n, bit in enumerate(mods.neg_lo)),
            "truth": int(dict(mods.extra).get("bitop3", 0)),
        }
        for kind in made.rule.sources:
            if kind in flags:
                given.append(flags[kind])
            elif kind in ("mask", "vcc"):
                _, operand = next(encoded)
                low = self.words(self.before, operand, lane, 2)
                given.append((low[0] | low[1] << 32) >> lane & 1)
            else:
                at, operand = next(encoded)
                count = len(_words(kind, (0,) * int(kind.partition("x")[2] or 1)))
                words = self.words(self.before, operand, lane, count)
                if bits_of(kind) == 16 and "x" not in kind and mods.op_sel[min(at, 3)]:
                    words = [words[0] >> 16]
                given.append(_value(kind, words))
        return given


def _results(entry: Rule, given: list[Any]) -> list[Any]:
    found = entry.function(*given)
    return list(found) if len(entry.results) > 1 else [found]


def _wrong(wave: _Wave, made: Made, lane: int) -> str:
    """What is wrong in a lane, "" if nothing is."""
    given = wave.operands(made, lane)
    slack = made.rule.absolute
    if made.rule.slack is not None:
        slack = made.rule.slack(*given)
    shown = [[hex(v) for v in g] if isinstance(g, list) else hex(g) for g in given]
    encoded = iter(made.inst.dst)
    for kind, want in zip(made.rule.results, _results(made.rule, given), strict=True):
        if kind == "scc":
            got = int(wave.after.sgpr[made.masks["scc"]])
            if bool(want) != bool(got):
                return f"of {shown}: expected SCC {bool(want)}, got {bool(got)}"
            continue
        if kind == "exec":
            got = wave.mask(made.masks["exec"])
            if want & (1 << wave.after.wave_size) - 1 != got:
                return f"of {shown}: expected EXEC {want:#x}, got {got:#x}"
            continue
        operand = next(encoded)
        if want is None:
            continue
        if kind == "mask":
            for register in _mask_registers(made, operand):
                if wave.mask(register) >> lane & 1 != bool(want):
                    return f"of {shown}: expected bit {bool(want)} in s{register}"
            continue
        problem = _differs(wave, made, operand, lane, kind, want, slack)
        if problem:
            return f"of {shown}: {problem}"
    return ""


def _mask_registers(made: Made, operand: Operand) -> list[int]:
    registers = [made.masks["exec"]] if "exec" in made.masks else []
    if operand.index == VCC:
        return [*registers, made.masks["vcc"]]
    return registers if operand.index == EXEC else [*registers, operand.index]


def _differs(
    wave: _Wave, made: Made, operand: Operand, lane: int, kind: str, want: Any, slack: float
) -> str:
    bits, parts = bits_of(kind), list(want) if isinstance(want, list | tuple) else [want]
    parts = [v if isinstance(v, frozenset) else int(v) & (1 << bits) - 1 for v in parts]
    count = max(1, -(-bits * len(parts) // 32))
    words = wave.words(wave.after, operand, lane, count)
    old = wave.words(wave.before, operand, lane, count)
    whole = sum(word << 32 * n for n, word in enumerate(words))
    low = 0
    if bits == 16 and len(parts) == 1 and operand.kind == "v":
        high = "_mixhi_" in made.inst.op or made.inst.mods.op_sel[3]
        low = 16 if high and made.inst.row.dst[0].bits == 16 else 0
        rest = words[0] >> (16 - low) & 0xFFFF
        if rest not in (0, old[0] >> (16 - low) & 0xFFFF):
            return f"the other half became {rest:#x}"
    for n, part in enumerate(parts):
        got = whole >> bits * n + low & (1 << bits) - 1
        if isinstance(part, frozenset):
            if got not in part:
                return f"expected one of {sorted(map(hex, part))[:4]}, got {got:#x}"
        elif not same(kind, part, got, made.rule.ulp, slack):
            return f"expected {part:#x}, got {got:#x}"
    return ""


def check(
    form: str, name: str, wave_size: int, key: tuple[str, ...], kernel: _Kernel, rounds: int
) -> dict[str, str]:
    """The first thing that is wrong with each instruction of a batch, by its encoding."""
    native = form_of(form, name, wave_size, kernel.code)
    finite = any(made.rule.finite for made in kernel.made)
    wrong: dict[str, str] = {}
    for seed in range(rounds):
        rng = np.random.default_rng(seed)
        before = State.random(rng, wave_size)
        _fill(before, key, seed, finite)
        after = before.copy()
        assert run(native, after) == BAD_PC
        wave = _Wave(before, after)
        for made in kernel.made:
            lanes = range(1) if key[0] == "True" else range(wave_size)
            enabled = [n for n in lanes if key[0] == "True" or before.enabled >> n & 1]
            label = f"{made.inst.format} {made.inst.op} {made.code.hex()}"
            for lane in enabled:
                if label not in wrong and (problem := _wrong(wave, made, lane)):
                    wrong[label] = f"lane {lane} {problem}"
    assert target(name).isa == kernel.isa
    return wrong
