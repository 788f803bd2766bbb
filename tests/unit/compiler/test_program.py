"""Compiling programs for every target, from every kind of source, with clang's own messages."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from anyroc.compiler import Options, bundle, commands, compile_device, compile_program
from anyroc.errors import BadInput, CompileError
from anyroc.isa.targets import target
from anyroc.translate.codeobject import CodeObject

CASES = Path(__file__).parent / "cases"
CONFIGURATIONS = [
    ("gfx942", None),
    ("gfx1151", 32),
    ("gfx1151", 64),
    ("gfx1201", 32),
    ("gfx1201", 64),
]
GFX942 = target("gfx942")


@pytest.mark.parametrize("case", sorted(CASES.iterdir()), ids=lambda path: path.name)
@pytest.mark.parametrize(("name", "wave_size"), CONFIGURATIONS)
def test_cases_compile_for_every_target(case: Path, name: str, wave_size: int | None) -> None:
    options = Options(wave_size=wave_size)
    code = CodeObject.parse(compile_device(case, target=target(name), options=options))
    assert name == code.target_name
    assert code.kernels
    assert {wave_size or 64} == {kernel.wave_size for kernel in code.kernels.values()}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(name: str, text: str) -> Path:
    path = Path(name)
    path.write_text(text)
    past = time.time() - 10
    os.utime(path, (past, past))
    return path


KERNEL = "__global__ void k(int *p) { *p = 1; }\n"


def test_a_program_holds_its_code_objects(folder: Path) -> None:
    source = write("p.cu", KERNEL + "int main() { k<<<1, 1>>>(nullptr); return 0; }\n")
    both = [GFX942, target("gfx1201")]
    program = compile_program([source], target=both)
    found = bundle.images(program.shared_object.read_bytes())
    held = {image.target_name: image.data for image in found if image.is_device}
    assert {name: codes[0] for name, codes in program.code_objects.items()} == held
    assert {"gfx942", "gfx1201"} == held.keys()
    assert bundle.host_section(program.shared_object.read_bytes(), ".hip_fatbin") is not None


def test_several_sources_of_several_languages(folder: Path) -> None:
    sources = [
        write(
            "main.cpp",
            'extern "C" int c_part(int);\nint gpu_part();\n'
            "int main() { return c_part(gpu_part()); }\n",
        ),
        write("part.c", "int c_part(int new) { return new; }\n"),
        write("gpu.cu", KERNEL + "int gpu_part() { k<<<1, 1>>>(nullptr); return 0; }\n"),
        write("other.hip", "#include <hip/hip_runtime.h>\n" + KERNEL.replace("k(", "other(")),
    ]
    program = compile_program(sources, target=GFX942)
    assert 2 == len(program.code_objects["gfx942"])
    kernels = [set(CodeObject.parse(code).kernels) for code in program.code_objects["gfx942"]]
    assert [{"_Z1kPi"}, {"_Z5otherPi"}] == kernels
    linked = CodeObject.parse(compile_device(sources[2:], target=GFX942))
    assert {"_Z1kPi", "_Z5otherPi"} == set(linked.kernels)


def test_cpp_that_includes_hip_is_hip(folder: Path) -> None:
    source = write("p.cpp", '# include "hip/hip_runtime.h"\n' + KERNEL + "int main() {}\n")
    assert compile_program([source], target=GFX942).code_objects["gfx942"]


def test_runtime_headers_in_plain_cpp(folder: Path) -> None:
    for header in ("cuda_runtime.h", "cuda_runtime_api.h", "cuda.h"):
        source = write(
            "p.cpp",
            f"#include <{header}>\n#include <cmath>\n"
            "int main() { float *p; float4 v = make_float4(1, 2, 3, 4); dim3 d(2);\n"
            "  return cudaMalloc(&p, 4) + cudaFree(p) + (int)v.x + d.y; }\n",
        )
        compile_program([source], target=GFX942)


def test_errors_are_clangs_and_point_at_the_users_line(folder: Path) -> None:
    source = write(
        "bad.cu",
        "#include <cstdio>\n\n__global__ void k(int *p)\n{\n"
        "    p[0] = undefined_thing;\n}\nint main() { }\n",
    )
    with pytest.raises(CompileError) as caught:
        compile_program([source], target=GFX942)
    first = caught.value.output.splitlines()[0]
    assert "bad.cu:5:12: error: use of undeclared identifier 'undefined_thing'" == first
    assert "anyroc" not in caught.value.output and "prelude" not in caught.value.output
    assert "bad.cu does not compile" == caught.value.message


def test_device_only_errors(folder: Path) -> None:
    source = write(
        "bad.cu", KERNEL + "#ifdef __CUDA_ARCH__\n#error device\n#endif\nint main() { }\n"
    )
    with pytest.raises(CompileError, match=r"bad\.cu does not compile for gfx942") as caught:
        compile_program([source], target=GFX942)
    assert caught.value.output.startswith("bad.cu:3:2: error: device")


def test_host_functions_are_not_the_devices(folder: Path) -> None:
    source = write(
        "bad.cu", "#include <cstdlib>\n__global__ void k(int *p)\n{\n    *p = rand();\n}\n"
    )
    with pytest.raises(CompileError, match=r"bad\.cu:4:10: error: .*'rand'"):
        compile_device(source, target=GFX942)


def test_undefined_device_function(folder: Path) -> None:
    source = write(
        "bad.cu",
        "__device__ int elsewhere(int);\n__global__ void k(int *p) { *p = elsewhere(*p); }\n",
    )
    with pytest.raises(CompileError, match=r"undefined.*elsewhere\(int\)"):
        compile_device(source, target=GFX942)


def test_undefined_host_function(folder: Path) -> None:
    source = write("bad.cpp", "int elsewhere();\nint main() { return elsewhere(); }\n")
    library = write("libnothing.c", "int nothing;\n")
    shared = compile_program([library], target=GFX942).shared_object
    with pytest.raises(CompileError, match=r"undefined symbol: elsewhere\(\)"):
        compile_program([source], target=GFX942, options=Options(libraries=(shared,)))


def test_bad_input(folder: Path) -> None:
    with pytest.raises(BadInput, match=r"none\.cu: there is no such file"):
        compile_program([Path("none.cu")], target=GFX942)
    with pytest.raises(BadInput, match=r"p\.f90: unknown kind of source"):
        compile_program([write("p.f90", "")], target=GFX942)
    with pytest.raises(BadInput, match="gfx942 has no waves of 32 lanes"):
        compile_device(write("p.cu", KERNEL), target=GFX942, options=Options(wave_size=32))


def test_options_reach_both_sides(folder: Path) -> None:
    (folder / "inc").mkdir()
    write("inc/size.h", "#define SIZE 3\n")
    source = write(
        "p.cu",
        "#include <size.h>\nstatic_assert(SIZE + MORE == 7 && FLAG == 1);\n"
        "static_assert(__cplusplus > 202000);\n" + KERNEL,
    )
    options = Options(
        std="c++20",
        defines=("MORE=4", "FLAG"),
        include_dirs=(Path("inc"),),
        opt_level=1,
        extra=("-ffast-math",),
    )
    compile_program([source], target=GFX942, options=options)


def test_macros_of_cuda_sources(folder: Path) -> None:
    source = write(
        "p.cu",
        "#ifndef __CUDACC__\n#error no CUDA\n#endif\n"
        "#if !defined(CUDART_VERSION) || CUDART_VERSION < 12000\n#error version\n#endif\n"
        "__global__ void k(int *p) {\n#if __CUDA_ARCH__ < 600\n#error old\n#endif\n"
        "static_assert(warpSize == 32); *p = 0; }\n"
        "#ifdef __CUDA_ARCH__\nstatic_assert(__CUDA_ARCH__ >= 600);\n#endif\n",
    )
    device = write("q.cu", "#ifdef __CUDA_ARCH__\n__device__ int only_device;\n#endif\n" + KERNEL)
    for each in (source, device):
        compile_device(each, target=GFX942)


def test_a_second_compilation_takes_no_time(folder: Path) -> None:
    source = write("p.cu", '#include "part.h"\n' + KERNEL + "int main() { return PART; }\n")
    header = write("part.h", "#define PART 1\n")
    first = compile_program([source], target=GFX942)
    start = time.perf_counter()
    again = compile_program([source], target=GFX942)
    assert first == again
    assert time.perf_counter() - start < 0.2  # 5 ms on an idle machine
    header.write_text("#define PART 2 + 3\n")
    assert first.shared_object != compile_program([source], target=GFX942).shared_object


def test_warnings_are_kept(folder: Path) -> None:
    source = write("p.cu", KERNEL + "int f(int x) { if (x = 1) return 2; return 3; }\n")
    for _ in range(2):
        warnings = compile_program([source], target=GFX942).warnings
        assert 1 == warnings.count("p.cu:2:22: warning: using the result of an assignment")


def test_ids_of_units() -> None:
    assert "__hip_fatbin_fc50890917500be8" == commands.fat_binary_symbol("abcdef")
    assert commands.unit_id(Path("a.cu")) != commands.unit_id(Path("b.cu"))


@pytest.mark.parametrize(
    ("name", "number"), [("gfx942", 9402), ("gfx90a", 9010), ("gfx1151", 11501), ("gfx1201", 12001)]
)
def test_isa_versions(name: str, number: int) -> None:
    assert number == commands.isa_version(name)


def test_names_with_spaces_and_signs(folder: Path) -> None:
    place = folder / "a folder é"
    place.mkdir()
    write(str(place / "my header #1.h"), "#define ONE 1\n")
    source = write(str(place / "my $program.cu"), '#include "my header #1.h"\n' + KERNEL)
    first = compile_program([source], target=GFX942)
    assert first == compile_program([source], target=GFX942)
    write(str(place / "my header #1.h"), "#define ONE 1 + 1\n__device__ int more;\n")
    assert first != compile_program([source], target=GFX942)
