"""Each example passes on each GPU and wave size, and notices when its kernels do nothing."""

import os
import struct
import subprocess
import sys
import zlib
from dataclasses import dataclass
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"

# Small enough to keep the whole matrix within a few minutes, and of awkward sizes: the last block,
# warp or tile is never full.
ARGUMENTS = {
    "black_scholes": ["30000"],
    "heat": ["picture.png", "131", "77", "60"],
    "histogram": ["300001"],
    "life": ["150", "101", "20"],
    "mandelbrot": ["picture.png", "203", "115"],
    "matmul": ["100", "70", "45"],
    "nbody": ["500", "3"],
    "reduction": ["100003"],
    "saxpy": ["100003"],
    "scan": ["300007"],
    "softmax": ["67", "300"],
}


@dataclass(frozen=True)
class Device:
    target: str
    wave: int

    @property
    def options(self) -> list[str]:
        return ["--target", self.target, "--wave", str(self.wave)]

    def __str__(self) -> str:
        return f"{self.target}-wave{self.wave}"


DEVICES = [
    Device("gfx942", 64),
    Device("gfx1151", 32),
    Device("gfx1151", 64),
    Device("gfx1201", 32),
    Device("gfx1201", 64),
]

# GPUs of the same families run a few examples only.
NEAR = [
    Device("gfx90a", 64),
    Device("gfx950", 64),
    Device("gfx1100", 32),
    Device("gfx1100", 64),
    Device("gfx1200", 32),
]

on_each_device = pytest.mark.parametrize("device", DEVICES, ids=str)


def run(
    program: Path, device: Device, arguments: list[str], folder: Path, **environment: str
) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "anyroc", "run", *device.options, str(program), "--"]
    return subprocess.run(
        command + arguments,
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=300,
    )


def outcome(result: subprocess.CompletedProcess[str]) -> str:
    return f"exit code {result.returncode}\n{result.stdout}\n{result.stderr}"


def decode_png(data: bytes) -> tuple[int, int, bytes]:
    """Width, height and filtered rows of an RGB picture; checks every CRC."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    chunks, at = {}, 8
    while at < len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        body = data[at + 8 : at + 8 + length]
        (crc,) = struct.unpack_from(">I", data, at + 8 + length)
        assert crc == zlib.crc32(kind + body), kind
        chunks[kind] = body
        at += length + 12
    assert [b"IHDR", b"IDAT", b"IEND"] == list(chunks)
    width, height, *rest = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    assert rest == [8, 2, 0, 0, 0]
    return width, height, zlib.decompress(chunks[b"IDAT"])


def test_every_example_is_tested():
    assert sorted(path.stem for path in EXAMPLES.glob("*.cu")) == sorted(ARGUMENTS)


@on_each_device
@pytest.mark.parametrize("name", ARGUMENTS)
def test_passes(name: str, device: Device, tmp_path: Path):
    result = run(EXAMPLES / f"{name}.cu", device, ARGUMENTS[name], tmp_path)
    assert result.returncode == 0, outcome(result)
    assert result.stdout.endswith(", PASSED\n")
    assert result.stderr == ""


@pytest.mark.parametrize("device", NEAR, ids=str)
@pytest.mark.parametrize("name", ["histogram", "nbody", "scan"])
def test_passes_on_its_kin(name: str, device: Device, tmp_path: Path):
    test_passes(name, device, tmp_path)


@pytest.mark.parametrize("device", NEAR[:3], ids=str)
def test_calls_functions_on_its_kin(device: Device, tmp_path: Path):
    test_runs_what_no_example_does("calls", device, tmp_path)


@on_each_device
@pytest.mark.parametrize("name", ARGUMENTS)
def test_notices_kernels_that_do_nothing(name: str, device: Device, tmp_path: Path):
    result = run(
        EXAMPLES / f"{name}.cu", device, ARGUMENTS[name], tmp_path, ANYROC_NOOP_KERNELS="1"
    )
    assert result.returncode == 1, outcome(result)
    assert result.stdout.endswith(", FAILED\n")


@pytest.mark.parametrize("name", ["heat", "mandelbrot"])
def test_draws_a_picture(name: str, tmp_path: Path):
    result = run(EXAMPLES / f"{name}.cu", DEVICES[0], ARGUMENTS[name], tmp_path)
    assert result.returncode == 0, outcome(result)
    width, height, rows = decode_png((tmp_path / "picture.png").read_bytes())
    assert [str(width), str(height)] == ARGUMENTS[name][1:3]
    assert len(rows) == height * (1 + 3 * width)
    assert len(set(rows)) > 100


@on_each_device
@pytest.mark.parametrize("name", ["kitchen_sink", "calls"])
def test_runs_what_no_example_does(name: str, device: Device, tmp_path: Path):
    result = run(Path(__file__).with_name(f"{name}.cu"), device, [], tmp_path)
    assert result.returncode == 0, outcome(result)
    assert result.stdout.endswith("PASSED\n")


@on_each_device
def test_prints_from_kernels(device: Device, tmp_path: Path):
    result = run(Path(__file__).with_name("kitchen_sink.cu"), device, [], tmp_path)
    said = [line for line in result.stdout.splitlines() if line.startswith("thread")]
    expected = [
        f"thread {thread} of block {block} says hello: 1.50"
        for block in (0, 1)
        for thread in (3, 43)
    ]
    assert sorted(expected) == sorted(said), outcome(result)
