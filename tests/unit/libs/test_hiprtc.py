"""hipRTC as its documentation has it: programs, options, names, logs, linking."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from anyroc.cabi import library as cabi
from anyroc.libs.hiprtc import Result, archived, translated

SCALE = """
extern "C" __global__ void scale(float *data, float by) { data[threadIdx.x] *= by; }
"""


class Rtc:
    """hipRTC's functions, in the terms of tests."""

    def __init__(self, api: Any) -> None:
        self.api = api

    def create(self, source: str, headers: dict[str, str] | None = None) -> ctypes.c_void_p:
        program = ctypes.c_void_p()
        given = headers or {}
        texts = (ctypes.c_char_p * (len(given) + 1))(*(t.encode() for t in given.values()))
        names = (ctypes.c_char_p * (len(given) + 1))(*(n.encode() for n in given))
        result = self.api.hiprtcCreateProgram(
            ctypes.byref(program), source.encode(), b"made.cu", len(given), texts, names
        )
        assert Result.SUCCESS == result
        return program

    def compile(self, program: ctypes.c_void_p, *options: str) -> int:
        array = (ctypes.c_char_p * (len(options) + 1))(*(o.encode() for o in options))
        return int(self.api.hiprtcCompileProgram(program, len(options), array))

    def log(self, program: ctypes.c_void_p) -> str:
        size = ctypes.c_size_t()
        assert Result.SUCCESS == self.api.hiprtcGetProgramLogSize(program, ctypes.byref(size))
        buffer = ctypes.create_string_buffer(size.value + 1)
        assert Result.SUCCESS == self.api.hiprtcGetProgramLog(program, buffer)
        return buffer.value.decode()

    def content(self, program: ctypes.c_void_p, kind: str = "Code") -> bytes:
        size = ctypes.c_size_t()
        get_size = getattr(self.api, f"hiprtcGet{kind}Size")
        assert Result.SUCCESS == get_size(program, ctypes.byref(size))
        buffer = ctypes.create_string_buffer(size.value)
        assert Result.SUCCESS == getattr(self.api, f"hiprtcGet{kind}")(program, buffer)
        return buffer.raw

    def lowered(self, program: ctypes.c_void_p, expression: str) -> str:
        name = ctypes.c_char_p()
        result = self.api.hiprtcGetLoweredName(program, expression.encode(), ctypes.byref(name))
        assert Result.SUCCESS == result and name.value
        return name.value.decode()

    def made(self, source: str, *options: str) -> bytes:
        program = self.create(source)
        assert Result.SUCCESS == self.compile(program, *options), self.log(program)
        return self.content(program, "Bitcode" if "-fgpu-rdc" in options else "Code")


@pytest.fixture
def rtc(api: Callable[[str], Any]) -> Rtc:
    return Rtc(api("hiprtc"))


DATA = np.arange(8, dtype=np.float32)


def test_a_program_compiles_for_the_current_device_and_runs(rtc: Rtc, device: Any) -> None:
    result = device.launch(rtc.made(SCALE), "scale", DATA, ctypes.c_float(2.5))
    assert (DATA * np.float32(2.5)).tolist() == result.tolist()


def test_headers_are_found_by_their_names(rtc: Rtc, device: Any) -> None:
    program = rtc.create(
        '#include "parts/by.h"\n#include <more.h>\n'
        'extern "C" __global__ void k(float *d) { d[threadIdx.x] += BY + MORE; }',
        {"parts/by.h": "#define BY 2", "more.h": "#define MORE 0.5f"},
    )
    assert Result.SUCCESS == rtc.compile(program), rtc.log(program)
    assert (DATA + np.float32(2.5)).tolist() == device.launch(
        rtc.content(program), "k", DATA
    ).tolist()


