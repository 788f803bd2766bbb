"""Moves across lanes: readlane and its family, permutes, and the sources of DPP and ds_swizzle.

DPP and swizzle patterns are encoded constants, so they are plain functions of the lane's number.
"""

from __future__ import annotations

from anyroc.semantics.core import cross, op
from anyroc.semantics.values import U64, Value, convert, select

__all__ = ["dpp8_source", "dpp_source", "swizzle_source"]


@cross("v_readfirstlane_b32", "read_first", "b32 -> b32")
def _() -> None:
    """The lowest active lane, or lane 0 if none is."""


cross("v_readlane_b32", "read_lane", "b32 b32 -> b32")(lambda lane: lane)
cross("v_writelane_b32", "write_lane", "b32 b32 -> b32")(lambda lane: lane)


def _permuted(address: Value, offset: Value, lane: Value, span: Value) -> Value:
    within = span - 1
    return (((address + offset) >> 2) & within) | (lane & ~within)


for _name, _kind in (
    ("ds_bpermute_b32", "gather"),
    ("ds_bpermute_fi_b32", "gather_any"),
    ("ds_permute_b32", "scatter"),
):
    cross(_name, _kind, "b32 b32 offset lane span -> b32", row=1)(_permuted)
cross("ds_swizzle_b32", "swizzle", "b32 -> b32")(lambda: None)


def _selected(low: Value, high: Value, lane: Value) -> Value:
    """The four-bit selector of ``lane`` in its row of 16."""
    both = (convert(high, U64) << 32) | convert(low, U64)
    return convert(both >> (convert(lane & 15, U64) << 2), lane.type) & 15


@cross("v_permlane16_b32", "gather_any", "b32 b32 b32 lane -> b32")
def _(low: Value, high: Value, lane: Value) -> Value:
    return (lane & 0x30) | _selected(low, high, lane)


@cross("v_permlanex16_b32", "gather_any", "b32 b32 b32 lane -> b32")
def _(low: Value, high: Value, lane: Value) -> Value:
    return ((lane & 0x30) ^ 0x10) | _selected(low, high, lane)


@cross("v_permlane16_var_b32", "gather_any", "b32 b32 lane -> b32")
def _(selector: Value, lane: Value) -> Value:
    return (lane & 0x30) | (selector & 15)


@cross("v_permlanex16_var_b32", "gather_any", "b32 b32 lane -> b32")
def _(selector: Value, lane: Value) -> Value:
    return ((lane & 0x30) ^ 0x10) | (selector & 15)


# Groups of lanes as wide as the last operand says, a power of two. They read lanes that are off.
@cross("v_permlane_bcast_b32", "gather_all", "b32 b32 b32 lane -> b32")
def _(selected: Value, width: Value, lane: Value) -> Value:
    within = width - 1
    return (lane & ~within) + (selected & 63 & within)


@cross("v_permlane_up_b32", "gather_all", "b32 b32 b32 lane -> b32")
def _(amount: Value, width: Value, lane: Value) -> Value:
    return select((lane & (width - 1)) < amount, lane, lane - amount)


@cross("v_permlane_down_b32", "gather_all", "b32 b32 b32 lane -> b32")
def _(amount: Value, width: Value, lane: Value) -> Value:
    left = width - (lane & (width - 1))
    return select(amount < left, lane + amount, lane)


@cross("v_permlane_xor_b32", "gather_all", "b32 b32 b32 lane -> b32")
def _(mask: Value, width: Value, lane: Value) -> Value:
    other = lane ^ (mask & 63)
    beyond = (lane | (width - 1)) < other  # only lanes above the group count as outside
    return select((mask >= 32) | beyond, lane, other)


@op("v_permlane_idx_gen_b32", "b32 b32 lane -> b32")
def _(selected: Value, width: Value, lane: Value) -> Value:
    """The address with which ds_bpermute reads that lane of the group."""
    within = width - 1
    return ((selected & 63 & within) + (lane & ~within)) << 2


# In waves of 32 it does nothing.
cross("v_permlane64_b32", "exchange", "b32 lane -> b32")(lambda lane: lane ^ 32)


for _distance in (16, 32):
    # Lanes of vdst with this bit set change places with those of the source without it.
    cross(f"v_permlane{_distance}_swap_b32", "swap", "b32 b32 -> b32 b32")(lambda n=_distance: n)


def dpp_source(ctrl: int, lane: int, wave_size: int) -> int | None:
    """The lane that ``lane`` reads under a DPP control (the 9-bit ``dpp_ctrl`` field), or ``None``
    where there is none: the read is out of bounds.  ValueError for a control that no GPU
    defines."""
    row, column = lane & ~15, lane & 15
    amount = ctrl & 15
    if ctrl < 0x100:  # quad_perm
        return (lane & ~3) | (ctrl >> (2 * (lane & 3)) & 3)
    if 0x101 <= ctrl <= 0x10F:  # row_shl
        return row | column + amount if column + amount < 16 else None
    if 0x111 <= ctrl <= 0x11F:  # row_shr
        return row | column - amount if column >= amount else None
    if 0x121 <= ctrl <= 0x12F:  # row_ror
        return row | (column - amount) & 15
    if 0x150 <= ctrl <= 0x15F:  # row_share; row_newbcast on CDNA
        return row | amount
    if 0x160 <= ctrl <= 0x16F:  # row_xmask
        return row | column ^ amount
    return _dpp_whole_wave(ctrl, lane, wave_size)


def _dpp_whole_wave(ctrl: int, lane: int, wave_size: int) -> int | None:
    last = wave_size - 1
    if ctrl == 0x130:  # wave_shl:1
        return lane + 1 if lane < last else None
    if ctrl == 0x134:  # wave_rol:1
        return (lane + 1) & last
    if ctrl == 0x138:  # wave_shr:1
        return lane - 1 if lane else None
    if ctrl == 0x13C:  # wave_ror:1
        return (lane - 1) & last
    if ctrl == 0x140:  # row_mirror
        return lane ^ 15
    if ctrl == 0x141:  # row_half_mirror
        return lane ^ 7
    if ctrl == 0x142:  # row_bcast:15
        return (lane & ~15) - 1 if lane > 15 else None
    if ctrl == 0x143:  # row_bcast:31
        return 31 if lane > 31 else None
    raise ValueError(f"no DPP control {ctrl:#x}")


def dpp8_source(selectors: int | tuple[int, ...], lane: int) -> int:
    """The lane that ``lane`` reads under DPP8; ``selectors`` are eight of three bits, low first."""
    if isinstance(selectors, int):
        selected = selectors >> (3 * (lane & 7)) & 7
    else:
        selected = selectors[lane & 7]
    return (lane & ~7) | selected


def swizzle_source(offset: int, lane: int) -> int:
    """The lane that ``lane`` reads under ds_swizzle_b32 with this 16-bit offset."""
    high, low = lane & ~31, lane & 31
    if offset >= 0xE000:  # FFT
        mask = offset & 31
        reversed_ = int(f"{low:05b}"[::-1], 2) >> mask.bit_count()
        return high | reversed_ | (low & mask)
    if offset >= 0xC000:  # rotate within the mask's groups
        amount, mask = offset >> 5 & 31, offset & 31
        step = -amount if offset >> 10 & 1 else amount
        return high | (low & mask) | ((low + step) & 31 & ~mask)
    if offset & 0x8000:  # quad permutation
        return (lane & ~3) | (offset >> (2 * (lane & 3)) & 3)
    and_, or_, xor = offset & 31, offset >> 5 & 31, offset >> 10 & 31
    return high | ((low & and_ | or_) ^ xor)
