"""Memory accesses as data, and what atomics make of memory."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from anyroc.semantics.core import ATOMICS, OPERATIONS, Access
from anyroc.semantics.numpy_backend import NumpyBackend, dtype
from anyroc.semantics.values import Value
from semantics_support.exact import FORMATS, add, decode, encode, is_nan
from semantics_support.operands import crossed, width

ACCESSES = {n: a for n, a in OPERATIONS.items() if isinstance(a, Access)}

# Space, kind, bytes per lane, sign extension, half, stride.
SHAPES = {
    "global_load_b32": ("global", "load", 4, False, "", 0),
    "global_load_b96": ("global", "load", 12, False, "", 0),
    "flat_load_i8": ("flat", "load", 1, True, "", 0),
    "scratch_load_d16_hi_i8": ("scratch", "load", 1, True, "hi", 0),
    "buffer_load_d16_b16": ("buffer", "load", 2, False, "lo", 0),
    "global_store_d16_hi_b8": ("global", "store", 1, False, "hi", 0),
    "global_store_b128": ("global", "store", 16, False, "", 0),
    "ds_load_u16_d16_hi": ("lds", "load", 2, False, "hi", 0),
    "ds_load_2addr_b32": ("lds", "load", 4, False, "", 4),
    "ds_store_2addr_stride64_b64": ("lds", "store", 8, False, "", 512),
    "ds_storexchg_2addr_rtn_b64": ("lds", "atomic", 8, False, "", 8),
    "ds_add_rtn_u64": ("lds", "atomic", 8, False, "", 0),
    "global_atomic_cmpswap_b64": ("global", "atomic", 8, False, "", 0),
    "s_load_b512": ("scalar", "load", 64, False, "", 0),
    "s_buffer_load_i16": ("scalar_buffer", "load", 2, True, "", 0),
}


@pytest.mark.parametrize("name", SHAPES)
def test_shapes(name: str) -> None:
    a = ACCESSES[name]
    got = (a.space, a.kind, a.size, a.element.is_signed, a.half, a.stride)
    assert SHAPES[name] == got


def test_names_and_data_agree() -> None:
    for name, a in ACCESSES.items():
        digits = [
            int(part[1:]) for part in name.split("_") if part[:1] in "bui" and part[1:].isdigit()
        ]
        if digits and a.kind != "atomic":
            assert digits[0] == 8 * a.size, name
        assert (a.kind == "atomic") == bool(a.atomic or a.form in ("append", "consume")), name
        assert a.atomic in ATOMICS or not a.atomic


def apply(name: str, *columns: np.ndarray) -> np.ndarray:
    atomic = ATOMICS[name]
    backend = NumpyBackend()
    values = [Value(backend, atomic.type, c.view(dtype(atomic.type))) for c in columns]
    with np.errstate(all="ignore"):
        result = atomic.body(*values).raw
    return np.ascontiguousarray(result).view(columns[0].dtype)


Rule = Callable[..., int]

# Per width: old value, data, second data.
INTEGER_RULES: dict[str, tuple[str, Rule]] = {
    "swap_b": ("u", lambda old, v: v),
    "and_b": ("u", lambda old, v: old & v),
    "or_b": ("u", lambda old, v: old | v),
    "xor_b": ("u", lambda old, v: old ^ v),
    "add_u": ("u", lambda old, v: old + v),
    "sub_u": ("u", lambda old, v: old - v),
    "rsub_u": ("u", lambda old, v: v - old),
    "min_u": ("u", min),
    "max_u": ("u", max),
    "min_i": ("i", min),
    "max_i": ("i", max),
    "inc_u": ("u", lambda old, v: 0 if old >= v else old + 1),
    "dec_u": ("u", lambda old, v: v if old == 0 or old > v else old - 1),
    "cmpswap_b": ("u", lambda old, v, want: v if old == want else old),
    "cmpst_b": ("u", lambda old, want, v: v if old == want else old),
    "mskor_b": ("u", lambda old, mask, v: old & ~mask | v),
}
SPECIAL_RULES: dict[str, Rule] = {
    "sub_clamp_u32": lambda old, v: max(old - v, 0),
    "cond_sub_u32": lambda old, v: old - v if old >= v else old,
    "wrap_b32": lambda old, v, other: old - v if old >= v else old + other,
}


def signed(v: int, bits: int) -> int:
    return v - (1 << bits) if v >> (bits - 1) else v


@pytest.mark.parametrize("bits", [32, 64])
@pytest.mark.parametrize("rule", INTEGER_RULES)
def test_integer_atomics(rule: str, bits: int) -> None:
    kind, f = INTEGER_RULES[rule]
    columns = crossed((f"u{bits}",) * (1 + ATOMICS[f"{rule}{bits}"].operands))
    rows = list(zip(*(c.tolist() for c in columns), strict=True))
    if kind == "i":
        rows = [tuple(signed(v, bits) for v in row) for row in rows]
    want = [f(*row) & ((1 << bits) - 1) for row in rows]
    assert want == apply(f"{rule}{bits}", *columns).tolist()


@pytest.mark.parametrize("name", SPECIAL_RULES)
def test_special_atomics(name: str) -> None:
    columns = crossed(("u32",) * (1 + ATOMICS[name].operands))
    want = [
        SPECIAL_RULES[name](*row) & 0xFFFFFFFF
        for row in zip(*(c.tolist() for c in columns), strict=True)
    ]
    assert want == apply(name, *columns).tolist()


def test_conditional_exchange_of_dwords() -> None:
    old, v = crossed(("u64", "u64"))
    want = []
    for x, y in zip(old.tolist(), v.tolist(), strict=True):
        parts = [(x >> n & 0xFFFFFFFF, y >> n & 0xFFFFFFFF) for n in (0, 32)]
        new = [b & 0x7FFFFFFF if b >> 31 else a for a, b in parts]
        want.append(new[0] | new[1] << 32)
    assert want == apply("condxchg32_b64", old, v).tolist()


@pytest.mark.parametrize("t", ["f32", "f64"])
def test_float_atomics(t: str) -> None:
    f = FORMATS[t]
    old, v = crossed((t, t))
    rows = list(zip(old.tolist(), v.tolist(), strict=True))
    sums = [encode(add(decode(a, f), decode(b, f)), f) for a, b in rows]
    for want, got in zip(sums, apply(f"add_{t}", old, v).tolist(), strict=True):
        assert want == got or (is_nan(want, f) and is_nan(got, f))
    for name, sign in (("min", 1), ("max", -1)):
        want = [b if sign * decode(b, f) < sign * decode(a, f) else a for a, b in rows]
        assert want == apply(f"{name}_{t}", old, v).tolist()


@pytest.mark.parametrize("half", ["f16", "bf16"])
def test_packed_additions(half: str) -> None:
    f = FORMATS[half]
    low, other = crossed((half, half))
    high = low[::-1].astype(np.uint32)
    old, v = low | high << 16, other | np.uint32(0x3C00) << 16
    got = apply(f"pk_add_{half}", old.astype(np.uint32), v.astype(np.uint32))
    for x, y, g in zip(old.tolist(), v.tolist(), got.tolist(), strict=True):
        for shift in (0, 16):
            a, b = (decode(n >> shift & 0xFFFF, f) for n in (x, y))
            want, part = encode(add(a, b), f), g >> shift & 0xFFFF
            assert want == part or (is_nan(want, f) and is_nan(part, f))


def test_native_atomics_are_those_of_llvm() -> None:
    native = {a.native for a in ATOMICS.values() if a.native}
    assert native <= {
        "xchg", "add", "sub", "and", "or", "xor", "max", "min", "umax", "umin", "fadd",
        "uinc_wrap", "udec_wrap", "usub_cond", "usub_sat",
    }  # fmt: skip
    assert all(math.isfinite(width(a.type.name)) for a in ATOMICS.values())