def test_lowered_names_are_those_of_the_code(rtc: Rtc, device: Any) -> None:
    program = rtc.create(
        "namespace n { __device__ int count; __constant__ float table[4]; }\n"
        "template <typename T, int N> __global__ void fill(T *d) { d[threadIdx.x] = N; }\n"
        "__global__ void plain(int *d) { *d = 1; }"
    )
    expressions = ["fill<float, 3>", "&n::count", "n::table", "plain", "&fill<double, 1>"]
    for expression in expressions:
        assert Result.SUCCESS == rtc.api.hiprtcAddNameExpression(program, expression.encode())
    assert Result.SUCCESS == rtc.compile(program), rtc.log(program)
    assert [
        "_Z4fillIfLi3EEvPT_",
        "_ZN1n5countE",
        "_ZN1n5tableE",
        "_Z5plainPi",
        "_Z4fillIdLi1EEvPT_",
    ] == [rtc.lowered(program, expression) for expression in expressions]
    assert [3.0] * 8 == device.launch(rtc.content(program), "_Z4fillIfLi3EEvPT_", DATA).tolist()


def test_names_are_asked_for_before_and_given_after_compiling(rtc: Rtc) -> None:
    program, name = rtc.create(SCALE), ctypes.c_char_p()
    get = rtc.api.hiprtcGetLoweredName
    early = Result.ERROR_NO_LOWERED_NAMES_BEFORE_COMPILATION
    assert early == get(program, b"scale", ctypes.byref(name))
    assert Result.SUCCESS == rtc.compile(program)
    late = Result.ERROR_NO_NAME_EXPRESSIONS_AFTER_COMPILATION
    assert late == rtc.api.hiprtcAddNameExpression(program, b"scale")
    wrong = Result.ERROR_NAME_EXPRESSION_NOT_VALID
    assert wrong == get(program, b"scale", ctypes.byref(name))


def test_a_log_says_where_a_program_is_wrong(rtc: Rtc) -> None:
    program = rtc.create("\n__global__ void k() { int x = missing; }")
    assert Result.ERROR_COMPILATION == rtc.compile(program)
    assert "made.cu:2:31: error: use of undeclared identifier 'missing'" in rtc.log(program)


def test_warnings_are_in_the_log_of_what_compiles(rtc: Rtc) -> None:
    program = rtc.create("#warning mind\n" + SCALE)
    for _ in range(2):  # the second time from the cache
        assert Result.SUCCESS == rtc.compile(program)
        assert "made.cu:1:2: warning: mind" in rtc.log(program)


def test_programs_for_nvrtc_find_the_headers_beside_them(
    rtc: Rtc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "beside.h").write_text("__device__ int five = 5;")
    source = '#include "beside.h"\n' + SCALE
    program = rtc.create(source)
    assert Result.ERROR_COMPILATION == rtc.compile(program)
    assert Result.SUCCESS == rtc.compile(program, "-x=cu")


def test_an_architecture_can_be_asked_for(rtc: Rtc) -> None:
    machines = {code[48] for code in (rtc.made(SCALE, f"--offload-arch={name}") for name in NAMES)}
    assert {0x4C, 0x4E} == machines
    program = rtc.create(SCALE)
    assert Result.ERROR_COMPILATION == rtc.compile(program, "--offload-arch=gfx1")
    assert "gfx1" in rtc.log(program)


NAMES = ("gfx942:sramecc+:xnack-", "gfx1201")


@pytest.mark.parametrize(
    "options, expected",
    [
        (["-I folder", "-DA=1", "--define-macro=B"], ["-I", "folder", "-DA=1", "-DB"]),
        (["--include-path=a", "--include-path", "b c"], ["-Ia", "-Ib c"]),
        (["--std=c++20", "-std=c++14"], ["-std=c++20", "-std=c++14"]),
        (["--use_fast_math", "--fmad=false"], ["-ffast-math", "-ffp-contract=off"]),
        (["--pch", "-lineinfo", "--maxrregcount=32"], []),
        (["-mllvm", "-x=y", "-O1"], ["-mllvm", "-x=y", "-O1"]),
    ],
)
def test_options_of_nvrtc_become_clangs(options: Sequence[str], expected: Sequence[str]) -> None:
    flags, architecture = translated(["--hiprtc-no-builtin-header", *options])
    assert (list(expected), None) == (flags, architecture)


