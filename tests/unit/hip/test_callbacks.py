"""Callbacks that Python programs give to HIP."""

from __future__ import annotations

import ctypes
import sys
from typing import Any

import pytest


def test_an_exception_in_a_callback_is_told_and_the_stream_goes_on(
    api: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[int] = []
    told: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", told.append)

    @ctypes.CFUNCTYPE(None, ctypes.c_void_p)
    def raises(_: int | None) -> None:
        called.append(1)
        raise RuntimeError("from the callback")

    stream, place = api.stream(), api.malloc(4)
    assert 0 == api.hipMemset(place, 0, 4)
    function = ctypes.cast(raises, ctypes.c_void_p).value
    assert 0 == api.hipLaunchHostFunc(stream, function, None)
    assert 0 == api.hipMemsetAsync(place, 1, 4, stream)
    assert 0 == api.hipStreamSynchronize(stream)
    assert ([1], b"\1" * 4) == (called, ctypes.string_at(place, 4))
    assert ["from the callback"] == [str(row.exc_value) for row in told]
    assert 0 == api.hipStreamDestroy(stream)
    assert 0 == api.hipFree(place)
