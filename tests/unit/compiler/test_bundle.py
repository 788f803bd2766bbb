"""Containers of code objects: what is written is read, what is broken is refused."""

from __future__ import annotations

import contextlib
import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anyroc.compiler import bundle
from anyroc.errors import BadInput, CodeObjectError


def elf(machine: int = 224, body: bytes = b"code", section: str = ".text") -> bytes:
    """An ELF64 file with one section."""
    names = b"\0" + section.encode() + b"\0.shstrtab\0"
    offset = 64
    strings = offset + len(body)
    table = strings + len(names)
    header = struct.pack(
        "<16sHHIQQQIHHHHHH",
        *(b"\x7fELF\x02\x01\x01", 3, machine, 1, 0, 0, table, 0, 64, 56, 0, 64, 3, 2),
    )
    rows = [
        (0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
        (1, 1, 0, 0, offset, len(body), 0, 0, 1, 0),
        (2 + len(section), 3, 0, 0, strings, len(names), 0, 0, 1, 0),
    ]
    return header + body + names + b"".join(struct.pack("<IIQQQQIIQQ", *row) for row in rows)


CODES = {"gfx942": elf(body=b"one"), "gfx1201": elf(body=b"second" * 999)}
BUNDLE = bundle.write(CODES)


def peek_into(data: bytes):
    def peek(offset: int, size: int) -> bytes:
        if offset + size > len(data):
            raise CodeObjectError("past the end")
        return data[offset : offset + size]

    return peek


def devices(data: bytes) -> dict[str, bytes]:
    return {image.target_name: image.data for image in bundle.images(data) if image.is_device}


def test_what_is_written_is_read() -> None:
    found = bundle.images(BUNDLE)
    assert ["", "gfx942", "gfx1201"] == [image.target_name for image in found]
    assert [False, True, True] == [image.is_device for image in found]
    assert devices(BUNDLE) == CODES


def test_code_objects_start_on_pages() -> None:
    for code in CODES.values():
        assert BUNDLE.index(code) % 4096 == 0


@pytest.mark.parametrize("version", [2, 3])
def test_compressed(version: int) -> None:
    packed = bundle.compress(BUNDLE, version=version)
    assert len(packed) < len(BUNDLE)
    assert devices(packed) == CODES


def test_compressed_by_zlib() -> None:
    packed = zlib.compress(BUNDLE)
    head = b"CCOB" + struct.pack("<HHIIQ", 2, 0, 24 + len(packed), len(BUNDLE), 0)
    assert devices(head + packed) == CODES


def test_bundles_in_a_row_as_linkers_leave_them() -> None:
    other = bundle.compress(bundle.write({"gfx90a:xnack+": b"third"}))
    data = BUNDLE + bytes(-len(BUNDLE) % 4096) + other + bytes(100)
    assert devices(data) == {**CODES, "gfx90a": b"third"}


def test_host_file() -> None:
    assert devices(elf(62, BUNDLE, ".hip_fatbin")) == CODES


def test_code_object_by_itself() -> None:
    (image,) = bundle.images(CODES["gfx942"])
    assert image.data == CODES["gfx942"] and image.target_name == "" and image.is_device


@pytest.mark.parametrize("data", [BUNDLE, bundle.compress(BUNDLE), CODES["gfx1201"]])
def test_extent_in_memory(data: bytes) -> None:
    assert len(data) == bundle.extent(peek_into(data + b"what follows"))


def test_select_prefers_the_plain_code_object() -> None:
    names = ["gfx90a:xnack+", "gfx90a:xnack-", "gfx90a"]
    found = bundle.images(bundle.write({name: name.encode() for name in names}))
    assert b"gfx90a" == bundle.select(found, "gfx90a")
    assert b"gfx90a:xnack-" == bundle.select(found[:-1], "gfx90a")


def test_select_names_what_there_is() -> None:
    with pytest.raises(BadInput, match=r"no code for gfx950.*gfx1201, gfx942"):
        bundle.select(bundle.images(BUNDLE), "gfx950")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "the file is empty"),
        (b"hello, world", "starts with the bytes 68 65 6c 6c"),
        (BUNDLE[:30], "truncated"),
        (BUNDLE[:-1], "truncated"),
        (bundle.compress(BUNDLE)[:-1], "truncated"),
        (b"CCOB" + struct.pack("<HHQQQ", 9, 1, 40, 40, 0), "unknown version 9"),
        (b"CCOB" + struct.pack("<HHQQQ", 3, 7, 32, 40, 0), "unknown method 7"),
        (b"CCOB" + struct.pack("<HHQQQ", 3, 1, 32, 1 << 60, 0), "claims to unpack to"),
        (bundle.BUNDLE_MAGIC + struct.pack("<Q", 1 << 40), "claims 1099511627776 entries"),
        (bundle.BUNDLE_MAGIC + struct.pack("<QQQQ", 1, 0, 1 << 62, 3) + b"abc", "ends at"),
        (elf(62), "without a .hip_fatbin section"),
        (elf(62)[:70], "leaves the file|lies outside"),
    ],
)
def test_refused(data: bytes, message: str) -> None:
    with pytest.raises(CodeObjectError, match=message):
        bundle.images(data)


def test_size_that_lies() -> None:
    packed = bytearray(bundle.compress(BUNDLE, version=2))
    struct.pack_into("<I", packed, 12, len(BUNDLE) + 5)
    with pytest.raises(CodeObjectError, match="unpacks to"):
        bundle.images(bytes(packed))


WHOLE = [BUNDLE, bundle.compress(BUNDLE), CODES["gfx942"], elf(62, BUNDLE, ".hip_fatbin")]


@settings(max_examples=600)
@given(st.sampled_from(WHOLE), st.data())
def test_mutations_end_in_our_errors(whole: bytes, data: st.DataObject) -> None:
    mutated = bytearray(whole[: data.draw(st.integers(0, len(whole)))])
    header = min(len(mutated), 400)
    for _ in range(data.draw(st.integers(0, 8))):
        if header:
            place = data.draw(st.integers(0, header - 1))
            mutated[place] = data.draw(st.integers(0, 255))
    with contextlib.suppress(CodeObjectError, BadInput):
        bundle.select(bundle.images(bytes(mutated)), "gfx942")
