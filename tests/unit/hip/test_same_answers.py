"""What C answers by itself is what Python would have answered."""

from __future__ import annotations

import ctypes
import random
from collections.abc import Callable
from typing import Any

import pytest

from anyroc.hip import calls

BOUND, ASKING = 1, 3
SIZE = 4096
STALE = 0x0123456789ABCDE4
"""A handle that was never given out."""


class Program:
    """Random calls on a fixed set of objects; `log` has each call with what came of it."""

    def __init__(self, api: Any, code_object: bytes, seed: int) -> None:
        self.api = api
        self.random = random.Random(seed)
        self.log: list[tuple[Any, ...]] = []
        self.device = [api.malloc(SIZE) for _ in range(2)]
        managed, host = ctypes.c_void_p(), ctypes.c_void_p()
        assert 0 == api.hipMallocManaged(ctypes.byref(managed), SIZE, 1)
        assert 0 == api.hipHostMalloc(ctypes.byref(host), SIZE, 0)
        self.plain = [ctypes.create_string_buffer(SIZE) for _ in range(2)]
        self.memory = [*self.device, managed.value, host.value, *map(ctypes.addressof, self.plain)]
        for place in self.memory:
            ctypes.memset(place, self.random.randrange(256), SIZE)
        self.streams = [0, 1, api.stream(), api.stream(1), STALE]
        self.ended = api.stream()
        assert 0 == api.hipStreamDestroy(self.ended)
        self.streams.append(self.ended)
        self.ordered = [*self.streams[:3], *self.streams[4:]]  # whose work has but one order
        self.events = [api.event(), api.event(), api.event(2), 0, STALE]
        old = api.event()
        assert 0 == api.hipEventDestroy(old)
        self.events.append(old)
        self.module = ctypes.c_void_p()
        assert 0 == api.hipModuleLoadData(ctypes.byref(self.module), code_object)

    def close(self) -> None:
        """Give everything back."""
        api = self.api
        assert 0 == api.hipDeviceSynchronize()
        for pointer in (*self.device, self.memory[2]):
            assert 0 == api.hipFree(pointer)
        assert 0 == api.hipHostFree(self.memory[3])
        for stream in self.streams[2:4]:
            assert 0 == api.hipStreamDestroy(stream)
        for event in self.events[:3]:
            assert 0 == api.hipEventDestroy(event)
        assert 0 == api.hipModuleUnload(self.module)
        while api.hipCtxPopCurrent(None) == 0:
            pass
        assert 0 == api.hipSetDevice(0)

    def run(self, steps: int) -> list[tuple[Any, ...]]:
        """Make some calls and return the log, with what memory holds at the end."""
        for _ in range(steps):
            step = self.random.choice(STEPS)
            self.log.append((step.__name__, *step(self)))
        self.api.hipDeviceSynchronize()
        self.log.append(tuple(ctypes.string_at(place, SIZE) for place in self.memory))
        return self.log

    def place(self) -> tuple[int, int]:
        """Return the number of a piece of memory, and an offset into it."""
        return self.random.randrange(len(self.memory)), self.random.choice([0, 8, 1000])

    def out(self, kind: Any = ctypes.c_uint64) -> Any:
        """Return where an answer goes, sometimes nowhere."""
        return None if self.random.random() < 0.1 else ctypes.byref(kind(0))

    def answer(self, code: int, *outs: Any) -> tuple[Any, ...]:
        """Return what a call has answered."""
        return code, *(None if out is None else out._obj.value for out in outs)


