"""Programs from source to exit code, through the command line."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from anyroc.isa.targets import TARGETS

Run = Callable[..., subprocess.CompletedProcess[str]]

PROGRAM = """
#include <cstdio>
#include <cstdlib>
__global__ void scale(int *data, int factor) { data[threadIdx.x] *= factor; }
int main(int argc, char **argv) {
    int host[4] = {1, 2, 3, 4}, *data;
    cudaMalloc(&data, sizeof host);
    cudaMemcpy(data, host, sizeof host, cudaMemcpyHostToDevice);
    scale<<<1, 4>>>(data, FACTOR);
    cudaMemcpy(host, data, sizeof host, cudaMemcpyDeviceToHost);
    cudaDeviceProp prop;
    cudaGetDeviceProperties(&prop, 0);
    printf("%d %d %d %d\\n", host[0], host[1], host[2], host[3]);
    for (int i = 1; i < argc; i++) printf("[%s]", argv[i]);
    printf(" on %s\\n", prop.gcnArchName);
    return argc > 1 ? atoi(argv[1]) : 0;
}
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "scale.cu"
    path.write_text(PROGRAM)
    return path


def test_the_exit_code_and_the_arguments_are_the_program_s(anyroc: Run, source: Path) -> None:
    done = anyroc("run", source, "-DFACTOR=3", "--", "41", "--target", "-x")
    assert done.returncode == 41, done.stderr
    first, second = done.stdout.splitlines()
    assert first == "3 6 9 12"
    assert second.startswith("[41][--target][-x] on gfx942")


@pytest.mark.parametrize(
    "options",
    [("gfx942",), ("gfx1151",), ("gfx1151", "--wave", "64"), ("gfx1201",)],
    ids=" ".join,
)
def test_target(anyroc: Run, source: Path, options: tuple[str, ...]) -> None:
    done = anyroc("run", source, "-D", "FACTOR=2", "--target", *options)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("2 4 6 8\n")
    assert done.stdout.rstrip().split(" on ")[1].startswith(options[0])


def test_the_environment_s_target(anyroc: Run, source: Path) -> None:
    done = anyroc("run", source, "-DFACTOR=2", ANYROC_TARGET="gfx1201")
    assert "on gfx1201" in done.stdout


def test_the_option_beats_the_environment(anyroc: Run, source: Path) -> None:
    done = anyroc(
        "run", source, "-DFACTOR=2", "--target", "gfx1151", ANYROC_DEVICES="gfx942x2,gfx1201"
    )
    assert "on gfx1151" in done.stdout


def test_kernels_that_do_nothing(anyroc: Run, source: Path) -> None:
    assert anyroc("run", "--noop-kernels", source, "-DFACTOR=3").stdout.startswith("1 2 3 4\n")


def test_stats(anyroc: Run, source: Path) -> None:
    done = anyroc("run", "--stats", source, "-DFACTOR=3")
    assert done.stdout.startswith("3 6 9 12\n")
    shown = dict(re.findall(r"│ +(.+?) +│ +(.+?) +│", done.stderr))
    assert {"launches": "1", "waves": "1", "bytes read": "28 B", "bytes written": "16 B"} == {
        name: shown[name] for name in ("launches", "waves", "bytes read", "bytes written")
    }


def test_build_then_run_on_any_of_its_targets(anyroc: Run, source: Path, tmp_path: Path) -> None:
    output = tmp_path / "scale.so"
    names = ("gfx942", "gfx1201")
    targets = [option for name in names for option in ("--target", name)]
    done = anyroc("build", source, "-DFACTOR=5", "-o", output, *targets)
    assert (0, f"{output}\n") == (done.returncode, done.stdout), done.stderr
    for name in names:
        done = anyroc("run", output, "--target", name)
        assert done.stdout.startswith("5 10 15 20\n"), done.stderr
        assert f"on {name}" in done.stdout


def test_a_program_without_code_for_this_gpu(anyroc: Run, source: Path, tmp_path: Path) -> None:
    output = tmp_path / "scale.so"
    assert anyroc("build", source, "-DFACTOR=5", "-o", output).returncode == 0
    done = anyroc("run", output, "--target", "gfx1151")
    assert "5 10 15 20" not in done.stdout
    assert "gfx1151" in done.stderr
    assert "gfx942" in done.stderr
    assert "Traceback" not in done.stderr


def test_two_sources(anyroc: Run, tmp_path: Path) -> None:
    (tmp_path / "main.cu").write_text("int answer();\nint main() { return answer(); }\n")
    (tmp_path / "answer.cpp").write_text("int answer() { return 42; }\n")
    done = anyroc("run", tmp_path / "main.cu", "--with", tmp_path / "answer.cpp")
    assert done.returncode == 42, done.stderr


def test_disasm_of_a_program_shows_each_target(anyroc: Run, source: Path, tmp_path: Path) -> None:
    output = tmp_path / "scale.so"
    anyroc("build", source, "-DFACTOR=5", "-o", output, "--target", "gfx942", "--target", "gfx1201")
    done = anyroc("disasm", output)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("<_Z5scalePii>:") == 2
    assert "s_endpgm" in done.stdout
    only = anyroc("disasm", output, "--target", "gfx1201").stdout
    assert only.count("<_Z5scalePii>:") == 1
    assert "global_store_b32" in only


def test_info(anyroc: Run) -> None:
    done = anyroc("info", ANYROC_DEVICES="gfx942x2,gfx1201")
    assert done.returncode == 0, done.stderr
    for part in ("GPU 0: gfx942", "GPU 1: gfx942", "GPU 2: gfx1201", "ocml.bc", "Cache: "):
        assert part in done.stdout
    assert "MISSING" not in done.stdout


def test_info_as_json(anyroc: Run) -> None:
    facts = json.loads(anyroc("info", "--json").stdout)
    assert [device["target"] for device in facts["devices"]] == ["gfx942"]
    assert facts["toolchain"]["complete"]


def test_coverage_as_json(anyroc: Run) -> None:
    instructions = json.loads(anyroc("isa", "coverage", "--json").stdout)
    assert set(instructions) == set(TARGETS)
    functions = json.loads(anyroc("hip", "coverage", "--json").stdout)
    assert "hipMalloc" not in functions["missing"]
    assert functions["known"] > len(functions["missing"])
