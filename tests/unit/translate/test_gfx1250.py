"""What only gfx1250 has, as machine code, against AMD's "CDNA5" Instruction Set Architecture."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest

from semantics_support.exact import BF16, F16, F32, SMALL, decode, encode
from semantics_support.small_floats import LIMIT, VALUES
from semantics_support.small_floats import SMALL as SCALED
from translate_support.encode import encode as instruction
from translate_support.machine import BAD_PC, FORMS, State, form_of, run
from translate_support.memory import Buffer

LANES = 32
PARTS = (0xFFFFFFFF, 0x0F0F55AA, 0x80000001)


def executed(form: str, code: bytes, state: State) -> State:
    after = state.copy()
    assert run(form_of(form, "gfx1250", LANES, code), after) == BAD_PC
    return after


def vop3(op: str, **fields: int) -> bytes:
    return instruction("cdna5", "VOP3", op, **fields)


def register(number: int) -> int:
    return 256 + number


def random_state(seed: int, mask: int = PARTS[0]) -> State:
    state = State.random(np.random.default_rng(seed), LANES)
    state.enabled = mask
    return state


def whole(state: State, row: int, count: int, lane: int) -> int:
    """Registers of a lane as one number."""
    return sum(int(state.vgpr[row + n, lane]) << 32 * n for n in range(count))


def permuted(name: str, lane: int, chosen: int, width: int) -> int:
    """Which lane it reads (15.14)."""
    base, j = lane // width * width, lane % width
    delta = min(chosen, width)
    if name == "bcast":
        return base + (chosen & 63 & (width - 1))
    if name == "up":
        return base + (j if j < delta else j - delta)
    if name == "down":
        return base + (j + delta if j + delta < width else j)
    other = lane ^ (chosen & 63)
    return lane if chosen >= LANES or other >= base + width else other


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("mask", PARTS)
@pytest.mark.parametrize("name", ["bcast", "up", "down", "xor"])
def test_lanes_of_a_group(name: str, mask: int, form: str) -> None:
    cases = [(c, 1 << w) for w in range(6) for c in (0, 1, 3, 5, 8, 17, 31, 32, 40, 63, 1000)]
    code = b""
    state = random_state(len(name), mask)
    for n, (chosen, width) in enumerate(cases):
        state.sgpr[20], state.sgpr[21] = chosen, width
        code = vop3(f"v_permlane_{name}_b32", vdst=9, src0=register(1), src1=20, src2=21)
        if n % 6 and form == "full":
            continue
        after = executed(form, code, state)
        for lane in range(LANES):
            of = permuted(name, lane, chosen, width)
            want = state.vgpr[1, of] if mask >> lane & 1 else state.vgpr[9, lane]
            assert want == after.vgpr[9, lane], (chosen, width, lane)


def test_the_index_of_a_lane_of_a_group() -> None:
    for width in (1, 2, 8, 32):
        state = random_state(width)
        state.sgpr[20] = width
        code = vop3("v_permlane_idx_gen_b32", vdst=9, src0=register(1), src1=20)
        after = executed("quick", code, state)
        for lane in range(LANES):
            inside = int(state.vgpr[1, lane]) & 63 & (width - 1)
            assert 4 * (lane // width * width + inside) == after.vgpr[9, lane]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("width", "high", "low"), [(4, 1, 1), (6, 1, 2), (8, 2, 2)])
def test_tables_of_sixteen(width: int, high: int, low: int, form: str) -> None:
    state = random_state(width)
    state.vgpr[2:8] = np.random.default_rng(width).integers(0, 1 << 32, (6, LANES), np.uint32)
    code = vop3(
        f"v_perm_pk16_b{width}_u4",
        vdst=10,
        src0=register(2),
        src1=register(4),
        src2=register(6),
    )
    after = executed(form, code, state)
    for lane in range(LANES):
        table = whole(state, 2, high, lane) << 32 * low | whole(state, 4, low, lane)
        indices = whole(state, 6, 2, lane)
        want = 0
        for n in range(16):
            index = indices >> 4 * n & 15
            want |= (table >> width * index & ((1 << width) - 1)) << width * n
        assert want == whole(after, 10, width // 2, lane)


@pytest.mark.parametrize("clamp", [0, 1])
@pytest.mark.parametrize("pick", [min, max])
@pytest.mark.parametrize("kind", ["i32", "u32", "pk_i16", "pk_u16"])
def test_sums_are_held(kind: str, pick: Callable[[int, int], int], clamp: int) -> None:
    """Whatever clamp says, which makes 0 of negative results."""
    packed, bits, signed = kind.startswith("pk"), int(kind[-2:]), "i" in kind
    state = random_state(bits)
    values = np.array([0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x7FFF8000, 0x80007FFF], np.uint32)
    for row in (1, 2, 3):
        state.vgpr[row] = np.random.default_rng(row).choice(values, LANES)
    given = {"src0": register(1), "src1": register(2), "src2": register(3), "clamp": clamp}
    if packed:
        name = f"v_pk_add_{pick.__name__}_{kind[3:]}"
        both = {"op_sel_hi": 3, "op_sel_hi2": 1}
        code = instruction("cdna5", "VOP3P", name, vdst=9, **given, **both)
    else:
        code = vop3(f"v_add_{pick.__name__}_{kind}", vdst=9, **given)
    least, most = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
    for form in FORMS:
        after = executed(form, code, state)
        for lane in range(LANES):
            want = 0
            for shift in range(0, 32, bits):
                a, b, c = ((int(state.vgpr[row, lane]) >> shift) % (1 << bits) for row in (1, 2, 3))
                if signed:
                    a, b, c = (v - (v >> bits - 1 << bits) for v in (a, b, c))
                result = pick(min(max(a + b, least), most), c)
                if clamp and signed:
                    result = max(result, 0)
                want |= result % (1 << bits) << shift
            assert want == after.vgpr[9, lane], (form, lane)


# Tables 36 and 37: by scale_sel for the lower and the upper lanes that convert: the half of the
# wave that holds the scales, and their byte.
WORDS = (
    ((0, 0), (0, 1)), ((1, 0), (1, 1)), ((0, 2), (0, 3)), ((1, 2), (1, 3)),
    ((0, 0), (0, 2)), ((1, 0), (1, 2)), ((0, 1), (0, 3)), ((1, 1), (1, 3)),
)  # fmt: skip
BYTES = (
    *(((half, byte),) * 2 for byte in (0, 2, 1, 3) for half in (0, 1)),
    ((0, 0), (0, 1)), ((0, 0), (0, 1)), ((1, 2), (1, 3)), ((1, 2), (1, 3)),
)  # fmt: skip


def value_of(code: int, name: str) -> Fraction | float:
    """What a small float stands for; those of 4 and 6 bits are all numbers."""
    f = SCALED[name]
    if f.bits == 8:
        return decode(code, f)
    sign = code >> f.bits - 1
    return (-1) ** sign * VALUES[name][code - (sign << f.bits - 1)]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("target", ["f32", "f16", "bf16"])
@pytest.mark.parametrize("name", ["fp8", "bf8", "fp4", "fp6", "bf6"])
def test_scaled_widening(name: str, target: str, form: str) -> None:
    width, result = SCALED[name].bits, {"f32": F32, "f16": F16, "bf16": BF16}[target]
    count = 16 if width == 6 else 8
    chosen = BYTES if width == 8 else WORDS
    rng = np.random.default_rng(width)
    for selected, halves in enumerate(chosen):
        state = random_state(selected)
        state.vgpr[2:6] = rng.integers(0, 1 << 32, (4, LANES), np.uint32)
        state.vgpr[7] = (rng.integers(121, 130, (LANES, 4)) @ [1, 256, 65536, 1 << 24]).astype(
            np.uint32
        )
        code = vop3(
            f"v_cvt_scale_pk{count}_{target}_{name}",
            vdst=10,
            src0=register(2),
            src1=register(7),
            op_sel=selected,
        )
        after = executed(form, code, state)
        for lane in range(LANES):
            half, byte = halves[lane // 16]
            scale = Fraction(2) ** (
                int(state.vgpr[7, lane % 16 + 16 * half] >> 8 * byte & 255) - 127
            )
            codes = whole(state, 2, 3, lane)
            got = whole(after, 10, count * result.bits // 32, lane)
            for n in range(count):
                value = value_of(codes >> width * n & ((1 << width) - 1), name)
                element = decode(got >> result.bits * n & ((1 << result.bits) - 1), result)
                if value != value:
                    assert element != element
                    continue
                want = (
                    value
                    if abs(value) == float("inf")
                    else decode(encode(Fraction(value) * scale, result), result)
                )
                assert want == element, (selected, lane, n)


def up_or_down(v: Fraction, values: list[Fraction], noise: int, dropped: int) -> int:
    """Where between two values a magnitude goes: its place as a number of ``dropped`` bits."""
    below = max(n for n, value in enumerate(values) if value <= v)
    if below == len(values) - 1:
        return below
    place = (v - values[below]) / (values[below + 1] - values[below])
    return below + (int(place * 2**dropped) + noise >= 1 << dropped)


FRACTION = {"f32": 23, "f16": 10, "bf16": 7}
KINDS = {"f32": F32, "f16": F16, "bf16": BF16}


def inputs(source: str, shape: tuple[int, int], seed: int) -> np.ndarray:
    """The bits of numbers below the limits of all small floats."""
    rng = np.random.default_rng(seed)
    values = (rng.uniform(-1, 1, shape) * np.exp2(rng.integers(-6, 2, shape))).astype(np.float32)
    if source == "f16":
        return values.astype(np.float16).view(np.uint16).astype(np.uint32)
    return values.view(np.uint32) >> (16 if source == "bf16" else 0)


def successor(noise: int) -> int:
    """V_PRNG_B32."""
    return (noise << 1 & 0xFFFFFFFF) ^ (197 if noise >> 31 else 0)


@pytest.mark.parametrize("source", FRACTION)
@pytest.mark.parametrize("name", ["fp8", "bf8", "fp4", "fp6", "bf6"])
def test_stochastic_narrowing(name: str, source: str) -> None:
    f, bits = SCALED[name], KINDS[source].bits
    count, width = 16 if f.bits == 6 else 8, f.bits
    codes = inputs(source, (count, LANES), width)
    state = random_state(width)
    for n in range(0, count, 32 // bits):
        state.vgpr[32 + n * bits // 32] = codes[n] | (codes[n + 1] << 16 if bits == 16 else 0)
    state.vgpr[3] = np.random.default_rng(3).integers(0, 1 << 32, LANES, np.uint32)
    state.vgpr[4] = 0x40000000  # 2.0
    code = vop3(
        f"v_cvt_scalef32_sr_pk{count}_{name}_{source}",
        vdst=10,
        src0=register(32),
        src1=register(3),
        src2=register(4),
    )
    dropped = FRACTION[source] - f.fraction
    for form in FORMS:
        after = executed(form, code, state)
        for lane in range(LANES):
            got = whole(after, 10, count * width // 32, lane)
            noise = int(state.vgpr[3, lane])
            for n in range(count):
                own = noise >> 16 * (n % 2) & 0xFFFF
                v = Fraction(decode(int(codes[n, lane]), KINDS[source])) / 2
                # F32's fraction decides, of which a narrow source fills the top alone.
                top = (own << 16 >> 32 - dropped) << (23 - FRACTION[source])
                want = up_or_down(abs(v), VALUES[name], top, 23 - f.fraction)
                want = min(want, LIMIT[name]) | (v < 0) << width - 1
                assert want == got >> width * n & ((1 << width) - 1), (form, lane, n)
                noise = successor(noise) if n % 2 else noise


@pytest.mark.parametrize("name", ["fp8", "bf8"])
@pytest.mark.parametrize("byte", range(4))
def test_a_byte_of_an_f16(name: str, byte: int) -> None:
    """The other bytes stay."""
    codes = inputs("f16", (1, LANES), byte)[0]
    state = random_state(byte)
    state.vgpr[2] = codes
    state.vgpr[3] = np.random.default_rng(byte).integers(0, 1 << 32, LANES, np.uint32)
    code = vop3(
        f"v_cvt_sr_{name}_f16", vdst=9, src0=register(2), src1=register(3), op_sel=byte << 2
    )
    f = SMALL[name]
    values = [Fraction(decode(n, f)) for n in range(LIMIT[name] + 1)]
    dropped = 10 - f.fraction
    for form in FORMS:
        after = executed(form, code, state)
        for lane in range(LANES):
            v = Fraction(decode(int(codes[lane]), F16))
            noise = int(state.vgpr[3, lane]) >> 32 - dropped << 13
            want = up_or_down(abs(v), values, noise, 23 - f.fraction) | (v < 0) << 7
            old = int(state.vgpr[9, lane]) & ~(255 << 8 * byte)
            assert old | want << 8 * byte == after.vgpr[9, lane], (form, lane)


def test_pairs_rounded_by_noise() -> None:
    codes = inputs("f32", (2, LANES), 7)
    state = random_state(7)
    state.vgpr[2:4] = codes
    state.vgpr[4] = np.random.default_rng(4).integers(0, 1 << 32, LANES, np.uint32)
    operands = {"src0": register(2), "src1": register(3), "src2": register(4)}
    code = vop3("v_cvt_sr_pk_bf16_f32", vdst=9, **operands)
    code += vop3("v_cvt_sr_pk_f16_f32", vdst=10, **operands)
    for form in FORMS:
        after = executed(form, code, state)
        for lane in range(LANES):
            noise = int(state.vgpr[4, lane])
            for n in range(2):
                own = noise >> 16 * n & 0xFFFF
                summed = int(codes[n, lane]) + own >> 16 & 0xFFFF
                assert summed == int(after.vgpr[9, lane]) >> 16 * n & 0xFFFF
                v = Fraction(decode(int(codes[n, lane]), F32))
                half = int(after.vgpr[10, lane]) >> 16 * n & 0xFFFF
                values = [Fraction(decode(c, F16)) for c in range(0x4401)]
                want = up_or_down(abs(v), values, own >> 3, 13)
                assert want | (v < 0) << 15 == half, (form, lane)


@pytest.fixture(scope="module")
def buffer() -> Buffer:
    return Buffer()


def addresses(state: State, row: int, values: np.ndarray) -> None:
    state.vgpr[row] = values & 0xFFFFFFFF
    state.vgpr[row + 1] = values >> 32


@pytest.mark.parametrize("mask", PARTS)
@pytest.mark.parametrize(("suffix", "size"), [("b8", 1), ("b32", 4), ("b64", 8), ("b128", 16)])
def test_copies_between_memory_and_lds(suffix: str, size: int, mask: int, buffer: Buffer) -> None:
    rng = np.random.default_rng(size)
    state = random_state(size, mask)
    there, here = (rng.permutation(LANES) * size for _ in range(2))
    buffer.bytes[:] = rng.integers(0, 256, len(buffer.bytes), np.uint8)
    state.lds[:] = rng.integers(0, 256, len(state.lds), np.uint8)
    addresses(state, 2, buffer.base + there)
    state.vgpr[4] = there
    state.vgpr[5] = here + 64
    state.sgpr[20], state.sgpr[21] = buffer.base & 0xFFFFFFFF, buffer.base >> 32
    lanes = [lane for lane in range(LANES) if mask >> lane & 1]
    for kind in ("global_load_async_to_lds", "cluster_load_async_to_lds"):
        for saddr, vaddr in ((124, 2), (20, 4)):
            code = instruction(
                "cdna5", "GLOBAL", f"{kind}_{suffix}", vdst=5, vaddr=vaddr, saddr=saddr, offset=16
            )
            want = state.lds.copy()
            for lane in lanes:
                at, of = here[lane] + 80, buffer.base - buffer.address + there[lane] + 16
                want[at : at + size] = buffer.bytes[of : of + size]
            for form in FORMS:
                np.testing.assert_array_equal(want, executed(form, code, state).lds)
    code = instruction(
        *("cdna5", "GLOBAL", f"global_store_async_from_lds_{suffix}"),
        vdata=5, vaddr=2, saddr=124, offset=16,
    )  # fmt: skip
    image = buffer.bytes.copy()
    for lane in lanes:
        at, of = here[lane] + 80, buffer.base - buffer.address + there[lane] + 16
        image[of : of + size] = state.lds[at : at + size]
    executed("full", code, state)
    np.testing.assert_array_equal(image, buffer.bytes)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("space", ["global", "ds"])
@pytest.mark.parametrize(("width", "size"), [(4, 64), (6, 96), (8, 64), (16, 128)])
def test_transposing_loads(width: int, size: int, space: str, form: str, buffer: Buffer) -> None:
    """A lane's elements are one row of a tile whose columns the lanes get (10.9, 11.2.4)."""
    rng = np.random.default_rng(width)
    state = random_state(width)
    data = rng.integers(0, 256, (LANES, size // 8), np.uint8)
    places = rng.permutation(LANES) * 16
    for lane in range(LANES):
        at = places[lane]
        state.lds[at : at + size // 8] = data[lane]
        start = buffer.base - buffer.address + at
        buffer.bytes[start : start + size // 8] = data[lane]
    addresses(state, 2, buffer.base + places)
    state.vgpr[4] = places
    name = f"load_tr{width}_b{size}"
    if space == "ds":
        code = instruction("cdna5", "DS", f"ds_{name}", vdst=8, vaddr=4)
    else:
        code = instruction("cdna5", "GLOBAL", f"global_{name}", vdst=8, vaddr=2, saddr=124)
    after = executed(form, code, state)
    count = size // width
    loaded = [int.from_bytes(line.tobytes(), "little") for line in data]
    for lane in range(LANES):
        got = whole(after, 8, size // 32, lane)
        for n in range(count):
            if count == 16:  # the 16 columns of 16 lanes
                of, column = lane // 16 * 16 + n, lane % 16
            elif space == "ds" and width == 8:
                of, column = lane // 16 * 16 + lane // 8 % 2 * 4 + n // 4 * 8 + n % 4, lane % 8
            else:
                of, column = lane // 8 * 8 + n, lane % 8
            want = loaded[of] >> width * column & ((1 << width) - 1)
            assert want == got >> width * n & ((1 << width) - 1), (lane, n)


SPARSE = [
    (d, k, a, b)
    for k, formats, results in (
        (64, ("f16",), ("f32", "f16")),
        (64, ("bf16",), ("f32", "bf16")),
        (128, ("fp8", "bf8"), ("f32", "f16")),
        (128, ("iu8",), ("i32",)),
    )
    for d in results
    for a in formats
    for b in formats
]
KINDS |= {"fp8": SMALL["fp8"], "bf8": SMALL["bf8"]}


def code_of(v: int, kind: str) -> int:
    """A small integer in a format."""
    if kind.startswith("i"):
        return v & (0xFF if kind == "iu8" else 0xFFFFFFFF)
    return encode(Fraction(v), KINDS[kind])


def put(state: State, row: int, lane: int, at: int, kind: str, v: int) -> None:
    """An integer as element ``at`` of a lane's registers."""
    bits = {"f16": 16, "bf16": 16, "f32": 32, "i32": 32}.get(kind, 8)
    per = 32 // bits
    state.vgpr[row + at // per, lane] |= np.uint32(code_of(v, kind) << at % per * bits)


def in_a(p: int, narrow: bool) -> tuple[int, int]:
    """7.12.2: the half of the wave that holds column p of the packed A, and its element there."""
    per = 4 if narrow else 2
    register = (p // 16) * (8 // per) + p % 8 // per
    return p // 8 % 2, register * per + p % per


def in_b(k: int) -> tuple[int, int]:
    """7.12.4 and 7.12.5: the same of row k of B."""
    return k % 32 // 16, k // 32 * 16 + k % 16


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("d", "k", "a", "b"), SPARSE)
def test_sparse_products(d: str, k: int, a: str, b: str, form: str) -> None:
    rng = np.random.default_rng(k + len(d))
    narrow = k == 128
    packed, right = rng.integers(-3, 4, (16, k // 2)), rng.integers(-3, 4, (k, 16))
    pairs = np.array([(x, y) for x in range(4) for y in range(x + 1, 4)])
    chosen = pairs[rng.integers(0, 6, (16, k // 4))]
    left, start = np.zeros((16, k), int), rng.integers(-9, 10, (16, 16))
    state = random_state(k)
    state.vgpr[32:80] = 0
    for m in range(16):
        for p in range(k // 2):
            index = int(chosen[m, p // 2, p % 2])
            left[m, p // 2 * 4 + index] = packed[m, p]
            half, at = in_a(p, narrow)
            lane = 16 * half + m
            put(state, 32, lane, at, a, int(packed[m, p]))
            state.vgpr[56 + at // 16, lane] |= np.uint32(index << 2 * at % 32)
        for n in range(k):
            half, at = in_b(n)
            put(state, 40, 16 * half + m, at, b, int(right[n, m]))
        for n in range(16):  # C and D
            put(state, 64, m + 16 * (n // 8), n % 8, d, int(start[n, m]))
    formats = a if narrow is False or a == "iu8" else f"{a}_{b}"
    code = instruction(
        *("cdna5", "VOP3P", f"v_swmmac_{d}_16x16x{k}_{formats}"),
        vdst=64, src0=register(32), src1=register(40), src2=register(56),
        neg=3 if a == "iu8" else 0, op_sel_hi=3,
    )  # fmt: skip
    after = executed(form, code, state)
    want = left @ right + start
    width = {"f16": 16, "bf16": 16}.get(d, 32)
    for m in range(16):
        for n in range(16):
            lane, at = n + 16 * (m // 8), m % 8
            got = whole(after, 64, 8, lane) >> width * at & ((1 << width) - 1)
            assert code_of(int(want[m, n]), d) == got, (m, n)


@pytest.mark.parametrize("form", FORMS)
def test_a_jump_by_a_constant(form: str) -> None:
    """From the next instruction on, forwards and (by literals of both sizes) backwards."""
    mark = [instruction("cdna5", "SOPK", "s_movk_i32", sdst=20 + n, simm16=n + 1) for n in range(4)]
    for source, size in ((255, 4), (254, 8)):

        def jump(distance: int, source: int = source, size: int = size) -> bytes:
            code = instruction("cdna5", "SOP1", "s_add_pc_i64", ssrc0=source)
            return code + (distance % (1 << 8 * size)).to_bytes(size, "little")

        length = len(jump(0))
        # Over the first mark to the third, back to the second, from there past the third.
        parts = [jump(4 + 4 + length), mark[0], mark[1], jump(4 + length), mark[2]]
        code = b"".join(parts) + jump(-(2 * length + 8)) + mark[3]
        state = random_state(size)
        state.sgpr[20:24] = 0
        after = executed(form, code, state)
        assert [0, 2, 3, 4] == after.sgpr[20:24].tolist()
    inline = instruction("cdna5", "SOP1", "s_add_pc_i64", ssrc0=128 + 4) + mark[0] + mark[1]
    state = random_state(1)
    state.sgpr[20:22] = 0
    assert [0, 2] == executed(form, inline, state).sgpr[20:22].tolist()


def mode(dst: int = 0, src0: int = 0, src1: int = 0, src2: int = 0) -> bytes:
    """The upper bits of register numbers (3.3.2.3)."""
    bits = src0 | src1 << 2 | src2 << 4 | dst << 6
    return instruction("cdna5", "SOPP", "s_set_vgpr_msb", simm16=bits)


@pytest.mark.parametrize("form", FORMS)
def test_registers_from_256_on(form: str, buffer: Buffer) -> None:
    state = random_state(5)
    addresses(state, 256 + 40, buffer.base + 16 * np.arange(LANES))
    state.vgpr[256 + 44] = 16 * np.arange(LANES)
    for row in (4, 5, 10, 256 + 4, 256 + 10):
        numbers = np.random.default_rng(row).integers(-99, 100, LANES)
        state.vgpr[row] = numbers.astype(np.float32).view(np.uint32)
    start = buffer.base - buffer.address
    memory = buffer.bytes[start : start + 16 * LANES].view(np.uint32).reshape(LANES, 4)
    add = {"src0": register(1), "src1": register(2), "src2": register(3)}
    fmac = instruction("cdna5", "VOP2", "v_fmac_f32", vdst=10, src0=register(4), src1=5)
    place = {"vaddr": 40, "saddr": 124}
    code = mode(1, 0, 1, 0) + vop3("v_add3_u32", vdst=8, **add)
    code += mode(0, 1, 0, 1) + vop3("v_add3_u32", vdst=9, **add)
    code += mode() + fmac + mode(1) + fmac
    code += mode(1, 1) + instruction("cdna5", "GLOBAL", "global_load_b32", vdst=11, **place)
    code += mode(0, 1, 1)
    code += instruction("cdna5", "GLOBAL", "global_store_b32", vdata=12, offset=4, **place)
    code += instruction("cdna5", "DS", "ds_store_b32", vaddr=44, data0=13)
    code += mode() + vop3("v_add3_u32", vdst=14, **add)
    before = memory.copy()
    after = executed(form, code, state)
    v, w = state.vgpr, after.vgpr
    np.testing.assert_array_equal(v[1] + v[256 + 2] + v[3], w[256 + 8])
    np.testing.assert_array_equal(v[256 + 1] + v[2] + v[256 + 3], w[9])
    np.testing.assert_array_equal(v[8], w[8])
    np.testing.assert_array_equal(before[:, 0], w[256 + 11])
    np.testing.assert_array_equal(v[256 + 12], memory[:, 1])
    words = after.lds[: 16 * LANES].view(np.uint32).reshape(LANES, 4)
    np.testing.assert_array_equal(v[256 + 13], words[:, 0])
    np.testing.assert_array_equal(v[1] + v[2] + v[3], w[14])
    f, g = v.view(np.float32), w.view(np.float32)
    for row in (10, 256 + 10):  # the destination's bits hold for what is added to, too
        np.testing.assert_array_equal(f[4] * f[5] + f[row], g[row])


@pytest.mark.parametrize("form", FORMS)
def test_branches_keep_the_registers_chosen(form: str) -> None:
    """Into a loop and out of it."""
    count = instruction("cdna5", "SOPK", "s_movk_i32", sdst=20, simm16=3)
    add = instruction("cdna5", "VOP2", "v_add_nc_u32", vdst=1, src0=register(1), src1=2)
    less = instruction("cdna5", "SOPK", "s_addk_co_i32", sdst=20, simm16=-1 & 0xFFFF)
    again = instruction("cdna5", "SOPC", "s_cmp_lg_u32", ssrc0=20, ssrc1=128)
    back = -(len(add + less + again) + 4) // 4
    loop = add + less + again
    loop += instruction("cdna5", "SOPP", "s_cbranch_scc1", simm16=back & 0xFFFF)
    state = random_state(6)
    after = executed(form, count + mode(1, 1) + loop + add + mode() + add, state)
    v, w = state.vgpr, after.vgpr
    np.testing.assert_array_equal(v[256 + 1] + 4 * v[2], w[256 + 1])
    np.testing.assert_array_equal(v[1] + v[2], w[1])
