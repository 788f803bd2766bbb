"""Modules: code that a program loads by itself, from memory or from a file."""

from __future__ import annotations

from pathlib import Path

from anyroc.cabi import memory
from anyroc.gpu.module import Module
from anyroc.hip import calls, image
from anyroc.hip.device import Gpu, current, resetting
from anyroc.hip.error import Error, HipError, require
from anyroc.hip.function import Function, functions
from anyroc.hip.state import Handles

_MANAGED = ".managed"  # what clang calls the initial content of a managed variable, after its name


class LoadedModule:
    """What a hipModule_t stands for."""

    def __init__(self, gpu: Gpu, module: Module) -> None:
        self.gpu = gpu
        self.module = module
        self._functions: dict[str, Function] = {}
        self._managed: dict[str, tuple[int, int]] = {}
        for name in module.code.symbols:
            if name.endswith(_MANAGED):
                self._settle(name.removesuffix(_MANAGED), *module.symbol(name))

    def _settle(self, name: str, initial: int, size: int) -> None:
        """Give a `__managed__` variable a home that the host can reach too."""
        home = self.gpu.memory.alloc(size, "managed", 256)
        memory.write(home, memory.read(initial, size))
        place, _ = self.module.symbol(name)
        memory.put_u64(place, home)
        self._managed[name] = home, size

    def variable(self, name: str) -> tuple[int, int]:
        """Return (address, size) of a variable; raises NotFound."""
        if name in self._managed:
            return self._managed[name]
        try:
            return self.module.symbol(name)
        except LookupError:
            raise HipError(Error.NotFound) from None

    def function(self, name: str) -> Function:
        """Return a kernel by name; raises NotFound."""
        found = self._functions.get(name)
        if found is None:
            try:
                made = Function(self.module.kernel(name))
                found = self._functions.setdefault(name, made)
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
        for home, _ in self._managed.values():
            self.gpu.memory.free(home)
        calls.forget_answers()


_modules: Handles[LoadedModule] = Handles(Error.InvalidHandle)


def loaded(module: int) -> LoadedModule:
    """Return what a handle stands for; raises InvalidHandle."""
    return _modules[module]


@resetting.add
def _forget(gpu: Gpu) -> None:
    for handle, module in _modules.items():
        if module.gpu is gpu:
            _modules.remove(handle).unload()


def _load(out: int, data: bytes | memoryview) -> None:
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
    require(module, Error.InvalidHandle)
    require(module in _modules, Error.NotFound)
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
    place, extent = _modules[module].variable(name.decode(errors="replace"))
    if address:
        memory.put_u64(address, place)
    if size:
        memory.put_u64(size, extent)
