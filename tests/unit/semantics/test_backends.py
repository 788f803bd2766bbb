"""Every body gives the same bits as native code of the translator's making and over NumPy."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from typing import Any

import llvmlite.binding as llvm
import numpy as np
import pytest

from anyroc.semantics.core import ATOMICS, OPERATIONS, Op, Slot
from anyroc.semantics.numpy_backend import dtype, evaluate
from anyroc.semantics.values import BOOL, F16, F32, F64, Type, Value
from anyroc.translate.llvm import CodeBuilder, LLVMBackend, llvm_type
from semantics_support.operands import crossed, width

LANES = 16
BODIES: dict[str, Op] = {name: entry for name, entry in OPERATIONS.items() if isinstance(entry, Op)}
BODIES |= {
    f"atomic {name}": Op(
        name,
        (Slot("operand", atomic.type),) * (1 + atomic.operands),
        (Slot("operand", atomic.type),),
        atomic.body,
    )
    for name, atomic in ATOMICS.items()
}


def elements(slots: tuple[Slot, ...]) -> list[Type]:
    return [slot.type for slot in slots for _ in range(slot.count)]


def load(code: CodeBuilder, t: Type, pointer: str) -> str:
    if t is BOOL:
        byte = code.emit(f"load <{LANES} x i8>, ptr {pointer}, align 1")
        return code.emit(f"trunc <{LANES} x i8> {byte} to <{LANES} x i1>")
    return code.emit(f"load {llvm_type(t, LANES)}, ptr {pointer}, align 1")


def store(code: CodeBuilder, ops: LLVMBackend, value: Value, pointer: str) -> None:
    text, kind = ops.text(value.type, value.raw), llvm_type(value.type, LANES)
    if value.type is BOOL:
        text = code.emit(f"zext {kind} {text} to <{LANES} x i8>")
        kind = f"<{LANES} x i8>"
    code.do(f"store {kind} {text}, ptr {pointer}, align 1")


def grouped(values: list[Any], slots: tuple[Slot, ...]) -> Iterator[Any]:
    at = 0
    for slot in slots:
        part = values[at : at + slot.count]
        yield tuple(part) if slot.count > 1 else part[0]
        at += slot.count


def flat(results: Any) -> list[Any]:
    if isinstance(results, tuple | list):
        return [leaf for r in results for leaf in flat(r)]
    return [results]


def function(name: str, operation: Op) -> tuple[str, dict[str, str]]:
    """IR of ``void name(ptr operand…, ptr result…)`` over one chunk of lanes."""
    code = CodeBuilder()
    ops = LLVMBackend(code, LANES)
    sources, results = elements(operation.sources), elements(operation.results)
    values = [Value(ops, t, load(code, t, f"%s{n}")) for n, t in enumerate(sources)]
    produced = flat(operation.body(*grouped(values, operation.sources)))
    assert [t.name for t in results] == [v.type.name for v in produced], name
    for n, value in enumerate(produced):
        store(code, ops, value, f"%d{n}")
    pointers = [f"ptr %s{n}" for n in range(len(sources))]
    pointers += [f"ptr %d{n}" for n in range(len(results))]
    body = "\n  ".join([*code.lines, "ret void"])
    return f'define void @"{name}"({", ".join(pointers)}) {{\n  {body}\n}}', code.declarations


@pytest.fixture(scope="module", params=[0, 2])
def compiled(request: pytest.FixtureRequest) -> Iterator[Callable[[str], int]]:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    functions, declarations = [], {}
    for name, operation in BODIES.items():
        text, needed = function(name, operation)
        functions.append(text)
        declarations |= needed
    module = llvm.parse_assembly("\n".join([*declarations.values(), *functions]))
    machine = llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(),
        features=llvm.get_host_cpu_features().flatten(),
        opt=request.param,
        reloc="default",
        codemodel="jitdefault",
        jit=True,
    )
    engine = llvm.create_mcjit_compiler(module, machine)
    engine.finalize_object()
    yield engine.get_function_address
    engine.close()


def columns(operation: Op) -> list[np.ndarray]:
    """A whole number of chunks of operands."""
    types = tuple(t.name for t in elements(operation.sources))
    some = crossed(types, extra=200) if len(types) > 1 else crossed((types[0],), extra=400)
    count = min(len(some[0]), 1200) // LANES * LANES
    rng = np.random.default_rng(1)
    keep = rng.permutation(len(some[0]))[:count]
    return [np.ascontiguousarray(c[keep]) for c in some]


FRACTION = {F16: 10, F32: 23, F64: 52}


def same(want: np.ndarray, got: np.ndarray, t: Type) -> np.ndarray:
    """Equal bits; of NaNs only that they are quiet, since which payload survives is not defined."""
    if t is BOOL:
        return want == got
    a, b = (x.view(f"u{t.bits // 8}") for x in (want, got))
    if not t.is_float:
        return a == b
    fraction = FRACTION.get(t, 7)
    infinity = ((1 << (t.bits - 1 - fraction)) - 1) << fraction
    magnitude = (1 << (t.bits - 1)) - 1
    nan = ((a & magnitude) > infinity) & ((b & magnitude) > infinity)
    return (a == b) | nan


@pytest.mark.parametrize("name", BODIES)
def test_native_code_agrees_with_numpy(name: str, compiled: Callable[[str], int]) -> None:
    operation = BODIES[name]
    inputs = columns(operation)
    count = len(inputs[0])
    want = flat(evaluate(operation, *grouped(list(inputs), operation.sources)))
    outputs = [np.zeros(count, dtype(t)) for t in elements(operation.results)]
    pointers = [*inputs, *outputs]
    run = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * len(pointers))(compiled(name))
    for first in range(0, count, LANES):
        run(*(p.ctypes.data + first * p.itemsize for p in pointers))
    for t, expected, got in zip(elements(operation.results), want, outputs, strict=True):
        wrong = np.flatnonzero(~same(np.broadcast_to(expected, count).copy(), got, t))
        assert not wrong.size, [
            [hex(int(x)) for x in (c[n : n + 1].view(f"u{c.itemsize}")[0] for c in pointers)]
            for n in wrong[:3]
        ] + [expected[wrong[:3]].tolist()]


def test_types_have_the_widths_that_operands_assume() -> None:
    for operation in BODIES.values():
        assert all(width(t.name) == t.bits for t in elements(operation.sources))
