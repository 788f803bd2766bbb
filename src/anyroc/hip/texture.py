"""Texture and surface objects.

An object is the address of a description in device memory, by which device code that was compiled
against `anyroc/textures.h` reads texels with plain loads, on every target. Image instructions,
which ROCm's headers compile to where a target has them, would need another description: kernels
with them are refused when they are translated.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field, replace

from anyroc.cabi import memory
from anyroc.hip.alloc import allocate, find
from anyroc.hip.array import (
    FLOAT,
    SIGNED,
    UNSIGNED,
    Array,
    Format,
    array_of,
    driver_format,
    format_number,
    format_of,
    levels_of,
    packed_format,
)
from anyroc.hip.device import Gpu, current, resetting
from anyroc.hip.error import Error, HipError, require
from anyroc.hip.state import Handles

ARRAY, MIPMAP, LINEAR, PITCHED = range(4)
"""hipResourceType."""

WRAP, CLAMP, MIRROR, BORDER = range(4)
"""hipTextureAddressMode."""

_MARK = 0x6572757478657461
_VIEW = struct.Struct("<Q12i4f4f")  # anyroc::image::view without its levels
_LEVEL = struct.Struct("<3Q4i")
_LEVELS = 16

_RESOURCE = struct.Struct("@i4xQ48x")
_RESOURCE_LINEAR = struct.Struct("@i4xQ20s4xQ16x")
_RESOURCE_PITCHED = struct.Struct("@i4xQ20s4x3Q")
_DRIVER_RESOURCE = struct.Struct("@i4xQ120xI4x")
_DRIVER_LINEAR = struct.Struct("@i4xQiIQ104xI4x")
_DRIVER_PITCHED = struct.Struct("@i4xQiI3Q88xI4x")
_SAMPLING = struct.Struct("@6i4fiIi3f")
_DRIVER_SAMPLING = struct.Struct("@4iIIi3f4f48x")
_WINDOW = struct.Struct("@i4x3Q4I")
_AS_INTEGER, _NORMALISED, _SRGB = 1, 2, 16  # HIP_TRSF_…

_ALIGNMENT, _PITCH_ALIGNMENT = 256, 256  # as the properties say
_VIEW_FORMATS = [
    Format(channels, bits, kind)
    for bits, kind in (
        *((8, UNSIGNED), (8, SIGNED), (16, UNSIGNED), (16, SIGNED), (32, UNSIGNED), (32, SIGNED)),
        *((16, FLOAT), (32, FLOAT)),
    )
    for channels in (1, 2, 4)
]
"""By hipResourceViewFormat less one; those after these are compressed."""


@dataclass(frozen=True)
class Resource:
    """What an object reads: an array's or mipmap's handle, or memory with a format and a shape."""

    kind: int
    place: int
    form: Format | None = None
    size: int = 0
    shape: tuple[int, int, int] = (0, 0, 0)  # width and height in texels, bytes of a row


@dataclass(frozen=True)
class Sampling:
    """How a texture is read, as hipTextureDesc has it."""

    address: tuple[int, ...] = (CLAMP, CLAMP, CLAMP)
    linear: int = 0
    normalised_values: int = 0
    srgb: int = 0
    border: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0)
    normalised_places: int = 0
    anisotropy: int = 0
    linear_levels: int = 0
    bias: float = 0.0
    lowest: float = 0.0
    highest: float = 0.0


@dataclass(frozen=True)
class Level:
    """One level: an address, bytes of a row and a slice, texels along each axis."""

    base: int
    pitch: int
    slice: int
    extent: tuple[int, int, int]


@dataclass(frozen=True)
class Object:
    """A texture or surface object: where it is and what it was made from."""

    gpu: Gpu
    resource: Resource
    sampling: Sampling = field(default_factory=Sampling)
    window: bytes = b""


_textures: Handles[Object] = Handles(Error.InvalidValue)
_surfaces: Handles[Object] = Handles(Error.InvalidValue)


@resetting.add
def _forget(gpu: Gpu) -> None:
    for objects in (_textures, _surfaces):
        for handle, found in objects.items():
            if found.gpu is gpu:
                objects.remove(handle)


def _of_array(array: Array) -> Level:
    width, height, depth = array.extent
    return Level(array.base, array.pitch, array.slice, (width, max(height, 1), max(depth, 1)))


def _levels(resource: Resource) -> tuple[Format, list[Level]]:
    """Return the format and the levels of a resource."""
    if resource.kind == ARRAY:
        array = array_of(resource.place)
        return array.format, [_of_array(array)]
    if resource.kind == MIPMAP:
        arrays = levels_of(resource.place)
        return arrays[0].format, [_of_array(array) for array in arrays[:_LEVELS]]
    form = resource.form
    require(form is not None and resource.place)
    assert form is not None
    require(find(resource.place) is not None)
    if resource.kind == LINEAR:
        require(resource.size >= form.size and resource.place % form.size == 0)
        width = resource.size // form.size
        return form, [Level(resource.place, resource.size, resource.size, (width, 1, 1))]
    width, height, pitch = resource.shape
    require(resource.kind == PITCHED and width and height and pitch >= width * form.size)
    require(resource.place % _ALIGNMENT == 0 and pitch % form.size == 0)
    return form, [Level(resource.place, pitch, pitch * height, (width, height, 1))]


def _windowed(
    form: Format, levels: list[Level], window: bytes
) -> tuple[Format, list[Level], tuple[int, int]]:
    """Apply a hipResourceViewDesc; return also the first layer and how many there are."""
    if not window:
        return form, levels, (0, 0)
    number, width, height, _, first, last, layer, last_layer = _WINDOW.unpack(window)
    if number > len(_VIEW_FORMATS):
        raise HipError(Error.NotSupported)
    if number:
        form = _VIEW_FORMATS[number - 1]
    require(first <= last < len(levels) and layer <= last_layer)
    require(form.size * width <= levels[0].pitch and height <= levels[0].extent[1])
    if width and number:
        levels = [replace(level, extent=(level.pitch // form.size, *level.extent[1:]))
                  for level in levels]  # fmt: skip
    return form, levels[first : last + 1], (layer, last_layer - layer + 1 if last_layer else 0)


def _described(resource: Resource, sampling: Sampling, window: bytes) -> bytes:
    """Return what device code reads of a texture: an anyroc::image::view."""
    form, levels = _levels(resource)
    form, levels, (layer, layers) = _windowed(form, levels, window)
    require(all(WRAP <= mode <= BORDER for mode in sampling.address))
    require(sampling.linear in (0, 1) and sampling.linear_levels in (0, 1))
    require(not sampling.normalised_values or form.bits < 32 or form.kind == FLOAT)
    whole = form.kind != FLOAT and not sampling.normalised_values
    require(not (sampling.linear and whole))
    head = _VIEW.pack(
        *(_MARK, len(levels), form.channels, form.bits, form.kind),
        *(int(bool(sampling.normalised_values)), int(bool(sampling.normalised_places))),
        *(sampling.linear, sampling.linear_levels, *sampling.address, int(bool(sampling.srgb))),
        *(*sampling.border, sampling.bias, sampling.lowest, sampling.highest, 0.0),
    )
    rows = []
    for level in levels:
        width, height, depth = level.extent
        depth = min(layers, depth - layer) if layers else depth
        base = level.base + layer * level.slice
        rows.append(_LEVEL.pack(base, level.pitch, level.slice, width, height, depth, 0))
    return head + b"".join(rows).ljust(_LEVELS * _LEVEL.size, b"\0")


def make(resource: Resource, sampling: Sampling, window: bytes = b"") -> int:
    """Make a texture object on the current device."""
    return _made(_textures, resource, sampling, window)


def _made(objects: Handles[Object], resource: Resource, sampling: Sampling, window: bytes) -> int:
    gpu = current()
    description = _described(resource, sampling, window)
    place = allocate(gpu, len(description))
    memory.write(place, description)
    objects[place] = Object(gpu, resource, sampling, window)
    return place


def destroy(place: int) -> None:
    """Give back a texture object; kernels that use it have ended then."""
    _destroyed(_textures, place)


def _destroyed(objects: Handles[Object], place: int) -> None:
    if not place:
        return
    found = objects.remove(place)
    found.gpu.synchronize()
    found.gpu.memory.free(place)


def _resource(address: int) -> Resource:
    """Read a hipResourceDesc."""
    kind, place = memory.unpack(_RESOURCE, address)
    require(ARRAY <= kind <= PITCHED)
    if kind == LINEAR:
        _, place, _, size = memory.unpack(_RESOURCE_LINEAR, address)
        return Resource(kind, place, format_of(address + 16), size)
    if kind == PITCHED:
        _, place, _, width, height, pitch = memory.unpack(_RESOURCE_PITCHED, address)
        return Resource(kind, place, format_of(address + 16), shape=(width, height, pitch))
    return Resource(kind, place)


def _driver_resource(address: int) -> Resource:
    """Read a HIP_RESOURCE_DESC."""
    kind, place, _ = memory.unpack(_DRIVER_RESOURCE, address)
    require(ARRAY <= kind <= PITCHED)
    if kind == LINEAR:
        _, place, number, channels, size, _ = memory.unpack(_DRIVER_LINEAR, address)
        return Resource(kind, place, driver_format(number, channels), size)
    if kind == PITCHED:
        _, place, number, channels, *shape, _ = memory.unpack(_DRIVER_PITCHED, address)
        width, height, pitch = shape
        return Resource(kind, place, driver_format(number, channels), shape=(width, height, pitch))
    return Resource(kind, place)


def _sampling(address: int) -> Sampling:
    """Read a hipTextureDesc."""
    row = memory.unpack(_SAMPLING, address)
    return Sampling(row[:3], row[3], row[4], row[5], row[6:10], *row[10:])


def _driver_sampling(address: int, form: Format) -> Sampling:
    """Read a HIP_TEXTURE_DESC."""
    *modes, linear, flags, anisotropy, levels, bias, low, high, r, g, b, a = memory.unpack(
        _DRIVER_SAMPLING, address
    )
    numbers = form.kind != FLOAT and form.bits < 32 and not flags & _AS_INTEGER
    srgb, places = int(bool(flags & _SRGB)), int(bool(flags & _NORMALISED))
    return Sampling(
        *(tuple(modes), linear, int(numbers), srgb, (r, g, b, a), places),
        *(anisotropy, levels, bias, low, high),
    )


def hipCreateTextureObject(out: int, resource: int, sampling: int, window: int) -> None:
    require(out and resource and sampling)
    view = memory.read(window, _WINDOW.size) if window else b""
    memory.put_u64(out, make(_resource(resource), _sampling(sampling), view))


def hipDestroyTextureObject(texture: int) -> None:
    destroy(texture)


hipTexObjectDestroy = hipDestroyTextureObject


def hipTexObjectCreate(out: int, resource: int, sampling: int, window: int) -> None:
    require(out and resource and sampling)
    read = _driver_resource(resource)
    form, _ = _levels(read)
    view = memory.read(window, _WINDOW.size) if window else b""
    memory.put_u64(out, make(read, _driver_sampling(sampling, form), view))


def hipGetTextureObjectResourceDesc(out: int, texture: int) -> None:
    require(out and texture)
    found = _textures[texture].resource
    form = found.form
    if form is None:
        memory.write(out, _RESOURCE.pack(found.kind, found.place))
    elif found.kind == LINEAR:
        row = _RESOURCE_LINEAR.pack(found.kind, found.place, packed_format(form), found.size)
        memory.write(out, row)
    else:
        row = _RESOURCE_PITCHED.pack(found.kind, found.place, packed_format(form), *found.shape)
        memory.write(out, row)


def hipTexObjectGetResourceDesc(out: int, texture: int) -> None:
    require(out and texture)
    found = _textures[texture].resource
    form = found.form
    if form is None:
        memory.write(out, _DRIVER_RESOURCE.pack(found.kind, found.place, 0))
        return
    head = (found.kind, found.place, format_number(form), form.channels)
    if found.kind == LINEAR:
        memory.write(out, _DRIVER_LINEAR.pack(*head, found.size, 0))
    else:
        memory.write(out, _DRIVER_PITCHED.pack(*head, *found.shape, 0))


def hipGetTextureObjectTextureDesc(out: int, texture: int) -> None:
    require(out and texture)
    s = _textures[texture].sampling
    row = (*s.address, s.linear, s.normalised_values, s.srgb, *s.border, s.normalised_places)
    rest = (s.anisotropy, s.linear_levels, s.bias, s.lowest, s.highest)
    memory.write(out, _SAMPLING.pack(*row, *rest))


def hipTexObjectGetTextureDesc(out: int, texture: int) -> None:
    require(out and texture)
    s = _textures[texture].sampling
    flags = 0 if s.normalised_values else _AS_INTEGER
    flags |= (_NORMALISED if s.normalised_places else 0) | (_SRGB if s.srgb else 0)
    row = (*s.address, s.linear, flags, s.anisotropy, s.linear_levels, s.bias, s.lowest, s.highest)
    memory.write(out, _DRIVER_SAMPLING.pack(*row, *s.border))


def hipGetTextureObjectResourceViewDesc(out: int, texture: int) -> None:
    require(out and texture)
    window = _textures[texture].window
    require(window)
    memory.write(out, window)


def hipTexObjectGetResourceViewDesc(out: int, texture: int) -> None:
    hipGetTextureObjectResourceViewDesc(out, texture)


def hipDeviceGetTexture1DLinearMaxWidth(out: int, channels: int, device: int) -> None:
    require(out and channels)
    memory.put_u64(out, (1 << 27) // format_of(channels).size)


def hipCreateSurfaceObject(out: int, resource: int) -> None:
    require(out and resource)
    read = _resource(resource)
    require(read.kind == ARRAY)
    require(read.place, Error.InvalidHandle)
    memory.put_u64(out, _made(_surfaces, read, Sampling(), b""))


def hipDestroySurfaceObject(surface: int) -> None:
    _destroyed(_surfaces, surface)
