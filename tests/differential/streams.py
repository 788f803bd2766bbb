"""Random and damaged instruction streams: they decode or are refused, they run or stop, no more.

``streams.py --decode 1000000 --run 100000 [TARGET…]`` makes so many streams per ISA. The first
number is decoded: every stream must end in its last byte or in a DecodeError. The second is made
into kernels, translated and run by one wave, with memory as strict as it is for HIP programs, under
a step limit. Registers begin full of addresses: of device memory, of the host's memory (which a
kernel must not reach), of nothing.

Each target has a process of its own that is started again when it dies, hangs or raises what it
should not; the stream that did it is in the report, and ``--only NUMBER`` runs it again. What was
done is kept under ``--state`` and not done again; a byte of host memory that has changed is a bug
of the batch that it was found in.
"""

from __future__ import annotations

import argparse
import collections
import dataclasses
import json
import mmap
import os
import random
import struct
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent.parent))

import isa_random

from anyroc import cache
from anyroc.errors import AnyrocError
from anyroc.isa.decode import decoder
from anyroc.isa.disasm import format_instruction
from anyroc.isa.instruction import DecodeError
from anyroc.isa.tables import FAMILY
from anyroc.isa.targets import TARGETS, Target, target
from code_objects import KernelSpec, code_object
from translate_support.encode import encode

BATCH = 32
"""Streams that share a code object, and between which host memory is looked at."""

STEP_LIMIT = 2_000
_LIFE = 16384  # streams after which a process is replaced
_POOLED = 256  # batches that draw from the same instructions
_POOLS = 8
_NOISES = 1024
_HANG = 120.0  # seconds without a step forward
_CANARY = 0x5A
_CANARY_BYTES = 4 << 20
_ROOM = 1 << 20  # bytes of device memory that registers point into
_ARGUMENTS = 512


@dataclasses.dataclass
class Totals:
    """What became of the streams of one target."""

    decoded: int = 0
    refused: int = 0
    done: int = 0
    ends: dict[str, int] = dataclasses.field(default_factory=dict)
    bugs: list[str] = dataclasses.field(default_factory=list)
    seconds: float = 0.0


@lru_cache(2)
def _encodings(isa: str, number: int) -> list[bytes]:
    """Enough for ``_POOLS`` pools: many at once are made in the time of one."""
    return [code for _, code in isa_random.encodings(isa, 2 * _POOLS, 7919 * number + 13)]