def copy(p: Program) -> tuple[Any, ...]:
    (to, to_at), (source, source_at) = p.place(), p.place()
    room = SIZE - max(to_at, source_at)
    # Host memory that HIP knows nothing of has no end that it could check.
    sizes = [0, 1, 100, room] + [room + 1] * (to < 4 and source < 4 and to_at == source_at)
    size = p.random.choice(sizes)
    kind, stream = p.random.choice([0, 1, 2, 3, 4, 4, 4, 5, -1]), p.random.choice(p.ordered)
    name = p.random.choice(["hipMemcpy", "hipMemcpyAsync", "hipMemcpyWithStream"])
    if to == source:
        to = (to + 1) % 4
    ends = p.memory[to] + to_at, p.memory[source] + source_at
    rest = () if name == "hipMemcpy" else (stream,)
    return name, to, source, size, getattr(p.api, name)(*ends, size, kind, *rest)


def fill(p: Program) -> tuple[Any, ...]:
    number = p.random.randrange(4)
    unit = p.random.choice([1, 2, 4])
    count = p.random.choice([0, 1, 17, SIZE // unit, SIZE // unit + 1])
    value, stream = p.random.randrange(1 << 8 * unit), p.random.choice(p.ordered)
    to = p.memory[number]
    if p.random.random() < 0.5:
        return number, unit, count, getattr(p.api, f"hipMemsetD{8 * unit}")(to, value, count)
    name = f"hipMemsetD{8 * unit}Async"
    return name, number, count, getattr(p.api, name)(to, value, count, stream)


def pointer(p: Program) -> tuple[Any, ...]:
    number, at = p.place()
    at = p.random.choice([at, SIZE - 1]) if number < 4 else at
    names = ["hipPointerGetAttributes", "hipMemGetAddressRange", "hipPointerGetAttribute"]
    name = p.random.choice(names)
    if name == "hipPointerGetAttribute":
        which, out = p.random.randrange(15), p.out()
        code = p.api.hipPointerGetAttribute(out, which, p.memory[number] + at)
        value = 0 if out is None else out._obj.value
        if which in (3, 4, 11) and value:
            value -= p.memory[number]
        value = bool(value) if which == 7 else value  # each allocation has a number of its own
        return name, number, which, code, value
    if name == "hipMemGetAddressRange":
        base, size = p.out(), p.out()
        code = p.api.hipMemGetAddressRange(base, size, p.memory[number] + at)
        where = None if base is None or not base._obj.value else base._obj.value - p.memory[number]
        return name, number, where, *p.answer(code, size)
    room = (ctypes.c_uint64 * 5)()
    code = p.api.hipPointerGetAttributes(room, p.memory[number] + at)
    types = room[0], room[3] and 1, room[4]
    return name, number, code, room[1] and room[1] - p.memory[number], types


def stream(p: Program) -> tuple[Any, ...]:
    chosen = p.random.choice(p.streams)
    ask = p.random.choice(["Synchronize", "Query", "GetFlags", "GetPriority", "IsCapturing"])
    if ask == "Synchronize":
        return ask, p.streams.index(chosen), p.api.hipStreamSynchronize(chosen)
    if ask == "Query":
        p.api.hipDeviceSynchronize()
        return ask, p.streams.index(chosen), p.api.hipStreamQuery(chosen)
    out = p.out(ctypes.c_int)
    call = getattr(p.api, f"hipStream{ask}")
    return ask, p.streams.index(chosen), *p.answer(call(chosen, out), out)


def event(p: Program) -> tuple[Any, ...]:
    number = p.random.randrange(len(p.events))
    chosen, on = p.events[number], p.random.choice(p.streams)
    ask = p.random.choice(["Record", "RecordWithFlags", "Synchronize", "Query", "Wait"])
    if ask == "Record":
        return ask, number, p.api.hipEventRecord(chosen, on)
    if ask == "RecordWithFlags":
        flags = p.random.choice([0, 1, 2])
        return ask, flags, number, p.api.hipEventRecordWithFlags(chosen, on, flags)
    if ask == "Wait":
        flags = p.random.choice([0, 1, 7])
        return ask, flags, number, p.api.hipStreamWaitEvent(on, chosen, flags)
    if ask == "Query":
        p.api.hipDeviceSynchronize()
        return ask, number, p.api.hipEventQuery(chosen)
    return ask, number, p.api.hipEventSynchronize(chosen)


def elapsed(p: Program) -> tuple[Any, ...]:
    p.api.hipDeviceSynchronize()
    first, last = p.random.choice(p.events), p.random.choice(p.events)
    out = p.out(ctypes.c_float)
    return p.api.hipEventElapsedTime(out, first, last), p.events.index(first), p.events.index(last)


def life_of_an_event(p: Program) -> tuple[Any, ...]:
    flags = p.random.choice([0, 1, 2, 3, 4, 0x80, 0x40000000, 0xC0000000])
    made = ctypes.c_void_p()
    codes = [p.api.hipEventCreateWithFlags(ctypes.byref(made), flags)]
    if codes[0] == 0:
        codes.append(p.api.hipEventRecord(made, 0))
        codes += [p.api.hipEventDestroy(made), p.api.hipEventDestroy(made)]
        codes.append(p.api.hipEventQuery(made))
    return flags, *codes


def life_of_a_stream(p: Program) -> tuple[Any, ...]:
    made, value, busy = ctypes.c_void_p(), ctypes.c_int(77), p.random.random() < 0.3
    flags, priority = p.random.choice([0, 0, 1, 2]), p.random.choice([-9, -1, 0, 1, 5])
    out = None if p.random.random() < 0.1 else ctypes.byref(made)
    codes = [
        p.random.choice(
            [
                lambda: p.api.hipStreamCreateWithPriority(out, flags, priority),
                lambda: p.api.hipStreamCreateWithFlags(out, flags),
                lambda: p.api.hipStreamCreate(out),
            ]
        )()
    ]
    handle = made.value or STALE
    for ask in ("GetFlags", "GetPriority"):
        code = getattr(p.api, f"hipStream{ask}")(handle, ctypes.byref(value))
        codes += [code, value.value]
    attribute = (ctypes.c_uint8 * 64)(*[9] * 64)
    if p.random.random() < 0.2:
        codes.append(p.api.hipStreamSetAttribute(handle, 1, attribute))
    codes += [p.api.hipStreamGetAttribute(handle, 1, attribute), attribute[5]]
    if busy:
        codes.append(p.api.hipMemsetAsync(p.device[0], 3, SIZE, handle))
    codes += [p.api.hipStreamDestroy(handle) for _ in range(2)]
    codes += [p.api.hipStreamQuery(handle), p.api.hipMemsetAsync(p.device[0], 3, SIZE, handle)]
    return busy, flags, priority, *codes


def life_of_memory(p: Program) -> tuple[Any, ...]:
    made, pitch = ctypes.c_void_p(), ctypes.c_size_t()
    out = None if p.random.random() < 0.1 else ctypes.byref(made)
    size, chosen = (
        p.random.choice([0, 1, 4096, 20_000, 3 << 20, 1 << 60]),
        p.random.choice(p.ordered),
    )
    names = "Malloc MallocManaged HostMalloc MallocHost ExtMallocWithFlags MallocAsync MallocPitch"
    name = p.random.choice(names.split())
    flags = p.random.choice([0, 1, 2, 3, 9])
    rest: tuple[Any, ...] = (size, flags)
    if name in ("Malloc", "MallocHost"):
        rest = (size,)
    elif name == "MallocAsync":
        rest = (size, chosen)
    elif name == "MallocPitch":
        rest = (ctypes.byref(pitch), size, p.random.choice([0, 1, 3, 1 << 20]))
        rest = (rest[0], min(size, 4096), rest[2]) if size <= 4096 else (*rest[:2], 1)
    codes = [getattr(p.api, f"hip{name}")(out, *rest)]
    base = made.value or 0
    if base and name not in ("MallocAsync", "MallocPitch"):
        codes += [*ctypes.string_at(base, min(size, 8)), *ctypes.string_at(base + size - 1, 1)]
    before = free_memory(p)
    value = ctypes.c_uint(77)
    codes += [p.api.hipHostGetFlags(ctypes.byref(value), base), value.value]
    room = (ctypes.c_uint64 * 5)()
    codes.append(p.api.hipPointerGetAttributes(room, base + 1) if base else 0)
    codes += [room[0], room[3] and 1, room[4]]
    frees = [p.api.hipFree, p.api.hipHostFree, lambda at: p.api.hipFreeAsync(at, chosen)]
    for _ in range(3):
        codes.append(p.random.choice(frees)(base + p.random.choice([0, 0, 0, 256])))
    p.api.hipDeviceSynchronize()
    codes += [p.api.hipFree(base), p.api.hipHostFree(base)]
    return name, size, flags, pitch.value, base % 256, *codes, *before, *free_memory(p)


def device(p: Program) -> tuple[Any, ...]:
    number = p.random.choice([-1, 0, 0, 0, 1, 99])
    name = p.random.choice(["hipSetDevice", "hipGetDevice", "hipGetDeviceCount", "hipDeviceGet"])
    if name == "hipSetDevice":
        return name, number, p.api.hipSetDevice(number)
    out = p.out(ctypes.c_int)
    arguments = (out, number) if name == "hipDeviceGet" else (out,)
    return name, number, *p.answer(getattr(p.api, name)(*arguments), out)


def context(p: Program) -> tuple[Any, ...]:
    chosen, out = p.random.choice([0, 0x100, 0x100, 0x101, 0x1FF, 7]), p.out()
    name = p.random.choice(["hipCtxSetCurrent", "hipCtxPushCurrent", "hipCtxPopCurrent"])
    code = getattr(p.api, name)(out if name == "hipCtxPopCurrent" else chosen)
    now = ctypes.c_uint64()
    codes = p.answer(code, out), p.api.hipCtxGetCurrent(ctypes.byref(now)), now.value
    assert 0 == p.api.hipSetDevice(0)
    return name, chosen, *codes


def attribute(p: Program) -> tuple[Any, ...]:
    number, which = p.random.randrange(-1, 120), p.random.choice([0, 0, 1])
    out = p.out(ctypes.c_int)
    return number, which, *p.answer(p.api.hipDeviceGetAttribute(out, number, which), out)


def free_memory(p: Program) -> tuple[Any, ...]:
    free, total = p.out(), p.out()
    return p.answer(p.api.hipMemGetInfo(free, total), free, total)


def function(p: Program) -> tuple[Any, ...]:
    name = p.random.choice([b"count_threads", b"wait_for", b"not_there", b"x" * 200, b""])
    out = ctypes.c_void_p()
    code = p.api.hipModuleGetFunction(ctypes.byref(out), p.module, name)
    if code:
        return name, code
    which, value = p.random.randrange(-1, 12), ctypes.c_int(-1)
    return name, which, p.api.hipFuncGetAttribute(ctypes.byref(value), which, out), value.value


STEPS: list[Callable[[Program], tuple[Any, ...]]] = [
    *(copy, copy, copy, fill, pointer, stream, event, event, elapsed, life_of_an_event),
    *(life_of_memory, life_of_memory, life_of_a_stream),
    *(device, context, attribute, free_memory, function),
]


@pytest.mark.parametrize("seed", range(4))
def test_calls_answered_in_c_and_in_python(api: Any, code_object: bytes, seed: int) -> None:
    logs = []
    for state in (BOUND, ASKING):
        program = Program(api, code_object, seed)
        calls.library().integer("state").value = state
        try:
            logs.append(program.run(500))
        finally:
            calls.library().integer("state").value = BOUND
            program.close()
    for number, (quick, slow) in enumerate(zip(*logs, strict=True)):
        assert slow == quick, f"step {number} of seed {seed}"
