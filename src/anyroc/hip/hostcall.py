"""Host calls: a wave asks the host for a service and waits until it is done.

Kernels compiled by clang without `-mprintf-kind=buffered`, and all of Triton's, print this way. The
protocol is that of the device libraries (`__ockl_hostcall_internal`). All is little endian.

A buffer begins with addresses of the packets' headers, of their payloads, and of a signal that a
wave adds to (u64 each), then the tops of two stacks of packets: the free ones and those that wait
for the host (u64 each), then the mask that gives a packet's index from its name on a stack (u32).
A header is the name of the packet below it on its stack (u64), the mask of lanes that ask (u64),
the number of the service (u32), and control bits (u32), of which bit 0 is cleared by the host when
the service is done. A payload has 8 u64 for each of 64 lanes.

A text to print comes in several calls. In each the first u64 is a descriptor: bit 0 begins a
message, bit 1 ends it, bits 5-7 are how many u64 of the slot follow, bits 8-63 are the message's
number, which the host gives when it begins. The message is a control word (bit 0: to stderr), the
format string and the arguments, each padded to 8 bytes.
"""

from __future__ import annotations

import itertools
import struct
import threading
import time
from typing import TYPE_CHECKING

from anyroc.cabi import memory, stdio
from anyroc.hip import faults, printf

if TYPE_CHECKING:
    from anyroc.gpu.memory import Memory
    from anyroc.gpu.queue import Queue

PACKETS = 2048
"""More than there are waves under way at once, a power of two."""

_BUFFER = struct.Struct("<5QI4x")
_HEADER = struct.Struct("<QQII")
_SIGNAL_SIZE = 64
_SLOT = struct.Struct("<8Q")
_LANES = 64
_HEADERS_AT = 256
_PAYLOADS_AT = _HEADERS_AT + PACKETS * _HEADER.size
_SIZE = _PAYLOADS_AT + PACKETS * _LANES * _SLOT.size
_READY_AT = 32
_CONTROL_AT = 20
_SIGNAL_AT = 64

_PRINTF = 2
_BEGIN, _END = 1, 2
_POLL = 50e-6  # seconds between looks at the stack while a kernel runs

_ASSERTIONS = (printf.ASSERTION, b"device assertion failed:")
"""What the text of a failed assertion contains: HIP's, Triton's."""


class Service:
    """A buffer for the calls of one stream's kernels, and the thread that answers them."""

    def __init__(self, space: Memory) -> None:
        self._space = space
        self.address = space.alloc(_SIZE, "internal")
        """Address of the buffer, for the hidden argument."""
        self.assertion = b""
        """The first failed assertion that a kernel has printed since this was last emptied."""
        headers, payloads = self.address + _HEADERS_AT, self.address + _PAYLOADS_AT
        # Packet 0 is named by its index plus one full turn, because 0 means an empty stack.
        names = [PACKETS, *range(1, PACKETS)]
        below = 0
        for index, name in enumerate(names):
            memory.write(headers + index * _HEADER.size, _HEADER.pack(below, 0, 0, 0))
            below = name
        signal = self.address + _SIGNAL_AT
        memory.write(signal, bytes(_SIGNAL_SIZE))
        fields = (headers, payloads, signal, below, 0, PACKETS - 1)
        memory.write(self.address, _BUFFER.pack(*fields))
        self._seen = 0
        self._messages: dict[int, bytearray] = {}
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._attending = threading.Lock()
        self._attended = False

    def answer(self) -> None:
        """Answer the calls that wait.

        Packets are left on the stack: what was pushed since lies above what was on top then.
        """
        with self._lock:
            top = memory.get_u64(self.address + _READY_AT)
            name = top
            while name != self._seen:
                header = self.address + _HEADERS_AT + (name & (PACKETS - 1)) * _HEADER.size
                following, lanes, service, control = _HEADER.unpack(
                    memory.read(header, _HEADER.size)
                )
                self._serve(service, lanes, name & (PACKETS - 1))
                memory.put_i32(header + _CONTROL_AT, control & ~1)
                name = following
            self._seen = top

    def _serve(self, service: int, lanes: int, index: int) -> None:
        payload = self.address + _PAYLOADS_AT + index * _LANES * _SLOT.size
        for lane in range(_LANES):
            if not lanes >> lane & 1:
                continue
            slot = payload + lane * _SLOT.size
            if service == _PRINTF:
                self._print(slot)
            else:
                faults.say(f"a kernel asked for host service {service}, which is not there")
                memory.put_u64(slot, 0)

    def _print(self, slot: int) -> None:
        descriptor, *words = _SLOT.unpack(memory.read(slot, _SLOT.size))
        number = descriptor >> 8
        if descriptor & _BEGIN:
            number = next(self._numbers)
            self._messages[number] = bytearray()
            memory.put_u64(slot, (descriptor & 0xFE) | number << 8)
        message = self._messages.get(number)
        if message is None:
            return
        for word in words[: descriptor >> 5 & 7]:
            message += word.to_bytes(8, "little")
        if descriptor & _END:
            del self._messages[number]
            stream, text = printf.message(bytes(message))
            if any(sign in text for sign in _ASSERTIONS):
                self.assertion = self.assertion or text
            stdio.write(stream, text)
            memory.put_u64(slot, len(text))

    def attend(self, queue: Queue) -> None:
        """Answer calls, on a thread of its own, until the queue has no work left."""

        def serve() -> None:
            while True:
                self.answer()
                with self._attending:
                    if queue.query():
                        self._attended = False
                        return
                time.sleep(_POLL)

        with self._attending:
            if not self._attended:
                self._attended = True
                threading.Thread(target=serve, name="anyroc host calls", daemon=True).start()

    def close(self) -> None:
        """Give the buffer's memory back."""
        self._space.free(self.address)