@pytest.mark.parametrize("word", ["--gpu-architecture", "-arch", "--offload-arch"])
def test_every_spelling_of_the_architecture_is_understood(word: str) -> None:
    assert "gfx1201" == translated([f"{word}=gfx1201"])[1]
    assert "gfx942" == translated([word, "gfx942"])[1]
    assert translated([f"{word}=sm_90a"])[1] is None
    assert translated([word, "compute_80"])[1] is None


CALLER = """
__device__ float twice(float);
extern "C" __global__ void k(float *d) { d[threadIdx.x] = twice(d[threadIdx.x]); }
"""
CALLEE = "__device__ float twice(float x) { return 2 * x; }"


def _link(rtc: Rtc, *modules: bytes, kind: int = 100) -> tuple[int, bytes]:
    state, place, size = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_size_t()
    api = rtc.api
    assert Result.SUCCESS == api.hiprtcLinkCreate(0, None, None, ctypes.byref(state))
    for data in modules:
        result = api.hiprtcLinkAddData(state, kind, data, len(data), b"m", 0, None, None)
        assert Result.SUCCESS == result
    result = api.hiprtcLinkComplete(state, ctypes.byref(place), ctypes.byref(size))
    linked = ctypes.string_at(place.value, size.value) if place.value else b""
    assert Result.SUCCESS == api.hiprtcLinkDestroy(state)
    return int(result), linked


def test_bitcode_of_several_programs_links(rtc: Rtc, device: Any) -> None:
    modules = [rtc.made(source, "-fgpu-rdc") for source in (CALLER, CALLEE)]
    status, linked = _link(rtc, *modules)
    assert Result.SUCCESS == status
    assert (2 * DATA).tolist() == device.launch(linked, "k", DATA).tolist()
    assert Result.ERROR_LINKING == _link(rtc, modules[0])[0]


def test_names_can_be_lowered_in_bitcode(rtc: Rtc) -> None:
    program = rtc.create("template <int N> __global__ void k(int *d) { *d = N; }")
    assert Result.SUCCESS == rtc.api.hiprtcAddNameExpression(program, b"k<7>")
    assert Result.SUCCESS == rtc.compile(program, "-fgpu-rdc")
    assert "_Z1kILi7EEvPi" == rtc.lowered(program, "k<7>")


def test_archives_are_read_defensively() -> None:
    member = b"a.bc/".ljust(16) + b"0".ljust(32) + b"3".ljust(10) + b"`\nabc\n"
    assert [b"abc", b"abc"] == archived(b"!<arch>\n" + member * 2)
    for broken in (b"", b"!<arch>\n" + member[:61], b"!<arch>\n" + b"x" * 70):
        with pytest.raises(Exception, match=r"^2$"):
            archived(broken)


def test_handles_that_are_none_are_refused(rtc: Rtc) -> None:
    assert Result.ERROR_INVALID_PROGRAM == rtc.compile(ctypes.c_void_p(0x40))
    program = rtc.create(SCALE)
    assert Result.SUCCESS == rtc.api.hiprtcDestroyProgram(ctypes.byref(program))
    assert program.value is None
    assert b"HIPRTC_ERROR_COMPILATION" == rtc.api.hiprtcGetErrorString(6)


def test_the_library_has_the_names_of_rocms() -> None:
    path = cabi.library("hiprtc")
    links = {link.name for link in Path(path).parent.iterdir()}
    assert {"libhiprtc.so", "libhiprtc.so.5", "libhiprtc.so.6", "libhiprtc.so.7"} == links
