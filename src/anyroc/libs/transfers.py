"""Vectors and matrices between host and device, as rocBLAS and hipBLAS copy them."""

from __future__ import annotations

from anyroc.hip import copy
from anyroc.libs.status import require

_DEFAULT = 4  # hipMemcpyKind: the addresses tell


class Transfers:
    """The copies of a library, whose status for a wrong argument is `invalid`."""

    def __init__(self, invalid: int) -> None:
        self._invalid = invalid

    def vector(
        self, count: int, size: int, source: int, step: int, to: int, to_step: int, *stream: int
    ) -> None:
        """Copy elements of `size` bytes that lie `step` apart; with a stream, asynchronously."""
        require(count >= 0 and min(size, step, to_step) > 0, self._invalid)
        self._copy(to, to_step * size, source, step * size, size, count, *stream)

    def matrix(
        self,
        rows: int,
        columns: int,
        size: int,
        source: int,
        leading: int,
        to: int,
        to_leading: int,
        *stream: int,
    ) -> None:
        """Copy a matrix by columns; with a stream, asynchronously."""
        require(min(rows, columns) >= 0 and size > 0, self._invalid)
        require(min(leading, to_leading) >= max(rows, 1), self._invalid)
        self._copy(to, to_leading * size, source, leading * size, rows * size, columns, *stream)

    def _copy(
        self,
        to: int,
        to_pitch: int,
        source: int,
        pitch: int,
        width: int,
        height: int,
        *stream: int,
    ) -> None:
        if not width or not height:
            return
        require(to and source, self._invalid)
        block = to, to_pitch, source, pitch, width, height, _DEFAULT
        if stream:
            copy.hipMemcpy2DAsync(*block, *stream)
        else:
            copy.hipMemcpy2D(*block)
