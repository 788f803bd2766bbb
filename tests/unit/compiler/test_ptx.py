"""Inline PTX: what is found in a source, what is refused, and what the message says.

That the instructions mean the right thing is for programs/ptx.cu to show."""

from __future__ import annotations

from pathlib import Path

import pytest

from anyroc.compiler import compile_device, ptx
from anyroc.compiler.ptx.statements import asm_statements
from anyroc.compiler.ptx.syntax import Instruction, Label, Registers, Scope, numbered, statements
from anyroc.errors import CompileError
from anyroc.isa.targets import target

SOURCE = r"""# 1 "a.cu"
# 1 "/usr/include/byteswap.h" 1 3
asm("bswap %0" : "+r"(x));
# 7 "a.cu" 2
const char *text = "asm(\"no\");"; char c = '"'; // 'asm'
template <int N> void f() {
    asm volatile("add.u32 %0, %1, "
        "%2;" : "=""r"(out[g<1>(2, 3)]) : [a] "r"(x ? ns::y : z), "n"(N) : "memory");
    asm("trap;");
    __asm__ __volatile__("mov.u32 %0, %%tid.x;" : "=r"(t)::"memory"); not_asm(1);
}
"""


def test_asm_statements_are_found_with_their_operands_and_lines() -> None:
    found = list(asm_statements(SOURCE))
    assert [("a.cu", 9), ("a.cu", 11), ("a.cu", 12)] == [(asm.file, asm.line) for asm in found]
    first, second, third = found
    assert "add.u32 %0, %1, %2;" == first.template
    assert ["out[g<1>(2, 3)]", "x ? ns::y : z", "N"] == [o.expression for o in first.operands]
    assert ["=r", "r", "n"] == [operand.constraint for operand in first.operands]
    assert ["", "a", ""] == [operand.name for operand in first.operands]
    assert ("memory",) == first.clobbers == third.clobbers
    assert second.basic and not third.basic
    assert () == third.inputs


def test_ptx_is_parsed() -> None:
    text = (
        "{ .reg .pred p, q; .reg .b32 t<2>; L: @!p add.cc.u32 t0, {a, b}, [%rd1+4]; // c\n bra L; }"
    )
    assert [
        Scope(True),
        Registers("pred", ("p", "q")),
        Registers("b32", ("t0", "t1")),
        Label("L"),
        Instruction(("add", "cc", "u32"), ("t0", "{a, b}", "[%rd1+4]"), "!p"),
        Instruction(("bra",), ("L",)),
        Scope(False),
    ] == list(statements(text))


def test_operands_become_numbers() -> None:
    assert "mov #0, #1, %tid, %laneid" == numbered(
        "mov %0, %[b], %%tid, %laneid", ["", "b"], basic=False
    )
    assert "mov x, %0" == numbered("mov x, %0", [], basic=True)


def test_lines_stay_where_they_are() -> None:
    made = ptx.rewritten(SOURCE)
    assert 3 == made.replaced
    assert SOURCE.count("\n") == made.text.count("\n")
    assert 'asm("bswap' in made.text and made.text.endswith("not_asm(1);\n}\n")


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ('asm("wgmma.fence.sync.aligned;")', "the instruction wgmma.fence.sync.aligned"),
        ('asm("bar.sync 1, 64;")', "a barrier other than 0 (bar.sync)"),
        (
            'asm("addc.u32 %0, %0, 1;" : "+r"(x))',
            "addc.u32 with the carry of another asm statement",
        ),
        ('asm("mov.u32 %0, %envreg3;" : "=r"(x))', "the operand %envreg3"),
        ('asm("add.rz.f32 %0, %0, %0;" : "+f"(x))', "the instruction add.rz.f32"),
        ('asm("min.relu.s32 %0, %0, %0;" : "+r"(x))', "the instruction min.relu.s32"),
        ('asm("mov.b128 %0, %0;" : "+q"(x))', 'the constraint "+q"'),
        ('asm("ld.local.u32 %0, [%1];" : "=r"(x) : "l"(y))', "the address [#1] of ld.local.u32"),
        ('asm("add.u32 %0;" : "+r"(x))', "this form of the instruction add.u32"),
        ('asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(x) : "f"(y))', "the type .tf32"),
        ('asm("bswap %0" : "+r"(x))', "the instruction bswap"),
    ],
)
def test_what_is_not_supported_is_named(statement: str, reason: str) -> None:
    text = f'# 1 "k.cu"\n\n{statement};\n'
    made = ptx.rewritten(text)
    assert (f"k.cu:2: error: inline PTX: {reason} is not supported",) == made.refused
    assert text == made.text


def test_the_message_has_the_line_of_the_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    source = Path("k.cu")
    source.write_text(
        '#include <cstdio>\n__global__ void k(int *p)\n{\n    asm("mov.u32 %0, 1;" : "=r"(*p));\n'
        '    asm("wgmma.fence.sync.aligned;");\n}\n'
    )
    with pytest.raises(CompileError, match=r"k\.cu does not compile for gfx942") as caught:
        compile_device(source, target=target("gfx942"))
    wanted = (
        "k.cu:5: error: inline PTX: the instruction wgmma.fence.sync.aligned is not supported\n"
    )
    assert wanted == caught.value.output
    source.write_text(source.read_text().replace('asm("wgmma', 'no_such("wgmma'))
    with pytest.raises(CompileError) as caught:
        compile_device(source, target=target("gfx942"))
    assert caught.value.output.startswith("k.cu:5:5: error: use of undeclared identifier 'no_such'")
