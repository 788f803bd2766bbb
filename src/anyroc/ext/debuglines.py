"""Source lines of machine code, from the line table that the compiler left in a code object.

The format is DWARF's, version 4 and 5, section 6.2 (line number information).
"""

from __future__ import annotations

import functools
from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from anyroc.errors import CodeObjectError
from anyroc.translate.elf import ElfFile

_COMPRESSED = 0x800

_PATH, _DIRECTORY = 1, 2  # DW_LNCT_path, DW_LNCT_directory_index
_STRING, _LINE_STRP, _STRP, _UDATA, _DATA16, _DATA1, _DATA2 = 8, 0x1F, 0x0E, 0x0F, 0x1E, 0x0B, 5
_COPY, _ADVANCE_PC, _ADVANCE_LINE, _SET_FILE, _SET_COLUMN = 1, 2, 3, 4, 5
_CONST_ADD_PC, _FIXED_ADVANCE_PC = 8, 9
_END_SEQUENCE, _SET_ADDRESS = 1, 2


class _Row(NamedTuple):
    """From `address` on the code is of `line` of `file`; line 0 is no line."""

    address: int
    file: str
    line: int


class _Malformed(Exception):
    """A line table that ends early or refers to what is not there."""


def find(image: bytes, address: int) -> tuple[str, int] | None:
    """Return file and line of the instruction at an address of a code object, if it says so."""
    try:
        rows = _rows(image)
    except (_Malformed, CodeObjectError, IndexError, UnicodeDecodeError):
        return None
    place = bisect_right(rows, address, key=lambda row: row.address)
    for row in reversed(rows[:place]):
        # Code that belongs to no line was put between what does.
        if row.line:
            return row.file, row.line
        if not row.file:
            return None
    return None


@functools.lru_cache(maxsize=32)
def _rows(image: bytes) -> list[_Row]:
    sections = _sections(image)
    table = sections.get(".debug_line", b"")
    strings = {
        _LINE_STRP: sections.get(".debug_line_str", b""),
        _STRP: sections.get(".debug_str", b""),
    }
    rows: list[_Row] = []
    reader = _Reader(table)
    while reader.left >= 4:
        size = reader.unsigned(4)
        rows += _unit(_Reader(reader.bytes(size)), strings)
    return sorted(rows, key=lambda row: row.address)


def _sections(image: bytes) -> dict[str, bytes]:
    file = ElfFile(image)
    return {
        section.name: file.bytes_at(section.offset, section.size, section.name)
        for section in file.sections
        if section.name.startswith(".debug") and not section.flags & _COMPRESSED
    }


def _string(data: bytes, offset: int) -> str:
    end = data.find(b"\0", offset)
    if not 0 <= offset <= end:
        raise _Malformed
    return data[offset:end].decode()


