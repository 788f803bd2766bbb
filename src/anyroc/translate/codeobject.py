"""AMDGPU code objects: what a compiler made for the GPU, taken apart.

A code object is an ELF shared object: segments to load, kernel descriptors (`name.kd`), machine
code, relocations, and a MessagePack note that describes each kernel's arguments. Source of names
and numbers: LLVM, "User Guide for AMDGPU Backend", "Code Object".
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from anyroc.errors import CodeObjectError
from anyroc.isa.targets import TARGETS, Target
from anyroc.translate import descriptor, elf
from anyroc.translate.descriptor import KernelDescriptor
from anyroc.translate.elf import ElfFile, Relocation, Segment, Symbol

__all__ = [
    "CodeObject",
    "Kernel",
    "KernelArg",
    "KernelDescriptor",
    "Relocation",
    "Segment",
    "Symbol",
]

NT_AMDGPU_METADATA = 32
MAX_SIZE = 1 << 32
_MACH_MASK = 0xFF
_LIMITS = {"max_array_len": 1 << 18, "max_map_len": 1 << 12, "max_ext_len": 0}


@dataclass(frozen=True, slots=True)
class KernelArg:
    """One argument in the kernel argument segment; `offset` and `size` in bytes.

    `value_kind` is the metadata's: "by_value", "global_buffer", "hidden_block_count_x", ...
    """

    offset: int
    size: int
    value_kind: str
    name: str = ""
    type_name: str = ""
    address_space: str = ""

    @property
    def hidden(self) -> bool:
        """Whether the runtime, not the caller, supplies it."""
        return self.value_kind.startswith("hidden_")


@dataclass(frozen=True, slots=True)
class Kernel:
    """A kernel of a code object; addresses are virtual addresses of the code object.

    `entry` is where a wave starts and `size` the number of bytes of code from there to the end of
    the kernel's symbol. Sizes are in bytes; `scratch_size` is per lane. A `uniform` kernel was
    compiled for workgroups that are all of the same size.
    """

    name: str
    symbol: str
    entry: int
    size: int
    descriptor: KernelDescriptor
    args: tuple[KernelArg, ...]
    kernarg_size: int
    kernarg_align: int
    lds_size: int
    scratch_size: int
    wave_size: int
    uses_dynamic_stack: bool
    uniform: bool
    max_flat_workgroup_size: int
    reqd_workgroup_size: tuple[int, int, int] | None
    sgpr_count: int
    vgpr_count: int
    agpr_count: int

    @property
    def explicit_args(self) -> tuple[KernelArg, ...]:
        """The arguments that the caller passes."""
        return tuple(arg for arg in self.args if not arg.hidden)


class CodeObject:
    """A parsed code object; make one with `CodeObject.parse`."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self._elf = ElfFile(data)
        header = self._elf.header
        if header.type != elf.ET_DYN:
            hint = "link it: ld.lld -shared" if header.type == elf.ET_REL else None
            raise CodeObjectError(
                f"ELF file of type {header.type} is not a shared object", hint=hint
            )
        self.target_name = _target_name(header.flags)
        self.segments = tuple(s for s in self._elf.segments if s.type == elf.PT_LOAD)
        if not self.segments:
            raise CodeObjectError("code object has nothing to load (no PT_LOAD segment)")
        self.relocations = tuple(self._elf.relocations())
        self.symbols = self._read_symbols()
        self.metadata = self._read_metadata()
        self.kernels = {kernel.name: kernel for kernel in self._read_kernels()}

    @classmethod
    def parse(cls, data: bytes) -> CodeObject:
        """Parse a linked AMDGPU ELF file; CodeObjectError says what is wrong with it."""
        if len(data) > MAX_SIZE:
            raise CodeObjectError(
                f"code object of {len(data)} bytes; at most {MAX_SIZE} are accepted"
            )
        return cls(bytes(data))

    @property
    def target(self) -> Target:
        """The record of the GPU the code is for."""
        return TARGETS[self.target_name]

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the file, in hexadecimal."""
        return hashlib.sha256(self.data).hexdigest()

    @property
    def sections(self) -> tuple[elf.Section, ...]:
        """The section headers, for tools that list code."""
        return self._elf.sections

    @property
    def image_size(self) -> int:
        """Bytes of memory from address 0 to the end of the highest segment."""
        return max(segment.vaddr + segment.memsz for segment in self.segments)

    @property
    def printf_formats(self) -> tuple[str, ...]:
        """The format descriptions of device printf calls, in the metadata's notation."""
        formats = self.metadata.get("amdhsa.printf", [])
        return tuple(str(text) for text in formats) if isinstance(formats, list) else ()

    def text(self, vaddr: int, size: int) -> bytes:
        """Return `size` bytes of memory contents at `vaddr`, as in the file.

        CodeObjectError if they do not lie within the bytes that one segment has in the file.
        """
        for segment in self.segments:
            start = vaddr - segment.vaddr
            if 0 <= start and start + size <= segment.filesz:
                return self.data[segment.offset + start : segment.offset + start + size]
        raise CodeObjectError(
            f"{size} bytes at address {vaddr:#x} are in no segment of the code object"
        )

    def code_segment(self, vaddr: int) -> Segment:
        """Return the executable segment that holds `vaddr`; CodeObjectError if none does."""
        for segment in self.segments:
            if segment.flags & elf.PF_X and 0 <= vaddr - segment.vaddr < segment.filesz:
                return segment
        raise CodeObjectError(f"address {vaddr:#x} is in no executable segment")

    def _read_symbols(self) -> Mapping[str, Symbol]:
        result: dict[str, Symbol] = {}
        for kind in (elf.SHT_SYMTAB, elf.SHT_DYNSYM):
            for section in self._elf.sections:
                if section.type != kind:
                    continue
                for symbol in self._elf.symbols(section):
                    if symbol.name and symbol.section != elf.SHN_ABS:
                        result[symbol.name] = symbol
        return result

    def _read_metadata(self) -> dict[str, Any]:
        for owner, kind, text in self._elf.notes():
            if kind == NT_AMDGPU_METADATA and owner.rstrip(b"\0") == b"AMDGPU":
                return _unpack(text)
        return {}

    def _read_kernels(self) -> Iterator[Kernel]:
        described = set()
        rows = self.metadata.get("amdhsa.kernels", [])
        if not isinstance(rows, list):
            raise CodeObjectError("metadata: amdhsa.kernels is no list")
        for row in rows:
            if not isinstance(row, dict):
                raise CodeObjectError("metadata: an entry of amdhsa.kernels is no map")
            symbol = _field(row, ".symbol", str, "kernel")
            described.add(symbol)
            yield self._read_kernel(_field(row, ".name", str, symbol), symbol, row)
        for name in self.symbols:
            if name.endswith(".kd") and name not in described and self.symbols[name].defined:
                yield self._read_kernel(name.removesuffix(".kd"), name, {})

    def _read_kernel(self, name: str, symbol_name: str, row: dict[str, Any]) -> Kernel:
        symbol = self.symbols.get(symbol_name)
        if symbol is None or not symbol.defined:
            raise CodeObjectError(f"kernel {name}: no symbol {symbol_name}")
        try:
            raw = self.text(symbol.vaddr, descriptor.SIZE)
            decoded = descriptor.decode(raw, self.target)
            start = symbol.vaddr + decoded.entry_offset
            entry = start + decoded.entry_skip
            segment = self.code_segment(entry)
        except CodeObjectError as error:
            raise CodeObjectError(f"kernel {name}: {error.message}") from error
        end = segment.vaddr + segment.filesz
        code = self.symbols.get(symbol_name.removesuffix(".kd"))
        if code is not None and code.vaddr == start and code.size:
            end = min(end, start + code.size)
        wave_size = _number(row, ".wavefront_size", name, decoded.wave_size)
        if wave_size != decoded.wave_size:
            raise CodeObjectError(
                f"kernel {name}: metadata says waves of {wave_size}, "
                f"its descriptor waves of {decoded.wave_size}"
            )
        return Kernel(
            name=name,
            symbol=symbol_name,
            entry=entry,
            size=max(end - entry, 0),
            descriptor=decoded,
            args=tuple(_read_args(name, row)),
            kernarg_size=_number(row, ".kernarg_segment_size", name, decoded.kernarg_size),
            kernarg_align=_number(row, ".kernarg_segment_align", name, 8),
            lds_size=_number(row, ".group_segment_fixed_size", name, decoded.lds_size),
            scratch_size=_number(row, ".private_segment_fixed_size", name, decoded.scratch_size),
            wave_size=wave_size,
            uses_dynamic_stack=decoded.uses_dynamic_stack or bool(row.get(".uses_dynamic_stack")),
            uniform=bool(row.get(".uniform_work_group_size")),
            max_flat_workgroup_size=_number(row, ".max_flat_workgroup_size", name, 1024),
            reqd_workgroup_size=_dimensions(name, row.get(".reqd_workgroup_size")),
            sgpr_count=_number(row, ".sgpr_count", name, 0),
            vgpr_count=_number(row, ".vgpr_count", name, decoded.vgprs),
            agpr_count=_number(row, ".agpr_count", name, 0),
        )


