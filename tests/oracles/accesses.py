"""Memory instructions by their names: what is moved, how it is widened, what atomics leave.

Nothing but the name is looked at: ``ds_load_i8_d16_hi`` reads a signed byte of LDS into the upper
half of a register.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from oracles.floats import min_max, quieted
from oracles.rule import fraction, number, signed
from semantics_support import exact
from semantics_support.exact import FORMATS, is_nan

__all__ = ["Element", "Reach", "reach"]


@dataclass(frozen=True)
class Element:
    """One element in memory."""

    bits: int
    is_signed: bool = False


@dataclass(frozen=True)
class Reach:
    """What one lane does: the fields are those of the package's own description, which these are
    used instead of.

    ``update``: the new value of memory from the old one and the data, all of them as bits.
    """

    space: str
    kind: str
    element: Element
    count: int = 1
    half: str = ""
    stride: int = 0
    lane_offset: bool = False
    to_lds: bool = False
    update: Callable[..., int] | None = None

    @property
    def size(self) -> int:
        """Bytes at one address."""
        return self.element.bits // 8 * self.count


_SPACES = {
    "ds": "lds", "global": "global", "flat": "flat", "scratch": "scratch", "buffer": "buffer",
    "s": "scalar", "s_buffer": "scalar_buffer",
}  # fmt: skip
_NAME = re.compile(r"(s_buffer|ds|global|flat|scratch|buffer|s)_(.+)")


def _equal(t: str) -> Callable[[int, int], bool]:
    if t[0] != "f":
        return lambda a, b: a == b
    return lambda a, b: bool(number(a, t) == number(b, t))


def _integer_update(name: str, t: str) -> Callable[..., int] | None:
    bits, is_signed = int(t[1:]), t[0] == "i"

    def v(x: int) -> int:
        return signed(x, bits) if is_signed else x

    same = _equal(t)
    table: dict[str, Callable[..., int]] = {
        "swap": lambda old, x: x,
        "storexchg": lambda old, x: x,
        "and": lambda old, x: old & x,
        "or": lambda old, x: old | x,
        "xor": lambda old, x: old ^ x,
        "add": lambda old, x: old + x,
        "sub": lambda old, x: old - x,
        "rsub": lambda old, x: x - old,
        "min": lambda old, x: min(v(old), v(x)),
        "max": lambda old, x: max(v(old), v(x)),
        "inc": lambda old, x: 0 if old >= x else old + 1,
        "dec": lambda old, x: x if old == 0 or old > x else old - 1,
        "cond_sub": lambda old, x: old - x if old >= x else old,
        "sub_clamp": lambda old, x: max(old - x, 0),
        "wrap": lambda old, x, y: old - x if old >= x else old + y,
        "mskor": lambda old, mask, x: old & ~mask | x,
        # CDNA's ds_cmpst has the comparand first, the others have it last.
        "cmpst": lambda old, want, x: x if same(old, want) else old,
        "cmpstore": lambda old, x, want: x if same(old, want) else old,
        "cmpswap": lambda old, x, want: x if same(old, want) else old,
    }
    return table.get(name)


def _sum(old: int, x: int, t: str) -> int:
    """A NaN stays as it is but for being quiet, the first of two: which one, no document says."""
    for code in (old, x):
        if is_nan(code, FORMATS[t]):
            return quieted(code, t)
    return fraction(exact.add(number(old, t), number(x, t)), t)


def _float_update(name: str, t: str) -> Callable[..., int] | None:
    def extreme(largest: bool) -> Callable[[int, int], int]:
        def update(old: int, x: int) -> int:
            a, b = number(old, t), number(x, t)
            return x if (b > a if largest else b < a) else old

        return update

    table: dict[str, Callable[..., int]] = {
        "add": lambda old, x: _sum(old, x, t),
        "min": extreme(False),
        "max": extreme(True),
        "min_num": lambda old, x: min_max("min_num", x, old, t),
        "max_num": lambda old, x: min_max("max_num", x, old, t),
    }
    return table.get(name) or _integer_update(name, t)


def _packed_update(t: str) -> Callable[[int, int], int]:
    def update(old: int, x: int) -> int:
        low, high = (_sum(old >> n & 0xFFFF, x >> n & 0xFFFF, t) for n in (0, 16))
        return low | high << 16

    return update


def _exchanged(old: int, new: int) -> int:
    """Each dword whose new value has its top bit set is replaced, without that bit."""
    result = 0
    for n in (0, 32):
        a, b = old >> n & 0xFFFFFFFF, new >> n & 0xFFFFFFFF
        result |= (b & 0x7FFFFFFF if b >> 31 else a) << n
    return result


def _atomic(space: str, name: str) -> Reach | None:
    if name == "condxchg32_rtn_b64":
        return Reach(space, "atomic", Element(64), update=_exchanged)
    packed = re.fullmatch(r"pk_add(?:_rtn)?_(f16|bf16)", name)
    if packed:
        return Reach(space, "atomic", Element(32), update=_packed_update(packed[1]))
    found = re.fullmatch(r"(\w+?)(_2addr(?:_stride64)?)?(?:_rtn)?_([biuf])(32|64)", name)
    if not found:
        return None
    verb, pair, kind, bits = found.groups()
    make = _float_update if kind == "f" else _integer_update
    update = make(verb, kind + bits)
    if update is None:
        return None
    stride = int(bits) // 8 * (64 if "stride64" in (pair or "") else 1) if pair else 0
    return Reach(space, "atomic", Element(int(bits)), stride=stride, update=update)


def _moved(space: str, kind: str, rest: str) -> Reach | None:
    """A load or a store: ``rest`` is the name behind the verb."""
    rest = rest.removeprefix("monitor_")  # which also wakes the wave when the place changes
    to_lds = rest.startswith("lds_")
    rest = rest.removeprefix("lds_")
    addtid = rest.startswith("addtid_")
    rest = rest.removeprefix("addtid_")
    pair = re.match(r"2addr_(stride64_)?", rest)
    rest = rest[pair.end() :] if pair else rest
    half = ""
    for mark, name in (("d16_hi_", "hi"), ("_d16_hi", "hi"), ("d16_", "lo"), ("_d16", "lo")):
        if mark in rest and not half:
            half, rest = name, rest.replace(mark, "")
    found = re.fullmatch(r"([bui])(\d+)", rest)
    if not found:
        return None
    bits = int(found[2])
    element = Element(min(bits, 32), found[1] == "i")
    if pair:
        stride = bits // 8 * (64 if pair[1] else 1)
        return Reach(space, kind, Element(bits), stride=stride)
    return Reach(space, kind, element, max(1, bits // 32), half, 0, addtid, to_lds)


def reach(op: str) -> Reach | None:
    """What a canonical key's name says; None for one that is no plain access."""
    found = _NAME.fullmatch(op)
    if not found or "format" in op or "_tr_" in op or op.endswith(("_append", "_consume")):
        return None
    space, rest = _SPACES[found[1]], found[2]
    for kind in ("load", "store"):
        if rest.startswith(kind + "_"):
            return _moved(space, kind, rest.removeprefix(kind + "_"))
    return _atomic(space, rest.removeprefix("atomic_"))
