"""Launches that C does by itself: they keep the order and the meaning of the others."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from anyroc.hip import launch as launches

INVALID_HANDLE, NOT_READY, NON_BLOCKING = 400, 600, 1
FUNCTION = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


class Counter:
    """A kernel that counts its threads, and where it does."""

    def __init__(self, api: Any, code_object: bytes) -> None:
        self.api = api
        self.module, self.kernel = ctypes.c_void_p(), ctypes.c_void_p()
        assert 0 == api.hipModuleLoadData(ctypes.byref(self.module), code_object)
        name = b"count_threads"
        assert 0 == api.hipModuleGetFunction(ctypes.byref(self.kernel), self.module, name)
        self.place = api.malloc(4)
        api.write(self.place, bytes(4))
        self._value = ctypes.c_uint64(self.place)
        self._pointers = (ctypes.c_void_p * 1)(ctypes.addressof(self._value))

    def launch(self, stream: int | None, threads: int = 32, *, packed: bool = False) -> int:
        if not packed:
            arguments = (self._pointers, None)
        else:
            size = ctypes.c_size_t(8)
            ends = (1, ctypes.addressof(self._value), 2, ctypes.addressof(size), 3)
            arguments = (None, (ctypes.c_void_p * 5)(*ends))
        code: int = self.api.hipModuleLaunchKernel(
            *(self.kernel, 1, 1, 1, threads, 1, 1, 0, stream), *arguments
        )
        return code

    @property
    def count(self) -> int:
        return int.from_bytes(self.api.read(self.place, 4), "little")


@pytest.fixture
def counter(api: Any, code_object: bytes) -> Iterator[Counter]:
    made = Counter(api, code_object)
    yield made
    api.hipModuleUnload(made.module)
    assert 0 == api.hipFree(made.place)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The launches that Python was asked for, by their numbers of threads."""
    numbers: list[int] = []
    start = launches.start

    def counted(function: Any, grid: Any, block: Any, *others: Any, **named: Any) -> None:
        numbers.append(block[0])
        start(function, grid, block, *others, **named)

    monkeypatch.setattr(launches, "start", counted)
    return numbers


def gate(api: Any, stream: int | None) -> threading.Event:
    """Hold a stream until the event is set; the function that waits lives as long as the event."""
    opened = threading.Event()
    opened.function = FUNCTION(lambda _: opened.wait(20) and None)  # type: ignore[attr-defined]
    assert 0 == api.hipLaunchHostFunc(stream, opened.function, None)  # type: ignore[attr-defined]
    return opened


def test_the_second_launch_of_a_shape_is_c_s(api: Any, counter: Counter, asked: list[int]) -> None:
    stream = api.stream(NON_BLOCKING)
    for threads in (32, 32, 64, 64, 128):
        assert 0 == counter.launch(stream, threads)
    assert 0 == counter.launch(stream, packed=True)
    assert [32, 64] == asked
    assert 0 == api.hipStreamSynchronize(stream)
    assert 32 + 32 + 64 + 64 + 128 + 32 == counter.count
    assert 1 == counter.launch(stream, 2000)
    assert 1 == counter.api.hipModuleLaunchKernel(
        *(counter.kernel, 1, 1, 1, 32, 1, 1, 0, stream, None, None)
    )
    assert 0 == api.hipStreamDestroy(stream)


def test_a_captured_launch_does_not_run(api: Any, counter: Counter) -> None:
    stream, graph = api.stream(NON_BLOCKING), ctypes.c_void_p()
    for _ in range(2):
        assert 0 == counter.launch(stream)
    assert 0 == api.hipStreamBeginCapture(stream, 0)
    assert 0 == counter.launch(stream)
    assert 0 == api.hipStreamEndCapture(stream, ctypes.byref(graph))
    assert 0 == counter.launch(stream)
    assert 0 == api.hipStreamSynchronize(stream)
    assert 96 == counter.count
    assert 0 == api.hipGraphDestroy(graph)
    assert 0 == api.hipStreamDestroy(stream)


def test_the_null_stream_waits_for_c_s_launches(
    api: Any, counter: Counter, asked: list[int]
) -> None:
    stream = api.stream()
    for _ in range(2):
        assert 0 == counter.launch(stream)
    assert 64 == counter.count
    assert 0 == counter.launch(stream)
    opened = gate(api, stream)
    assert 0 == counter.launch(stream)
    assert [32] == asked
    opener = threading.Timer(0.05, opened.set)
    opener.start()
    assert 128 == counter.count
    opener.join()
    assert 0 == api.hipStreamDestroy(stream)


def test_c_s_launches_wait_for_the_null_stream(api: Any, counter: Counter) -> None:
    stream = api.stream()
    for _ in range(2):
        assert 0 == counter.launch(stream)
    assert 0 == api.hipStreamSynchronize(stream)
    opened = gate(api, None)
    assert 0 == counter.launch(stream)
    assert NOT_READY == api.hipStreamQuery(stream)
    opened.set()
    assert 0 == api.hipStreamSynchronize(stream)
    assert 96 == counter.count
    assert 0 == api.hipStreamDestroy(stream)


def test_what_is_unloaded_or_destroyed_is_not_launched(api: Any, counter: Counter) -> None:
    stream = api.stream(NON_BLOCKING)
    for _ in range(3):
        assert 0 == counter.launch(stream)
    assert 0 == api.hipStreamDestroy(stream)
    assert 709 == counter.launch(stream)
    assert 0 == counter.launch(None)
    assert 0 == api.hipModuleUnload(counter.module)
    assert INVALID_HANDLE == counter.launch(None)


def test_the_thread_s_own_stream(api: Any, counter: Counter, asked: list[int]) -> None:
    own, other = 2, api.stream(NON_BLOCKING)
    for _ in range(3):
        assert 0 == counter.launch(own)
    assert [32] == asked
    assert 0 == api.hipStreamSynchronize_spt(None)
    assert 96 == counter.count
    opened = gate(api, own)
    place, data = api.malloc(64), b"own stream"
    assert 0 == api.hipMemsetAsync_spt(place, 7, 64, None)
    assert NOT_READY == api.hipStreamQuery_spt(None) == api.hipStreamQuery(own)
    assert 0 == api.hipStreamQuery(other)
    event = api.event()
    assert 0 == api.hipEventRecord_spt(event, None)
    assert NOT_READY == api.hipEventQuery(event)
    opener = threading.Timer(0.05, opened.set)
    opener.start()
    assert 0 == api.hipMemcpy_spt(place, data, len(data), 1)
    opener.join()
    assert data + bytes([7]) * 6 == api.read(place, 16)
    assert 0 == api.hipEventQuery(event)
    codes: list[int] = []
    thread = threading.Thread(target=lambda: codes.append(api.hipStreamQuery_spt(None)))
    thread.start()
    thread.join()
    assert [0] == codes
    assert 0 == api.hipFree(place)
    assert 0 == api.hipEventDestroy(event)
    assert 0 == api.hipStreamDestroy(other)
