"""Containers of code objects: offload bundles, compressed bundles, fat binaries in host ELF files.

Four shapes hold AMDGPU code objects on disk and in memory:

* an AMDGPU ELF file by itself (a code object, `.co` or `.hsaco`);
* an offload bundle: the magic ``__CLANG_OFFLOAD_BUNDLE__``, a table of (offset, size, id), the
  images (clang's documentation, "Clang Offload Bundler");
* a compressed bundle: the magic ``CCOB``, a header of version 1, 2 or 3, a bundle packed by zlib
  or Zstandard (same document, "Compressed Offload Bundle");
* a host executable or shared object whose section ``.hip_fatbin`` holds one or more of the above.

`images` opens any of them. Everything here reads untrusted bytes: sizes are bounded before they
are used, and what is malformed raises `CodeObjectError` with the place.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from anyroc.errors import BadInput, CodeObjectError

BUNDLE_MAGIC = b"__CLANG_OFFLOAD_BUNDLE__"
COMPRESSED_MAGIC = b"CCOB"
ELF_MAGIC = b"\x7fELF"
HOST_ID = "host-x86_64-unknown-linux-gnu-"

_EM_AMDGPU = 224
_TARGET_ID = re.compile(r"-((?:gfx\w+|amdgcnspirv)(?::\w+[+-])*)$")
_ALIGNMENT = 4096
_MAX_ENTRIES = 1024
_MAX_ID = 512
_MAX_SECTIONS = 1 << 16
_MAX_UNPACKED = 2 << 30
_ZLIB, _ZSTD = 0, 1
_COMPRESSED_HEADERS = {1: "<IQ", 2: "<IIQ", 3: "<QQQ"}


@dataclass(frozen=True)
class Image:
    """One entry of a container: `data` is what the entry's `id` says it is for.

    An id reads ``hipv4-amdgcn-amd-amdhsa--gfx90a:xnack+``: the offload kind, the triple, and the
    target with its features. A code object that lies by itself has the id "". `data` is a part of
    what the images were looked for in: nothing is copied.
    """

    id: str
    data: bytes | memoryview

    @property
    def is_device(self) -> bool:
        """Whether this is for a GPU (a bundle's host entry is not, and is empty)."""
        return not self.id.startswith("host-")

    @property
    def target_id(self) -> str:
        """The target with its features, as "gfx90a:xnack+"; "" when the id names none."""
        found = _TARGET_ID.search(self.id)
        return found.group(1) if found else ""

    @property
    def target_name(self) -> str:
        """The target without features, as "gfx90a"."""
        return self.target_id.partition(":")[0]


def device_id(target_name: str) -> str:
    """Return the bundle entry id of HIP code for this target."""
    return f"hipv4-amdgcn-amd-amdhsa--{target_name}"


def write(code_objects: dict[str, bytes]) -> bytes:
    """Return an offload bundle of HIP code objects by target name, with the empty host entry."""
    entries = [(HOST_ID, b"")]
    entries += [(device_id(target), data) for target, data in code_objects.items()]
    table = len(BUNDLE_MAGIC) + 8 + sum(24 + len(name) for name, _ in entries)
    position = _align(table)
    header = bytearray(BUNDLE_MAGIC + struct.pack("<Q", len(entries)))
    body = bytearray(position)
    for name, data in entries:
        header += struct.pack("<QQQ", position, len(data), len(name)) + name.encode()
        body += data
        position = _align(position + len(data))
        body += bytes(position - len(body))
    body[: len(header)] = header
    last_offset, last_size = struct.unpack_from(
        "<QQ", header, len(header) - 24 - len(entries[-1][0])
    )
    del body[last_offset + last_size :]
    return bytes(body)


def compress(bundle: bytes, *, version: int = 3) -> bytes:
    """Return `bundle` as a compressed bundle (Zstandard) with a header of version 2 or 3."""
    import hashlib

    import zstandard

    packed = zstandard.ZstdCompressor(level=3).compress(bundle)
    layout = _COMPRESSED_HEADERS[version]
    total = 8 + struct.calcsize(layout) + len(packed)
    digest = int.from_bytes(hashlib.md5(bundle, usedforsecurity=False).digest()[:8], "little")
    sizes = (len(bundle),) if version == 1 else (total, len(bundle))
    head = COMPRESSED_MAGIC + struct.pack("<HH", version, _ZSTD)
    return head + struct.pack(layout, *sizes, digest) + packed


def images(data: bytes | memoryview) -> list[Image]:
    """Return every image in `data`, which is any of the four containers, in order.

    Raises CodeObjectError when `data` is none of them or is malformed.
    """
    data = memoryview(data)
    if data[:4] == ELF_MAGIC and len(data) >= 20:
        (machine,) = struct.unpack_from("<H", data, 18)
        if machine == _EM_AMDGPU:
            return [Image("", data)]
        section = host_section(bytes(data), ".hip_fatbin")
        if section is None:
            raise CodeObjectError(
                f"an ELF file for machine {machine} without a .hip_fatbin section has no GPU code",
                hint="give a HIP executable or shared object, an offload bundle or a code object",
            )
        return list(_concatenated(memoryview(section)))
    return list(_concatenated(data))


def select(found: Iterable[Image], target_name: str) -> bytes:
    """Return the code object for the target, preferring one that asks for no feature.

    Raises BadInput naming the targets there are when none is for this one.
    """
    device = [image for image in found if image.is_device]
    fitting = [image for image in device if image.target_name in (target_name, "")]
    if not fitting:
        names = ", ".join(sorted({image.target_id for image in device})) or "none"
        raise BadInput(
            f"no code for {target_name} in this file; it has code for: {names}",
            hint=f"compile it with --offload-arch={target_name}, or choose another target",
        )
    best = min(fitting, key=lambda image: (image.target_id.count(":"), "+" in image.target_id))
    return bytes(best.data)


def extent(peek: Callable[[int, int], bytes]) -> int:
    """Return the size in bytes of a container in memory whose size nobody tells.

    ``peek(offset, size)`` returns bytes from the container's start on. The HIP runtime needs this:
    `__hipRegisterFatBinary` and `hipModuleLoadData` are given a bare pointer.
    """
    magic = peek(0, 4)
    if magic not in (COMPRESSED_MAGIC, ELF_MAGIC, BUNDLE_MAGIC[:4]):
        raise CodeObjectError(f"no code object: it starts with the bytes {magic.hex(' ')}")
    if magic == COMPRESSED_MAGIC:
        return _compressed_extent(peek)
    if magic == ELF_MAGIC:
        return _elf_extent(peek(0, 64), peek)
    return max(end for _, _, end in _bundle_table(peek))


def host_section(data: bytes, name: str) -> bytes | None:
    """Return the content of a section of a little-endian ELF64 file, or None when it has none."""
    if len(data) < 64 or data[4:6] != b"\x02\x01":
        raise CodeObjectError("not a 64-bit little-endian ELF file")
    (table,) = struct.unpack_from("<Q", data, 40)
    entry_size, count, names_index = struct.unpack_from("<HHH", data, 58)
    if table == 0 or count == 0:
        return None
    if entry_size != 64 or count > _MAX_SECTIONS or table + 64 * count > len(data):
        raise CodeObjectError(f"ELF section table at {table:#x} lies outside the file")
    if names_index >= count:
        raise CodeObjectError(f"ELF section name table {names_index} of {count} does not exist")
    headers = [struct.unpack_from("<IIQQQQIIQQ", data, table + 64 * i) for i in range(count)]
    strings = _section_data(data, headers[names_index])
    wanted = name.encode() + b"\0"
    for header in headers:
        if strings.startswith(wanted, header[0]):
            return _section_data(data, header)
    return None


def _section_data(data: bytes, header: tuple[int, ...]) -> bytes:
    offset, size = header[4], header[5]
    if offset + size > len(data):
        raise CodeObjectError(f"ELF section at {offset:#x} of {size:#x} bytes leaves the file")
    return data[offset : offset + size]


def _concatenated(data: memoryview) -> Iterator[Image]:
    """Yield the images of containers that follow one another, zero bytes between them."""
    position = 0
    size = len(data)
    while position < size:
        rest = data[position:]
        used = extent(_peek_into(rest))
        if rest[:4] == ELF_MAGIC:
            yield Image("", rest[:used])
        elif rest[:4] == COMPRESSED_MAGIC:
            yield from _bundle_images(memoryview(_decompress(bytes(rest[:used]))))
        else:
            yield from _bundle_images(rest[:used])
        position += used
        while position < size and data[position] == 0:
            step = bytes(data[position : position + _ALIGNMENT])
            position += len(step) - len(step.lstrip(b"\0"))
    if size == 0:
        raise CodeObjectError("no code object: the file is empty")


def _bundle_images(data: memoryview) -> Iterator[Image]:
    for name, start, end in _bundle_table(_peek_into(data)):
        if name:
            yield Image(name, data[start:end])


def _bundle_table(peek: Callable[[int, int], bytes]) -> list[tuple[str, int, int]]:
    """Return (id, start, end) of each entry; the table itself comes first with the id ""."""
    position = len(BUNDLE_MAGIC)
    if peek(0, position) != BUNDLE_MAGIC:
        raise CodeObjectError("no offload bundle: its first bytes are others than a bundle's")
    (count,) = struct.unpack("<Q", peek(position, 8))
    if count > _MAX_ENTRIES:
        raise CodeObjectError(f"offload bundle claims {count} entries; at most {_MAX_ENTRIES}")
    position += 8
    table: list[tuple[str, int, int]] = []
    for index in range(count):
        start, size, length = struct.unpack("<QQQ", peek(position, 24))
        if length > _MAX_ID:
            raise CodeObjectError(
                f"entry {index} of the offload bundle has an id of {length} bytes"
            )
        if start + size > _MAX_UNPACKED:
            raise CodeObjectError(f"entry {index} of the offload bundle ends at {start + size:#x}")
        raw = peek(position + 24, length)
        if not raw.isascii() or not raw:
            raise CodeObjectError(f"entry {index} of the offload bundle has the id {raw!r}")
        peek(max(start + size - 1, 0), min(size, 1))
        table.append((raw.decode(), start, start + size))
        position += 24 + length
    return [("", 0, position), *table]


def _peek_into(data: bytes | memoryview) -> Callable[[int, int], bytes]:
    def peek(offset: int, size: int) -> bytes:
        if offset + size > len(data):
            raise CodeObjectError(
                f"truncated: {size} bytes wanted at {offset:#x}, the data ends at {len(data):#x}"
            )
        return bytes(data[offset : offset + size])

    return peek


def _compressed_header(peek: Callable[[int, int], bytes]) -> tuple[int, int, int, int | None, int]:
    """Return version, method, header size, total size (None before version 2), unpacked size."""
    version, method = struct.unpack("<HH", peek(4, 4))
    layout = _COMPRESSED_HEADERS.get(version)
    if layout is None:
        raise CodeObjectError(f"compressed offload bundle of unknown version {version}")
    size = struct.calcsize(layout)
    fields = struct.unpack(layout, peek(8, size))
    total = fields[0] if version > 1 else None
    unpacked = fields[-2]
    if unpacked > _MAX_UNPACKED:
        raise CodeObjectError(f"compressed offload bundle claims to unpack to {unpacked} bytes")
    if total is not None and not 8 + size <= total <= _MAX_UNPACKED:
        raise CodeObjectError(f"compressed offload bundle claims to be {total} bytes")
    return version, method, 8 + size, total, unpacked


def _compressed_extent(peek: Callable[[int, int], bytes]) -> int:
    version, _, _, total, _ = _compressed_header(peek)
    if total is None:
        raise CodeObjectError(
            f"compressed offload bundle of version {version} does not tell its size"
        )
    peek(0, total)
    return total


def _decompress(data: bytes) -> bytes:
    _, method, start, _, unpacked = _compressed_header(_peek_into(data))
    packed = data[start:]
    if method == _ZSTD:
        result = _unzstd(packed, unpacked)
    elif method == _ZLIB:
        import zlib

        try:
            result = zlib.decompressobj().decompress(packed, unpacked)
        except zlib.error as error:
            raise CodeObjectError(f"compressed offload bundle does not unpack: {error}") from None
    else:
        raise CodeObjectError(f"compressed offload bundle with unknown method {method}")
    if len(result) != unpacked:
        raise CodeObjectError(
            f"compressed offload bundle unpacks to {len(result)} bytes, its header says {unpacked}"
        )
    return result


def _unzstd(packed: bytes, unpacked: int) -> bytes:
    import zstandard

    try:
        reader = zstandard.ZstdDecompressor().stream_reader(packed)
        return bytes(reader.read(unpacked))
    except (zstandard.ZstdError, MemoryError) as error:
        raise CodeObjectError(f"compressed offload bundle does not unpack: {error}") from None


def _elf_extent(header: bytes, peek: Callable[[int, int], bytes]) -> int:
    """Return where the last segment, section or header table of an ELF file in memory ends."""
    if header[4:6] != b"\x02\x01":
        raise CodeObjectError("not a 64-bit little-endian ELF file")
    segments, sections = struct.unpack_from("<QQ", header, 32)
    segment_size, segment_count, section_size, section_count = struct.unpack_from(
        "<HHHH", header, 54
    )
    if (segment_count and segment_size != 56) or (section_count and section_size != 64):
        raise CodeObjectError("ELF header tables have entries of unknown sizes")
    ends: list[int] = [64, segments + 56 * segment_count, sections + 64 * section_count]
    if max(ends) > _MAX_UNPACKED:
        raise CodeObjectError(f"ELF header tables end at {max(ends):#x}")
    for raw in _rows(peek(segments, 56 * segment_count), 56):
        offset, _, _, size = struct.unpack_from("<QQQQ", raw, 8)
        ends.append(offset + size)
    for raw in _rows(peek(sections, 64 * section_count), 64):
        (kind,) = struct.unpack_from("<I", raw, 4)
        offset, size = struct.unpack_from("<QQ", raw, 24)
        if kind != 8:  # SHT_NOBITS occupies no bytes of the file
            ends.append(offset + size)
    if max(ends) > _MAX_UNPACKED:
        raise CodeObjectError(f"ELF segments and sections end at {max(ends):#x}")
    peek(0, max(ends))
    return max(ends)


def _rows(table: bytes, size: int) -> Sequence[bytes]:
    return [table[i : i + size] for i in range(0, len(table), size)]


def _align(position: int) -> int:
    return -(-position // _ALIGNMENT) * _ALIGNMENT
