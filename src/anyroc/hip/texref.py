"""Texture references, which came before texture objects: variables that the host binds.

Both APIs know a reference by the address of a `textureReference` on the host: the program's own
variable, or one made here for a module's. Binding makes a texture object of its fields and stores
that in the field that device code reads, on the host and in the device's variable.
"""

from __future__ import annotations

import ctypes
import struct
from dataclasses import dataclass, field

from anyroc.cabi import memory
from anyroc.hip import texture
from anyroc.hip.alloc import end_of, find
from anyroc.hip.array import (
    FLOAT,
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
from anyroc.hip.module import loaded
from anyroc.hip.registration import textures, variable
from anyroc.hip.texture import ARRAY, LINEAR, MIPMAP, PITCHED, Resource, Sampling

_REFERENCE = struct.Struct("@6i20siIi3f4xQii")
_OBJECT = 72  # offset of textureObject
_DESCRIPTOR = struct.Struct("@2QiI")
_WHOLE = 0xFFFFFFFF  # hipBindTexture's size unless one is given
_AS_INTEGER, _NORMALISED, _SRGB = 1, 2, 16  # HIP_TRSF_…


@dataclass
class _Reference:
    """What is known of a reference beside its fields."""

    bound: dict[Gpu, int] = field(default_factory=dict)
    resource: Resource | None = None
    border: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0)
    flags: int = 0
    home: tuple[Gpu, int] | None = None
    storage: ctypes.Array[ctypes.c_char] | None = None


_references: dict[int, _Reference] = {}
_by_place: dict[int, int] = {}  # references of modules by the address of the device's variable


@resetting.add
def _forget(gpu: Gpu) -> None:
    for reference in _references.values():
        reference.bound.pop(gpu, None)


def _known(address: int) -> _Reference:
    require(address)
    found = _references.get(address)
    if found is None:
        require(address in textures, Error.InvalidTexture)
        found = _references[address] = _Reference()
    return found


def _bind(address: int, resource: Resource, sampling: Sampling) -> None:
    """Make an object of a reference's fields and store it where device code looks."""
    reference = _known(address)
    gpu = current()
    made = texture.make(resource, sampling)
    _unbind(address, gpu)
    reference.bound[gpu], reference.resource = made, resource
    _store(address, gpu, made)


def _store(address: int, gpu: Gpu, made: int) -> None:
    reference = _references[address]
    memory.put_u64(address + _OBJECT, made)
    place = reference.home[1] if reference.home else variable(gpu, address)[0]
    memory.put_u64(place + _OBJECT, made)


def _unbind(address: int, gpu: Gpu) -> None:
    made = _references[address].bound.pop(gpu, 0)
    if made:
        _store(address, gpu, 0)
        texture.destroy(made)


def _sampling(address: int) -> Sampling:
    """Return how the fields of a program's variable say that it is read."""
    normalised, mode, linear, *rest = memory.unpack(_REFERENCE, address)
    modes, (_, srgb, anisotropy, levels, bias, low, high, *_) = rest[:3], rest[3:]
    border = _known(address).border
    return Sampling(
        *(tuple(modes), linear, mode, srgb, border, normalised),
        *(anisotropy, levels, bias, low, high),
    )


def _linear(place: int, form: Format, size: int) -> Resource:
    found = find(place)
    if found is None:
        raise HipError(Error.InvalidValue)
    size = min(size, end_of(found) - place)
    return Resource(LINEAR, place, form, size)


def hipBindTexture(offset: int, reference: int, place: int, channels: int, size: int) -> None:
    require(reference and place and channels and size)
    resource = _linear(place, format_of(channels), size if size != _WHOLE else 1 << 62)
    _bind(reference, resource, _sampling(reference))
    if offset:
        memory.put_u64(offset, 0)


def hipBindTexture2D(
    offset: int, reference: int, place: int, channels: int, width: int, height: int, pitch: int
) -> None:
    require(reference and place and channels)
    resource = Resource(PITCHED, place, format_of(channels), shape=(width, height, pitch))
    _bind(reference, resource, _sampling(reference))
    if offset:
        memory.put_u64(offset, 0)


