"""hipRAND."""

from __future__ import annotations

import numpy as np

from anyroc.cabi import memory
from anyroc.hip.state import Handles
from anyroc.libs import random, sequences
from anyroc.libs.random import Generator
from anyroc.libs.status import StatusError, failing, require

VERSION = 300000
NOT_IMPLEMENTED = 1000

failure = failing(
    invalid=random.OUT_OF_RANGE,
    memory=random.ALLOCATION_FAILED,
    internal=random.INTERNAL_ERROR,
)

_KINDS = {
    400: "xorwow",
    401: "xorwow",
    402: "mrg32k3a",
    403: "mtgp32",
    404: "mt19937",
    405: "philox",
    500: "sobol32",
    501: "sobol32",
}
"""hiprandRngType_t."""

generators: Handles[Generator] = Handles()


def _generator(handle: int) -> Generator:
    require(handle in generators, random.NOT_CREATED)
    return generators[handle]


def hiprandCreateGenerator(out: int, kind: int) -> None:
    if kind not in _KINDS:
        raise StatusError(NOT_IMPLEMENTED if 502 <= kind <= 504 else random.TYPE_ERROR)
    memory.put_u64(out, generators.add(Generator(_KINDS[kind])))


def hiprandCreateGeneratorHost(out: int, kind: int) -> None:
    raise StatusError(NOT_IMPLEMENTED)


def hiprandDestroyGenerator(handle: int) -> None:
    _generator(handle)
    generators.remove(handle)


def hiprandGenerate(handle: int, out: int, count: int) -> None:
    _generator(handle).generate("hiprandGenerate", out, count, random.integers(np.uint32))


def hiprandGenerateShort(handle: int, out: int, count: int) -> None:
    _generator(handle).generate("hiprandGenerateShort", out, count, random.integers(np.uint16))


def hiprandGenerateChar(handle: int, out: int, count: int) -> None:
    _generator(handle).generate("hiprandGenerateChar", out, count, random.integers(np.uint8))


def hiprandGenerateUniform(handle: int, out: int, count: int) -> None:
    _generator(handle).generate("hiprandGenerateUniform", out, count, random.UNIFORM)


def hiprandGenerateUniformDouble(handle: int, out: int, count: int) -> None:
    _generator(handle).generate("hiprandGenerateUniformDouble", out, count, random.UNIFORM_DOUBLE)


def hiprandGenerateUniformHalf(handle: int, out: int, count: int) -> None:
    _generator(handle).generate("hiprandGenerateUniformHalf", out, count, random.UNIFORM_HALF)


def hiprandGenerateNormal(handle: int, out: int, count: int, mean: float, sd: float) -> None:
    _generator(handle).generate("hiprandGenerateNormal", out, count, random.normal(mean, sd))


def hiprandGenerateNormalDouble(handle: int, out: int, count: int, mean: float, sd: float) -> None:
    chosen = random.normal_double(mean, sd)
    _generator(handle).generate("hiprandGenerateNormalDouble", out, count, chosen)


def hiprandGenerateNormalHalf(handle: int, out: int, count: int, mean: int, sd: int) -> None:
    chosen = random.normal_half(_half(mean), _half(sd))
    _generator(handle).generate("hiprandGenerateNormalHalf", out, count, chosen)


def hiprandGenerateLogNormal(handle: int, out: int, count: int, mean: float, sd: float) -> None:
    chosen = random.normal(mean, sd, logarithmic=True)
    _generator(handle).generate("hiprandGenerateLogNormal", out, count, chosen)


def hiprandGenerateLogNormalDouble(
    handle: int, out: int, count: int, mean: float, sd: float
) -> None:
    chosen = random.normal_double(mean, sd, logarithmic=True)
    _generator(handle).generate("hiprandGenerateLogNormalDouble", out, count, chosen)


def hiprandGenerateLogNormalHalf(handle: int, out: int, count: int, mean: int, sd: int) -> None:
    chosen = random.normal_half(_half(mean), _half(sd), logarithmic=True)
    _generator(handle).generate("hiprandGenerateLogNormalHalf", out, count, chosen)


def _half(bits: int) -> float:
    """Return the number that the low 16 bits of an argument hold."""
    return float(np.array([bits & 0xFFFF], np.uint16).view(np.float16)[0])


def hiprandGeneratePoisson(handle: int, out: int, count: int, mean: float) -> None:
    require(mean > 0, random.OUT_OF_RANGE)
    _generator(handle).generate("hiprandGeneratePoisson", out, count, random.poisson(mean))


def hiprandGenerateSeeds(handle: int) -> None:
    _generator(handle)


def hiprandSetStream(handle: int, stream: int) -> None:
    _generator(handle).set_stream(stream)


def hiprandSetPseudoRandomGeneratorSeed(handle: int, seed: int) -> None:
    _generator(handle).change(seed=seed)


def hiprandSetGeneratorOffset(handle: int, offset: int) -> None:
    _generator(handle).change(offset=offset)


def hiprandSetGeneratorOrdering(handle: int, order: int) -> None:
    _generator(handle)


def hiprandSetQuasiRandomGeneratorDimensions(handle: int, dimensions: int) -> None:
    _generator(handle).set_dimensions(dimensions)


def hiprandGetVersion(out: int) -> None:
    memory.put_i32(out, VERSION)


_directions: list[memory.Block] = []


def hiprandGetDirectionVectors32(out: int, which: int) -> None:
    require(out, random.OUT_OF_RANGE)
    if which != 101:
        raise StatusError(NOT_IMPLEMENTED)
    if not _directions:
        rows = [sequences.sobol_directions(d) for d in range(sequences.SOBOL_DIMENSIONS)]
        _directions.append(memory.Block(np.array(rows, np.uint32).tobytes()))
    memory.put_u64(out, _directions[0].address)
