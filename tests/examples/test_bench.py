"""The benchmarks compute the same on anyroc as in C."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Anything that all implementations take: whole blocks, tiles and lanes.
SMALL = {
    "add": ["10000"],
    "fma_chain": ["512", "50"],
    "fma_unrolled": ["512", "50"],
    "histogram": ["10007"],
    "mandelbrot": ["70", "50", "100"],
    "matmul_naive": ["48"],
    "matmul_tiled": ["48"],
    "nbody": ["512"],
    "reduction": ["100003"],
    "softmax": ["5", "300"],
    "stencil": ["70"],
    "transpose": ["48"],
}


@pytest.fixture(scope="module", autouse=True)
def bench_can_be_imported():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT))
        yield


@pytest.fixture(scope="module")
def sides():
    from bench.sides import Anyroc, Native

    return Native(), Anyroc("gfx942")


def test_every_kernel_is_tested():
    from bench.workloads import WORKLOADS

    assert {work.kernel for work in WORKLOADS} == set(SMALL)


@pytest.mark.parametrize("kernel", SMALL)
def test_anyroc_agrees_with_c(kernel: str, sides):
    native, anyroc = sides
    expected = native.run([kernel, *SMALL[kernel]], threads=1)
    actual = anyroc.run([kernel, *SMALL[kernel]], threads=2)
    assert actual.check == pytest.approx(expected.check, rel=1e-3)
    assert 0 < actual.wall < 10


def sample(seconds: float) -> dict:
    return {"wall": seconds, "cpu": seconds, "check": 1.0, "peak_kb": 2048}


RESULTS = {
    "command": "python -m bench",
    "date": "2026-01-02",
    "machine": {"cpu": "a CPU", "cores": "2", "system": "Linux"},
    "rounds": 3,
    "sides": {
        "native C": [True, "clang"],
        "anyroc": [True, "anyroc 1"],
        "PoCL": [False, "pyopencl is not installed"],
    },
    "limits": {"memory": 1e10, "cache": 1e11, "flops": 1e11},
    "rows": [
        {
            "label": "add",
            "limit": 0.001,
            "why": "because",
            "sides": {
                "native C": {"1": sample(0.002), "2": sample(0.001)},
                "anyroc": {"1": sample(0.004), "2": sample(0.0025)},
            },
        }
    ],
    "starts": {"again": {"wall": 0.25, "cpu": 0.2, "peak_kb": 102400}},
    "translation": {
        "kernels": 3,
        "instructions": 500,
        "seconds": 0.05,
        "seconds_optimised": 0.2,
        "seconds_once": 1.5,
        "large": [(1000, 0.05), (10000, 0.6)],
    },
}


def test_the_page_gives_ratios_and_names_who_is_missing():
    from bench.page import page

    lines = page(RESULTS).splitlines()
    assert "- PoCL is **missing**: pyopencl is not installed" in lines
    assert "| add | 4 ms | 2 ms | – | 2 | – | 1.60 × | 25.0% |" in lines
    assert "| add | 1 ms | 4 ms | 25.0% | because |" in lines
    assert "| again | 0.25 s | 0.20 s | 100 MB |" in lines
    assert any("50 ms for 1000 instructions of 1000, 60 ms" in line for line in lines)
    assert any("**100 ms for 1000 instructions** of CPU time" in line for line in lines)