def hipBindTextureToArray(reference: int, array: int, channels: int) -> None:
    require(reference and array and channels)
    _bind(reference, Resource(ARRAY, array), _sampling(reference))


def hipBindTextureToMipmappedArray(reference: int, mipmap: int, channels: int) -> None:
    require(reference and mipmap and channels)
    _bind(reference, Resource(MIPMAP, mipmap), _sampling(reference))


def hipUnbindTexture(reference: int) -> None:
    _known(reference)
    _unbind(reference, current())


def hipGetTextureAlignmentOffset(offset: int, reference: int) -> None:
    require(offset)
    require(current() in _known(reference).bound, Error.InvalidTexture)
    memory.put_u64(offset, 0)


def hipGetTextureReference(out: int, symbol: int) -> None:
    require(out and symbol)
    require(symbol in textures, Error.InvalidTexture)
    memory.put_u64(out, symbol)


def hipModuleGetTexRef(out: int, module: int, name: bytes | None) -> None:
    require(out and name)
    assert name is not None
    require(module, Error.InvalidHandle)
    holder = loaded(module)
    try:
        place, _ = holder.module.symbol(name.decode(errors="replace"))
    except LookupError:
        raise HipError(Error.NotFound) from None
    if place not in _by_place:
        storage = ctypes.create_string_buffer(_REFERENCE.size)
        address = ctypes.addressof(storage)
        clamp = (texture.CLAMP,) * 3
        form = packed_format(Format(1, 32, FLOAT))
        row = (0, 0, 0, *clamp, form, 0, 0, 0, 0.0, 0.0, 0.0, 0, 1, 0x20)
        storage.raw = _REFERENCE.pack(*row)
        _references[address] = _Reference(home=(holder.gpu, place), storage=storage)
        _by_place[place] = address
    memory.put_u64(out, _by_place[place])


def _fields(address: int) -> list[object]:
    _known(address)
    return list(memory.unpack(_REFERENCE, address))


def _set(address: int, number: int, value: object) -> None:
    row = _fields(address)
    row[number] = value
    memory.write(address, _REFERENCE.pack(*row))


_FILTER, _MODES, _ANISOTROPY, _LEVELS = 2, 3, 8, 9
_BIAS, _LOW, _HIGH, _COUNT, _FORMAT = 10, 11, 12, 14, 15


def _driver_sampling(address: int, form: Format) -> Sampling:
    row = memory.unpack(_REFERENCE, address)
    reference = _known(address)
    flags = reference.flags
    numbers = form.kind != FLOAT and form.bits < 32 and not flags & _AS_INTEGER
    return Sampling(
        *(row[3:6], row[_FILTER], int(numbers), int(bool(flags & _SRGB)), reference.border),
        *(int(bool(flags & _NORMALISED)), row[_ANISOTROPY], row[_LEVELS]),
        *(row[_BIAS], row[_LOW], row[_HIGH]),
    )


def _driver_form(address: int) -> Format:
    row = memory.unpack(_REFERENCE, address)
    return driver_format(row[_FORMAT], row[_COUNT])


def hipTexRefSetFormat(reference: int, number: int, count: int) -> None:
    driver_format(number, count)
    _set(reference, _FORMAT, number)
    _set(reference, _COUNT, count)


def hipTexRefGetFormat(number: int, count: int, reference: int) -> None:
    require(number and count)
    _answer(number, reference, _FORMAT)
    _answer(count, reference, _COUNT)


def hipTexRefSetFlags(reference: int, flags: int) -> None:
    _known(reference).flags = flags


def hipTexRefGetFlags(out: int, reference: int) -> None:
    require(out)
    memory.put_i32(out, _known(reference).flags)


def hipTexRefSetFilterMode(reference: int, mode: int) -> None:
    require(mode in (0, 1))
    _set(reference, _FILTER, mode)


def hipTexRefGetFilterMode(out: int, reference: int) -> None:
    _answer(out, reference, _FILTER)


def hipTexRefSetAddressMode(reference: int, axis: int, mode: int) -> None:
    require(0 <= axis < 3 and texture.WRAP <= mode <= texture.BORDER)
    _set(reference, _MODES + axis, mode)


