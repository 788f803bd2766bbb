"""Reading and writing what a C caller's pointers name."""

import ctypes
import struct

import pytest

from anyroc.cabi import memory


@pytest.fixture
def place() -> int:
    buffer = ctypes.create_string_buffer(64)
    _buffers.append(buffer)
    return ctypes.addressof(buffer)


_buffers: list[object] = []


def test_what_is_put_can_be_read(place: int) -> None:
    memory.put_u64(place, 0x123456789ABCDEF0)
    memory.put_i32(place + 8, -5)
    memory.put_f32(place + 12, 1.5)
    assert 0x123456789ABCDEF0 == memory.get_u64(place)
    assert -5 == memory.get_i32(place + 8)
    assert struct.pack("<Qif", 0x123456789ABCDEF0, -5, 1.5) == memory.read(place, 16)


@pytest.mark.parametrize(
    "access",
    [
        lambda: memory.put_u64(0, 1),
        lambda: memory.put_i32(0, 1),
        lambda: memory.put_f32(0, 1),
        lambda: memory.get_u64(0),
        lambda: memory.read(0, 1),
        lambda: memory.write(0, b"x"),
        lambda: memory.read_string(0),
    ],
)
def test_null_is_refused(access: object) -> None:
    with pytest.raises(memory.NullPointer):
        access()  # type: ignore[operator]


def test_strings_are_cut_to_the_room_there_is(place: int) -> None:
    memory.write(place, b"#" * 16)
    memory.write_string(place, b"device", 4)
    assert b"dev\0####" == memory.read(place, 8)
    assert b"dev" == memory.read_string(place)
    memory.write_string(place, b"x", 0)
    assert b"dev" == memory.read_string(place)


def test_constant_strings_live_at_one_address() -> None:
    assert memory.c_string("hipSuccess") == memory.c_string("hipSuccess")
    assert b"hipSuccess" == memory.read_string(memory.c_string("hipSuccess"))
