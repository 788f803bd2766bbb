"""Device printf: what kernels left in their print buffer, formatted as C's printf would.

Kernels compiled with `-mprintf-kind=buffered` reserve space in a buffer by an atomic addition and
write one record per call. Layout, as clang emits it (all little endian): the buffer starts with the
bytes used so far after this header (u32) and the buffer's whole size (u32). A record is

    u32   bit 0: to stderr; bit 1: constant format; bits 2-31: size of the record in bytes
    u64   constant format: the low half of the MD5 of the format string, which the code object's
          metadata lists; otherwise the format string itself, padded to 8 bytes
    …     8 bytes per argument: integers extended, floats as double; a string argument of a constant
          format lies in the record itself, padded to 8 bytes, of another one it is an address
"""

from __future__ import annotations

import functools
import math
import re
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from anyroc.cabi import memory, stdio

HEADER = struct.Struct("<II")
ASSERTION = b"Device-side assertion"
"""What the text of a failed device assertion contains, and nothing else should."""

_CONTROL = struct.Struct("<I")
_HASH = struct.Struct("<Q")
_STDERR, _CONSTANT = 1, 2
_CONVERSION = re.compile(
    r"%(?P<flags>[-+ #0]*)(?P<width>\*|\d*)(?:\.(?P<precision>\*|\d*))?"
    r"(?P<length>hh|h|ll|l|j|z|t|L)?(?P<kind>[diouxXeEfFgGaAcspn%])"
)
_WIDEST = 1 << 12  # a stray value as a width must not ask for gigabytes of blanks
_BITS = {"hh": 8, "h": 16, None: 32}

_formats: dict[int, str] = {}


def add_formats(entries: Iterable[str]) -> None:
    """Remember format strings from a code object's metadata: `0:0:HASH,FORMAT` each."""
    for entry in entries:
        head, _, text = entry.partition(",")
        _formats[int(head.rsplit(":", 1)[-1], 16)] = text


def empty_header(size: int) -> bytes:
    """Return the first bytes of an empty buffer of `size` bytes."""
    return HEADER.pack(0, size)


def drain(address: int) -> bool:
    """Print and remove what is in the buffer at `address`; tell whether an assertion failed."""
    used, size = HEADER.unpack(memory.read(address, HEADER.size))
    if not used:
        return False
    failed = False
    for stream, text in records(memory.read(address + HEADER.size, min(used, size))):
        failed = failed or ASSERTION in text
        stdio.write(stream, text)
    memory.write(address, empty_header(size))
    return failed


