"""Kernel arguments: from the Python values of a launch to the bytes that the kernel reads.

A signature names the type of each argument as Triton does: `*fp32` and the like are pointers,
`i32`, `fp16` and so on values; a `constexpr` is no argument at all, a tuple holds arguments. Where
they lie in the bytes is what the code object's metadata says.
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Callable, Sequence
from typing import Any

from anyroc.errors import BadInput, CodeObjectError

Signature = Sequence[Any]
Place = tuple[int, int]
Pack = Callable[[Sequence[Any]], bytes]

_SIGNED = {1: "b", 2: "h", 4: "i", 8: "q"}
_UNSIGNED = {1: "B", 2: "H", 4: "I", 8: "Q"}
_FLOATS = {"fp16": "e", "bf16": "H", "fp32": "f", "f32": "f", "fp64": "d"}
_SCRATCH_POINTERS = 2
"""After the program's own arguments a kernel of Triton has two: global and profile scratch."""


def flat_types(signature: Signature) -> list[str]:
    """Return the types of the arguments proper, in order."""
    found: list[str] = []
    for item in signature:
        if isinstance(item, tuple | list):
            found += flat_types(item)
        elif item != "constexpr":
            found.append(item)
    return found


def packer(signature: Signature, places: Sequence[Place], kernel: str) -> Pack:
    """Return the function that packs a launch's arguments, the two scratch pointers last.

    `places` are (offset, size) in bytes of each argument of the code object. CodeObjectError when
    their number is not that of the signature.
    """
    types = flat_types(signature)
    if len(places) != len(types) + _SCRATCH_POINTERS:
        raise CodeObjectError(
            f"kernel {kernel} takes {len(places)} arguments, its signature has {len(types)} and "
            f"{_SCRATCH_POINTERS} pointers to scratch memory"
        )
    types += ["*i8"] * _SCRATCH_POINTERS
    layout, end = "<", 0
    for kind, (offset, size) in zip(types, places, strict=True):
        layout += f"{offset - end}x{_code(kind, size, kernel)}"
        end = offset + size
    pack = struct.Struct(layout).pack
    names: list[str] = []
    target = _target([*signature, "*i8", "*i8"], names)
    values = [_value(kind, name) for kind, name in zip(types, names, strict=True)]
    values[-_SCRATCH_POINTERS:] = [f"pointer({name})" for name in names[-_SCRATCH_POINTERS:]]
    scope: dict[str, Any] = {"pack": pack, "pointer": pointer, "bf16": _bf16}
    # The shape of the arguments, spelled out: a loop would cost microseconds.
    body = f"    {target} = arguments\n    return pack({', '.join(values)})\n"
    exec(f"def packed(arguments):\n{body}", scope)
    fast: Pack = scope["packed"]

    def careful(arguments: Sequence[Any]) -> bytes:
        try:
            return fast(arguments)
        except (OverflowError, AttributeError, struct.error):
            flat = _flatten(signature, arguments)
        try:
            return pack(*_general(types, flat))
        except struct.error as error:
            raise _refusal(types, flat, kernel) from error

    return careful


def pointer(value: Any) -> int:
    """Return the address that an argument stands for: a tensor's, a number, or 0 for None."""
    if value is None:
        return 0
    data_ptr = getattr(value, "data_ptr", None)
    return int(value if data_ptr is None else data_ptr())


def _target(signature: Signature, names: list[str]) -> str:
    """Return the assignment target that takes the arguments apart, naming them a0, a1, …"""
    parts = []
    for item in signature:
        if isinstance(item, tuple | list):
            parts.append(_target(item, names))
        elif item == "constexpr":
            parts.append("_")
        else:
            names.append(f"a{len(names)}")
            parts.append(names[-1])
    return f"[{', '.join(parts)}]"


def _value(kind: str, name: str) -> str:
    if kind.startswith("*"):
        return f"{name}.data_ptr()"
    return f"bf16({name})" if kind == "bf16" else name


def _code(kind: str, size: int, kernel: str) -> str:
    if kind.startswith("*"):
        return "Q"
    if kind in _FLOATS:
        return _FLOATS[kind]
    codes = _UNSIGNED if kind.startswith("u") else _SIGNED
    if kind[:1] not in ("i", "u") or size not in codes:
        raise BadInput(f"kernel {kernel}: an argument of type {kind} cannot be passed")
    return codes[size]


def _bf16(value: float) -> int:
    """Truncate to bfloat16, as Triton's own launcher does."""
    return int.from_bytes(bytes(ctypes.c_float(value)), "little") >> 16


def _flatten(signature: Signature, arguments: Sequence[Any]) -> list[Any]:
    found: list[Any] = []
    for item, value in zip([*signature, "*i8", "*i8"], arguments, strict=True):
        if isinstance(item, tuple | list):
            found += _flatten_nested(item, value)
        elif item != "constexpr":
            found.append(value)
    return found


def _flatten_nested(signature: Signature, arguments: Sequence[Any]) -> list[Any]:
    return _flatten([*signature], [*arguments, None, None])[:-_SCRATCH_POINTERS]


def _general(types: Sequence[str], values: Sequence[Any]) -> list[Any]:
    """Return what is packed for pointers of any kind, and for floats beyond single precision."""
    made: list[Any] = []
    for kind, value in zip(types, values, strict=True):
        if kind.startswith("*"):
            made.append(pointer(value))
        elif kind == "bf16":
            made.append(_bf16(value))
        elif kind in ("fp32", "f32"):
            made.append(ctypes.c_float(value).value)
        else:
            made.append(value)
    return made


def _refusal(types: Sequence[str], values: Sequence[Any], kernel: str) -> BadInput:
    listed = ", ".join(
        f"{value!r} for {kind}"
        for kind, value in zip(types, values, strict=True)
        if not kind.startswith("*")
    )
    return BadInput(f"kernel {kernel}: an argument does not fit its type: {listed}")
