"""Programs: the kernels and variables that compiled host code registers before `main`.

The compiler gives every translation unit a constructor that registers one fat binary and what it
holds. Nothing is opened then; a fat binary is loaded on a device when the first of its kernels or
variables is used there.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from anyroc.cabi import memory
from anyroc.gpu.module import Module
from anyroc.hip import calls, faults, image
from anyroc.hip.device import Gpu, gpus, resetting
from anyroc.hip.error import Error, HipError
from anyroc.hip.function import Function
from anyroc.hip.state import Handles, lock

_WRAPPER = struct.Struct("<IIQ")  # magic, version, address of the image
_MAGIC = 0x48495046


@dataclass(eq=False)
class FatBinary:
    """The device code of one translation unit, or of several, and what one calls it on the host."""

    address: int
    functions: dict[int, str] = field(default_factory=dict)
    variables: dict[int, str] = field(default_factory=dict)
    managed: dict[str, tuple[int, int]] = field(default_factory=dict)
    modules: dict[int, Module] = field(default_factory=dict)

    def module(self, gpu: Gpu) -> Module:
        """Return the code loaded on a device."""
        loaded = self.modules.get(gpu.index)
        if loaded is None:
            with lock:
                loaded = self.modules.get(gpu.index)
                if loaded is None:
                    loaded = self.modules[gpu.index] = self._load(gpu)
        return loaded

    def _load(self, gpu: Gpu) -> Module:
        module = image.load(gpu, image.at(self.address))
        for name, (home, _) in self.managed.items():
            place, _ = module.symbol(name)
            memory.put_u64(place, home)
        return module

    def unload(self) -> None:
        """Give back what it holds on every device."""
        for module in self.modules.values():
            module.unload()
        for home, _ in self.managed.values():
            gpus()[0].memory.free(home)
        self.modules.clear()
        calls.forget_answers()
        self.managed.clear()


_fat_binaries: Handles[FatBinary] = Handles()
_functions: dict[int, tuple[FatBinary, str]] = {}
_variables: dict[int, tuple[FatBinary, str]] = {}
textures: set[int] = set()
"""The addresses of the program's texture references."""


def function(gpu: Gpu, host: int) -> Function:
    """Return the kernel, on a device, that the host knows by the address of its stub."""
    found = gpu.functions.get(host)
    if found is None:
        try:
            fat, name = _functions[host]
        except KeyError:
            raise HipError(Error.InvalidDeviceFunction) from None
        try:
            made = Function(fat.module(gpu).kernel(name))
        except LookupError:
            raise HipError(Error.InvalidDeviceFunction) from None
        # Of two threads that race here both must get the same one: C keeps its address.
        found = gpu.functions.setdefault(host, made)
    return found


def variable(gpu: Gpu, host: int) -> tuple[int, int]:
    """Return (address, size) on a device of the variable whose host shadow is at `host`.

    The host has no shadow of a `__managed__` variable, whose name means the memory itself.
    """
    if host not in _variables:
        managed = (place for fat in _fat_binaries.values() for place in fat.managed.values())
        for home, size in managed:
            if home == host:
                return home, size
        raise HipError(Error.InvalidSymbol)
    fat, name = _variables[host]
    if name in fat.managed:
        return fat.managed[name]
    try:
        return fat.module(gpu).symbol(name)
    except LookupError:
        raise HipError(Error.InvalidSymbol) from None


def is_managed_variable(address: int) -> bool:
    """Tell whether an allocation is the home of a `__managed__` variable."""
    return any(
        address == home for fat in _fat_binaries.values() for home, _ in fat.managed.values()
    )


@resetting.add
def _forget(gpu: Gpu) -> None:
    for found in gpu.functions.values():
        found.forget()
    gpu.functions.clear()
    calls.forget_answers()
    for fat in _fat_binaries.values():
        module = fat.modules.pop(gpu.index, None)
        if module is not None:
            module.unload()


def __hipRegisterFatBinary(wrapper: int) -> int:
    magic, _, address = memory.unpack(_WRAPPER, wrapper)
    if magic != _MAGIC:
        faults.say(f"a fat binary has the magic number {magic:#x} instead of {_MAGIC:#x}")
        return 0
    twin = next((fat for fat in _fat_binaries.values() if fat.address == address), None)
    if twin is None:
        return _fat_binaries.add(FatBinary(address))
    # Units with relocatable device code share one image: what is loaded, and its variables.
    return _fat_binaries.add(FatBinary(address, managed=twin.managed, modules=twin.modules))


def __hipRegisterFunction(
    fat: int,
    host: int,
    device_function: bytes | None,
    device_name: bytes | None,
    limit: int,
    thread: int,
    block: int,
    block_dim: int,
    grid_dim: int,
    wave_size: int,
) -> None:
    if fat in _fat_binaries and device_name:
        name = device_name.decode()
        _fat_binaries[fat].functions[host] = name
        _functions[host] = (_fat_binaries[fat], name)


def __hipRegisterVar(
    fat: int,
    host: int,
    host_name: bytes | None,
    device_name: bytes | None,
    external: int,
    size: int,
    constant: int,
    global_: int,
) -> None:
    if fat in _fat_binaries and device_name:
        name = device_name.decode()
        _fat_binaries[fat].variables[host] = name
        _variables[host] = (_fat_binaries[fat], name)


def __hipRegisterTexture(
    fat: int,
    host: int,
    host_name: bytes | None,
    device_name: bytes | None,
    shape: int,
    normalised: int,
    external: int,
) -> None:
    __hipRegisterVar(fat, host, host_name, device_name, external, 0, 0, 0)
    textures.add(host)


def __hipRegisterManagedVar(
    fat: int, pointer: int, initial: int, name: bytes | None, size: int, align: int
) -> None:
    if fat not in _fat_binaries or not name:
        return
    home = gpus()[0].memory.alloc(size, "managed", max(align, 256))
    if initial:
        memory.write(home, memory.read(initial, size))
    memory.put_u64(pointer, home)
    binary = _fat_binaries[fat]
    binary.managed[name.decode()] = (home, size)
    binary.variables[pointer] = name.decode()
    _variables[pointer] = (binary, name.decode())


def __hipUnregisterFatBinary(fat: int) -> None:
    if fat not in _fat_binaries:
        return
    binary = _fat_binaries.remove(fat)
    for host in binary.functions:
        _functions.pop(host, None)
        for gpu in gpus():
            found = gpu.functions.pop(host, None)
            if found is not None:
                found.forget()
    for host in binary.variables:
        _variables.pop(host, None)
        textures.discard(host)
    if all(other.modules is not binary.modules for other in _fat_binaries.values()):
        binary.unload()
