"""Show a PNG picture in the terminal: ``python -m anyroc.cli.picture FILE``.

Understands what the examples write: eight bits a channel, not interlaced. Each character cell shows
two pixels, one above the other, in colour on a terminal and in shades of text elsewhere. Source:
PNG (Portable Network Graphics) Specification, third edition.
"""

from __future__ import annotations

import shutil
import struct
import sys
import zlib
from dataclasses import dataclass
from pathlib import Path

from anyroc.errors import AnyrocError, BadInput

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHANNELS = {0: 1, 2: 3, 4: 2, 6: 4}  # colour type → channels
_SHADES = " .:-=+*#%@"
_LARGEST = 1 << 26

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Picture:
    """A picture of `width` × `height` pixels, row by row from the top."""

    width: int
    height: int
    channels: int
    data: bytes

    def pixel(self, x: int, y: int) -> Colour:
        """Return red, green and blue, 0 to 255."""
        start = (y * self.width + x) * self.channels
        if self.channels < 3:
            return (self.data[start],) * 3
        return self.data[start], self.data[start + 1], self.data[start + 2]

    def average(self, left: int, top: int, right: int, bottom: int) -> Colour:
        """Return the mean colour of a rectangle, of a grid of at most 8 × 8 of its pixels."""
        xs = range(left, right, max(1, (right - left) // 8))
        ys = range(top, bottom, max(1, (bottom - top) // 8))
        pixels = [self.pixel(x, y) for y in ys for x in xs]
        red, green, blue = (sum(channel) // len(pixels) for channel in zip(*pixels, strict=True))
        return red, green, blue


def read_png(data: bytes) -> Picture:
    """Decode a PNG file; BadInput if it is none or of a sort that is not understood."""
    if not data.startswith(_SIGNATURE):
        raise BadInput("not a PNG file")
    header: bytes | None = None
    packed = b""
    offset = len(_SIGNATURE)
    while offset + 12 <= len(data):
        size, name = struct.unpack_from(">I4s", data, offset)
        body = data[offset + 8 : offset + 8 + size]
        if name == b"IHDR":
            header = body
        elif name == b"IDAT":
            packed += body
        offset += size + 12
    if header is None or len(header) != 13:
        raise BadInput("PNG file without a header")
    width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", header)
    if depth != 8 or colour not in _CHANNELS or interlaced:
        raise BadInput(f"PNG file with {depth} bits of colour type {colour} is not understood")
    channels = _CHANNELS[colour]
    stride = width * channels
    if not 0 < (stride + 1) * height <= _LARGEST:
        raise BadInput(f"PNG file of {width} × {height} pixels is not understood")
    try:
        raw = zlib.decompressobj().decompress(packed, (stride + 1) * height)
    except zlib.error as error:
        raise BadInput(f"PNG file is damaged: {error}") from None
    if len(raw) != (stride + 1) * height:
        raise BadInput("PNG file is cut off")
    return Picture(width, height, channels, _unfilter(raw, stride, height, channels))


def _unfilter(raw: bytes, stride: int, height: int, channels: int) -> bytes:
    result = bytearray()
    above = bytes(stride)
    for y in range(height):
        start = y * (stride + 1)
        kind, row = raw[start], bytearray(raw[start + 1 : start + 1 + stride])
        if kind:
            for x in range(stride):
                left = row[x - channels] if x >= channels else 0
                corner = above[x - channels] if x >= channels else 0
                row[x] = (row[x] + _predict(kind, left, above[x], corner)) & 255
        result += row
        above = bytes(row)
    return bytes(result)


def _predict(kind: int, left: int, up: int, corner: int) -> int:
    if kind == 1:
        return left
    if kind == 2:
        return up
    if kind == 3:
        return (left + up) // 2
    if kind == 4:
        by_distance = (abs(up - corner), abs(left - corner), abs(left + up - 2 * corner))
        return (left, up, corner)[by_distance.index(min(by_distance))]
    raise BadInput(f"PNG file with row filter {kind}")


def render(picture: Picture, columns: int, *, colour: bool) -> str:
    """Return the picture as text `columns` characters wide, keeping its proportions."""
    columns = min(columns, picture.width)
    rows = max(1, picture.height * columns // picture.width // 2)

    def cell(column: int, row: int, rows: int) -> Colour:
        left, right = (picture.width * c // columns for c in (column, column + 1))
        top, bottom = (picture.height * r // rows for r in (row, row + 1))
        return picture.average(left, top, max(right, left + 1), max(bottom, top + 1))

    lines = []
    for row in range(rows):
        line = []
        for column in range(columns):
            if colour:
                upper, lower = (cell(column, 2 * row + half, 2 * rows) for half in (0, 1))
                line.append("\x1b[38;2;{};{};{}m\x1b[48;2;{};{};{}m▀".format(*upper, *lower))
            else:
                light = sum(cell(column, row, rows)) / (3 * 256)
                line.append(_SHADES[int(light * len(_SHADES))])
        lines.append("".join(line) + ("\x1b[0m" if colour else ""))
    return "\n".join(lines)


def main(name: str) -> int:
    """Print a picture and where it lies; return the exit code."""
    path = Path(name)
    try:
        columns = min(96, shutil.get_terminal_size().columns)
        print(render(read_png(path.read_bytes()), columns, colour=sys.stdout.isatty()))
    except (AnyrocError, OSError) as error:
        print(f"{path}: {error}", file=sys.stderr)
        return 2
    print(f"The picture is in {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
