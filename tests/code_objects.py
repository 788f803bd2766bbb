"""Small AMDGPU code objects made by hand, so that tests need no compiler."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgpack

PAGE = 0x1000
TEXT = 0x1000
DATA = 0x2000
MACH = {
    "gfx90a": 0x3F, "gfx942": 0x4C, "gfx950": 0x4F, "gfx1100": 0x41, "gfx1151": 0x4A,
    "gfx1200": 0x48, "gfx1201": 0x4E, "gfx1250": 0x49,
}  # fmt: skip


@dataclass
class KernelSpec:
    """A kernel: what goes into its descriptor and its metadata."""

    name: str
    code: bytes = b"\0" * 16
    wave32: bool = False
    vgpr_units: int = 1
    accum_units: int = 1
    lds: int = 0
    scratch: int = 0
    user_sgprs: int = 2
    properties: int = 1 << 3
    rsrc1: int = 0x00AF0000
    rsrc2: int = 1 << 7
    preload: tuple[int, int] = (0, 0)
    args: Sequence[dict[str, Any]] = ()
    kernarg_size: int = 0
    max_block: int = 1024
    extra: dict[str, Any] = field(default_factory=dict)

    def descriptor(self, offset: int) -> bytes:
        rsrc1 = self.rsrc1 | (self.vgpr_units - 1)
        rsrc2 = self.rsrc2 | self.user_sgprs << 1 | (self.scratch > 0)
        properties = self.properties | self.wave32 << 10
        length, start = self.preload
        return struct.pack(
            "<III4xq20xIIIHH4x",
            self.lds,
            self.scratch,
            self.kernarg_size,
            offset,
            self.accum_units - 1,
            rsrc1,
            rsrc2,
            properties,
            length | start << 7,
        )

    def metadata(self) -> dict[str, Any]:
        return {
            ".name": self.name,
            ".symbol": f"{self.name}.kd",
            ".args": list(self.args),
            ".kernarg_segment_size": self.kernarg_size,
            ".kernarg_segment_align": 8,
            ".group_segment_fixed_size": self.lds,
            ".private_segment_fixed_size": self.scratch,
            ".wavefront_size": 32 if self.wave32 else 64,
            ".max_flat_workgroup_size": self.max_block,
            ".sgpr_count": 16,
            ".vgpr_count": 4,
            **self.extra,
        }


class _Strings:
    def __init__(self) -> None:
        self.data = bytearray(b"\0")

    def add(self, text: str) -> int:
        at = len(self.data)
        self.data += text.encode() + b"\0"
        return at


def code_object(
    kernels: Sequence[KernelSpec] = (),
    *,
    target: str = "gfx942",
    data: bytes = b"",
    bss: int = 0,
    variables: Sequence[tuple[str, int, int]] = (),
    undefined: Sequence[str] = (),
    relocations: Sequence[tuple[int, int, int, int]] = (),
    metadata: dict[str, Any] | bytes | None = None,
) -> bytes:
    """Return a linked code object.

    Descriptors lie at address 0x200 (64 bytes each), code at 0x1000, `data` and `bss` at 0x2000.
    `variables` are (name, address, size); `relocations` (address, type, symbol number, addend),
    symbols counting from 1 in the order variables, undefined, then two per kernel.
    """
    image = bytearray(TEXT)
    text = bytearray()
    strings = _Strings()
    symbols = [struct.pack("<IBBHQQ", 0, 0, 0, 0, 0, 0)]
    for name, address, size in variables:
        symbols.append(struct.pack("<IBBHQQ", strings.add(name), 0x11, 0, 3, address, size))
    symbols += [struct.pack("<IBBHQQ", strings.add(name), 0x10, 0, 0, 0, 0) for name in undefined]
    for number, kernel in enumerate(kernels):
        text += b"\0" * (-len(text) % 256)
        entry, place = TEXT + len(text), 0x200 + 64 * number
        image[place : place + 64] = kernel.descriptor(entry - place)
        text += kernel.code
        symbols.append(
            struct.pack("<IBBHQQ", strings.add(kernel.name), 0x12, 3, 2, entry, len(kernel.code))
        )
        symbols.append(
            struct.pack("<IBBHQQ", strings.add(f"{kernel.name}.kd"), 0x11, 3, 1, place, 64)
        )
    if metadata is None:
        metadata = {
            "amdhsa.version": [1, 2],
            "amdhsa.target": f"amdgcn-amd-amdhsa--{target}",
            "amdhsa.kernels": [kernel.metadata() for kernel in kernels],
        }
    packed = metadata if isinstance(metadata, bytes) else msgpack.packb(metadata)
    note = struct.pack("<III", 7, len(packed), 32) + b"AMDGPU\0\0" + packed
    note += b"\0" * (-len(note) % 4)

    body = bytes(image) + bytes(text)
    data_offset = len(body) + (-len(body) % 16)
    body = body.ljust(data_offset, b"\0") + data
    tables = [
        ("", 0, 0, 0, b"", 0),
        (".rodata", 1, 2, 0x200, b"", 0),
        (".text", 1, 6, TEXT, b"", 0),
        (".data", 1, 3, DATA, b"", 0),
        (".note", 7, 2, 0, note, 0),
        (".dynsym", 11, 2, 0, b"".join(symbols), 6),
        (".dynstr", 3, 2, 0, bytes(strings.data), 0),
        (".rela.dyn", 4, 2, 0, _relocations(relocations), 5),
    ]
    names = _Strings()
    rows, offsets = [], []
    for name, kind, flags, address, contents, link in [*tables, (".shstrtab", 3, 0, 0, b"", 0)]:
        at = names.add(name)
        contents = bytes(names.data) if name == ".shstrtab" else contents
        body += b"\0" * (-len(body) % 8)
        offsets.append(len(body))
        rows.append((at, kind, flags, address, len(body), len(contents), link, 0, 8, 0))
        body += contents
    body += b"\0" * (-len(body) % 8)
    shoff = len(body)
    body += b"".join(struct.pack("<IIQQQQIIQQ", *row) for row in rows)
    headers = [
        (1, 4, 0, 0, 0, TEXT, TEXT, PAGE),
        (1, 5, TEXT, TEXT, TEXT, len(text), len(text), PAGE),
        (1, 6, data_offset, DATA, DATA, len(data), len(data) + bss, PAGE),
        (4, 4, offsets[4], 0, 0, len(note), len(note), 4),
    ]
    header = struct.pack(
        "<16sHHIQQQIHHHHHH",
        b"\x7fELF\2\1\1\x40\3".ljust(16, b"\0"),
        *(3, 224, 1, 0, 64, shoff, MACH[target], 64, 56, len(headers), 64, len(rows), 8),
    )
    start = header + b"".join(struct.pack("<IIQQQQQQ", *row) for row in headers)
    return start + body[len(start) :]


def _relocations(rows: Sequence[tuple[int, int, int, int]]) -> bytes:
    return b"".join(
        struct.pack("<QQq", address, symbol << 32 | kind, addend)
        for address, kind, symbol, addend in rows
    )