class _Reader:
    """Bytes taken one value after the other."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def left(self) -> int:
        return len(self._data) - self._at

    def bytes(self, count: int) -> bytes:
        if not 0 <= count <= self.left:
            raise _Malformed
        self._at += count
        return self._data[self._at - count : self._at]

    def unsigned(self, size: int) -> int:
        return int.from_bytes(self.bytes(size), "little")

    def signed(self, size: int) -> int:
        return int.from_bytes(self.bytes(size), "little", signed=True)

    def uleb(self) -> int:
        value = shift = 0
        while True:
            byte = self.unsigned(1)
            value |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                return value

    def sleb(self) -> int:
        value = shift = 0
        while True:
            byte = self.unsigned(1)
            value |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                return value - (1 << shift) if byte & 0x40 else value

    def string(self) -> str:
        text = _string(self._data, self._at)
        self._at += len(text.encode()) + 1
        return text


class _Header(NamedTuple):
    """What a line program needs of its header."""

    least: int
    line_base: int
    line_range: int
    lengths: list[int]
    files: list[str]


def _unit(reader: _Reader, strings: dict[int, bytes]) -> Iterator[_Row]:
    version = reader.unsigned(2)
    if version not in (4, 5):
        return
    if version == 5:
        reader.bytes(2)  # sizes of addresses and of segment selectors
    program = _Reader(b"")
    head = _Reader(reader.bytes(reader.unsigned(4)))
    program = reader
    least = head.unsigned(1)
    head.bytes(2)  # operations per instruction, whether rows are statements by default
    line_base, line_range, opcode_base = head.signed(1), head.unsigned(1), head.unsigned(1)
    lengths = [0, *(head.unsigned(1) for _ in range(opcode_base - 1))]
    files = _files_5(head, strings) if version == 5 else _files_4(head)
    if not line_range:
        raise _Malformed
    yield from _run(program, _Header(least, line_base, line_range, lengths, files))


def _files_4(reader: _Reader) -> list[str]:
    directories, files = [""], [""]
    while name := reader.string():
        directories.append(name)
    while name := reader.string():
        index = reader.uleb()
        reader.uleb(), reader.uleb()  # time and size
        files.append(_joined(directories, index, name))
    return files


def _files_5(reader: _Reader, strings: dict[int, bytes]) -> list[str]:
    folders = [str(entry[_PATH]) for entry in _entries(reader, strings)]
    return [
        _joined(folders, int(entry.get(_DIRECTORY, 0)), str(entry[_PATH]))
        for entry in _entries(reader, strings)
    ]


def _joined(directories: list[str], index: int, name: str) -> str:
    if index >= len(directories):
        raise _Malformed
    return str(Path(directories[0], directories[index], name))


def _entries(reader: _Reader, strings: dict[int, bytes]) -> list[dict[int, int | str]]:
    forms = [(reader.uleb(), reader.uleb()) for _ in range(reader.unsigned(1))]
    return [
        {content: _form(reader, form, strings) for content, form in forms}
        for _ in range(reader.uleb())
    ]


def _form(reader: _Reader, form: int, strings: dict[int, bytes]) -> int | str:
    if form == _STRING:
        return reader.string()
    if form in strings:
        return _string(strings[form], reader.unsigned(4))
    if form == _UDATA:
        return reader.uleb()
    if form in (_DATA1, _DATA2, _DATA16):
        return reader.unsigned({_DATA1: 1, _DATA2: 2, _DATA16: 16}[form])
    raise _Malformed


def _run(reader: _Reader, header: _Header) -> Iterator[_Row]:
    """Run a line program; yield its rows, and one without a file where a sequence ends."""
    opcode_base = len(header.lengths)
    address, file, line = 0, 1, 1

    def row() -> _Row:
        if file >= len(header.files):
            raise _Malformed
        return _Row(address, header.files[file], line)

    while reader.left:
        opcode = reader.unsigned(1)
        if opcode >= opcode_base:
            advance = opcode - opcode_base
            address += advance // header.line_range * header.least
            line += header.line_base + advance % header.line_range
            yield row()
        elif opcode == 0:
            body = _Reader(reader.bytes(reader.uleb()))
            extended = body.unsigned(1)
            if extended == _END_SEQUENCE:
                yield _Row(address, "", 0)
                address, file, line = 0, 1, 1
            elif extended == _SET_ADDRESS:
                address = body.unsigned(body.left)
        elif opcode == _COPY:
            yield row()
        elif opcode == _ADVANCE_PC:
            address += reader.uleb() * header.least
        elif opcode == _ADVANCE_LINE:
            line += reader.sleb()
        elif opcode == _SET_FILE:
            file = reader.uleb()
        elif opcode == _CONST_ADD_PC:
            address += (255 - opcode_base) // header.line_range * header.least
        elif opcode == _FIXED_ADVANCE_PC:
            address += reader.unsigned(2)
        else:
            for _ in range(header.lengths[opcode]):
                reader.uleb()
