from __future__ import annotations

from typing import Any

import pytest

from anyroc.errors import UnsupportedInstruction
from anyroc.ext import debuglines
from anyroc.ext.triton import faults, record, tensors
from anyroc.ext.triton.tensors import Storage
from anyroc.gpu.fault import Fault


class Tensor:
    """A tensor, as far as its storage goes; a tensor descriptor has one as its base."""

    def __init__(self, address: int, size: int) -> None:
        self.address, self.size = address, size

    def untyped_storage(self) -> Tensor:
        return self

    def nbytes(self) -> int:
        return self.size

    def data_ptr(self) -> int:
        return self.address


class Descriptor:
    def __init__(self, base: Tensor) -> None:
        self.base = base


def fault(kind: str, address: int = 0) -> Fault:
    return Fault(
        kind=kind, kernel=None, pc=0x40, lane=3, address=address, size=4, group=(5, 1, 0),
        wave=2, trap_id=2, status=0, nearest=None,
    )  # fmt: skip


@pytest.mark.parametrize(
    "address, said",
    [
        (0x1064, "at 0x1064, 0 bytes past the end of x (100 bytes)"),
        (0x1FF8, "at 0x1ff8, 8 bytes before y (64 bytes)"),
        (0x2100, "at 0x2100, 192 bytes past the end of y (64 bytes)"),
    ],
)
def test_a_stray_access_is_told_by_the_nearest_tensor(address: int, said: str) -> None:
    near = [Storage("x", 0x1000, 100), Storage("y", 0x2000, 64)]
    error = faults.described(fault("write", address), near=near)
    assert said in str(error)
    assert "in program (5, 1, 0)" in str(error)
    assert (5, 1, 0) == error.program
    assert "a mask that is missing" in str(error)


def test_without_tensors_nothing_is_said_of_what_lies_near() -> None:
    assert "illegal read of 4 bytes at 0x10\n" in str(faults.described(fault("read", 0x10)))


def test_a_failed_assertion_is_told_by_its_text() -> None:
    text = "device assertion failed: 'too large', in f at k.py:3"
    assert text in str(faults.described(fault("trap"), text))
    assert "s_trap 2" in str(faults.described(fault("trap")))


def test_an_instruction_that_is_not_there_has_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(debuglines, "find", lambda image, address: ("k.py", 7))
    error = UnsupportedInstruction("v_odd_f32", 0x40, "k", hint="try less")
    told = faults.unsupported(error, b"")
    assert "it comes from k.py:7" in str(told)
    assert "hint: try less" in str(told)


def test_storages_have_the_names_of_their_arguments() -> None:
    x, y, scratch = Tensor(0x1000, 8), Tensor(0x2000, 16), Tensor(0x3000, 4)
    values: list[Any] = [x, 3, (y, None), Descriptor(x), Tensor(0, 0), scratch]
    expected = [
        Storage("x", 0x1000, 8),
        Storage("pair", 0x2000, 16),
        Storage("desc", 0x1000, 8),
        Storage("scratch memory", 0x3000, 4),
    ]
    assert expected == tensors.storages(["x", "n", "pair", "desc", "empty"], values)


def decorated(function: Any) -> Any:
    return function


@decorated
def kernel() -> None: ...


class Source:
    """What Triton makes a kernel from: a function, behind two names."""

    fn: Any = type("Function", (), {"fn": staticmethod(kernel)})


def test_a_launch_that_does_not_start_has_the_place_of_its_definition() -> None:
    defined = faults.definition(Source())
    assert (__file__, kernel.__code__.co_firstlineno) == defined
    told = faults.not_started("kernel kernel: too large", defined)
    line = kernel.__code__.co_firstlineno + 1
    assert told.splitlines() == [
        "kernel kernel: too large",
        f"  before program (0, 0, 0), at {__file__}:{line}",
        "    def kernel() -> None: ...",
    ]


def test_a_kernel_that_was_not_made_from_python_has_no_place() -> None:
    assert faults.definition(object()) is None
    assert faults.not_started("too large", None) == "too large\n  before program (0, 0, 0)"


def test_only_tensors_have_a_size() -> None:
    class Odd:
        def nbytes(self) -> int:
            return 3

    class Sized:
        nbytes = 24

    assert record.size_of([Sized(), 3, None, Sized()]) == 48
    assert record.size_of([Sized(), Odd()]) == 0
