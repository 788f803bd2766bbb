"""The report of a run: what the device did, and what it did not."""

from __future__ import annotations

from dataclasses import dataclass, field

from anyroc.ext.inductor import external
from anyroc.ext.triton import loading, record


@dataclass
class Report:
    """What ran since the start, or since `reset`.

    `kernels` ran on the software GPU, the one that took most time first. `external` are the
    operations that compiled graphs handed to PyTorch's own CPU code. `breaks` are the reasons for
    which Dynamo left code out of its graphs, with their counts; that code ran as Python.
    """

    kernels: list[record.Row]
    external: list[external.Operation]
    breaks: dict[str, int] = field(default_factory=dict)

    def __str__(self) -> str:
        lines = [f"{'on the software GPU':58}{'launches':>9}{'CPU s':>9}{'MB':>10}"]
        for row in self.kernels:
            name = f"{row.name} ({row.target})"
            lines.append(f"  {name:56.56}{row.launches:9}{row.seconds:9.3f}{row.bytes / 1e6:10.2f}")
        if not self.kernels:
            lines.append("  nothing")
        lines.append(f"{'external, by PyTorch on the CPU':58}{'calls':>9}{'s':>9}{'MB':>10}")
        for other in self.external:
            numbers = f"{other.calls:9}{other.seconds:9.3f}{other.bytes / 1e6:10.2f}"
            lines.append(f"  {other.name:56.56}{numbers}")
        if not self.external:
            lines.append("  nothing")
        if self.breaks:
            lines.append("not compiled, because Dynamo broke the graph")
            lines += [
                f"  {count} × {reason.splitlines()[0]}" for reason, count in self.breaks.items()
            ]
        return "\n".join(lines)


_before: record.Rows = {}


def reset() -> None:
    """Let reports begin here."""
    global _before
    _before = record.rows(loading.kernels())
    external.operations.clear()
    _breaks().clear()


def report() -> Report:
    """Return what ran since the start, or since `reset`."""
    kernels = []
    for key, row in record.rows(loading.kernels()).items():
        if key in _before:
            row.add(_before[key], -1)
        if row.launches:
            kernels.append(row)
    kernels.sort(key=lambda row: -row.seconds)
    others = sorted(external.operations.values(), key=lambda row: -row.seconds)
    return Report(kernels, others, dict(_breaks()))


def _breaks() -> dict[str, int]:
    from torch._dynamo.utils import counters

    found: dict[str, int] = counters["graph_break"]
    return found
