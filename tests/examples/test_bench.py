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
