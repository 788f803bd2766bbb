"""Arrays: images in device memory that programs know by a handle.

On a GPU an array's elements lie in an order of the texture units' own. Here they lie row by row
without gaps; nothing but copies reaches them.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from anyroc.cabi import memory
from anyroc.hip.alloc import allocate
from anyroc.hip.device import Gpu, current, resetting
from anyroc.hip.error import Error, HipError, require
from anyroc.hip.state import Handles

_CHANNELS = struct.Struct("@5i")
_EXTENT = struct.Struct("@3Q")
_DESCRIPTOR = struct.Struct("@2QiI")
_DESCRIPTOR_3D = struct.Struct("@3QiII4x")

SIGNED, UNSIGNED, FLOAT = range(3)
"""hipChannelFormatKind."""

_FORMATS = {
    0x01: (8, UNSIGNED),
    0x02: (16, UNSIGNED),
    0x03: (32, UNSIGNED),
    0x08: (8, SIGNED),
    0x09: (16, SIGNED),
    0x0A: (32, SIGNED),
    0x10: (16, FLOAT),
    0x20: (32, FLOAT),
}
"""By hipArray_Format bits of a channel and its hipChannelFormatKind."""

_LAYERED, _SURFACE, _CUBE, _GATHER = 1, 2, 4, 8
_KNOWN_FLAGS = _LAYERED | _SURFACE | _CUBE | _GATHER
_LONGEST_EDGE = 1 << 31


@dataclass(frozen=True)
class Format:
    """Elements: how many channels of how many bits, and of which hipChannelFormatKind."""

    channels: int
    bits: int
    kind: int

    @property
    def size(self) -> int:
        """Bytes of an element."""
        return self.channels * self.bits // 8


class Array:
    """A hipArray_t: `extent` has width, height and depth in elements, 0 where it has fewer axes."""

    def __init__(self, gpu: Gpu, form: Format, extent: tuple[int, int, int], flags: int) -> None:
        width, height, depth = extent
        self.gpu = gpu
        self.format = form
        self.extent = extent
        self.flags = flags
        self.pitch = width * form.size
        self.rows = max(height, 1)
        self.base = allocate(gpu, self.pitch * self.rows * max(depth, 1))

    @property
    def slice(self) -> int:
        """Bytes of a slice."""
        return self.pitch * self.rows

    def place(self, x: int, y: int, z: int, width: int, height: int, depth: int = 1) -> int:
        """Return the address of a box in it; `x` and `width` are in bytes."""
        require(x + width <= self.pitch)
        require(y + height <= self.rows and z + depth <= max(self.extent[2], 1))
        return self.base + z * self.slice + y * self.pitch + x

    def bytes_at(self, offset: int, size: int) -> int:
        """Return the address of bytes of its first row."""
        require(offset + size <= self.pitch)
        return self.base + offset

    def destroy(self) -> None:
        """Give its memory back."""
        self.gpu.synchronize()
        self.gpu.memory.free(self.base)


_arrays: Handles[Array] = Handles(Error.ContextIsDestroyed)


@resetting.add
def _forget(gpu: Gpu) -> None:
    for handle, array in _arrays.items():
        if array.gpu is gpu:
            _arrays.remove(handle)


def array_of(handle: int) -> Array:
    """Return the array of a handle."""
    require(handle)
    require(handle in _arrays, Error.InvalidHandle)
    return _arrays[handle]


def format_of(channels: int) -> Format:
    """Return the format that a hipChannelFormatDesc describes."""
    require(channels)
    *bits, kind = memory.unpack(_CHANNELS, channels)
    count = sum(1 for number in bits if number)
    require(count in (1, 2, 4) and bits[:count] == [bits[0]] * count)
    require(bits[0] in (8, 16, 32) and kind in (SIGNED, UNSIGNED, FLOAT))
    require(kind != FLOAT or bits[0] != 8)
    return Format(count, bits[0], kind)


def packed_format(form: Format) -> bytes:
    """Return a hipChannelFormatDesc."""
    bits = [form.bits if channel < form.channels else 0 for channel in range(4)]
    return _CHANNELS.pack(*bits, form.kind)


def driver_format(number: int, channels: int) -> Format:
    """Return the format that a hipArray_Format and a number of channels mean."""
    require(number in _FORMATS and channels in (1, 2, 4))
    return Format(channels, *_FORMATS[number])


def _make(out: int, form: Format, extent: tuple[int, int, int], flags: int) -> None:
    width, height, depth = extent
    require(width and (height or not depth or flags & _LAYERED))
    require(max(extent) <= _LONGEST_EDGE)
    require(flags & ~_KNOWN_FLAGS == 0)
    require(not flags & _CUBE or (width == height and depth % 6 == 0 and depth))
    require(not flags & _GATHER or (height and not depth))
    memory.put_u64(out, _arrays.add(Array(current(), form, extent, flags)))


def hipMallocArray(out: int, channels: int, width: int, height: int, flags: int) -> None:
    require(out)
    require(not flags & (_LAYERED | _CUBE))
    _make(out, format_of(channels), (width, height, 0), flags)


def hipMalloc3DArray(out: int, channels: int, extent: int, flags: int) -> None:
    require(out)
    width, height, depth = memory.unpack(_EXTENT, extent)
    _make(out, format_of(channels), (width, height, depth), flags)


def hipArrayCreate(out: int, descriptor: int) -> None:
    require(out and descriptor)
    width, height, form, channels = memory.unpack(_DESCRIPTOR, descriptor)
    _make(out, driver_format(form, channels), (width, height, 0), 0)


def hipArray3DCreate(out: int, descriptor: int) -> None:
    require(out and descriptor)
    width, height, depth, form, channels, flags = memory.unpack(_DESCRIPTOR_3D, descriptor)
    _make(out, driver_format(form, channels), (width, height, depth), flags)


def hipFreeArray(array: int) -> None:
    require(array)
    _arrays.remove(array).destroy()


hipArrayDestroy = hipFreeArray


def format_number(form: Format) -> int:
    """Return the hipArray_Format of a format."""
    return next(number for number, row in _FORMATS.items() if row == (form.bits, form.kind))


def _described(array: Array) -> tuple[int, int]:
    """Return hipArray_Format and number of channels."""
    return format_number(array.format), array.format.channels


def hipArrayGetInfo(channels: int, extent: int, flags: int, array: int) -> None:
    found = array_of(array)
    if channels:
        hipGetChannelDesc(channels, array)
    if extent:
        memory.write(extent, _EXTENT.pack(*found.extent))
    if flags:
        memory.put_i32(flags, found.flags)


def hipArrayGetDescriptor(out: int, array: int) -> None:
    require(out)
    found = array_of(array)
    width, height, depth = found.extent
    require(not depth)
    memory.write(out, _DESCRIPTOR.pack(width, height, *_described(found)))


def hipArray3DGetDescriptor(out: int, array: int) -> None:
    require(out)
    found = array_of(array)
    memory.write(out, _DESCRIPTOR_3D.pack(*found.extent, *_described(found), found.flags))


def hipGetChannelDesc(out: int, array: int) -> None:
    require(out)
    memory.write(out, packed_format(array_of(array).format))


class Mipmap:
    """A hipMipmappedArray_t: arrays, each half as wide, high and deep as the one before."""

    def __init__(self, levels: list[int]) -> None:
        self.levels = levels


_mipmaps: Handles[Mipmap] = Handles(Error.InvalidHandle)


def _make_levels(
    out: int, form: Format, extent: tuple[int, int, int], count: int, flags: int
) -> None:
    layered = flags & (_LAYERED | _CUBE)
    require(count and extent[0] and (extent[1] or not extent[2] or layered))
    require(max(extent) <= _LONGEST_EDGE and count <= max(extent).bit_length())
    levels: list[int] = []
    for level in range(count):
        width, height, depth = (max(size >> level, 1) if size else 0 for size in extent)
        depth = extent[2] if layered else depth
        levels.append(_arrays.add(Array(current(), form, (width, height, depth), flags)))
    memory.put_u64(out, _mipmaps.add(Mipmap(levels)))


def levels_of(mipmap: int) -> list[Array]:
    """Return the levels of a mipmapped array."""
    return [_arrays[level] for level in _mipmaps[mipmap].levels]


def hipMallocMipmappedArray(out: int, channels: int, extent: int, count: int, flags: int) -> None:
    require(out and flags & ~_KNOWN_FLAGS == 0)
    width, height, depth = memory.unpack(_EXTENT, extent)
    _make_levels(out, format_of(channels), (width, height, depth), count, flags)


def hipMipmappedArrayCreate(out: int, descriptor: int, count: int) -> None:
    require(out and descriptor)
    width, height, depth, form, channels, flags = memory.unpack(_DESCRIPTOR_3D, descriptor)
    _make_levels(out, driver_format(form, channels), (width, height, depth), count, flags)


def hipFreeMipmappedArray(mipmap: int) -> None:
    require(mipmap)
    require(mipmap in _mipmaps, Error.ContextIsDestroyed)
    for level in _mipmaps.remove(mipmap).levels:
        _arrays.remove(level).destroy()


hipMipmappedArrayDestroy = hipFreeMipmappedArray


def hipGetMipmappedArrayLevel(out: int, mipmap: int, level: int) -> None:
    require(out)
    require(mipmap, Error.InvalidHandle)
    levels = _mipmaps[mipmap].levels
    if level >= len(levels):
        raise HipError(Error.InvalidValue)
    memory.put_u64(out, levels[level])


hipMipmappedArrayGetLevel = hipGetMipmappedArrayLevel
