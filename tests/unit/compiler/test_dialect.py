"""CUDA as nvcc takes it and clang does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from anyroc.compiler import compile_program, dialect
from anyroc.errors import CompileError
from anyroc.isa.targets import target


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("k << <1, 2 >> > (p);", "k<<<1, 2 >>>  (p);"),
        ("k<f<1>> << < dim3(a >> 1), b>>>(p);", "k<f<1>> <<<  dim3(a >> 1), b>>>(p);"),
        ('k <<<1, f("a;>>")>> >(p);', 'k <<<1, f("a;>>")>>> (p);'),
        ("k<<\n<1, 2>>\n>(p);", "k<<<\n1, 2>>>\n(p);"),
    ],
)
def test_launches_are_joined(text: str, wanted: str) -> None:
    made = dialect.rewritten(text, device=False)
    assert "".join(wanted.split()) == "".join(made.text.split())
    assert text.count("\n") == made.text.count("\n")
    assert 1 == made.replaced


@pytest.mark.parametrize(
    "text",
    [
        "k<<<1, 2>>>(p);",
        "std::vector<std::vector<std::vector<int>> > v(2);",
        "x = a << b; y = c >> d > (e);",
        "bool b = (1 << 2) < 3, c = x<y<1>> >(2);",
    ],
)
def test_the_rest_stays(text: str) -> None:
    made = dialect.rewritten(text, device=False)
    assert (text, 0) == (made.text, made.replaced)


def test_a_program_with_brackets_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    source = Path("p.cu")
    text = "__global__ void k(int *p) { *p = 1; }\nint main()\n{\n    k << <1, 1 >> > (0);\n}\n"
    source.write_text(text)
    compile_program([source], target=target("gfx942"))
    source.write_text(text.replace("(0)", "(x)"))
    with pytest.raises(CompileError) as caught:
        compile_program([source], target=target("gfx942"))
    assert "p.cu:4:22: error: use of undeclared identifier 'x'" in caught.value.output
