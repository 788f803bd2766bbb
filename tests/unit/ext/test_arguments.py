from __future__ import annotations

import struct
from typing import Any

import pytest

from anyroc.errors import BadInput, CodeObjectError
from anyroc.ext.triton.arguments import flat_types, packer, pointer


class Tensor:
    def __init__(self, address: int) -> None:
        self._address = address

    def data_ptr(self) -> int:
        return self._address


SCRATCH = [(40, 8), (48, 8)]


def test_arguments_lie_where_the_code_object_says() -> None:
    signature = ["*fp32", "i32", "constexpr", "fp32", "u8", "i64"]
    pack = packer(signature, [(0, 8), (8, 4), (12, 4), (16, 1), (24, 8), (32, 8), (40, 8)], "k")
    packed = pack([Tensor(0x1234), -5, "left out", 1.5, 255, -(1 << 40), None, 0x77])
    assert struct.pack("<Qifb7xqQQ", 0x1234, -5, 1.5, -1, -(1 << 40), 0, 0x77) == packed


def test_tuples_are_taken_apart() -> None:
    signature = [("*i8", ("i16", "constexpr")), "i32"]
    assert ["*i8", "i16", "i32"] == flat_types(signature)
    pack = packer(signature, [(0, 8), (8, 2), (12, 4), (16, 8), (24, 8)], "k")
    expected = struct.pack("<Qh2xiQQ", 9, -2, 3, 0, 0)
    assert expected == pack([(9, (-2, None)), 3, None, None])


@pytest.mark.parametrize(
    "kind, size, value, expected",
    [
        ("i1", 1, True, b"\1"),
        ("fp16", 2, 1.0, b"\x00\x3c"),
        ("bf16", 2, 1.0, b"\x80\x3f"),
        ("bf16", 2, 1.999, b"\xff\x3f"),
        ("fp32", 4, 1e300, struct.pack("<f", float("inf"))),
        ("fp64", 8, 1e300, struct.pack("<d", 1e300)),
        ("u32", 4, 0xFFFFFFFF, b"\xff" * 4),
        ("u1", 4, 1, b"\1\0\0\0"),
    ],
)
def test_values_become_what_triton_s_own_launcher_makes(
    kind: str, size: int, value: Any, expected: bytes
) -> None:
    pack = packer([kind], [(0, size), (8, 8), (16, 8)], "k")
    assert expected == pack([value, None, None])[:size]


@pytest.mark.parametrize("kind, value", [("i32", 1 << 31), ("u8", -1), ("i8", 200), ("i32", "x")])
def test_values_that_do_not_fit_are_refused_by_name(kind: str, value: Any) -> None:
    size = 4 if "32" in kind else 1
    pack = packer([kind, "*i8"], [(0, size), (8, 8), (16, 8), (24, 8)], "scale")
    with pytest.raises(BadInput, match=f"kernel scale: .*{value!r} for {kind}"):
        pack([value, Tensor(1), None, None])


def test_a_signature_must_be_that_of_the_code() -> None:
    with pytest.raises(CodeObjectError, match="kernel k takes 3 arguments, its signature has 2"):
        packer(["i32", "i32"], [(0, 4), (8, 8), (16, 8)], "k")
    with pytest.raises(BadInput, match="of type complex"):
        packer(["complex64"], [(0, 8), (8, 8), (16, 8)], "k")


def test_pointers_are_tensors_numbers_or_nothing() -> None:
    assert [0, 7, 64] == [pointer(None), pointer(7), pointer(Tensor(64))]
