"""Modules: code that a program loads by itself, from memory or from a file."""

from __future__ import annotations

from pathlib import Path

from anyroc.cabi import memory
from anyroc.gpu.module import Module
from anyroc.hip import image
from anyroc.hip.device import Gpu, current, resetting
from anyroc.hip.error import Error, HipError, require
from anyroc.hip.function import Function, functions
from anyroc.hip.state import Handles


class LoadedModule:
    """What a hipModule_t stands for."""

    def __init__(self, gpu: Gpu, module: Module) -> None:
        self.gpu = gpu
        self.module = module
        self._functions: dict[str, Function] = {}

    def function(self, name: str) -> Function:
        """Return a kernel by name; raises NotFound."""
        found = self._functions.get(name)
        if found is None:
            try:
                found = self._functions[name] = Function(self.module.kernel(name))
            except LookupError:
                raise HipError(Error.NotFound) from None
        return found

    def unload(self) -> None:
        """Give back the module's memory and make its functions invalid."""
        for function in self._functions.values():
            function.forget()
            if function.handle in functions:
                functions.remove(function.handle)
        self.module.unload()


_modules: Handles[LoadedModule] = Handles(Error.InvalidHandle)


@resetting.add
def _forget(gpu: Gpu) -> None:
    for handle, loaded in _modules.items():
        if loaded.gpu is gpu:
            _modules.remove(handle).unload()


def _load(out: int, data: bytes) -> None:
    gpu = current()
    memory.put_u64(out, _modules.add(LoadedModule(gpu, image.load(gpu, data))))


def hipModuleLoad(out: int, path: bytes | None) -> None:
    require(out and path)
    assert path is not None
    try:
        data = Path(path.decode()).read_bytes()
    except OSError:
        raise HipError(Error.FileNotFound) from None
    require(data, Error.InvalidImage)
    _load(out, data)


def hipModuleLoadData(out: int, address: int) -> None:
    require(out and address)
    _load(out, image.at(address))


def hipModuleLoadDataEx(out: int, address: int, count: int, options: int, values: int) -> None:
    hipModuleLoadData(out, address)


def hipModuleLoadFatBinary(out: int, address: int) -> None:
    hipModuleLoadData(out, address)


def hipModuleUnload(module: int) -> None:
    _modules.remove(module).unload()


def hipModuleGetFunction(out: int, module: int, name: bytes | None) -> None:
    require(out and name)
    assert name is not None
    memory.put_u64(out, _modules[module].function(name.decode(errors="replace")).handle)


def hipModuleGetFunctionCount(out: int, module: int) -> None:
    require(out)
    memory.put_i32(out, len(_modules[module].module.code.kernels))


def hipModuleGetGlobal(address: int, size: int, module: int, name: bytes | None) -> None:
    require(name)
    require(address or size)
    assert name is not None
    loaded = _modules[module].module
    try:
        place, extent = loaded.symbol(name.decode(errors="replace"))
    except LookupError:
        raise HipError(Error.NotFound) from None
    if address:
        memory.put_u64(address, place)
    if size:
        memory.put_u64(size, extent)
