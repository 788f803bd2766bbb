from __future__ import annotations

import struct
import zlib
from pathlib import Path

import pytest

from anyroc.cli.picture import main, read_png, render
from anyroc.errors import BadInput

GRAY, RGB, RGBA = 0, 2, 6


def png(width: int, height: int, colour: int, rows: list[bytes], depth: int = 8) -> bytes:
    """Make a PNG file; each row begins with its filter type."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        )

    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    packed = zlib.compress(b"".join(rows))
    middle = len(packed) // 2
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", packed[:middle])
        + chunk(b"IDAT", packed[middle:])
        + chunk(b"IEND", b"")
    )


def test_colours() -> None:
    picture = read_png(png(2, 1, RGB, [b"\0" + bytes([255, 0, 0, 0, 0, 255])]))
    assert ((255, 0, 0), (0, 0, 255)) == (picture.pixel(0, 0), picture.pixel(1, 0))


def test_grey_and_alpha() -> None:
    assert read_png(png(1, 1, GRAY, [b"\0\x80"])).pixel(0, 0) == (128, 128, 128)
    assert read_png(png(1, 1, RGBA, [b"\0\1\2\3\4"])).pixel(0, 0) == (1, 2, 3)


@pytest.mark.parametrize(
    ("kind", "encoded"),
    [
        (0, [10, 20, 40, 90]),
        (1, [10, 10, 20, 50]),
        (2, [9, 18, 36, 84]),
        (3, [10 - 1 // 2, 20 - (10 + 2) // 2, 40 - (20 + 4) // 2, 90 - (40 + 6) // 2]),
        (4, [9, 10, 20, 50]),
    ],
    ids=["none", "left", "up", "average", "paeth"],
)
def test_row_filters(kind: int, encoded: list[int]) -> None:
    """The second row is 10 20 40 90 below 1 2 4 6, however it is encoded."""
    data = png(4, 2, GRAY, [bytes([0, 1, 2, 4, 6]), bytes([kind, *encoded])])
    picture = read_png(data)
    assert [picture.pixel(x, 1)[0] for x in range(4)] == [10, 20, 40, 90]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"GIF89a", "not a PNG"),
        (b"\x89PNG\r\n\x1a\n", "without a header"),
        (png(1, 1, GRAY, [b"\0\0"], depth=16), "16 bits"),
        (png(9, 9, GRAY, [b"\0\0"]), "cut off"),
        (png(1, 1, GRAY, [b"\7\0"]), "row filter 7"),
        (png(1 << 20, 1 << 20, GRAY, [b""]), "not understood"),
        (png(1, 1, GRAY, [b"\0\0"]).replace(b"IDAT\x78", b"IDAT\0"), "damaged"),
    ],
    ids=["gif", "empty", "deep", "short", "filter", "huge", "zlib"],
)
def test_what_is_not_understood(data: bytes, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        read_png(data)


def test_text_has_light_where_the_picture_has() -> None:
    picture = read_png(png(4, 4, GRAY, [bytes([0, 0, 0, 255, 255])] * 4))
    assert render(picture, 4, colour=False) == "  @@\n  @@"


def test_colour_text_is_one_cell_for_two_pixels() -> None:
    picture = read_png(png(1, 2, RGB, [bytes([0, 1, 2, 3]), bytes([0, 4, 5, 6])]))
    assert render(picture, 80, colour=True) == "\x1b[38;2;1;2;3m\x1b[48;2;4;5;6m▀\x1b[0m"


def test_main(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.png"
    path.write_bytes(png(2, 2, GRAY, [bytes([0, 255, 255])] * 2))
    assert main(str(path)) == 0
    assert capsys.readouterr().out == f"@@\nThe picture is in {path}\n"
    assert main(str(tmp_path / "none.png")) == 2
