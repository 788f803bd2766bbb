"""The conformance checks on the software GPU, and on a library that fails in every way."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from anyroc.cabi.library import library
from anyroc.conformance import MODULES, registry, report

Run = Callable[..., "CompletedProcess[str]"]


@pytest.mark.parametrize("target", ["gfx942", "gfx1201"])
def test_the_software_gpu_conforms(anyroc: Run, tmp_path: Path, target: str) -> None:
    output = tmp_path / "report.json"
    done = anyroc("conformance", "--json", output, ANYROC_TARGET=target)
    assert 0 == done.returncode, done.stdout
    found = json.loads(output.read_text())
    assert target == found["facts"]["architecture"]
    assert {} == found["facts"]["differences"]
    assert 64 == len(found["facts"]["sha256"])
    expected = [(section, name) for section in MODULES for name in registry.checks(section)]
    assert expected == [(result["section"], result["check"]) for result in found["results"]]


def test_every_check_says_what_it_holds() -> None:
    for section in registry.everything().values():
        for name, function in section.items():
            assert function.__doc__, name


def test_a_check_that_ends_the_process_fails_and_the_others_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lines = [
        [
            '{"facts": {"hip": 1}}',
            '{"started": "last_error_is_told_once"}',
            '{"end": "status -11"}',
        ],
        [
            '{"started": "last_error_is_the_thread_s_own"}',
            '{"check": "last_error_is_the_thread_s_own", "state": "passed"}',
            '{"started": "names_and_texts"}',
            '{"check": "names_and_texts", "state": "failed", "why": "no text"}',
            '{"end": "status 0"}',
        ],
    ]
    monkeypatch.setattr(report, "_child", lambda *_: lines.pop(0))
    found = report.run(Path(__file__), ["errors"], "1")
    states = [(result.state, result.why) for result in found.results]
    assert [
        ("failed", "the process ended: status -11"),
        ("passed", ""),
        ("failed", "no text"),
    ] == states
    assert 1 == found.facts["hip"]


def test_a_library_that_does_not_load(tmp_path: Path) -> None:
    broken = tmp_path / "libamdhip64.so"
    broken.write_bytes(b"nonsense" * 1000)
    found = report.run(broken, ["errors"], "1")
    assert ["failed"] * 3 == [result.state for result in found.results]
    assert "invalid ELF header" in found.results[0].why


def test_another_library_takes_the_software_gpu_s_place(anyroc: Run, tmp_path: Path) -> None:
    """Here it is a copy of our own, which binds itself."""
    other = tmp_path / "lib" / "libamdhip64.so"
    other.parent.mkdir()
    other.write_bytes(library().read_bytes())
    script = tmp_path / "where.py"
    script.write_text(
        "import ctypes\n"
        'hip = ctypes.CDLL("libamdhip64.so.7")\n'
        "print(hip.hipInit(0), [line.split()[-1] for line in open('/proc/self/maps')"
        " if 'libamdhip64' in line][0])\n"
    )
    done = anyroc("run", sys.executable, script, ANYROC_HIP=str(other))
    assert f"0 {other}\n" == done.stdout, done.stderr
    missing = anyroc("run", sys.executable, script, ANYROC_HIP="/nowhere")
    assert "ANYROC_HIP=/nowhere is not a file" in missing.stderr
    program = tmp_path / "count.cu"
    program.write_text(
        "#include <cstdio>\n__global__ void f(int *p) { *p = 42; }\n"
        "int main() { int *p; cudaMallocManaged(&p, 4); f<<<1, 1>>>(p); cudaDeviceSynchronize();\n"
        'std::printf("%d\\n", *p); return 7; }\n'
    )
    done = anyroc("run", program, ANYROC_HIP=str(other), ANYROC_TARGET="gfx1201")
    assert ("42\n", 7) == (done.stdout, done.returncode), done.stderr
