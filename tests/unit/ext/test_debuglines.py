from __future__ import annotations

import io
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile
from hypothesis import given, settings
from hypothesis import strategies as st

from anyroc.compiler.options import Options
from anyroc.compiler.program import compile_device
from anyroc.ext import debuglines
from anyroc.isa.targets import target

SOURCE = """\
#include <hip/hip_runtime.h>
__device__ __noinline__ int helper(int x) {
  return x * 3 + 1;
}
extern "C" __global__ void kernel(int* out, int n) {
  int i = threadIdx.x;
  if (i < n)
    out[i] = helper(i);
}
"""


@pytest.fixture(scope="module", params=["-gdwarf-4", "-gdwarf-5"])
def image(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("lines") / "lines.hip"
    path.write_text(SOURCE, encoding="utf-8")
    return compile_device(path, target=target("gfx942"), options=Options(extra=(request.param,)))


def by_pyelftools(image: bytes) -> dict[int, int]:
    """The line at each address where the table says that one begins."""
    info = ELFFile(io.BytesIO(image)).get_dwarf_info()
    lines = {}
    for unit in info.iter_CUs():
        for entry in info.line_program_for_CU(unit).get_entries():
            if entry.state is not None and not entry.state.end_sequence:
                lines[entry.state.address] = entry.state.line
    return lines


def test_lines_are_those_that_pyelftools_reads(image: bytes) -> None:
    expected = by_pyelftools(image)
    assert {3, 8} <= set(expected.values())
    for address, line in expected.items():
        found = debuglines.find(image, address)
        if line and found is not None and Path(found[0]).name == "lines.hip":
            assert line == found[1]
    own = [debuglines.find(image, address) for address, line in expected.items() if line]
    assert {"lines.hip"} <= {Path(found[0]).name for found in own if found is not None}


def test_code_without_a_table_has_no_lines(image: bytes) -> None:
    assert debuglines.find(image, 0) is None
    assert debuglines.find(b"", 0x1000) is None
    assert debuglines.find(b"\x7fELF" + bytes(60), 0x1000) is None


@given(data=st.data())
@settings(max_examples=150)
def test_damaged_tables_have_no_lines_or_some(image: bytes, data: st.DataObject) -> None:
    damaged = bytearray(image)
    for _ in range(data.draw(st.integers(1, 8))):
        place = data.draw(st.integers(0, len(damaged) - 1))
        damaged[place] = data.draw(st.integers(0, 255))
    found = debuglines.find(bytes(damaged), 0x1100)
    assert found is None or found[1] > 0
