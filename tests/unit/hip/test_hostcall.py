"""Host calls, with the device's part of the protocol played by the test."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import pytest

from anyroc.cabi import memory, stdio
from anyroc.gpu.device import Device
from anyroc.hip import hostcall
from anyroc.hip.hostcall import Service
from anyroc.isa.targets import target

PRINTF, BEGIN, END = 2, 1, 2


class Wave:
    """What a wave does: take a free packet, fill it, put it on the stack of the ready ones."""

    def __init__(self, service: Service) -> None:
        words = struct.unpack("<5QI", memory.read(service.address, 44))
        self.headers, self.payloads, self.signal = words[:3]
        self.mask = words[5]
        self.buffer = service.address

    def call(self, service: int, slots: dict[int, list[int]]) -> int:
        name = memory.get_u64(self.buffer + 24)
        assert name
        header = self.headers + (name & self.mask) * 24
        memory.put_u64(self.buffer + 24, memory.get_u64(header))
        for lane, words in slots.items():
            slot = self.slot(name, lane)
            for position, word in enumerate(words):
                memory.put_u64(slot + 8 * position, word)
        lanes = sum(1 << lane for lane in slots)
        ready = memory.get_u64(self.buffer + 32)
        memory.write(header, struct.pack("<QQII", ready, lanes, service, 1))
        memory.put_u64(self.buffer + 32, name)
        return name

    def slot(self, name: int, lane: int) -> int:
        return self.payloads + ((name & self.mask) * 64 + lane) * 64

    def answered(self, name: int) -> bool:
        return not memory.get_i32(self.headers + (name & self.mask) * 24 + 20) & 1

    def give_back(self, name: int) -> None:
        """As the device library does: the name changes, so that it is never the same again."""
        changed = name + self.mask + 1
        memory.put_u64(self.headers + (name & self.mask) * 24, memory.get_u64(self.buffer + 24))
        memory.put_u64(self.buffer + 24, changed)


def words_of(text: bytes) -> list[int]:
    padded = text + bytes(8 - len(text) % 8)
    return [int.from_bytes(padded[at : at + 8], "little") for at in range(0, len(padded), 8)]


@pytest.fixture
def service() -> Iterator[Service]:
    made = Service(Device(0, target("gfx942")).memory)
    yield made
    made.close()


def one(message: list[int]) -> list[int]:
    return [BEGIN | END | len(message) << 5, *message]


def test_a_text_that_fits_is_printed(service: Service, capfd: pytest.CaptureFixture[str]) -> None:
    wave = Wave(service)
    double = struct.unpack("<Q", struct.pack("<d", 0.5))[0]
    name = wave.call(PRINTF, {3: one([0, *words_of(b"%d and %.2f\n"), 7, double])})
    assert not wave.answered(name)
    service.answer()
    stdio.flush()
    assert wave.answered(name)
    assert "7 and 0.50\n" == capfd.readouterr().out
    assert b"" == service.assertion


def test_texts_in_pieces_are_joined_by_lane(
    service: Service, capfd: pytest.CaptureFixture[str]
) -> None:
    wave = Wave(service)
    form = words_of(b"%s is %d\n")
    first = wave.call(PRINTF, {lane: [BEGIN | (1 + len(form)) << 5, 0, *form] for lane in (0, 1)})
    service.answer()
    numbers = {lane: memory.get_u64(wave.slot(first, lane)) for lane in (0, 1)}
    assert numbers[0] >> 8 != numbers[1] >> 8
    rest = {lane: [*words_of(b"lane"), lane + 40] for lane in (0, 1)}
    for lane, words in rest.items():
        message = numbers[lane] & ~0xFF | END | len(words) << 5
        wave.call(PRINTF, {lane: [message, *words]})
    service.answer()
    stdio.flush()
    assert ["lane is 40", "lane is 41"] == sorted(capfd.readouterr().out.splitlines())


def test_packets_come_round_again(service: Service, capfd: pytest.CaptureFixture[str]) -> None:
    wave = Wave(service)
    waiting = []
    for number in range(3 * hostcall.PACKETS // 2):
        waiting.append(wave.call(PRINTF, {0: one([0, *words_of(b"%d "), number])}))
        if number % 5 == 4:
            service.answer()
            assert all(map(wave.answered, waiting))
            for name in waiting:
                wave.give_back(name)
            waiting.clear()
    service.answer()
    stdio.flush()
    printed = capfd.readouterr().out.split()
    assert [str(number) for number in range(3 * hostcall.PACKETS // 2)] == sorted(printed, key=int)


@pytest.mark.parametrize(
    "text", [b"x.py:3: Device-side assertion `a' failed.\n", b"device assertion failed: 'no'\n"]
)
def test_a_failed_assertion_is_kept(
    service: Service, text: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    Wave(service).call(PRINTF, {0: [BEGIN | 7 << 5, 1, *words_of(text)[:6]]})
    service.answer()
    wave_number = 1 << 8
    rest = words_of(text)[6:]
    Wave(service).call(PRINTF, {0: [wave_number | END | len(rest) << 5, *rest]})
    service.answer()
    stdio.flush()
    assert text.decode() == capfd.readouterr().err
    assert text == service.assertion


def test_a_service_that_is_not_there_is_named(
    service: Service, capfd: pytest.CaptureFixture[str]
) -> None:
    wave = Wave(service)
    name = wave.call(9, {0: [1, 2]})
    service.answer()
    assert wave.answered(name)
    assert "host service 9" in capfd.readouterr().err