def hipTexRefGetAddressMode(out: int, reference: int, axis: int) -> None:
    require(0 <= axis < 3)
    _answer(out, reference, _MODES + axis)


def hipTexRefSetMaxAnisotropy(reference: int, value: int) -> None:
    _set(reference, _ANISOTROPY, value)


def hipTexRefGetMaxAnisotropy(out: int, reference: int) -> None:
    _answer(out, reference, _ANISOTROPY)


def hipTexRefSetMipmapFilterMode(reference: int, mode: int) -> None:
    require(mode in (0, 1))
    _set(reference, _LEVELS, mode)


def hipTexRefGetMipmapFilterMode(out: int, reference: int) -> None:
    _answer(out, reference, _LEVELS)


def hipTexRefSetMipmapLevelBias(reference: int, bias: float) -> None:
    _set(reference, _BIAS, bias)


def hipTexRefGetMipmapLevelBias(out: int, reference: int) -> None:
    _answer(out, reference, _BIAS)


def hipTexRefSetMipmapLevelClamp(reference: int, low: float, high: float) -> None:
    _set(reference, _LOW, low)
    _set(reference, _HIGH, high)


def hipTexRefGetMipmapLevelClamp(low: int, high: int, reference: int) -> None:
    _answer(low, reference, _LOW)
    _answer(high, reference, _HIGH)


def _answer(out: int, reference: int, number: int) -> None:
    require(out)
    value = _fields(reference)[number]
    if isinstance(value, float):
        memory.put_f32(out, value)
    elif isinstance(value, int):
        memory.put_i32(out, value)


def hipTexRefSetBorderColor(reference: int, colour: int) -> None:
    require(colour)
    _known(reference).border = struct.unpack("@4f", memory.read(colour, 16))


def hipTexRefGetBorderColor(colour: int, reference: int) -> None:
    require(colour)
    memory.write(colour, struct.pack("@4f", *_known(reference).border))


def hipTexRefSetAddress(offset: int, reference: int, place: int, size: int) -> None:
    require(reference and place)
    form = _driver_form(reference)
    _bind(reference, _linear(place, form, size), _driver_sampling(reference, form))
    if offset:
        memory.put_u64(offset, 0)


def hipTexRefSetAddress2D(reference: int, descriptor: int, place: int, pitch: int) -> None:
    require(reference and descriptor and place)
    width, height, number, count = memory.unpack(_DESCRIPTOR, descriptor)
    form = driver_format(number, count)
    resource = Resource(PITCHED, place, form, shape=(width, height, pitch))
    _bind(reference, resource, _driver_sampling(reference, form))


def hipTexRefGetAddress(out: int, reference: int) -> None:
    require(out)
    resource = _known(reference).resource
    if resource is None or resource.kind not in (LINEAR, PITCHED):
        raise HipError(Error.InvalidValue)
    memory.put_u64(out, resource.place)


def hipTexRefSetArray(reference: int, array: int, flags: int) -> None:
    require(reference and array)
    form = array_of(array).format
    hipTexRefSetFormat(reference, format_number(form), form.channels)
    _bind(reference, Resource(ARRAY, array), _driver_sampling(reference, form))


def hipTexRefSetMipmappedArray(reference: int, mipmap: int, flags: int) -> None:
    require(reference and mipmap)
    form = levels_of(mipmap)[0].format
    hipTexRefSetFormat(reference, format_number(form), form.channels)
    _bind(reference, Resource(MIPMAP, mipmap), _driver_sampling(reference, form))


def hipTexRefGetArray(out: int, reference: int) -> None:
    _bound_to(out, reference, ARRAY)


def hipTexRefGetMipMappedArray(out: int, reference: int) -> None:
    _bound_to(out, reference, MIPMAP)


def _bound_to(out: int, reference: int, kind: int) -> None:
    require(out)
    resource = _known(reference).resource
    if resource is None or resource.kind != kind:
        raise HipError(Error.InvalidValue)
    memory.put_u64(out, resource.place)
