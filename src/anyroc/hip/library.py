"""Libraries (modules that are loaded where they are used) and linking bitcode to code objects."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from anyroc.cabi import memory
from anyroc.errors import AnyrocError
from anyroc.hip import faults, image
from anyroc.hip.device import current
from anyroc.hip.error import Error, HipError, require
from anyroc.hip.module import LoadedModule
from anyroc.hip.state import Handles

_BITCODE = {100, 101}  # hipJitInputLLVMBitcode, hipJitInputLLVMBundledBitcode


@dataclass(eq=False)
class Library:
    """A hipLibrary_t: code for several devices, loaded on one when a kernel is asked for there."""

    data: bytes
    loaded: dict[int, LoadedModule] = field(default_factory=dict)

    def here(self) -> LoadedModule:
        """Return the code on the current device."""
        gpu = current()
        found = self.loaded.get(gpu.index)
        if found is None:
            made = LoadedModule(gpu, image.load(gpu, self.data))
            found = self.loaded.setdefault(gpu.index, made)
        return found


_libraries: Handles[Library] = Handles(Error.InvalidHandle)


def hipLibraryLoadData(
    out: int,
    code: int,
    options: int,
    values: int,
    count: int,
    library_options: int,
    library_values: int,
    library_count: int,
) -> None:
    require(out and code)
    memory.put_u64(out, _libraries.add(Library(bytes(image.at(code)))))


def hipLibraryLoadFromFile(
    out: int,
    path: bytes | None,
    options: int,
    values: int,
    count: int,
    library_options: int,
    library_values: int,
    library_count: int,
) -> None:
    require(out and path)
    memory.put_u64(out, _libraries.add(Library(_read(path))))


def _read(path: bytes | None) -> bytes:
    assert path is not None
    try:
        return Path(path.decode()).read_bytes()
    except OSError:
        raise HipError(Error.FileNotFound) from None


def hipLibraryUnload(library: int) -> None:
    for loaded in _libraries.remove(library).loaded.values():
        loaded.unload()


def hipLibraryGetKernel(out: int, library: int, name: bytes | None) -> None:
    require(out and name)
    assert name is not None
    found = _libraries[library].here().function(name.decode(errors="replace"))
    memory.put_u64(out, found.handle)


def hipLibraryGetKernelCount(out: int, library: int) -> None:
    require(out)
    memory.put_i32(out, len(_libraries[library].here().module.code.kernels))


@dataclass(eq=False)
class Linking:
    """A hipLinkState_t: the modules so far, and what they were linked to."""

    modules: list[bytes] = field(default_factory=list)
    made: memory.Buffer | None = None


_links: Handles[Linking] = Handles(Error.InvalidHandle)


def hipLinkCreate(count: int, options: int, values: int, out: int) -> None:
    require(out)
    memory.put_u64(out, _links.add(Linking()))


def _add(state: int, kind: int, data: bytes) -> None:
    if kind not in _BITCODE:
        raise HipError(Error.NotSupported)
    _links[state].modules.append(data)


def hipLinkAddData(
    state: int,
    kind: int,
    data: int,
    size: int,
    name: bytes | None,
    count: int,
    options: int,
    values: int,
) -> None:
    require(data and size)
    _add(state, kind, memory.read(data, size))


def hipLinkAddFile(
    state: int, kind: int, path: bytes | None, count: int, options: int, values: int
) -> None:
    require(path)
    _add(state, kind, _read(path))


def hipLinkComplete(state: int, out: int, size: int) -> None:
    from anyroc.compiler import text

    require(out and size)
    found = _links[state]
    try:
        linked = text.link_bitcode(found.modules, target=current().target).data
    except AnyrocError as error:
        faults.say(str(error))
        raise HipError(Error.InvalidImage) from None
    found.made = memory.Buffer(linked)
    memory.put_u64(out, found.made.address)
    memory.put_u64(size, len(linked))


def hipLinkDestroy(state: int) -> None:
    _links.remove(state)
