"""rocRAND: hipRAND's generators under rocRAND's names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from anyroc.cabi import memory
from anyroc.libs import hiprand, random
from anyroc.libs.random import Generator
from anyroc.libs.status import StatusError

failure = hiprand.failure

VERSION = 300300
_KINDS = {
    400: "xorwow",
    401: "xorwow",
    402: "mrg32k3a",
    403: "mtgp32",
    404: "philox",
    407: "mt19937",
    500: "sobol32",
    501: "sobol32",
}
"""rocrand_rng_type."""

_RENAMED = {
    "initialize_generator": "GenerateSeeds",
    "set_seed": "SetPseudoRandomGeneratorSeed",
    "set_offset": "SetGeneratorOffset",
    "set_ordering": "SetGeneratorOrdering",
    "set_quasi_random_generator_dimensions": "SetQuasiRandomGeneratorDimensions",
    "get_direction_vectors32": "GetDirectionVectors32",
}
_ALIKE = (
    *("destroy_generator", "generate", "generate_short", "generate_char", "generate_uniform"),
    *("generate_uniform_double", "generate_uniform_half", "generate_normal"),
    *("generate_normal_double", "generate_normal_half", "generate_log_normal"),
    *("generate_log_normal_double", "generate_log_normal_half", "generate_poisson", "set_stream"),
)


def bodies() -> dict[str, Callable[..., Any]]:
    """Return what the two libraries have in common."""
    names = {name: "".join(part.title() for part in name.split("_")) for name in _ALIKE}
    names |= _RENAMED
    return {f"rocrand_{name}": getattr(hiprand, f"hiprand{camel}") for name, camel in names.items()}


def rocrand_create_generator(out: int, kind: int) -> None:
    if kind not in _KINDS:
        raise StatusError(random.TYPE_ERROR)
    memory.put_u64(out, hiprand.generators.add(Generator(_KINDS[kind])))


def rocrand_get_version(out: int) -> None:
    memory.put_i32(out, VERSION)
