"""Memory instructions as data, and what their atomics do to memory."""

from __future__ import annotations

from anyroc.semantics.core import ATOMICS, access, atomic
from anyroc.semantics.floats import MIN_MAX, add
from anyroc.semantics.values import TYPES, U16, U32, Value, bits, convert, maximum, minimum, select

VECTOR_SPACES = ("global", "flat", "scratch", "buffer")
WIDTHS = {"b32": 1, "b64": 2, "b96": 3, "b128": 4}
NARROW = {"u8": "u8", "i8": "i8", "u16": "u16", "i16": "i16"}


def _integer_atomics() -> None:
    for width in (32, 64):
        b, u, i = f"b{width}", f"u{width}", f"i{width}"
        atomic(f"swap_{b}", b, native="xchg")(lambda _, v: v)
        atomic(f"and_{b}", b, native="and")(lambda old, v: old & v)
        atomic(f"or_{b}", b, native="or")(lambda old, v: old | v)
        atomic(f"xor_{b}", b, native="xor")(lambda old, v: old ^ v)
        atomic(f"add_{u}", u, native="add")(lambda old, v: old + v)
        atomic(f"sub_{u}", u, native="sub")(lambda old, v: old - v)
        atomic(f"rsub_{u}", u)(lambda old, v: v - old)
        atomic(f"min_{u}", u, native="umin")(minimum)
        atomic(f"max_{u}", u, native="umax")(maximum)
        atomic(f"min_{i}", i, native="min")(minimum)
        atomic(f"max_{i}", i, native="max")(maximum)
        atomic(f"inc_{u}", u, native="uinc_wrap")(
            lambda old, v: select(old >= v, old.const(0), old + 1)
        )
        atomic(f"dec_{u}", u, native="udec_wrap")(
            lambda old, v: select((old == 0) | (old > v), v, old - 1)
        )
        atomic(f"cmpswap_{b}", b, operands=2)(lambda old, v, want: select(old == want, v, old))
        # CDNA's ds_cmpst names the comparand first.
        atomic(f"cmpst_{b}", b, operands=2)(lambda old, want, v: select(old == want, v, old))
        atomic(f"mskor_{b}", b, operands=2)(lambda old, mask, v: (old & ~mask) | v)
    atomic("sub_clamp_u32", "u32", native="usub_sat")(
        lambda old, v: select(old < v, old.const(0), old - v)
    )
    atomic("cond_sub_u32", "u32", native="usub_cond")(lambda old, v: select(old >= v, old - v, old))
    atomic("wrap_b32", "u32", operands=2)(
        lambda old, v, other: select(old >= v, old - v, old + other)
    )


@atomic("condxchg32_b64", "b64")
def _(old: Value, v: Value) -> Value:
    """Replaces each dword whose new value has its top bit set, without that bit."""
    low, high = 0xFFFFFFFF, 0xFFFFFFFF00000000
    first = select((v & 0x80000000) != 0, v & 0x7FFFFFFF, old & low)
    second = select((v >> 63) != 0, v & 0x7FFFFFFF00000000, old & high)
    return first | second


def _float_atomics() -> None:
    for t in ("f32", "f64"):
        atomic(f"add_{t}", t, native="fadd")(lambda old, v: old + v)
        atomic(f"min_{t}", t)(lambda old, v: select(v < old, v, old))
        atomic(f"max_{t}", t)(lambda old, v: select(v > old, v, old))
        atomic(f"min_num_{t}", t)(lambda old, v: MIN_MAX["min_num"](v, old))
        atomic(f"max_num_{t}", t)(lambda old, v: MIN_MAX["max_num"](v, old))
        atomic(f"cmpswap_{t}", t, operands=2)(lambda old, v, want: select(old == want, v, old))
        atomic(f"cmpst_{t}", t, operands=2)(lambda old, want, v: select(old == want, v, old))


