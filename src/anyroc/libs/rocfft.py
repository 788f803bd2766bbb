"""rocFFT, as far as programs need it that are linked with it and call hipFFT."""

from __future__ import annotations

from anyroc.cabi import memory
from anyroc.libs.status import failing, require

SUCCESS, FAILURE, INVALID_ARG = 0, 1, 2
VERSION = b"1.0.34"

failure = failing(invalid=INVALID_ARG, memory=FAILURE, internal=FAILURE)


def rocfft_setup() -> None:
    pass


def rocfft_cleanup() -> None:
    pass


def rocfft_get_version_string(out: int, size: int) -> None:
    require(out and size > len(VERSION), INVALID_ARG)
    memory.write_string(out, VERSION, size)
