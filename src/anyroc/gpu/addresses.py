"""Handing out addresses, so that a freed one comes back as late as possible."""

from __future__ import annotations

from bisect import bisect_right


def round_up(value: int, unit: int) -> int:
    """Return the smallest multiple of `unit` that is not less than `value`."""
    return -(-value // unit) * unit


class Addresses:
    """The free addresses of a range: cut one after the other, at the end from its start again."""

    def __init__(self, base: int, size: int) -> None:
        self.base = base
        self.size = size
        self.free = [(base, size)]
        """Disjoint (start, size), sorted, no two adjacent."""
        self._rover = base

    def take(self, size: int, align: int) -> int | None:
        """Cut `size` bytes; None when there is no such gap. `align` is a power of two."""
        start = self._take(size, align)
        if start is None and self._rover != self.base:
            self._rover = self.base
            start = self._take(size, align)
        return start

    def _take(self, size: int, align: int) -> int | None:
        first = max(bisect_right(self.free, (self._rover, self.size)) - 1, 0)
        for index in range(first, len(self.free)):
            begin, length = self.free[index]
            start = round_up(max(begin, self._rover), align)
            if start + size <= begin + length:
                rest = [(begin, start - begin), (start + size, begin + length - start - size)]
                self.free[index : index + 1] = [piece for piece in rest if piece[1]]
                self._rover = start + size
                return start
        return None

    def give(self, start: int, size: int) -> None:
        """Take back what `take` cut."""
        index = bisect_right(self.free, (start, 0))
        if index < len(self.free) and self.free[index][0] == start + size:
            size += self.free.pop(index)[1]
        if index and sum(self.free[index - 1]) == start:
            index -= 1
            before, length = self.free.pop(index)
            start, size = before, length + size
        self.free.insert(index, (start, size))
