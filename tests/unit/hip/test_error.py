"""Errors: codes, names, sentences, and what a thread remembers of them."""

import ctypes
import threading
from typing import Any

import pytest

from anyroc.hip.error import Error, HipError, name

INVALID_VALUE = 1


@pytest.mark.parametrize(
    "code, expected_name, expected_text",
    [
        (0, b"hipSuccess", b"no error"),
        (1, b"hipErrorInvalidValue", b"invalid argument"),
        (2, b"hipErrorOutOfMemory", b"out of memory"),
        (700, b"hipErrorIllegalAddress", b"an illegal memory access was encountered"),
        (710, b"hipErrorAssert", b"device-side assert triggered"),
        (801, b"hipErrorNotSupported", b"operation not supported"),
        (12345, b"hipErrorUnknown", b"unknown error"),
    ],
)
def test_names_and_sentences(
    api: Any, code: int, expected_name: bytes, expected_text: bytes
) -> None:
    assert expected_name == api.hipGetErrorName(code)
    assert expected_text == api.hipGetErrorString(code)
    text = ctypes.c_char_p()
    known = 0 if code != 12345 else INVALID_VALUE
    assert known == api.hipDrvGetErrorName(code, ctypes.byref(text))
    assert expected_name == text.value
    assert known == api.hipDrvGetErrorString(code, ctypes.byref(text))
    assert expected_text == text.value


def test_get_last_error_tells_once_and_peek_again(api: Any) -> None:
    assert INVALID_VALUE == api.hipMalloc(None, 1)
    assert INVALID_VALUE == api.hipPeekAtLastError()
    assert INVALID_VALUE == api.hipGetLastError()
    assert 0 == api.hipGetLastError()


def test_success_does_not_clear_the_last_error(api: Any) -> None:
    api.hipMalloc(None, 1)
    assert 0 == api.hipDeviceSynchronize()
    assert 0 == api.hipExtGetLastError()
    assert INVALID_VALUE == api.hipGetLastError()


def test_not_ready_is_no_error(api: Any) -> None:
    assert 0 == api.hipGetLastError()
    assert "hipErrorNotReady" == name(Error.NotReady)


def test_each_thread_has_its_own_last_error(api: Any) -> None:
    seen: list[int] = []

    def fail() -> None:
        api.hipMalloc(None, 1)
        seen.append(api.hipGetLastError())

    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    assert [INVALID_VALUE] == seen
    assert 0 == api.hipGetLastError()


def test_an_exception_reads_as_the_error_it_stands_for() -> None:
    assert "hipErrorInvalidValue: invalid argument" == str(HipError(Error.InvalidValue))


def test_a_function_without_a_body_says_so_once(api: Any, capfd: Any) -> None:
    arguments = (0, 0, 0)
    assert 801 == api.hipGraphicsMapResources(*arguments)
    assert 801 == api.hipGraphicsMapResources(*arguments)
    assert 1 == capfd.readouterr().err.count(
        "anyroc: hipGraphicsMapResources is not implemented yet"
    )
