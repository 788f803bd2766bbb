"""Code objects loaded on a device: segments in device memory, relocated."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from anyroc.errors import CodeObjectError
from anyroc.gpu import binding
from anyroc.gpu.kernel import LoadedKernel
from anyroc.gpu.memory import PAGE
from anyroc.translate.codeobject import CodeObject, Relocation

if TYPE_CHECKING:
    from anyroc.gpu.device import Device

_NONE, _ABS32_LO, _ABS32_HI, _ABS64, _REL32, _REL64, _ABS32, _RELATIVE64 = 0, 1, 2, 3, 4, 5, 6, 13
_WIDE = {_ABS64, _REL64, _RELATIVE64}


class Module:
    """A code object in a device's memory; make one with `Device.load`."""

    def __init__(self, device: Device, code: CodeObject) -> None:
        if code.target_name != device.target.name:
            raise CodeObjectError(
                f"the code object is for {code.target_name}, the device is a {device.target.name}",
                hint=f"build with --target {device.target.name}, or run with ANYROC_TARGET="
                f"{code.target_name}",
            )
        self.device = device
        self.code = code
        self._kernels: dict[str, LoadedKernel] = {}
        self.base = device.memory.alloc(code.image_size, "internal", PAGE)
        """Host address of the code object's address 0."""
        try:
            for segment in code.segments:
                data = code.data[segment.offset : segment.offset + segment.filesz]
                binding.write_memory(self.base + segment.vaddr, data)
            for relocation in code.relocations:
                self._relocate(relocation)
        except BaseException:
            device.memory.free(self.base)
            raise

    def kernel(self, name: str) -> LoadedKernel:
        """Return a kernel by its name; LookupError if the module has none of that name."""
        loaded = self._kernels.get(name)
        if loaded is None:
            if name not in self.code.kernels:
                raise LookupError(f"the module has no kernel {name}")
            # Of two threads that race here both must get the same kernel.
            loaded = self._kernels.setdefault(name, LoadedKernel(self, self.code.kernels[name]))
        return loaded

    @property
    def kernels(self) -> tuple[LoadedKernel, ...]:
        """The kernels that were asked for so far."""
        return tuple(self._kernels.values())

    def symbol(self, name: str) -> tuple[int, int]:
        """Return (device address, size in bytes) of a variable; LookupError if there is none."""
        symbol = self.code.symbols.get(name)
        if symbol is None or not symbol.defined or symbol.kind == "func":
            raise LookupError(f"the module has no variable {name}")
        return self.base + symbol.vaddr, symbol.size

    def unload(self) -> None:
        """Wait for the device's work and give the memory back; the module is no longer usable."""
        self.device.synchronize()
        self.device.memory.free(self.base)
        self.device.forget(self)

    def _relocate(self, relocation: Relocation) -> None:
        kind, place, addend = relocation.type, relocation.vaddr, relocation.addend
        if kind == _NONE:
            return
        size = 8 if kind in _WIDE else 4
        if place + size > self.code.image_size:
            raise CodeObjectError(f"relocation at {place:#x} is outside the code object's memory")
        value = self._symbol_address(relocation) + addend
        if kind == _RELATIVE64:
            value = self.base + addend
        elif kind in (_REL32, _REL64):
            value -= self.base + place
        elif kind == _ABS32_HI:
            value >>= 32
        elif kind not in (_ABS64, _ABS32, _ABS32_LO):
            raise CodeObjectError(f"relocation of unknown type {kind} at {place:#x}")
        data = struct.pack("<Q", value & (1 << 64) - 1)[:size]
        binding.write_memory(self.base + place, data)

    def _symbol_address(self, relocation: Relocation) -> int:
        symbol = relocation.symbol
        if symbol is None:
            return 0
        if not symbol.defined:
            raise CodeObjectError(
                f"the code object needs {symbol.name}, which it does not define",
                hint="link all device code into one code object",
            )
        return self.base + symbol.vaddr
