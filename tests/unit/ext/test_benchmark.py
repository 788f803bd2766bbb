from __future__ import annotations

from typing import Any

import pytest

from anyroc.ext.triton import benchmark, loading, record


class Kernel:
    """A loaded kernel, as far as a benchmark and a report look at it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.launches = self.programs = self.bytes = 0
        self.function: Any = self
        self.kernel: Any = self
        self.stats: Any = self
        self.busy_ns = 0
        self.module: Any = self
        self.device: Any = self
        self.target: Any = type("Target", (), {"name": "gfx942"})

    def run(self, milliseconds: float) -> None:
        self.launches += 1
        self.programs += 4
        self.busy_ns += int(milliseconds * 1e6)


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> Kernel:
    loaded = Kernel("softmax")
    monkeypatch.setattr(loading, "kernels", lambda: [loaded])
    return loaded


def test_a_choice_is_run_twice_and_timed_once(kernel: Kernel) -> None:
    times = iter([99.0, 2.0])  # the first time it is translated
    assert 2.0 == benchmark.run_once(lambda: kernel.run(next(times)))
    assert 2 == kernel.launches


def test_quantiles_are_the_one_time(kernel: Kernel) -> None:
    times = iter([1.0, 3.0])
    call = lambda: kernel.run(next(times))  # noqa: E731
    assert [3.0, 3.0] == benchmark.run_once(call, quantiles=[0.2, 0.8], rep=100)


def test_kernels_that_are_not_known_take_wall_time(kernel: Kernel) -> None:
    elapsed = benchmark.run_once(lambda: None, warm=True)
    assert isinstance(elapsed, float)
    assert 0 < elapsed < 1000


def test_rows_keep_what_unloaded_kernels_did(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "_gone", [])
    first, second, idle = Kernel("add"), Kernel("add"), Kernel("idle")
    first.run(1)
    record.retire(first)  # type: ignore[arg-type]
    second.run(2)
    rows = record.rows([second, idle])  # type: ignore[list-item]
    assert [("add", "gfx942")] == list(rows)
    row = rows["add", "gfx942"]
    assert (2, 8, 0.003) == (row.launches, row.programs, row.seconds)