def records(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield (stream, text) for each record; stops at one that makes no sense."""
    position = 0
    while position + _CONTROL.size <= len(data):
        (control,) = _CONTROL.unpack_from(data, position)
        size = control >> 2
        if not _CONTROL.size <= size <= len(data) - position:
            return
        record = data[position + _CONTROL.size : position + size]
        stream = stdio.STDERR if control & _STDERR else stdio.STDOUT
        yield stream, _text(record, bool(control & _CONSTANT))
        position += size


def _text(record: bytes, constant: bool) -> bytes:
    if constant:
        (number,) = _HASH.unpack_from(record)
        text = _formats.get(number)
        if text is None:
            return b"<printf with an unknown format>\n"
        return render(text.encode(errors="surrogateescape"), _Arguments(record, 8, inline=True))
    form = record[: record.index(b"\0")]
    return render(form, _Arguments(record, _padded(len(form) + 1), inline=False))


def message(data: bytes) -> tuple[str, bytes]:
    """Return (stream, text) for the message of a host call: control word, format, arguments."""
    stream = stdio.STDERR if data[:1] and data[0] & _STDERR else stdio.STDOUT
    form, _, _ = data[8:].partition(b"\0")
    return stream, render(form, _Arguments(data, 8 + _padded(len(form) + 1), inline=True))


class _Arguments:
    """The arguments of one record, taken one by one; missing ones are zero."""

    def __init__(self, record: bytes, position: int, *, inline: bool) -> None:
        self._record = record
        self._position = position
        self._inline = inline

    def _take(self, size: int) -> bytes:
        taken = self._record[self._position : self._position + size]
        self._position += size
        return taken.ljust(size, b"\0")

    def integer(self, bits: int, signed: bool) -> int:
        value = int.from_bytes(self._take(8), "little") & ((1 << bits) - 1)
        return value - (1 << bits) if signed and value >> (bits - 1) else value

    def real(self) -> float:
        return float(struct.unpack("<d", self._take(8))[0])

    def string(self) -> bytes:
        if not self._inline:
            address = self.integer(64, False)
            return memory.read_string(address) if address else b"(null)"
        end = self._record.find(b"\0", self._position)
        if end < 0:
            return b"(null)"
        text = self._record[self._position : end]
        self._position += _padded(end + 1 - self._position)
        return text


def _padded(size: int) -> int:
    return (size + 7) & ~7


def render(form: bytes, arguments: _Arguments) -> bytes:
    """Return what printf would write for a format string and its arguments."""
    out: list[str] = []
    for literal, conversion in _parse(form):
        out.append(literal)
        if conversion is not None:
            out.append(_convert(conversion, arguments))
    return "".join(out).encode("latin-1")


@functools.lru_cache(maxsize=4096)
def _parse(form: bytes) -> list[tuple[str, re.Match[str] | None]]:
    """Split a format string into pairs of literal text and the conversion after it."""
    text = form.decode("latin-1")  # bytes as they are, one character each
    parts: list[tuple[str, re.Match[str] | None]] = []
    position = 0
    for conversion in _CONVERSION.finditer(text):
        literal = text[position : conversion.start()]
        position = conversion.end()
        if conversion["kind"] == "%":
            parts.append((literal + "%", None))
        else:
            parts.append((literal, conversion))
    parts.append((text[position:], None))
    return parts


def _convert(conversion: re.Match[str], arguments: _Arguments) -> str:
    """Return the text of one conversion."""
    flags, width, precision, length, kind = conversion.groups()
    if width == "*":
        columns = arguments.integer(32, True)
        width, flags = str(abs(columns)), flags + "-" if columns < 0 else flags
    digits = int(precision or 0) if precision not in (None, "*") else None
    if precision == "*":
        given = arguments.integer(32, True)
        digits = given if given >= 0 else None
    if digits is not None:
        digits = min(digits, _WIDEST)
    field = _Field(flags, min(int(width or 0), _WIDEST), digits)
    if kind in "diuxXo":
        signed = kind in "di"
        return field.integer(kind, arguments.integer(_BITS.get(length, 64), signed))
    if kind in "eEfFgGaA":
        return field.real(kind, arguments.real())
    if kind == "c":
        return field.padded(chr(arguments.integer(8, False)))
    if kind == "s":
        return field.padded(arguments.string().decode("latin-1")[:digits])
    address = arguments.integer(64, False)
    if kind == "p":
        return field.padded(f"{address:#x}" if address else "(nil)")
    return ""  # %n: there is nothing to write to


@dataclass(frozen=True)
class _Field:
    """Flags, width and precision of a conversion."""

    flags: str
    width: int
    precision: int | None

    def padded(self, text: str, *, zeros: bool = False, prefix: str = "") -> str:
        """Return prefix and text at the field's width."""
        room = self.width - len(prefix)
        if "-" in self.flags:
            return prefix + text.ljust(room)
        return prefix + text.rjust(room, "0") if zeros else (prefix + text).rjust(self.width)

    def sign(self, negative: bool) -> str:
        return "-" if negative else "+" if "+" in self.flags else " " if " " in self.flags else ""

    def integer(self, kind: str, value: int) -> str:
        digits = f"{abs(value):{'d' if kind in 'diu' else kind}}"
        if self.precision is not None:
            digits = digits.rjust(self.precision, "0") if value or self.precision else ""
        prefix = self.sign(value < 0) if kind in "di" else ""
        if "#" in self.flags and kind in "xX" and value:
            prefix = f"0{kind}"
        if "#" in self.flags and kind == "o" and not digits.startswith("0"):
            digits = f"0{digits}"
        zeros = "0" in self.flags and self.precision is None
        return self.padded(digits, zeros=zeros, prefix=prefix)

    def real(self, kind: str, value: float) -> str:
        negative = bool(struct.pack(">d", value)[0] & 0x80)
        if not math.isfinite(value):
            word = "nan" if math.isnan(value) else "inf"
            return self.padded(word.upper() if kind.isupper() else word, prefix=self.sign(negative))
        if kind in "aA":
            text = self._hexadecimal(abs(value))
            prefix, text = self.sign(negative) + text[:2], text[2:]
            if kind == "A":
                prefix, text = prefix.upper(), text.upper()
        else:
            precision = "" if self.precision is None else f".{self.precision}"
            text = f"%{'#' if '#' in self.flags else ''}{precision}{kind}" % abs(value)
            prefix = self.sign(negative)
        return self.padded(text, zeros="0" in self.flags, prefix=prefix)

    def _hexadecimal(self, value: float) -> str:
        mantissa, exponent = value.hex().split("p")
        if self.precision is not None:
            whole = round(value / 2.0 ** int(exponent) * 16**self.precision)
            lead, rest = divmod(whole, 16**self.precision)
            mantissa = f"0x{lead}" + (f".{rest:0{self.precision}x}" if self.precision else "")
        elif "." in mantissa:
            mantissa = mantissa.rstrip("0").rstrip(".")
        return f"{mantissa}p{exponent}"