@lru_cache(2)
def _pool(isa: str, wave_size: int, number: int, runnable: bool) -> list[bytes]:
    """Instructions to make streams of; ``runnable``: most of them have semantics."""
    from anyroc.semantics.core import OPERATIONS

    found = _encodings(isa, number // _POOLS)[number % _POOLS :: _POOLS]
    if not runnable:
        return found
    decode = decoder(isa, wave_size).decode
    kept = []
    for code in found:
        try:
            it = decode(code)
        except DecodeError:
            continue
        if it.op in OPERATIONS or it.parts:
            kept.append(code)
    return kept


@lru_cache(2)
def _noise(isa: str, number: int) -> list[bytes]:
    return isa_random.noise(isa, _NOISES, number)


def stream(isa: str, wave_size: int, number: int, *, runnable: bool) -> bytes:
    """Stream ``number`` of an ISA: instructions, some of them damaged, or noise."""
    rng = random.Random(4 * number + 2 * (wave_size == 64) + runnable)  # far cheaper than NumPy's
    if rng.random() < (0.05 if runnable else 0.2):
        noise = _noise(isa, number // _NOISES)[number % _NOISES]
        return noise[: 4 * rng.randrange(1, 6)]
    pool = _pool(isa, wave_size, number // (BATCH * _POOLED), runnable)
    code = bytearray(b"".join(rng.choices(pool, k=rng.randrange(1, 13))))
    if rng.random() < 0.5:
        for _ in range(rng.randrange(1, 4)):
            code[rng.randrange(len(code))] ^= 1 << rng.randrange(8)
    return bytes(code)


def decode_streams(record: Target, first: int, count: int, totals: Totals) -> None:
    """Decode and print some streams; anything but an instruction or a DecodeError is a bug."""
    for number in range(first, first + count):
        size = record.wave_sizes[number % len(record.wave_sizes)]
        code = stream(record.isa, size, number, runnable=False)
        decode = decoder(record.isa, size).decode
        offset = 0
        try:
            while offset < len(code):
                it = decode(code, offset)
                assert it.size > 0 and offset + it.size <= len(code), it
                format_instruction(it, record)
                offset += it.size
            totals.decoded += 1
        except DecodeError:
            totals.refused += 1
        except Exception:
            totals.bugs.append(f"decoding {number}: {traceback.format_exc(limit=-3)}")


def _prelude(isa: str) -> bytes:
    """Fill the scalar registers from 16 on, and some vector registers, with the arguments."""
    load = "s_load_b512"
    cdna = FAMILY[isa] == "cdna"
    code = b""
    for index in range(4):
        fields = {"imm": 1} if cdna else {"soffset": 124}
        code += encode(
            isa, "SMEM", load, sdata=16 + 16 * index, sbase=0, offset=64 * index, **fields
        )
    waits = {"rdna4": ("s_wait_kmcnt", 0)}.get(FAMILY[isa], ("s_waitcnt", 0))
    code += encode(isa, "SOPP", waits[0], simm16=waits[1])
    for index in range(4):
        code += encode(isa, "VOP1", "v_mov_b32", vdst=2 + index, src0=16 + 2 * index)
    return code


def _arguments(rng: np.random.Generator, device: int, host: int) -> bytes:
    """What goes into the registers: pairs of words, many of them addresses."""
    pairs = _ARGUMENTS // 8
    words = b""
    for kind, line, any_, low, high in zip(
        rng.integers(0, 8, pairs).tolist(),
        rng.integers(0, _ROOM // 64, pairs).tolist(),
        rng.integers(0, 1 << 63, pairs).tolist(),
        rng.integers(0, 256, pairs).tolist(),
        rng.integers(0, 4096, pairs).tolist(),
        strict=True,
    ):
        if kind < 3:
            words += struct.pack("<Q", device + 64 * line)
        elif kind == 3:
            words += struct.pack("<Q", host + 64 * line)
        elif kind == 4:
            words += struct.pack("<Q", any_)
        elif kind == 5:  # a buffer: base and stride, then bytes and format
            words += struct.pack("<QII", device + 64 * line, 4096, 0x00027000 | 0x31014000)
        else:
            words += struct.pack("<II", low, high)
    return words[:_ARGUMENTS]


class _Store(cache.Cache):
    """The cache without kernels: none of these comes twice, and keeping them takes time."""

    def get(self, kind: str, key: str, suffix: str) -> Path | None:
        return None if kind == "kernel" else super().get(kind, key, suffix)

    def put(self, kind: str, key: str, suffix: str, data: bytes) -> Path:
        place = self.path(kind, key, suffix)
        return place if kind == "kernel" else super().put(kind, key, suffix, data)


class Runner:
    """A device, its memory and the host's canaries, in the process that may die."""

    def __init__(self, record: Target) -> None:
        from anyroc.gpu import binding
        from anyroc.gpu.device import Device

        binding.options().step_limit = STEP_LIMIT
        self.record = record
        self.device = Device(0, record)
        self.queue = self.device.create_queue()
        self.memory = self.device.memory.alloc(_ROOM)
        self.canary = np.full(_CANARY_BYTES, _CANARY, np.uint8)
        self.canary_bytes = self.canary.tobytes()

    def module(self, numbers: range) -> tuple[bytes, list[str]]:
        """A code object of the streams, and the kernels' names."""
        record = self.record
        kernels = []
        for number in numbers:
            size = record.wave_sizes[number % len(record.wave_sizes)]
            code = _prelude(record.isa) + stream(record.isa, size, number, runnable=True)
            code += b"\0" * (-len(code) % 4) + struct.pack("<I", _end(record.isa)) * 4
            spec = KernelSpec(
                f"k{number}",
                code,
                wave32=size == 32,
                vgpr_units=32,
                accum_units=32 if record.has_agprs else 1,
                lds=1024,
                scratch=64,
                kernarg_size=_ARGUMENTS,
            )
            kernels.append(spec)
        return code_object(kernels, target=record.name), [spec.name for spec in kernels]

    def run(self, numbers: range, at: mmap.mmap, totals: Totals) -> None:
        """Run the streams of a batch; ``at`` tells which one it is at."""
        image, names = self.module(numbers)
        module = self.device.load(image)
        host = self.canary.ctypes.data
        try:
            for number, name in zip(numbers, names, strict=True):
                at[:8] = struct.pack("<Q", number + 1)
                rng = np.random.default_rng((number, 1))
                end = self._one(module, name, _arguments(rng, self.memory, host), totals, number)
                totals.ends[end] = totals.ends.get(end, 0) + 1
                totals.done += 1
        finally:
            module.unload()
        if self.canary.tobytes() != self.canary_bytes:
            where = np.flatnonzero(self.canary != _CANARY)
            totals.bugs.append(f"batch {numbers}: host memory changed at {where[:4].tolist()}")
            self.canary[:] = _CANARY

    def _one(self, module: object, name: str, arguments: bytes, totals: Totals, number: int) -> str:
        try:
            kernel = module.kernel(name)  # type: ignore[attr-defined]
            self.queue.launch(kernel, (1, 1, 1), (kernel.wave_size, 1, 1), 0, arguments)
            if not self.queue.synchronize():
                return "ran to the end"
            fault = self.queue.fault
            assert fault is not None and fault.text
            self.queue.clear_fault()
            return f"stopped: {fault.kind}"
        except AnyrocError as error:
            return f"refused: {type(error).__name__}"
        except Exception:
            totals.bugs.append(f"stream {number}: {traceback.format_exc(limit=-4)}")
            return "bug"


def _end(isa: str) -> int:
    return int.from_bytes(encode(isa, "SOPP", "s_endpgm"), "little")


def work(name: str, first: int, count: int, progress: Path) -> None:
    """Run streams in this process; a line of JSON after each batch."""
    with progress.open("r+b") as stream_:
        at = mmap.mmap(stream_.fileno(), 8)
    store = _Store()
    cache.default = lambda: store
    runner = Runner(target(name))
    for start in range(first, first + count, BATCH):
        totals = Totals()
        runner.run(range(start, min(start + BATCH, first + count)), at, totals)
        print(json.dumps(dataclasses.asdict(totals)), flush=True)
    os._exit(0)


def _child(name: str, first: int, count: int, folder: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, __file__, "--work", str(first), str(count), str(folder / "at"), name]
    environment = {**os.environ, "ANYROC_TIER": "0", "ANYROC_THREADS": "1"}
    with (folder / "said").open("wb") as said:
        return subprocess.Popen(command, stdout=said, stderr=subprocess.DEVNULL, env=environment)


def run_streams(name: str, count: int, totals: Totals, until: float) -> Iterator[None]:
    """Go on running streams of a target; yields whenever something was added."""
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        while totals.done < count and time.monotonic() < until:
            (folder / "at").write_bytes(struct.pack("<Q", 0))
            child = _child(name, totals.done, min(_LIFE, count - totals.done), folder)
            moved, before, read = time.monotonic(), 0, 0
            running = True
            while running:
                running = child.poll() is None
                for line in (folder / "said").read_text().splitlines()[read:]:
                    if line.endswith("}"):
                        _add(totals, Totals(**json.loads(line)))
                        read += 1
                        yield
                reached = struct.unpack("<Q", (folder / "at").read_bytes())[0]
                if reached != before:
                    moved, before = time.monotonic(), reached
                late = time.monotonic() > until
                if running and (late or time.monotonic() - moved > _HANG):
                    child.kill()
                    break
                time.sleep(0.05)
            status = child.wait()
            if status != 0 and not late:
                assert reached, f"the process for {name} ended with {status} before it began"
                _blame(totals, reached - 1, status)
                yield


def _blame(totals: Totals, number: int, status: int) -> None:
    """Note a death; go on behind the stream that did it."""
    how = "hung" if status == -9 else f"died with status {status}"
    totals.bugs.append(f"stream {number}: the process {how}")
    totals.ends["died"] = totals.ends.get("died", 0) + 1
    totals.done = number + 1


def _add(totals: Totals, more: Totals) -> None:
    totals.done += more.done
    totals.bugs += more.bugs
    totals.ends = dict(collections.Counter(totals.ends) + collections.Counter(more.ends))


def only(name: str, number: int) -> None:
    """Run one stream in this process, and show it."""
    record = target(name)
    size = record.wave_sizes[number % len(record.wave_sizes)]
    code = stream(record.isa, size, number, runnable=True)
    offset = 0
    while offset < len(code):
        try:
            it = decoder(record.isa, size).decode(code, offset)
        except DecodeError as problem:
            print(problem)
            break
        print(f"{code[offset : offset + it.size].hex():24} {format_instruction(it, record)}")
        offset += it.size
    totals = Totals()
    Runner(record).run(range(number, number + 1), mmap.mmap(-1, 8), totals)
    print(totals)


def report(results: dict[str, Totals]) -> str:
    """The totals as a page."""
    lines = ["# Random and damaged instruction streams", ""]
    for name, it in results.items():
        lines += [f"## {name}", "", f"- {it.decoded} decoded to the end, {it.refused} refused"]
        lines += [f"- {count} {end}" for end, count in sorted(it.ends.items())]
        lines += [f"- bug: {bug}" for bug in it.bugs] + [""]
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", nargs="*", default=sorted(TARGETS))
    parser.add_argument("--decode", type=int, default=0, help="decode so many streams per target")
    parser.add_argument("--run", type=int, default=0, help="translate and run so many per target")
    parser.add_argument("--minutes", type=float, default=1e6, help="stop after so many")
    parser.add_argument("--state", type=Path, default=Path("out/streams"))
    parser.add_argument("--report", type=Path)
    parser.add_argument("--only", type=int, help="run this stream, and show it")
    parser.add_argument("--work", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.work:
        first, count, progress = arguments.work
        work(arguments.targets[0], int(first), int(count), Path(progress))
    if arguments.only is not None:
        only(arguments.targets[0], arguments.only)
        return 0
    until = time.monotonic() + 60 * arguments.minutes
    arguments.state.mkdir(parents=True, exist_ok=True)
    results = {}
    for name in arguments.targets:
        path = arguments.state / f"{name}.json"
        totals = Totals(**json.loads(path.read_text())) if path.exists() else Totals()
        while totals.decoded + totals.refused < arguments.decode and time.monotonic() < until:
            done = totals.decoded + totals.refused
            count = min(2048, arguments.decode - done)
            decode_streams(target(name), done, count, totals)
            path.write_text(json.dumps(dataclasses.asdict(totals)))
        for _ in run_streams(name, arguments.run, totals, until):
            path.write_text(json.dumps(dataclasses.asdict(totals)))
        results[name] = totals
    page = report(results)
    print(page)
    if arguments.report:
        arguments.report.write_text(page)
    return int(any(it.bugs for it in results.values()))


if __name__ == "__main__":
    sys.exit(main())