def _target_name(flags: int) -> str:
    mach = flags & _MACH_MASK
    for target in TARGETS.values():
        if target.elf_mach == mach:
            return target.name
    known = ", ".join(TARGETS)
    raise CodeObjectError(
        f"code object for an AMD GPU that anyroc does not know (ELF machine flag {mach:#04x})",
        hint=f"build it for one of: {known}",
    )


def _unpack(text: bytes) -> dict[str, Any]:
    import msgpack

    try:
        value = msgpack.unpackb(text, strict_map_key=True, **_LIMITS)
    except (ValueError, TypeError, OverflowError, RecursionError, msgpack.UnpackException) as error:
        raise CodeObjectError(f"metadata note is not well-formed MessagePack: {error}") from error
    if not isinstance(value, dict):
        raise CodeObjectError("metadata note is no map")
    return value


def _field(row: dict[str, Any], key: str, kind: type, owner: str, default: Any = None) -> Any:
    value = row.get(key, default)
    if not isinstance(value, kind):
        raise CodeObjectError(
            f"metadata of {owner}: {key} is {value!r:.60}, not of type {kind.__name__}"
        )
    return value


def _number(row: dict[str, Any], key: str, owner: str, default: int | None = None) -> int:
    value: int = _field(row, key, int, owner, default)
    if not 0 <= value < 1 << 32:
        raise CodeObjectError(f"metadata of {owner}: {key} is {value}")
    return value


def _read_args(kernel: str, row: dict[str, Any]) -> Iterator[KernelArg]:
    for arg in _field(row, ".args", list, kernel, []):
        if not isinstance(arg, dict):
            raise CodeObjectError(f"metadata of {kernel}: an argument is no map")
        yield KernelArg(
            offset=_number(arg, ".offset", kernel),
            size=_number(arg, ".size", kernel),
            value_kind=_field(arg, ".value_kind", str, kernel),
            name=_field(arg, ".name", str, kernel, ""),
            type_name=_field(arg, ".type_name", str, kernel, ""),
            address_space=_field(arg, ".address_space", str, kernel, ""),
        )


def _dimensions(kernel: str, value: Any) -> tuple[int, int, int] | None:
    if value is None:
        return None
    if not isinstance(value, list) or len(value) != 3 or not all(type(n) is int for n in value):
        raise CodeObjectError(f"metadata of {kernel}: .reqd_workgroup_size is {value!r:.60}")
    return value[0], value[1], value[2]
