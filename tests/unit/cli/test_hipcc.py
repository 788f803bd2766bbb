"""The command that stands in for hipcc."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from anyroc.cli import rocm
from anyroc.cli.environment import variables
from anyroc.compiler import bundle
from anyroc.compiler.toolchain import HEADERS

KERNEL = '#include <hip/hip_runtime.h>\nextern "C" __global__ void k(int *p) { *p = 1; }\n'
MAIN = """
#include <hip/hip_runtime.h>
#include <cstdio>
#if OTHER
extern __device__ int value;
__device__ int twice(int x);
#else
static __device__ int value = 3;
static __device__ int twice(int x) { return x - 1; }
#endif
__global__ void add(int *p) { *p = value + twice(value) + (1 - OTHER) * 2; }
int main()
{
    int *place, result = 0;
    if (hipMalloc(&place, sizeof *place) != hipSuccess)
        return 1;
    add<<<1, 1>>>(place);
    if (hipMemcpy(&result, place, sizeof result, hipMemcpyDeviceToHost) != hipSuccess)
        return 2;
    std::printf("%d\\n", result);
}
"""


@pytest.fixture(scope="module")
def command() -> Path:
    return rocm.root() / "bin" / "hipcc"


def run(
    command: Path, *arguments: str, folder: Path | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [command, *arguments], capture_output=True, text=True, timeout=120, check=False, cwd=folder
    )


def test_it_tells_where_headers_are(command: Path) -> None:
    done = run(command, "-x", "hip", "-E", "-v", "/dev/null")
    listed = done.stderr.partition("#include <...> search starts here:\n")[2]
    assert 0 == done.returncode
    assert str(HEADERS) in [line.strip() for line in listed.splitlines()]


def test_it_compiles_kernels(command: Path, tmp_path: Path) -> None:
    source, made = tmp_path / "kernel.cpp", tmp_path / "kernel.hsaco"
    source.write_text(KERNEL)
    done = run(command, "--genco", "--offload-arch=gfx1201", str(source), "-o", str(made))
    assert ("", 0) == (done.stderr, done.returncode)
    assert b"\x7fELF" == made.read_bytes()[:4]


def test_it_bundles_kernels_for_several_gpus(command: Path, tmp_path: Path) -> None:
    source, made = tmp_path / "kernel.cpp", tmp_path / "kernel.co"
    source.write_text(KERNEL)
    targets = "--offload-arch=gfx942:sramecc+,gfx1201"
    done = run(command, "--genco", targets, str(source), "-o", str(made))
    assert ("", 0) == (done.stderr, done.returncode)
    images = [image for image in bundle.images(made.read_bytes()) if image.is_device]
    assert ["gfx942", "gfx1201"] == [image.target_name for image in images]


def test_of_several_gpus_unknown_ones_are_left_out(command: Path, tmp_path: Path) -> None:
    (tmp_path / "kernel.cpp").write_text(KERNEL)
    several = "--offload-arch=gfx906,gfx1201"
    done = run(command, "--genco", several, "kernel.cpp", "-o", "kernel.co", folder=tmp_path)
    assert ("hipcc: no code for gfx906, which anyroc does not know\n", 0) == (
        done.stderr,
        done.returncode,
    )
    alone = run(command, "--genco", "--offload-arch=gfx906", "kernel.cpp", folder=tmp_path)
    assert (1, True) == (alone.returncode, "unknown target 'gfx906'" in alone.stderr)


def test_it_shows_device_code(command: Path, tmp_path: Path) -> None:
    (tmp_path / "kernel.cpp").write_text(KERNEL)
    device = ("--cuda-device-only", "--offload-arch=gfx1201", "kernel.cpp")
    for flags, made, text in (
        (["-S"], "kernel.s", "s_endpgm"),
        (["-S", "-emit-llvm"], "kernel.ll", "define protected amdgpu_kernel void @k"),
    ):
        done = run(command, *device, *flags, folder=tmp_path)
        assert ("", 0) == (done.stderr, done.returncode)
        assert text in (tmp_path / made).read_text()


@pytest.mark.parametrize("relocatable", [False, True])
def test_it_makes_objects_and_executables(command: Path, tmp_path: Path, relocatable: bool) -> None:
    kernels = '#include "value.h"\n__device__ int value = FIRST; __device__ int twice(int x) '
    (tmp_path / "value.h").write_text("#define FIRST 4\n")
    (tmp_path / "kernels.cpp").write_text(kernels + "{ return 2 * x; }\n")
    (tmp_path / "main.cpp").write_text(MAIN.replace("OTHER", str(int(relocatable))))
    flags = ["-O1", "-g", "--offload-arch=gfx942", "--offload-arch=gfx1201", "-MMD", "-MP"]
    flags += ["-fgpu-rdc"] if relocatable else []
    for name in ("main", "kernels"):
        done = run(command, *flags, "-c", f"{name}.cpp", "-o", f"{name}.o", folder=tmp_path)
        assert ("", 0) == (done.stderr, done.returncode)
    assert (
        f"kernels.o: kernels.cpp \\\n  {tmp_path}/value.h" in (tmp_path / "kernels.d").read_text()
    )
    objects = ["main.o", "kernels.o"]
    done = run(command, *objects, "-o", "program", "-pthread", "-lrocblas", folder=tmp_path)
    assert ("", 0) == (done.stderr, done.returncode)
    for target in ("gfx942", "gfx1201"):
        environment = {**os.environ, **variables(), "ANYROC_TARGET": target}
        shown = subprocess.run([tmp_path / "program"], env=environment, capture_output=True)
        assert (b"12\n" if relocatable else b"7\n", 0) == (shown.stdout, shown.returncode)


def test_relocatable_device_code_in_an_archive(command: Path, tmp_path: Path) -> None:
    (tmp_path / "main.cpp").write_text(MAIN.replace("OTHER", "1"))
    (tmp_path / "kernels.cpp").write_text(
        "__device__ int value = 4; __device__ int twice(int x) { return 2 * x; }\n"
    )
    for name in ("main", "kernels"):
        assert 0 == run(command, "-fgpu-rdc", "-c", f"{name}.cpp", folder=tmp_path).returncode
    subprocess.run(["ar", "rcs", "libkernels.a", "kernels.o"], cwd=tmp_path, check=True)
    done = run(command, "-fgpu-rdc", "main.o", "-L.", "-lkernels", "-o", "program", folder=tmp_path)
    assert ("", 0) == (done.stderr, done.returncode)
    environment = {**os.environ, **variables()}
    shown = subprocess.run([tmp_path / "program"], env=environment, capture_output=True)
    assert (b"12\n", 0) == (shown.stdout, shown.returncode)


def test_a_shared_library_with_kernels(command: Path, tmp_path: Path) -> None:
    source = tmp_path / "kernel.hip"
    source.write_text(KERNEL)
    done = run(command, "-shared", "-fPIC", str(source), "-o", "libkernel.so", folder=tmp_path)
    assert ("", 0) == (done.stderr, done.returncode)
    assert bundle.images((tmp_path / "libkernel.so").read_bytes())


def test_what_does_not_compile_is_shown(command: Path, tmp_path: Path) -> None:
    (tmp_path / "wrong.cpp").write_text("int main() { return nothing; }\n")
    done = run(command, "wrong.cpp", folder=tmp_path)
    assert 1 == done.returncode
    assert "wrong.cpp:1:21: error: use of undeclared identifier" in done.stderr
    assert 1 == run(command, "missing.cpp", folder=tmp_path).returncode


def test_hipconfig_answers(command: Path) -> None:
    hipconfig = command.with_name("hipconfig")
    assert "amd" == run(hipconfig, "--platform").stdout
    assert run(hipconfig, "--version").stdout.startswith("7.1.")
    root = hipconfig.parents[1]
    assert f"-I{root}/include" in run(hipconfig, "--cpp_config").stdout
    assert (str(root), HEADERS) == (run(hipconfig, "--path").stdout, (root / "include").resolve())
    assert "HIP_PLATFORM: amd" in run(hipconfig).stdout


CMAKE = """
cmake_minimum_required(VERSION 3.21)
project(program LANGUAGES {languages})
find_package(hip 6.0 REQUIRED)
find_package(rocblas REQUIRED)
{sources}
add_library(kernels SHARED kernels.cpp)
target_link_libraries(kernels PUBLIC {device})
add_executable(program main.cpp)
target_compile_definitions(program PRIVATE OTHER=0)
target_link_libraries(program PRIVATE kernels roc::rocblas {device})
"""


@pytest.mark.skipif(shutil.which("cmake") is None, reason="needs CMake")
@pytest.mark.parametrize("language", ["CXX", "HIP"])
def test_cmake_finds_it(command: Path, tmp_path: Path, language: str) -> None:
    """As the compiler of C++, with the package hip, and as the compiler of CMake's language HIP."""
    own = language == "HIP"
    languages = "CXX HIP" if own else "CXX"
    sources = "set_source_files_properties(main.cpp kernels.cpp PROPERTIES LANGUAGE HIP)"
    (tmp_path / "CMakeLists.txt").write_text(
        CMAKE.format(
            languages=languages, sources=sources if own else "", device="" if own else "hip::device"
        )
    )
    (tmp_path / "main.cpp").write_text(MAIN)
    (tmp_path / "kernels.cpp").write_text(KERNEL)
    environment = {**os.environ, **variables()} | ({} if own else {"CXX": str(command)})
    for arguments in ([".", "-DGPU_TARGETS=gfx942"], ["--build", "."]):
        subprocess.run(["cmake", *arguments], cwd=tmp_path, env=environment, check=True)
    shown = subprocess.run([tmp_path / "program"], env=environment, capture_output=True)
    assert (b"7\n", 0) == (shown.stdout, shown.returncode)


def test_commands_that_name_the_gpus(command: Path) -> None:
    root, environment = command.parents[1], os.environ | {"ANYROC_DEVICES": "gfx942,gfx1201x2"}
    expected = ["gfx942", "gfx1201", "gfx1201"]
    for name, first in (("bin/rocm_agent_enumerator", ["gfx000"]), ("llvm/bin/amdgpu-arch", [])):
        shown = subprocess.run([root / name], capture_output=True, text=True, env=environment)
        assert [*first, *expected] == shown.stdout.split()
    shown = subprocess.run([root / "bin/rocminfo"], capture_output=True, text=True, env=environment)
    names = [line.split()[1] for line in shown.stdout.splitlines() if line.startswith("  Name:")]
    assert expected == names
