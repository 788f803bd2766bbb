"""Bad input, as a user meets it: one clear message and a non-zero exit code."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from anyroc.compiler import bundle

Run = Callable[..., subprocess.CompletedProcess[str]]

SAXPY = """
#include <cstdio>
__global__ void saxpy(int n, float a, const float *x, float *y) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) y[i] = a * x[i] + y[i];
}
"""


def failed(done: subprocess.CompletedProcess[str], code: int = 2) -> str:
    """Assert that a command failed decently, and return what it said."""
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    assert "internal error" not in done.stderr
    return done.stderr


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str | bytes], Path]:
    def write(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


Write = Callable[[str, "str | bytes"], Path]


@pytest.mark.parametrize("command", ["run", "build", "disasm"])
class TestFiles:
    def test_missing(self, anyroc: Run, tmp_path: Path, command: str) -> None:
        path = tmp_path / "none.cu"
        assert f"anyroc: {path} does not exist\n" == failed(anyroc(command, path))

    def test_missing_but_similar(
        self, anyroc: Run, write: Write, tmp_path: Path, command: str
    ) -> None:
        there = write("saxpy.cu", SAXPY)
        assert f"did you mean {there}?" in failed(anyroc(command, tmp_path / "sxapy.cu"))

    def test_folder(self, anyroc: Run, tmp_path: Path, command: str) -> None:
        assert "is a folder" in failed(anyroc(command, tmp_path))

    def test_empty(self, anyroc: Run, write: Write, command: str) -> None:
        assert "is empty" in failed(anyroc(command, write("empty.cu", "")))


@pytest.mark.parametrize("command", ["run", "build"])
class TestSources:
    def test_unknown_target(self, anyroc: Run, write: Write, command: str) -> None:
        message = failed(anyroc(command, write("a.cu", SAXPY), "--target", "gfx4711"))
        assert "gfx4711" in message
        assert "gfx1151" in message

    def test_unknown_target_in_the_environment(
        self, anyroc: Run, write: Write, command: str
    ) -> None:
        message = failed(anyroc(command, write("a.cu", SAXPY), ANYROC_TARGET="gfx4711"))
        assert "gfx4711" in message
        assert "gfx1151" in message

    def test_a_wave_size_the_gpu_has_not(self, anyroc: Run, write: Write, command: str) -> None:
        message = failed(anyroc(command, write("a.cu", SAXPY), "--wave", "32"))
        assert "anyroc: gfx942 has no waves of 32 lanes\nhint: " in message

    def test_options_of_nvcc(self, anyroc: Run, write: Write, command: str) -> None:
        source = write("a.cu", SAXPY)
        message = failed(anyroc(command, "-arch=sm_80", source))
        assert "anyroc: -arch is an option of nvcc\nhint: here it is --target" in message
        message = failed(anyroc(command, "--use_fast_math", source))
        assert "hint: here it is -X -ffast-math" in message

    def test_compile_error_has_file_and_line(self, anyroc: Run, write: Write, command: str) -> None:
        path = write("wrong.cu", SAXPY + "int main() {\n    return undeclared;\n}\n")
        message = failed(anyroc(command, path))
        assert f"{path}:8:12: error:" in message
        assert "undeclared" in message

    def test_an_include_folder_that_is_none(self, anyroc: Run, write: Write, command: str) -> None:
        assert "no such folder" in failed(anyroc(command, write("a.cu", SAXPY), "-I", "nowhere"))


def test_run_of_something_else(anyroc: Run, write: Write) -> None:
    message = failed(anyroc("run", write("notes.txt", "hello")))
    assert "notes.txt is neither source nor a program" in message


def test_run_of_a_library_that_is_no_program(anyroc: Run) -> None:
    from anyroc.cabi.library import library

    assert "main" in failed(anyroc("run", library()))


def test_a_program_without_main(anyroc: Run, write: Write) -> None:
    assert "main" in failed(anyroc("run", write("a.cu", SAXPY)))


def test_build_into_a_folder(anyroc: Run, write: Write, tmp_path: Path) -> None:
    assert "is a folder" in failed(anyroc("build", write("a.cu", SAXPY), "-o", tmp_path))


def test_build_into_nowhere(anyroc: Run, write: Write, tmp_path: Path) -> None:
    output = tmp_path / "no" / "a.co"
    message = failed(anyroc("build", write("a.cu", SAXPY), "--device-only", "-o", output))
    assert f"cannot write {output}" in message


@pytest.fixture(scope="module")
def code_object(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("code")
    (folder / "saxpy.cu").write_text(SAXPY)
    command = [sys.executable, "-m", "anyroc", "build", "saxpy.cu", "--device-only"]
    subprocess.run(command, check=True, cwd=folder, capture_output=True)
    return (folder / "saxpy.co").read_bytes()


@pytest.mark.parametrize("suffix", ["co", "hipfb"])
def test_run_of_kernels_alone(anyroc: Run, write: Write, code_object: bytes, suffix: str) -> None:
    data = code_object if suffix == "co" else bundle.write({"gfx942": code_object})
    message = failed(anyroc("run", write(f"saxpy.{suffix}", data)))
    assert "holds kernels only" in message
    assert "anyroc disasm" in message


def test_disasm_of_text(anyroc: Run, write: Write) -> None:
    assert "no code object" in failed(anyroc("disasm", write("notes.txt", "hello, world")))


def test_disasm_of_a_host_program(anyroc: Run) -> None:
    assert "no GPU code" in failed(anyroc("disasm", os.path.realpath(sys.executable)))


def test_disasm_for_a_target_that_is_not_there(
    anyroc: Run, write: Write, code_object: bytes
) -> None:
    path = write("saxpy.co", code_object)
    message = failed(anyroc("disasm", path, "--target", "gfx1201"))
    assert "has no code for gfx1201\nhint: it has code for: gfx942" in message


def test_disasm_of_a_kernel_that_is_not_there(
    anyroc: Run, write: Write, code_object: bytes
) -> None:
    message = failed(anyroc("disasm", write("saxpy.co", code_object), "--kernel", "none"))
    assert "_Z5saxpyifPKfPf" in message


@pytest.mark.parametrize("size", [5, 19, 63, 64, 200, 1000, 3000])
def test_disasm_of_a_truncated_code_object(
    anyroc: Run, write: Write, code_object: bytes, size: int
) -> None:
    failed(anyroc("disasm", write("saxpy.co", code_object[:size])))


ENDLESS = """
#include <cstdio>
__global__ void endless(volatile int *stop) { while (!*stop) {} }
int main() {
    int *stop;
    cudaMalloc(&stop, sizeof *stop);
    cudaMemset(stop, 0, sizeof *stop);
    endless<<<1, 64>>>(stop);
    puts("launched");
    fflush(stdout);
    cudaDeviceSynchronize();
}
"""


def test_ctrl_c_stops_an_endless_kernel(write: Write) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "anyroc", "run", str(write("endless.cu", ENDLESS))],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "launched\n"
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert errors.endswith(
        "\nanyroc: interrupted\n  kernel _Z7endlessPVi was running on device 0 (gfx942)\n"
    )


STRAY = """
#include <cstdio>
__global__ void stray(int *data, long offset) { data[offset + threadIdx.x] = 1; }
int main() {
    int *data;
    cudaMalloc(&data, 256);
    stray<<<1, 64>>>(data, 1L << 40);
    cudaError_t error = cudaDeviceSynchronize();
    printf("%s\\n", cudaGetErrorName(error));
    return error == cudaSuccess ? 0 : 7;
}
"""


def test_a_stray_access_is_reported_and_the_process_lives(anyroc: Run, write: Write) -> None:
    done = anyroc("run", write("stray.cu", STRAY))
    assert done.stdout.endswith("ErrorIllegalAddress\n")
    assert done.returncode == 7
    for part in ("stray", "0x", "global_store_dword", "256 bytes"):
        assert part in done.stderr


@pytest.mark.parametrize("cache", ["/proc/anyroc", "/dev/null/cache"], ids=["read-only", "a file"])
def test_a_cache_folder_that_cannot_be_written(
    anyroc: Run, write: Write, tmp_path: Path, cache: str
) -> None:
    output = tmp_path / "a.co"
    path = write("a.cu", SAXPY)
    done = anyroc("build", path, "--device-only", "-o", output, ANYROC_CACHE=cache)
    assert (0, f"{output}\n") == (done.returncode, done.stdout)
    assert output.read_bytes().startswith(b"\x7fELF")
    assert done.stderr.count("warning: cannot write to the cache folder") == 1
