"""What calls of the HIP runtime cost, in ns: python -m bench.hip_api

From a thread that Python did not start (`hip_api.hip`), and from Python through ctypes, where what
ctypes costs by itself is the first row. Then copies against memcpy, and a large fat binary.
"""

from __future__ import annotations

import ctypes
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

SOURCE = Path(__file__).with_suffix(".hip")
WARM_UP, CALLS = 200, 4000
BAR, LAUNCH_BAR = 1_000, 10_000
"""What the median of a call, and of a launch, is to stay below, in ns."""

LARGE = 100 << 20
Call = Callable[[], object]


def native() -> tuple[list[tuple[str, int, int, int]], list[tuple[str, int]]]:
    """Return (name, median, 99th percentile, least) of calls, and (name, MB/s) of copies."""
    command = [sys.executable, "-m", "anyroc", "run", str(SOURCE)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    calls, rates = [], []
    for line in done.stdout.splitlines():
        fields = line.split("\t")
        if fields[0] == "MB/s":
            rates.append((fields[1], int(fields[2])))
        elif len(fields) == 5:
            calls.append((fields[0], int(fields[2]), int(fields[3]), int(fields[4])))
    return calls, rates


def timed(call: Call, after: Call = lambda: None) -> tuple[int, int, int]:
    """Return median, 99th percentile and least of one call's time."""
    clock, times = time.perf_counter_ns, []
    for number in range(WARM_UP + CALLS):
        begun = clock()
        call()
        ended = clock()
        after()
        if number >= WARM_UP:
            times.append(ended - begun)
    times.sort()
    return int(statistics.median(times)), times[len(times) * 99 // 100], times[0]


def python() -> list[tuple[str, int, int, int]]:
    """Return (name, median, 99th percentile, least) of calls through ctypes."""
    from anyroc import hip
    from anyroc.compiler import compile_device
    from anyroc.hip import calls
    from anyroc.hip.device import gpus

    hip.bind()
    library = ctypes.CDLL(str(calls.library().path))
    number, pointer, event = ctypes.c_int(), ctypes.c_void_p(), ctypes.c_void_p()
    stream, module, kernel = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_void_p()
    code = compile_device(SOURCE, target=gpus()[0].target)
    assert 0 == library.hipStreamCreateWithFlags(ctypes.byref(stream), 1)
    assert 0 == library.hipModuleLoadData(ctypes.byref(module), code)
    assert 0 == library.hipModuleGetFunction(ctypes.byref(kernel), module, b"_Z5emptyv")
    assert 0 == library.hipMalloc(ctypes.byref(pointer), ctypes.c_size_t(4096))
    assert 0 == library.hipEventCreate(ctypes.byref(event))
    host, size = ctypes.create_string_buffer(4096), ctypes.c_size_t(4096)
    out, one, none = ctypes.byref(number), ctypes.c_uint(1), ctypes.c_void_p()
    block = ctypes.c_uint(64)
    launch, drain = library.hipModuleLaunchKernel, library.hipStreamSynchronize
    made, fresh = ctypes.c_void_p(), ctypes.c_void_p()
    graph, ready = ctypes.c_void_p(), ctypes.c_void_p()
    assert 0 == library.hipStreamBeginCapture(stream, 1)
    assert 0 == launch(kernel, one, one, one, block, one, one, 0, stream, none, none)
    assert 0 == library.hipStreamEndCapture(stream, ctypes.byref(graph))
    assert 0 == library.hipGraphInstantiate(ctypes.byref(ready), graph, none, none, none)
    place = ctypes.byref(made)
    rows: list[tuple[str, Call, Call]] = [
        ("ctypes itself", lambda: library.hipPeekAtLastError(), int),
        ("hipGetDevice", lambda: library.hipGetDevice(out), int),
        ("hipDeviceGetAttribute", lambda: library.hipDeviceGetAttribute(out, 1, 0), int),
        ("hipStreamQuery", lambda: library.hipStreamQuery(stream), int),
        ("hipStreamSynchronize", lambda: library.hipStreamSynchronize(stream), int),
        ("hipEventRecord", lambda: library.hipEventRecord(event, stream), int),
        (
            "hipMalloc, 4 KiB",
            lambda: library.hipMalloc(place, size),
            lambda: library.hipFree(made),
        ),
        (
            "hipMalloc and hipFree",
            lambda: library.hipMalloc(place, size) or library.hipFree(made),
            int,
        ),
        (
            "hipStreamCreate and hipStreamDestroy",
            lambda: library.hipStreamCreate(ctypes.byref(fresh)) or library.hipStreamDestroy(fresh),
            int,
        ),
        ("hipMemcpy, 4 KiB", lambda: library.hipMemcpy(pointer, host, size, 1), int),
        (
            "launch of an empty kernel",
            lambda: launch(kernel, one, one, one, block, one, one, 0, stream, none, none),
            lambda: drain(stream),
        ),
        (
            "launch of a graph of a kernel",
            lambda: library.hipGraphLaunch(ready, stream),
            lambda: drain(stream),
        ),
    ]
    return [(name, *timed(call, after)) for name, call, after in rows]


def fat_binary() -> list[tuple[str, float]]:
    """Return (what, ms) of a fat binary of 100 MB of which one small kernel is used."""
    from anyroc import hip
    from anyroc.compiler import bundle, compile_device
    from anyroc.hip import calls
    from anyroc.hip.device import gpus

    hip.bind()
    library = ctypes.CDLL(str(calls.library().path))
    target = gpus()[0].target
    code = compile_device(SOURCE, target=target)
    others = {f"gfx{number}": code.ljust(LARGE // 10, b"\0") for number in range(9000, 9010)}
    data = bundle.write({target.name: code, **others})
    module, kernel, one = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_uint(1)
    rows = []
    for what, call in (
        (
            f"loading {len(data) / 1e6:.0f} MB",
            lambda: library.hipModuleLoadData(ctypes.byref(module), data),
        ),
        (
            "and the first kernel's launch",
            lambda: (
                library.hipModuleGetFunction(ctypes.byref(kernel), module, b"_Z5emptyv")
                or library.hipModuleLaunchKernel(kernel, *[one] * 6, 0, None, None, None)
                or library.hipDeviceSynchronize()
            ),
        ),
    ):
        begun = time.perf_counter()
        assert 0 == call()
        rows.append((what, 1e3 * (time.perf_counter() - begun)))
    return rows


def bar(name: str) -> int:
    """Return what the median of a call or a launch is to stay below, in ns."""
    return LAUNCH_BAR if name.startswith("launch") else BAR


def table(title: str, rows: list[tuple[str, int, int, int]]) -> Table:
    """Return a table of times, those above the bar marked."""
    made = Table("call", title=title)
    for heading in ("median", "99 %", "least"):
        made.add_column(f"{heading}, ns", justify="right")
    for name, median, late, least in rows:
        style = "" if median <= bar(name) else "bold"
        made.add_row(name, f"{median}", f"{late}", f"{least}", style=style)
    return made


def main() -> None:
    """Measure everything and print the tables."""
    console = Console()
    calls, rates = native()
    console.print(table("from a native thread", calls))
    by_python = python()
    console.print(table("from Python, with what ctypes costs", by_python))
    for where, rows in (("a native thread", calls), ("Python", by_python)):
        above = [f"{name} {median / 1000:.1f}" for name, median, _, _ in rows if median > bar(name)]
        print(f"above the bar from {where}, in us: {', '.join(above) or 'none'}")
    for name, rate in rates:
        console.print(f"{name}: {rate / 1000:.2f} GB/s")
    for name, milliseconds in fat_binary():
        console.print(f"{name}: {milliseconds:.1f} ms")


if __name__ == "__main__":
    main()
