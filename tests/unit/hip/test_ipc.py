"""Memory and events that several processes share."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from typing import Any

INVALID_VALUE, INVALID_CONTEXT = 1, 201
TIMELESS, INTERPROCESS = 2, 4

CHILD = """
import ctypes, sys
from anyroc import hip
hip.bind()
from anyroc.hip import calls
library = ctypes.CDLL(str(calls.library().path))
class Handle(ctypes.Structure):
    _fields_ = [("bytes", ctypes.c_char * 64)]
memory, event = (Handle.from_buffer_copy(bytes.fromhex(text)) for text in sys.argv[1:])
place, again, ready = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_void_p()
print(library.hipIpcOpenEventHandle(ctypes.byref(ready), event))
print(library.hipEventQuery(ready))
print(library.hipIpcOpenMemHandle(ctypes.byref(place), memory, 1))
print(library.hipIpcOpenMemHandle(ctypes.byref(again), memory, 1), place.value == again.value)
buffer = ctypes.create_string_buffer(4)
print(library.hipMemcpy(buffer, place, ctypes.c_size_t(4), 2), buffer.raw)
print(library.hipMemset(place, 0x62, ctypes.c_size_t(4)), library.hipDeviceSynchronize())
print(library.hipMemcpy(place, buffer, ctypes.c_size_t(1000), 1))
print(library.hipFree(place))
print(library.hipIpcCloseMemHandle(place), library.hipIpcCloseMemHandle(place))
print(library.hipIpcCloseMemHandle(place))
print(library.hipEventRecord(ready, None), library.hipEventSynchronize(ready))
"""


def handle(api: Any, function: str, thing: int) -> bytes:
    out = ctypes.create_string_buffer(64)
    assert 0 == getattr(api, function)(out, thing)
    return out.raw


def test_another_process_reads_and_writes_the_memory(api: Any) -> None:
    place = api.malloc(900)
    api.write(place, b"aaaaxxxx")
    event = ctypes.c_void_p()
    flags = TIMELESS | INTERPROCESS
    assert INVALID_VALUE == api.hipEventCreateWithFlags(ctypes.byref(event), INTERPROCESS)
    assert 0 == api.hipEventCreateWithFlags(ctypes.byref(event), flags)
    assert 0 == api.hipEventRecord(event, None)
    shared = handle(api, "hipIpcGetMemHandle", place)
    ready = handle(api, "hipIpcGetEventHandle", event.value or 0)
    assert shared == handle(api, "hipIpcGetMemHandle", place)
    done = subprocess.run(
        [sys.executable, "-c", CHILD, shared.hex(), ready.hex()], capture_output=True, text=True
    )
    expected = "0\n0\n0\n0 True\n0 b'aaaa'\n0 0\n1\n1\n0 0\n1\n0 0\n"
    assert expected == done.stdout, done.stderr
    assert b"bbbbxxxx" == api.read(place, 8)
    assert 0 == api.hipEventQuery(event)
    assert 0 == api.hipEventDestroy(event)
    assert 0 == api.hipFree(place)


def test_handles_are_for_other_processes(api: Any) -> None:
    place, out = api.malloc(64), ctypes.c_void_p()
    shared = tuple(handle(api, "hipIpcGetMemHandle", place))
    assert INVALID_CONTEXT == api.hipIpcOpenMemHandle(ctypes.byref(out), shared, 1)
    assert INVALID_VALUE == api.hipIpcCloseMemHandle(place)
    assert 0 == api.hipFree(place)
    assert INVALID_VALUE == api.hipIpcGetMemHandle(ctypes.create_string_buffer(64), place)