def _packed_add(name: str) -> None:
    half = TYPES[name]

    @atomic(f"pk_add_{name}", "b32")
    def _(old: Value, v: Value) -> Value:
        def part(x: Value, shift: int) -> Value:
            return bits(convert(x >> shift, U16), half)

        low, high = (bits(add(part(old, n), part(v, n)), half.unsigned) for n in (0, 16))
        return convert(low, U32) | (convert(high, U32) << 16)


def _loads_and_stores(prefix: str, space: str) -> None:
    """The forms that every vector memory space has; LDS spells the d16 ones its own way."""
    for suffix, count in WIDTHS.items():
        access(f"{prefix}_load_{suffix}", space, "load", "u32", count)
        access(f"{prefix}_store_{suffix}", space, "store", "u32", count)
    for suffix, element in NARROW.items():
        access(f"{prefix}_load_{suffix}", space, "load", element)
    access(f"{prefix}_store_b8", space, "store", "u8")
    access(f"{prefix}_store_b16", space, "store", "u16")


def _half_register_forms(prefix: str, space: str) -> None:
    for suffix, element in (("u8", "u8"), ("i8", "i8"), ("b16", "u16")):
        access(f"{prefix}_load_d16_{suffix}", space, "load", element, half="lo")
        access(f"{prefix}_load_d16_hi_{suffix}", space, "load", element, half="hi")
    access(f"{prefix}_store_d16_hi_b8", space, "store", "u8", half="hi")
    access(f"{prefix}_store_d16_hi_b16", space, "store", "u16", half="hi")


GLOBAL_ATOMICS = (
    *(f"{name}_{kind}{width}" for width in (32, 64) for name, kind in (
        ("swap", "b"), ("cmpswap", "b"), ("and", "b"), ("or", "b"), ("xor", "b"), ("add", "u"),
        ("sub", "u"), ("inc", "u"), ("dec", "u"), ("min", "u"), ("max", "u"), ("min", "i"),
        ("max", "i"),
    )),
    "sub_clamp_u32", "cond_sub_u32", "add_f32", "add_f64", "min_f32", "max_f32", "min_f64",
    "max_f64", "min_num_f32", "max_num_f32", "cmpswap_f32", "pk_add_f16", "pk_add_bf16",
)  # fmt: skip


def _atomic_access(name: str, space: str, update: str) -> None:
    access(name, space, "atomic", ATOMICS[update].type.name, atomic=update)


def _lds() -> None:
    _loads_and_stores("ds", "lds")
    for suffix, element in (("u8", "u8"), ("i8", "i8"), ("u16", "u16")):
        access(f"ds_load_{suffix}_d16", "lds", "load", element, half="lo")
        access(f"ds_load_{suffix}_d16_hi", "lds", "load", element, half="hi")
    access("ds_store_b8_d16_hi", "lds", "store", "u8", half="hi")
    access("ds_store_b16_d16_hi", "lds", "store", "u16", half="hi")
    access("ds_load_addtid_b32", "lds", "load", "u32", lane_offset=True)
    access("ds_store_addtid_b32", "lds", "store", "u32", lane_offset=True)
    for size, suffix in ((4, "b32"), (8, "b64")):
        element = f"u{8 * size}"
        for middle, factor in (("2addr", 1), ("2addr_stride64", 64)):
            stride = size * factor
            access(f"ds_load_{middle}_{suffix}", "lds", "load", element, stride=stride)
            access(f"ds_store_{middle}_{suffix}", "lds", "store", element, stride=stride)
            name = f"ds_storexchg_{middle}_rtn_{suffix}"
            access(name, "lds", "atomic", element, stride=stride, atomic=f"swap_{suffix}")


LDS_ATOMICS = (
    *(f"{name}_{kind}{width}" for width in (32, 64) for name, kind in (
        ("and", "b"), ("or", "b"), ("xor", "b"), ("mskor", "b"), ("add", "u"), ("sub", "u"),
        ("rsub", "u"), ("inc", "u"), ("dec", "u"), ("min", "u"), ("max", "u"), ("min", "i"),
        ("max", "i"), ("cmpst", "b"), ("cmpst", "f"), ("min", "f"), ("max", "f"),
        ("min_num", "f"), ("max_num", "f"), ("add", "f"),
    )),
    "cond_sub_u32", "sub_clamp_u32", "pk_add_f16", "pk_add_bf16",
)  # fmt: skip


