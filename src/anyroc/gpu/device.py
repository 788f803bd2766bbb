"""The software GPUs of this process."""

from __future__ import annotations

import os
import re
import threading
from functools import cache, cached_property

from anyroc.cache import parse_size
from anyroc.errors import AnyrocError, BadInput, UnknownTarget
from anyroc.gpu import binding
from anyroc.gpu.memory import Memory
from anyroc.gpu.module import Module
from anyroc.gpu.queue import Queue
from anyroc.isa.targets import Target, target
from anyroc.translate.codeobject import CodeObject

DEFAULT_TARGET = "gfx942"
_MOST_DEVICES = 64
_DEVICE = re.compile(r"(gfx[0-9a-f]+|[^x]+)(?:x(\d{1,4}))?")


class Device:
    """A software GPU: a target, memory, queues and loaded modules."""

    def __init__(self, index: int, target: Target) -> None:
        self.index = index
        self.target = target
        self.memory = Memory(index, _capacity(target))
        self._lock = threading.Lock()
        self._queues: list[Queue] = []
        self._modules: list[Module] = []

    def __repr__(self) -> str:
        return f"<Device {self.index}: {self.target.name}>"

    @cached_property
    def default_queue(self) -> Queue:
        """The queue of work that names no other."""
        return self.create_queue()

    @property
    def queues(self) -> tuple[Queue, ...]:
        """The queues that are open."""
        with self._lock:
            return tuple(self._queues)

    @property
    def modules(self) -> tuple[Module, ...]:
        """The modules that are loaded."""
        with self._lock:
            return tuple(self._modules)

    def create_queue(self) -> Queue:
        """Make a queue; `Queue.close` ends it."""
        queue = Queue(self)
        with self._lock:
            self._queues.append(queue)
        return queue

    def forget_queue(self, queue: Queue) -> None:
        """Drop a queue that is being closed."""
        with self._lock:
            if queue in self._queues:
                self._queues.remove(queue)

    def load(self, image: bytes) -> Module:
        """Load a code object for this device's target; CodeObjectError if it is not one."""
        module = Module(self, CodeObject.parse(image))
        with self._lock:
            self._modules.append(module)
        return module

    def forget(self, module: Module) -> None:
        """Drop a module that has been unloaded."""
        with self._lock:
            self._modules.remove(module)

    def synchronize(self) -> None:
        """Wait for all queues."""
        for queue in self.queues:
            queue.synchronize()

    def stop(self) -> None:
        """Stop all kernels of the process that run, wherever they are, and wait.

        Their queues get a fault of kind "stopped".
        """
        runtime = binding.runtime()
        runtime.anyroc_stop(1)
        try:
            self.synchronize()
        finally:
            runtime.anyroc_stop(0)


def configured_targets() -> list[Target]:
    """Return the target of each device, from the environment.

    ANYROC_DEVICES lists devices ("gfx942x4,gfx1201"); without it there is one, of ANYROC_TARGET or
    gfx942. BadInput names the variable that makes no sense.
    """
    text = os.environ.get("ANYROC_DEVICES", "").strip()
    if not text:
        name = os.environ.get("ANYROC_TARGET") or DEFAULT_TARGET
        return [_named(name, "ANYROC_TARGET")]
    result: list[Target] = []
    for part in text.split(","):
        match = _DEVICE.fullmatch(part.strip())
        count = int(match[2] or 1) if match else 0
        if match is None or not 0 < count <= _MOST_DEVICES:
            raise BadInput(
                f"ANYROC_DEVICES={text}: {part.strip()!r} is not a target and a count",
                hint="for example ANYROC_DEVICES=gfx942x4,gfx1201",
            )
        result += [_named(match[1], "ANYROC_DEVICES")] * count
    if len(result) > _MOST_DEVICES:
        raise BadInput(f"ANYROC_DEVICES names {len(result)} devices; at most {_MOST_DEVICES}")
    return result


def worker_threads() -> int:
    """Return how many threads run kernels: ANYROC_THREADS, or the cores this process may use."""
    text = os.environ.get("ANYROC_THREADS", "")
    if not text:
        return len(os.sched_getaffinity(0))
    if not text.isdecimal() or int(text) < 1:
        raise BadInput(f"ANYROC_THREADS={text} is not a number of threads")
    return int(text)


@cache
def devices() -> list[Device]:
    """Return the devices of this process."""
    targets = configured_targets()
    options = binding.options()
    options.threads = worker_threads()
    options.poison = os.environ.get("ANYROC_POISON", "0") not in ("", "0")
    options.seed = _number("ANYROC_SEED")
    options.step_limit = _number("ANYROC_STEP_LIMIT")
    return [Device(index, target) for index, target in enumerate(targets)]


def _named(name: str, variable: str) -> Target:
    try:
        return target(name)
    except UnknownTarget as error:
        raise BadInput(f"{variable}: {error.message}", hint=error.hint) from error


def _number(variable: str) -> int:
    text = os.environ.get(variable, "") or "0"
    if not text.isdecimal():
        raise BadInput(f"{variable}={text} is not a number")
    return int(text) & (1 << 64) - 1


def _capacity(target: Target) -> int:
    text = os.environ.get("ANYROC_MEMORY", "")
    if not text:
        return target.memory_bytes
    try:
        return parse_size(text)
    except (AnyrocError, ValueError) as error:
        raise BadInput(
            f"ANYROC_MEMORY={text} is not a size", hint="for example ANYROC_MEMORY=8G"
        ) from error
