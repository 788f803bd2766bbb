"""The trials of soak.hip: how often each runs in a quick and in a long test."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

PROGRAM = Path(__file__).with_name("soak.hip")
MEMORY = "256M"
"""What the GPU has, so that it can be exhausted without filling the machine."""


@dataclass(frozen=True)
class Trial:
    """A trial, what it shows, and how often it goes round: briefly and at length."""

    name: str
    shows: str
    brief: int
    long: int


TRIALS = (
    Trial("launches", "launches leave nothing behind", 20_000, 1_000_000),
    Trial("graphs", "launches of a graph leave nothing behind", 2_000, 100_000),
    Trial("handles", "streams, events and graphs leave nothing behind", 500, 20_000),
    Trial("allocations", "allocations leave nothing behind", 8_000, 1_000_000),
    Trial("threads", "threads with streams of their own, all at once", 400, 1_000),
    Trial("traffic", "threads that allocate, fill, read and free", 300, 30_000),
    Trial("double-free", "what is freed or destroyed twice is told", 20, 2_000),
    Trial("copy-after-free", "copies from and to freed memory are told", 20, 2_000),
    Trial("kernel-after-free", "a kernel's use of freed memory, in all threads", 1, 1),
    Trial("fault-in-company", "a fault while other threads work", 32, 500),
    Trial("exhaustion", "device memory to its end and back", 2, 50),
    Trial("busy-stream", "a stream destroyed while it works", 3, 50),
    Trial("callback-throws", "an exception that leaves a callback ends the program", 1, 1),
    Trial("unload-in-use", "a module unloaded while a kernel of it runs", 3, 50),
)
