"""Compiling against zig's libc++ and glibc headers, as on a machine without g++.

Linking needs the library that zig builds in about a minute; it is built only if it is not in the
cache, for one program that uses exceptions, threads, streams and exit handlers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from anyroc.compiler import Options, compile_device, compile_program, program, toolchain
from anyroc.compiler.options import language_of
from anyroc.isa.targets import target

CASES = sorted((Path(__file__).parent / "cases").iterdir())
FAST = Options(opt_level=1)
PROGRAM = r"""
#include <cstdlib>
#include <iostream>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>

struct Last { ~Last() { std::cout << "destroyed" << std::endl; } } last;

int main(int argc, char **argv)
{
    std::map<std::string, int> counts;
    std::thread thread([&] { counts["thread"] = 1; });
    thread.join();
    std::atexit([] { std::cout << "exit" << std::endl; });
    try {
        throw std::out_of_range("caught");
    } catch (const std::exception &error) {
        std::cout << error.what() << " " << counts.size() << std::endl;
    }
    return 7;
}
"""
HOST = r"""
import ctypes, _ctypes, sys
library = ctypes.CDLL(sys.argv[1])
status = library.main(1, (ctypes.c_char_p * 2)(b"program", None))
_ctypes.dlclose(library._handle)
print("status", status, flush=True)
"""


@pytest.fixture(autouse=True)
def _bundled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANYROC_CXX_LIBRARY", "libc++")


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_cases_compile(case: Path) -> None:
    assert compile_device(case, target=target("gfx1201"), options=FAST)
    tools = toolchain.discover().require()
    assert "libc++" == tools.host.name
    made = program.host_object(tools, case, language_of(case), FAST)
    assert made.path.stat().st_size > 0


def test_a_program_runs_and_ends_in_order(tmp_path: Path) -> None:
    source = tmp_path / "program.cpp"
    source.write_text(PROGRAM)
    built = compile_program([source], target=target("gfx942"))
    done = subprocess.run(
        [sys.executable, "-c", HOST, str(built.shared_object)], capture_output=True, text=True
    )
    assert ["caught 1", "exit", "destroyed", "status 7"] == done.stdout.splitlines(), done.stderr
