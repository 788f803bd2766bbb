"""Moves across lanes: from which lane each one reads, by AMD's descriptions and diagrams.

``None`` where there is no such lane.
"""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["DPP_CDNA", "DPP_RDNA", "dpp", "dpp8", "permlane", "permuted", "swizzle"]

Source = Callable[[int], int | None]


def _shifted(by: int, within: int) -> Source:
    """Lane n reads lane n + by, of the same group of lanes."""
    return lambda n: n + by if n // within == (n + by) // within else None


def _rotated(by: int, within: int) -> Source:
    return lambda n: n // within * within + (n + by) % within


def _common(ctrl: int) -> Source | None:
    if ctrl < 0x100:  # quad_perm:[a,b,c,d]
        return lambda n: n - n % 4 + (ctrl >> 2 * (n % 4)) % 4
    kind, amount = ctrl & 0x1F0, ctrl & 15
    if amount and kind in (0x100, 0x110, 0x120):  # row_shl, row_shr, row_ror
        if kind == 0x120:
            return _rotated(-amount, 16)
        return _shifted(amount if kind == 0x100 else -amount, 16)
    if ctrl == 0x140:  # row_mirror
        return lambda n: n - n % 16 + 15 - n % 16
    if ctrl == 0x141:  # row_half_mirror
        return lambda n: n - n % 8 + 7 - n % 8
    if kind == 0x150:  # row_share on RDNA, row_newbcast on CDNA
        return lambda n: n - n % 16 + amount
    return None


def dpp(ctrl: int, size: int) -> Source:
    """The source of each lane under a DPP control."""
    found = _common(ctrl)
    if found is not None:
        return found
    if ctrl & 0x1F0 == 0x160:  # row_xmask
        return lambda n: n - n % 16 + (n % 16 ^ ctrl & 15)
    whole: dict[int, Source] = {
        0x130: _shifted(1, size),
        0x134: _rotated(1, size),
        0x138: _shifted(-1, size),
        0x13C: _rotated(-1, size),
        0x142: lambda n: n // 16 * 16 - 1 if n >= 16 else None,  # row_bcast:15
        0x143: lambda n: 31 if n >= 32 else None,  # row_bcast:31
    }
    return whole[ctrl]


_ROWS = (
    *range(0x00, 0x100, 37), 0x1B, 0x4E, 0xB1, *range(0x101, 0x110), *range(0x111, 0x120),
    *range(0x121, 0x130), 0x140, 0x141, *range(0x150, 0x160),
)  # fmt: skip
DPP_RDNA = (*_ROWS, *range(0x160, 0x170))
DPP_CDNA = (*_ROWS, 0x130, 0x134, 0x138, 0x13C, 0x142, 0x143)
"""Controls that the generations have; quad permutations are a sample."""


def dpp8(selectors: int) -> Source:
    """Lane n of each 8 reads the one that its three bits say."""
    return lambda n: n - n % 8 + (selectors >> 3 * (n % 8)) % 8


def permlane(name: str, low: int, high: int, own: int) -> Source:
    """v_permlane*: selectors of four bits for each lane of a row, or a lane's own."""

    def source(n: int) -> int:
        if name == "v_permlane64_b32":
            return (n + 32) % 64
        chosen = own % 16 if "_var" in name else ((high << 32 | low) >> 4 * (n % 16)) % 16
        row = n // 16 ^ ("permlanex16" in name)
        return 16 * row + chosen

    return source


def permuted(address: int, offset: int, n: int, span: int) -> int:
    """ds_permute and ds_bpermute: the lane of a byte address, of ``span`` lanes around n."""
    return n - n % span + (address + offset) // 4 % span


def swizzle(offset: int) -> Source:
    """ds_swizzle_b32: four patterns, told by the offset's top bits."""

    def bit_masks(n: int) -> int:
        inside = ((n % 32 & offset) | offset >> 5) & 31 ^ offset >> 10 & 31
        return n - n % 32 + inside

    def fft(n: int) -> int:
        mask, m = offset & 31, n % 32
        backwards = int(f"{m:05b}"[::-1], 2) >> mask.bit_count()
        return n - m + (backwards | m & mask)

    def rotate(n: int) -> int:
        mask, by, m = offset & 31, offset >> 5 & 31, n % 32
        turned = m - by if offset >> 10 & 1 else m + by
        return n - m + (m & mask | turned & 31 & ~mask)

    if offset >= 0xE000:
        return fft
    if offset >= 0xC000:
        return rotate
    if offset >= 0x8000:
        return lambda n: n - n % 4 + (offset >> 2 * (n % 4)) % 4
    return bit_masks
