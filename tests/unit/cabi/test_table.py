"""The tables of C functions: their form, and that HIP's is complete and consistent."""

import re

import pytest

from anyroc.cabi import headers, source, table
from anyroc.errors import BadInput

SMALL = """
# comment
@library libsmall.so 2 1
@python import small; small.bind(%s)
@node small
@int color
@pointer thing_t
@value size_t[3] extent
[noun] The things
1.0 int make(thing_t* out, color c = 0, const char* name) : cudaMake cuMake_v2
1.2 void put(extent where,
    thing_t what)
"""


def test_a_table_says_all_about_its_functions() -> None:
    parsed = table.parse(SMALL)
    make, put = parsed.functions
    assert ("make", "int", "1.0", "noun") == (make.name, make.returns, make.version, make.section)
    assert ["thing_t*", "color", "const char*"] == [argument.type for argument in make.arguments]
    assert [None, "0", None] == [argument.default for argument in make.arguments]
    assert ("cudaMake", "cuMake_v2") == make.cuda
    assert ["where", "what"] == [argument.name for argument in put.arguments]
    assert {"noun": "The things"} == parsed.sections
    assert ("libsmall.so", ("libsmall.so.2", "libsmall.so.1")) == (parsed.file_name, parsed.sonames)
    assert ["1.0", "1.2"] == parsed.versions
    assert {"cudaMake": "make", "cuMake_v2": "make"} == parsed.cuda_names


@pytest.mark.parametrize(
    "c_type, expected",
    [
        ("int", table.Passing("int")),
        ("color", table.Passing("int")),
        ("thing_t", table.Passing("void *")),
        ("const whatever**", table.Passing("void *")),
        ("extent", table.Passing("size_t", 3)),
    ],
)
def test_types_are_passed_as_declared(c_type: str, expected: table.Passing) -> None:
    assert expected == table.parse(SMALL).passing(c_type)


def test_an_undeclared_type_is_named() -> None:
    with pytest.raises(BadInput, match=r"^the type mystery is not declared"):
        table.parse(SMALL).passing("mystery")


@pytest.mark.parametrize(
    "row, message",
    [
        ("1.0 int f(", "t:3: not a row"),
        ("int f()", "t:3: not a row"),
        ("1.0 int f(int)", "t:3: not a row"),
        ("1.0 int f()\n1.0 int f()", "t:4: f is there twice"),
        ("1.0 int f() : cuX\n1.0 int g() : cuX", "t:4: cuX is there twice"),
    ],
)
def test_a_bad_row_is_named_with_its_line(row: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        table.parse(f"@node t\n[noun] Title\n{row}", "t")


def test_a_row_before_the_first_section_is_refused() -> None:
    with pytest.raises(BadInput, match="not a row"):
        table.parse("1.0 int f()")


def test_hip_has_the_whole_public_interface() -> None:
    hip = table.load("hip")
    assert len(hip.functions) > 500
    for function in hip.functions:
        for argument in function.arguments:
            hip.passing(argument.type)
        assert re.fullmatch(r"(__)?hip[A-Z]\w+", function.name)


@pytest.mark.parametrize(
    "cuda, hip",
    [
        ("cudaMalloc", "hipMalloc"),
        ("cudaMemcpyAsync", "hipMemcpyAsync"),
        ("cudaGetDeviceProperties", "hipGetDevicePropertiesR0600"),
        ("cudaThreadSynchronize", "hipDeviceSynchronize"),
        ("cuLaunchKernel", "hipModuleLaunchKernel"),
        ("cuMemAlloc_v2", "hipMalloc"),
        ("cudaFreeHost", "hipHostFree"),
    ],
)
def test_cuda_names_lead_to_hip_names(cuda: str, hip: str) -> None:
    assert hip == table.load("hip").cuda_names[cuda]
    assert hip == headers.cuda_renames()[cuda]


def test_prototypes_carry_the_defaults_for_cxx() -> None:
    text = headers.prototypes()
    assert "ANYROC_API hipError_t hipMalloc(void** ptr, size_t size);" in text
    assert "hipStream_t stream ANYROC_DEFAULT(0)" in text


def test_version_nodes_form_a_chain() -> None:
    script = source.version_script(table.parse(SMALL))
    assert "small_1.0 { global: make; local: *; };" in script
    assert "small_1.2 { global: put; } small_1.0;" in script


def test_without_a_node_symbols_have_no_versions() -> None:
    parsed = table.parse("@missing status 7\n@int status\n[noun] Title\nstatus f()\nvoid g()")
    assert "{ global: f; g; anyroc_*; local: *; };" in source.version_script(parsed)
    assert {"status": 7} == parsed.missing
    with pytest.raises(BadInput, match="not a row"):
        table.parse("[noun] Title\n1.0 int f()")


def test_a_choice_of_letters_stands_for_a_row_each() -> None:
    text = """
@letters S=float C=complex_t/float
[noun] Title
int blas[SC]scal(T* x, const R* a) : cublas[SC]scal_v2 cublas[SC]scal
int blasI[sc]amax(const T* x)
"""
    made = table.parse(text).functions
    assert ["blasSscal", "blasCscal", "blasIsamax", "blasIcamax"] == [row.name for row in made]
    assert ["float*", "const float*"] == [argument.type for argument in made[0].arguments]
    assert ["complex_t*", "const float*"] == [argument.type for argument in made[1].arguments]
    assert ("cublasCscal_v2", "cublasCscal") == made[1].cuda


def test_what_releases_succeeds_once_python_is_gone() -> None:
    text = source.c_source(table.load("hip"), "hip", "", "")
    assert "(state == CLOSED ? 0 : MISSING_hipError_t)" in _function(text, "hipModuleUnload")
    assert "CLOSED" not in _function(text, "hipModuleGetFunction")


def _function(text: str, name: str) -> str:
    return text[text.index(f" {name}(") :].partition("\n}")[0]


def test_structures_by_value_are_spread_or_passed_by_address() -> None:
    text = source.c_source(table.load("hip"), "hip", "", "")
    assert "int hipLaunchKernel(void * a0, dim3 a1, dim3 a2, void * a3" in text
    assert "a1.v[0], a1.v[1], a1.v[2], a2.v[0]" in text
    assert "int hipMemset3D(hipPitchedPtr a0, int a1, hipExtent a2)" in text
    assert "(&a0, a1, &a2)" in text
