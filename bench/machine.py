"""The machine: what it is called and what it can do at most."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from pathlib import Path

from bench import workloads
from bench.sides import Native
from bench.workloads import Workload


@dataclass(frozen=True)
class Limits:
    """Measured in C, with one thread: bytes and floating point operations in a second."""

    memory: float
    cache: float
    flops: float

    def seconds(self, work: Workload) -> float:
        """The shortest time that this machine could do the work in."""
        moving = work.bytes / (self.cache if work.cached else self.memory)
        return max(moving, work.flops / self.flops)


def limits(native: Native, rounds: int) -> Limits:
    def best(arguments: list[str]) -> float:
        return min(native.run(arguments, 1).cpu for _ in range(rounds))

    return Limits(
        memory=12.0 * workloads.STREAM / best(workloads.BANDWIDTH),
        cache=12.0 * workloads.SMALL / best(workloads.CACHE_BANDWIDTH),
        flops=workloads.FLOPS_OF_FMA / best(workloads.FMA),
    )


def description() -> dict[str, str]:
    return {"cpu": cpu_name(), "cores": str(os.cpu_count()), "system": system_name()}


def cpu_name() -> str:
    """The model, with family and number where a virtual machine hides the name."""
    fields = dict(
        (part.strip() for part in line.split(":", 1))
        for line in Path("/proc/cpuinfo").read_text().split("\n\n")[0].splitlines()
        if ":" in line
    )
    name = fields.get("model name", platform.machine())
    if "cpu family" in fields:
        name += f" (family {fields['cpu family']}, model {fields['model']})"
    return name


def system_name() -> str:
    return f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
