"""Operands of image instructions: how many registers there are, which the encoding says indirectly.

How many registers of data follows from the mask of components; how many of address from what the
mnemonic asks for (an offset, a bias, gradients, a level of detail) and from the dimension.  An
address is one run of registers or, where the encoding lists them, single ones, of which the last
may be a run.  AMD's RDNA3 and RDNA4 ISA documents, "Image Memory" and "VGPR address".
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from anyroc.isa.formats import Format
from anyroc.isa.instruction import Operand
from anyroc.isa.operands import BadField
from anyroc.isa.tables import Row

__all__ = ["DIMENSIONS", "operands"]


class _Dimension(NamedTuple):
    name: str
    coordinates: int
    gradients: int


DIMENSIONS = (
    _Dimension("1D", 1, 2),
    _Dimension("2D", 2, 4),
    _Dimension("3D", 3, 6),
    _Dimension("CUBE", 3, 4),
    _Dimension("1D_ARRAY", 2, 2),
    _Dimension("2D_ARRAY", 3, 4),
    _Dimension("2D_MSAA", 3, 4),
    _Dimension("2D_MSAA_ARRAY", 4, 4),
)
"""By their number in the encoding."""

_OF_RAYS = frozenset((
    "op", "nsa", "a16", "vdata", "vaddr", "srsrc",
    "vaddr0", "vaddr1", "vaddr2", "vaddr3", "vaddr4",
))  # fmt: skip
"""Fields that a ray's instruction may choose."""

_WHOLE = ("_pck", "_pck_sgn", "_resinfo", "_lod")
"""Ends of the names of what has no 16-bit data."""

_RUNS = (1, 2, 4, 8, 16)
"""Lengths of address that one run of registers may have beyond the longest of a mnemonic."""


def _address_dwords(mnemonic: str, dimension: _Dimension, a16: bool) -> int:
    """How many registers an address takes."""
    words = mnemonic.split("_")[1:]
    sampled = words[0] in ("sample", "gather4", "gather4h")
    extra = sum(word in ("b", "c", "o") for word in words[1:]) if sampled else 0
    parts = 0 if "resinfo" in words else dimension.coordinates
    parts += sum(word in ("l", "cl", "mip", "resinfo") for word in words)
    count = extra + (-(-parts // 2) if a16 else parts)
    if "d" in words:
        packed = 2 * -(-dimension.gradients // 4)  # in pairs for each direction
        count += packed if "g16" in words else dimension.gradients
    return count


def _data_dwords(mnemonic: str, mask: int, d16: bool, tfe: bool) -> int:
    """How many registers of data there are."""
    whole = mnemonic.startswith(("image_gather4", "image_msaa"))
    count = 4 if whole else max(mask.bit_count(), 1)
    return (-(-count // 2) if d16 else count) + tfe


@cache
def _most(mnemonic: str) -> int:
    """The registers of the longest address that a mnemonic has: MSAA images have neither levels nor
    samples."""
    if mnemonic == "image_get_resinfo":
        return 4
    filtered = mnemonic.startswith(("image_sample", "image_gather4", "image_get_lod"))
    dimensions = DIMENSIONS[:6] if filtered or "_mip" in mnemonic else DIMENSIONS
    return max(_address_dwords(mnemonic, it, a16=False) for it in dimensions)


def _sizes(mnemonic: str) -> tuple[int, ...]:
    """What numbers of data registers there are, the usual one first; one more reports faults."""
    if "_cmpswap" in mnemonic:
        return 2, 3, 4, 5
    if "_atomic_" in mnemonic:
        return 1, 2, 3
    if "gather4" in mnemonic:
        return 2, 4, 5
    return (4, 5, 2, 3) if "_msaa_" in mnemonic else (1, 2, 3, 4, 5)


def _address(firsts: list[int], count: int, least: int) -> list[tuple[int, int]] | None:
    """An address in registers that the encoding lists: the last one stands for the rest."""
    if count < least:
        return None
    kept = firsts[:count]
    return [*((first, 1) for first in kept[:-1]), (kept[-1], count - len(kept) + 1)]


def _ray(row: Row, format_: Format, raw: int) -> tuple[int, list[int]]:
    """What intersects a ray with a box or a triangle: the registers of data, and those of each part
    of the address (node, extent, origin, direction, inverse direction)."""
    name = row.mnemonic
    for field in format_.fields.keys() - _OF_RAYS:
        value = format_.get(raw, field)
        wanted = {"dmask": 15, "r128": 1, "unrm": 1}.get(field, 0)
        if value != wanted:
            raise BadField(f"{field} of {name} is {value}, not {wanted}")
    if "dual" in name or "bvh8" in name:
        return 10, [2, 2, 3, 3, 2 if "dual" in name else 1]
    parts = [2 if "bvh64" in name else 1, 1, 3, 3, 3]
    return 4, parts[:4] if format_.get(raw, "a16") else parts


def operands(
    row: Row, format_: Format, raw: int, listed: list[int] | None, registers: tuple[Operand, ...]
) -> tuple[tuple[Operand, ...], tuple[Operand, ...]]:
    """Destinations and sources of an instruction.

    ``listed``: the first registers of an address that the encoding lists, None where it is one
    run; ``registers``: the descriptors.
    """

    def get(name: str) -> int:
        return format_.get(raw, name) if name in format_.fields else 0

    name = row.mnemonic
    if "_bvh" in name:
        size, parts = _ray(row, format_, raw)
        whole = [(get("vaddr"), sum(parts))]
        ray = whole if listed is None else list(zip(listed, parts, strict=False))
        if any(start + length > 256 for start, length in (*ray, (get("vdata"), size))):
            raise BadField(f"registers of {name} pass v255")
        places = [Operand("v", start, length, role="vaddr") for start, length in ray]
        return (Operand("v", get("vdata"), size, role="vdata"),), (*places, *registers)
    cdna = "dim" not in format_.fields
    atomic = "_atomic_" in name
    if get("d16") and (atomic or name.endswith(_WHOLE)):
        raise BadField(f"{name} has no form with 16-bit data")
    dimension = DIMENSIONS[0 if cdna else get("dim")]
    count = 1 if cdna else _address_dwords(name, dimension, bool(get("a16")))
    size = _data_dwords(name, get("dmask"), bool(get("d16")), bool(get("tfe")))
    sizes, most = _sizes(name), _most(name)
    address: list[tuple[int, int]] | None
    run = 0
    if listed is None:
        run = next(length for length in _RUNS if length >= most)
        address = [(get("vaddr"), min(count, run) if count <= 12 else 16)]
    else:
        address = _address(listed, count, 1 if "vaddr0" in format_.fields else 2)
    first = get("vdata")
    if (
        address is None
        or size not in sizes
        or (count > most and count != run)
        or any(start + length > 256 for start, length in (*address, (first, size)))
        or (cdna and size > 1 and first % 2)
    ):  # as LLVM has what no instruction is: a register of data, all that are listed
        size = sizes[0]
        if listed is None:
            address = [(get("vaddr"), _address_dwords(name, DIMENSIONS[0], a16=True))]
        else:
            address = [(it, 1) for it in listed[:most]]
        if cdna and size > 1 and first % 2:
            raise BadField(f"{name} has no data from an odd register on")
        if any(start + length > 256 for start, length in (*address, (first, size))):
            raise BadField(f"registers of {name} pass v255")
    data = Operand("a" if get("acc") else "v", first, size, role="vdata")
    places = [Operand("v", start, length, role="vaddr") for start, length in address]
    if row.dst:
        return (data,), (*places, *registers)
    return (), (*places, data, *registers)
