"""Device printf: records as clang writes them, text as C's printf would write it."""

import ctypes
import hashlib
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anyroc.hip import printf

LIBC = ctypes.CDLL(None)


def padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % 8)


def encode(value: Any) -> bytes:
    """Return an argument as the device stores it."""
    if isinstance(value, float):
        return struct.pack("<d", value)
    if isinstance(value, bytes):
        return padded(value + b"\0")
    return struct.pack("<Q", value & (1 << 64) - 1)


def record(form: str, *values: Any, stderr: bool = False) -> bytes:
    """Return the record of a call with a constant format, which is made known."""
    digest = hashlib.md5(form.encode()).digest()[:8]
    printf.add_formats([f"0:0:{digest[::-1].hex()},{form}"])
    body = digest + b"".join(map(encode, values))
    return struct.pack("<I", (len(body) + 4) << 2 | 2 | stderr) + body


def text(form: str, *values: Any) -> bytes:
    ((_, written),) = printf.records(record(form, *values))
    return written


def expected(form: str, *values: Any) -> bytes:
    """Return what the C library makes of it."""
    buffer = ctypes.create_string_buffer(4096)
    arguments = [
        ctypes.c_double(value)
        if isinstance(value, float)
        else value
        if isinstance(value, bytes)
        else ctypes.c_int64(value)
        for value in values
    ]
    LIBC.snprintf(buffer, 4096, form.encode(), *arguments)
    return buffer.value


CASES = [
    ("plain\n",),
    ("100%%\n",),
    ("%d %i %u\n", 7, -7, 7),
    ("%5d|%-5d|%05d|%+d|% d\n", 42, 42, 42, 42, 42),
    ("%.3d|%8.3d|%-8.3d|\n", 5, 5, 5),
    ("%x %X %#x %o %#o\n", 255, 255, 255, 8, 8),
    ("%#x|%#o\n", 0, 0),
    ("%ld %lld %lu %llx\n", -(1 << 40), -(1 << 62), (1 << 63) + 5, 1 << 63),
    ("%hd %hhd %hu %hhu\n", 0x12345, 0x1FF, 0x12345, 0x1FF),
    ("%zu %td %jd\n", 1 << 33, -1, -2),
    ("%c%c\n", 72, 105),
    ("%5c|%-5c|\n", 72, 105),
    ("%s|%10s|%-10s|%.2s|%10.3s\n", b"text", b"text", b"text", b"text", b"text"),
    ("%f %F %e %E %g %G\n", 1.5, 1.5, 12345.678, 12345.678, 1e-10, 1e20),
    ("%.0f %.10f %10.2f|%-10.2f|%+.1f\n", 2.5, 1 / 3, 3.14159, 3.14159, 2.0),
    ("%g %g %g\n", 100000.0, 1000000.0, 0.0001),
    ("%#g %#.0f\n", 1.0, 1.0),
    ("%f %F %e %g\n", float("inf"), float("-inf"), float("nan"), float("inf")),
    ("%10f|%-10f|%010f|%+f\n", float("inf"), float("nan"), float("inf"), float("inf")),
    ("%a %A\n", 1.5, 255.75),
    ("%p\n", 0x1234ABCD),
    ("%20p|\n", 0x1234),
    ("%*d|%-*d|%.*f|%*d\n", 6, 42, 6, 42, 2, 1.23456, -6, 42),
    ("%d%%|%s\n", 5, b""),
    ("%u %d\n", (1 << 32) - 1, (1 << 32) - 1),
    ("caf\xe9 %s\n", "\xfcber".encode()),
]


@pytest.mark.parametrize("case", CASES, ids=[case[0].strip() for case in CASES])
def test_text_is_what_c_would_print(case: tuple[Any, ...]) -> None:
    assert expected(*case) == text(*case)


@given(
    st.text("-+ #0", max_size=3),
    st.none() | st.integers(0, 30),
    st.none() | st.integers(0, 12),
    st.sampled_from("diuxXoeEfgGa"),
    st.integers(-(1 << 31), (1 << 31) - 1),
)
def test_any_conversion(flags: str, width: Any, precision: Any, kind: str, value: int) -> None:
    form = f"<%{flags}{'' if width is None else width}"
    form += f"{'' if precision is None else f'.{precision}'}{kind}>"
    argument = float(value) / 1024 if kind in "eEfgGa" else value
    assert expected(form, argument) == text(form, argument)


def test_records_follow_one_another_and_name_their_stream() -> None:
    data = record("a%d\n", 1) + record("b\n", stderr=True) + record("c%s\n", b"!")
    expected = [("stdout", b"a1\n"), ("stderr", b"b\n"), ("stdout", b"c!\n")]
    assert expected == list(printf.records(data))


def test_a_format_of_its_own_lies_in_the_record() -> None:
    string = ctypes.create_string_buffer(b"there")
    body = padded(b"%d-%s-%.1f\n\0") + encode(5) + encode(ctypes.addressof(string)) + encode(2.5)
    data = struct.pack("<I", (len(body) + 4) << 2) + body
    assert [("stdout", b"5-there-2.5\n")] == list(printf.records(data))


@pytest.mark.parametrize(
    "data", [b"", b"\1", struct.pack("<I", 0), struct.pack("<I", 2), struct.pack("<I", 1000 << 2)]
)
def test_broken_records_end_the_output(data: bytes) -> None:
    assert [] == list(printf.records(data))


@given(st.binary(max_size=200))
def test_nothing_that_a_kernel_writes_breaks_the_host(data: bytes) -> None:
    body = struct.pack("<Q", 0x1122334455667788) + data
    printf.add_formats(["0:0:1122334455667788,%d %s %f %s %*d %c %p %lld"])
    list(printf.records(struct.pack("<I", (len(body) + 4) << 2 | 2) + body))


def test_draining_empties_the_buffer(capfd: Any) -> None:
    data = record("%s %d\n", b"hello", 5)
    buffer = ctypes.create_string_buffer(struct.pack("<II", len(data), 1024) + data, 1024)
    address = ctypes.addressof(buffer)
    assert not printf.drain(address)
    assert not printf.drain(address)
    LIBC.fflush(None)
    assert "hello 5\n" == capfd.readouterr().out
    assert (0, 1024) == struct.unpack_from("<II", buffer.raw)


def test_a_failed_assertion_is_noticed(capfd: Any) -> None:
    data = record("%s:%u: Device-side assertion `%s' failed.\n", b"a.cu", 7, b"x > 0")
    buffer = ctypes.create_string_buffer(struct.pack("<II", len(data), 1024) + data, 1024)
    assert printf.drain(ctypes.addressof(buffer))
    LIBC.fflush(None)
    assert "a.cu:7: Device-side assertion `x > 0' failed.\n" == capfd.readouterr().out
