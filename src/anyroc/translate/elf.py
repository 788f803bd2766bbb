"""A bounded reader of 64-bit little-endian AMDGPU ELF files.

Every offset and count is checked against the file before it is used, so that damaged or hostile
bytes end in `CodeObjectError` and never in a crash or a large allocation. Names and numbers are
those of the ELF specification and of LLVM's "User Guide for AMDGPU Backend".
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from anyroc.errors import CodeObjectError

EM_AMDGPU = 224
ET_REL, ET_DYN = 1, 3
ELFOSABI_AMDGPU_HSA = 64

PT_LOAD, PT_DYNAMIC, PT_NOTE = 1, 2, 4
PF_X, PF_W, PF_R = 1, 2, 4
SHT_SYMTAB, SHT_RELA, SHT_NOTE, SHT_NOBITS, SHT_REL, SHT_DYNSYM = 2, 4, 7, 8, 9, 11
SHF_ALLOC, SHF_EXECINSTR = 2, 4
SHN_UNDEF, SHN_ABS = 0, 0xFFF1

MAX_ADDRESS = 1 << 40
"""The highest address a segment may reach: no real code object comes near a terabyte."""

_EHDR = struct.Struct("<16sHHIQQQIHHHHHH")
_PHDR = struct.Struct("<IIQQQQQQ")
_SHDR = struct.Struct("<IIQQQQIIQQ")
_SYM = struct.Struct("<IBBHQQ")
_RELA = struct.Struct("<QQq")


@dataclass(frozen=True, slots=True)
class Header:
    """The fields of the file header that matter here."""

    type: int
    flags: int
    os_abi: int
    abi_version: int
    phoff: int
    phnum: int
    shoff: int
    shnum: int
    shstrndx: int


@dataclass(frozen=True, slots=True)
class Segment:
    """A program header: `filesz` bytes at file `offset` go to `vaddr`, zeros follow to `memsz`."""

    type: int
    flags: int
    vaddr: int
    offset: int
    filesz: int
    memsz: int
    align: int


@dataclass(frozen=True, slots=True)
class Section:
    """A section header with its name."""

    name: str
    type: int
    flags: int
    vaddr: int
    offset: int
    size: int
    link: int
    info: int
    entsize: int


@dataclass(frozen=True, slots=True)
class Symbol:
    """A symbol; `kind` is "func", "object" or "other", `section` an index (0: undefined)."""

    name: str
    vaddr: int
    size: int
    kind: str
    section: int
    is_global: bool

    @property
    def defined(self) -> bool:
        """Whether the file itself defines the symbol."""
        return self.section != SHN_UNDEF


@dataclass(frozen=True, slots=True)
class Relocation:
    """A dynamic relocation (with addend) to be applied at load time."""

    vaddr: int
    type: int
    symbol: Symbol | None
    addend: int


_KINDS = {1: "object", 2: "func"}


class ElfFile:
    """The headers and tables of one ELF file; reads lazily from `data`."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.header = self._read_header()
        self.segments = tuple(self._read_segments())
        self.sections = tuple(self._read_sections())

    def bytes_at(self, offset: int, size: int, what: str) -> bytes:
        """Return `size` bytes at file `offset`; CodeObjectError names `what` if there are none."""
        if offset > len(self.data) or size > len(self.data) - offset:
            raise CodeObjectError(
                f"{what}: {size} bytes at file offset {offset:#x} lie outside the file "
                f"({len(self.data)} bytes)"
            )
        return self.data[offset : offset + size]

    def _read_header(self) -> Header:
        raw = self.bytes_at(0, min(_EHDR.size, len(self.data)), "ELF header")
        if raw[:4] != b"\x7fELF":
            raise CodeObjectError("not an ELF file (no ELF magic at its start)")
        if len(raw) < _EHDR.size:
            raise CodeObjectError(f"truncated ELF header: {len(raw)} of {_EHDR.size} bytes")
        fields = _EHDR.unpack(raw)
        ident, kind, machine = fields[:3]
        phoff, shoff, flags = fields[5:8]
        phentsize, phnum, shentsize, shnum, shstrndx = fields[9:]
        if ident[4] != 2 or ident[5] != 1:
            raise CodeObjectError("not a 64-bit little-endian ELF file")
        if machine != EM_AMDGPU:
            raise CodeObjectError(
                f"ELF file for machine {machine}, not for AMDGPU ({EM_AMDGPU})",
                hint="a host program holds its device code in a fat binary section",
            )
        if phnum and phentsize != _PHDR.size:
            raise CodeObjectError(f"program headers of {phentsize} bytes, expected {_PHDR.size}")
        if shnum and shentsize != _SHDR.size:
            raise CodeObjectError(f"section headers of {shentsize} bytes, expected {_SHDR.size}")
        return Header(kind, flags, ident[7], ident[8], phoff, phnum, shoff, shnum, shstrndx)

    def _read_segments(self) -> Iterator[Segment]:
        header = self.header
        table = self.bytes_at(header.phoff, header.phnum * _PHDR.size, "program headers")
        for fields in _PHDR.iter_unpack(table):
            kind, flags, offset, vaddr, _paddr, filesz, memsz, align = fields
            if kind in (PT_LOAD, PT_NOTE):
                self.bytes_at(offset, filesz, f"segment at {vaddr:#x}")
            if kind == PT_LOAD and (memsz < filesz or vaddr + memsz > MAX_ADDRESS):
                raise CodeObjectError(
                    f"segment at {vaddr:#x}: {filesz} bytes in the file, {memsz} in memory"
                )
            yield Segment(kind, flags, vaddr, offset, filesz, memsz, align)

    def _read_sections(self) -> Iterator[Section]:
        header = self.header
        table = self.bytes_at(header.shoff, header.shnum * _SHDR.size, "section headers")
        rows = list(_SHDR.iter_unpack(table))
        names = b""
        if rows:
            if header.shstrndx >= len(rows):
                raise CodeObjectError(
                    f"section names are in section {header.shstrndx}, past the last"
                )
            names = self.bytes_at(
                rows[header.shstrndx][4], rows[header.shstrndx][5], "section names"
            )
        for index, fields in enumerate(rows):
            name, kind, flags, vaddr, offset, size, link, info, _align, entsize = fields
            if kind not in (0, SHT_NOBITS):
                self.bytes_at(offset, size, f"section {index}")
            yield Section(
                _string(names, name), kind, flags, vaddr, offset, size, link, info, entsize
            )

    def contents(self, section: Section) -> bytes:
        """Return the bytes of `section` (empty when it has none in the file)."""
        if section.type in (0, SHT_NOBITS):
            return b""
        return self.bytes_at(section.offset, section.size, f"section {section.name}")

    def symbols(self, section: Section) -> list[Symbol]:
        """Return the symbols of a symbol table, the null symbol first."""
        raw = self.contents(section)
        if len(raw) % _SYM.size or section.link >= len(self.sections):
            raise CodeObjectError(f"symbol table {section.name} is malformed")
        names = self.contents(self.sections[section.link])
        result = []
        for name, info, _other, index, value, size in _SYM.iter_unpack(raw):
            kind = _KINDS.get(info & 15, "other")
            result.append(Symbol(_string(names, name), value, size, kind, index, info >> 4 != 0))
        return result

    def relocations(self) -> list[Relocation]:
        """Return the relocations a loader applies, from every allocated table."""
        result = []
        for section in self.sections:
            if section.type not in (SHT_RELA, SHT_REL) or not section.flags & SHF_ALLOC:
                continue
            raw = self.contents(section)
            if (
                section.type == SHT_REL
                or len(raw) % _RELA.size
                or section.link >= len(self.sections)
            ):
                raise CodeObjectError(f"relocation table {section.name} is malformed")
            symbols = self.symbols(self.sections[section.link]) if raw else []
            for vaddr, info, addend in _RELA.iter_unpack(raw):
                index = info >> 32
                if index >= max(len(symbols), 1):
                    raise CodeObjectError(
                        f"relocation at {vaddr:#x} names symbol {index}, past the last"
                    )
                symbol = symbols[index] if index else None
                result.append(Relocation(vaddr, info & 0xFFFFFFFF, symbol, addend))
        return result

    def notes(self) -> Iterator[tuple[bytes, int, bytes]]:
        """Yield (owner, type, description) of every note."""
        areas = [(s.offset, s.filesz) for s in self.segments if s.type == PT_NOTE]
        areas = areas or [(s.offset, s.size) for s in self.sections if s.type == SHT_NOTE]
        for offset, size in areas:
            raw = self.bytes_at(offset, size, "notes")
            position = 0
            while position + 12 <= len(raw):
                name_size, size_, kind = struct.unpack_from("<III", raw, position)
                name_at = position + 12
                text_at = name_at + (name_size + 3 & ~3)
                position = text_at + (size_ + 3 & ~3)
                if text_at + size_ > len(raw):
                    raise CodeObjectError(
                        f"note at file offset {offset + name_at - 12:#x} is cut off"
                    )
                yield raw[name_at : name_at + name_size], kind, raw[text_at : text_at + size_]


def _string(table: bytes, offset: int) -> str:
    end = table.find(b"\0", offset)
    if end < 0:
        if offset == 0 and not table:
            return ""
        raise CodeObjectError(f"name at offset {offset:#x} of a string table has no end")
    return table[offset:end].decode("utf-8", "replace")