def _lds_atomics() -> None:
    for update in LDS_ATOMICS:
        name, _, kind = update.rpartition("_")
        returning = f"{name}_rtn_{kind}"
        _atomic_access(f"ds_{update}", "lds", update)
        _atomic_access(f"ds_{returning}", "lds", update)
    for kind in ("b32", "b64", "f32", "f64"):
        _atomic_access(f"ds_cmpstore_{kind}", "lds", f"cmpswap_{kind}")
        _atomic_access(f"ds_cmpstore_rtn_{kind}", "lds", f"cmpswap_{kind}")
    _atomic_access("ds_storexchg_rtn_b32", "lds", "swap_b32")
    _atomic_access("ds_storexchg_rtn_b64", "lds", "swap_b64")
    _atomic_access("ds_wrap_rtn_b32", "lds", "wrap_b32")
    _atomic_access("ds_condxchg32_rtn_b64", "lds", "condxchg32_b64")


def _loads_to_lds() -> None:
    for space in ("global", "buffer", "scratch"):
        for suffix, element in (*NARROW.items(), ("b32", "u32")):
            access(f"{space}_load_lds_{suffix}", space, "load", element, to_lds=True)
    access("global_load_lds_b96", "global", "load", "u32", 3, to_lds=True)
    access("global_load_lds_b128", "global", "load", "u32", 4, to_lds=True)
    access("global_load_lds_addtid_b32", "global", "load", "u32", to_lds=True, lane_offset=True)


def _transposing_loads() -> None:
    """gfx950's from LDS work on 16 columns, RDNA4's from memory on 8."""
    for width, dwords in ((4, 2), (6, 3), (8, 2), (16, 2)):
        name = f"ds_load_b{32 * dwords}_tr_b{width}"
        access(name, "lds", "load", "u32", dwords, transpose=width, span=16)
    access("global_load_tr_b64", "global", "load", "u32", 2, transpose=8, span=8)
    access("global_load_tr_b128", "global", "load", "u32", 4, transpose=16, span=8)


def _formatted() -> None:
    for count, components in enumerate(("x", "xy", "xyz", "xyzw"), 1):
        for kind in ("load", "store"):
            for buffer in ("buffer", "tbuffer"):
                key = f"{buffer}_{kind}"
                access(f"{key}_format_{components}", "buffer", kind, "u32", count, form="format")
                access(
                    *(f"{key}_d16_format_{components}", "buffer", kind, "u32", count),
                    form="format_d16",
                    half="lo" if count % 2 else "",
                )
    for kind in ("load", "store"):
        name = f"buffer_{kind}_d16_hi_format_x"
        access(name, "buffer", kind, "u32", form="format_d16_hi", half="hi")


def _scalar() -> None:
    for prefix, space in (("s_load", "scalar"), ("s_buffer_load", "scalar_buffer")):
        for suffix, count in (*WIDTHS.items(), ("b256", 8), ("b512", 16)):
            access(f"{prefix}_{suffix}", space, "load", "u32", count)
        for suffix, element in NARROW.items():
            access(f"{prefix}_{suffix}", space, "load", element)


_integer_atomics()
_float_atomics()
_packed_add("f16")
_packed_add("bf16")
for _space in VECTOR_SPACES:
    _loads_and_stores(_space, _space)
    _half_register_forms(_space, _space)
    if _space != "scratch":
        for _update in GLOBAL_ATOMICS:
            _atomic_access(f"{_space}_atomic_{_update}", _space, _update)
access("global_load_addtid_b32", "global", "load", "u32", lane_offset=True)
access("global_store_addtid_b32", "global", "store", "u32", lane_offset=True)
_loads_to_lds()
_transposing_loads()
_formatted()
for _name in ("append", "consume"):
    access(f"ds_{_name}", "lds", "atomic", "u32", form=_name)
_lds()
_lds_atomics()
_scalar()
