"""hipRAND and rocRAND: known numbers of the generators, and the shape of the distributions."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from anyroc.libs import sequences

XORWOW, MRG32K3A, MTGP32, MT19937, PHILOX, SOBOL32 = 401, 402, 403, 404, 405, 501


@pytest.fixture
def rand(api: Callable[[str], Any]) -> Any:
    return api("hiprand")


def generator(rand: Any, kind: int, seed: int | None = None) -> ctypes.c_void_p:
    made = ctypes.c_void_p()
    assert 0 == rand.hiprandCreateGenerator(ctypes.byref(made), kind)
    if seed is not None:
        assert 0 == rand.hiprandSetPseudoRandomGeneratorSeed(made, seed)
    return made


def numbers(
    rand: Any, device: Any, made: ctypes.c_void_p, name: str, count: int, kind: Any, *more: Any
) -> np.ndarray:
    like = np.empty(count, kind)
    place = device.empty(like.nbytes)
    assert 0 == getattr(rand, f"hiprandGenerate{name}")(made, place, count, *more)
    return device.get(place, like)


def test_philox_gives_the_published_numbers(rand: Any, device: Any) -> None:
    # Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (2011), known answers.
    made = generator(rand, PHILOX, 0)
    found = numbers(rand, device, made, "", 4, np.uint32)
    assert [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8] == found.tolist()


def xorwow(seed: int, count: int) -> list[int]:
    """Marsaglia's xorwow, word by word, with rocRAND's seeding."""
    mask = 0xFFFFFFFF
    t0 = 1228688033 * (seed & mask ^ 0x2C7F967F) & mask
    t1 = 2073658381 * (seed >> 32 ^ 0xA03697CB) & mask
    x = [123456789 + t0, 362436069 ^ t0, 521288629 + t1, 88675123 ^ t1, 5783321 + t0]
    x, d, made = [word & mask for word in x], 6615241 + t1 + t0 & mask, []
    for _ in range(count):
        t = x[0] ^ x[0] >> 2
        x = [*x[1:], (x[4] ^ x[4] << 4 ^ t ^ t << 1) & mask]
        d = d + 362437 & mask
        made.append(d + x[4] & mask)
    return made


def test_the_engines_of_xorwow_take_turns(rand: Any, device: Any) -> None:
    made = generator(rand, XORWOW, 1234)
    found = numbers(rand, device, made, "", 2 * sequences.ENGINES + 1, np.uint32)
    assert xorwow(1234, 3) == found[:: sequences.ENGINES].tolist()


def test_an_offset_skips_numbers(rand: Any, device: Any) -> None:
    for kind in (XORWOW, MRG32K3A, PHILOX, MT19937):
        whole = numbers(rand, device, generator(rand, kind, 7), "", 132000, np.uint32)
        made = generator(rand, kind, 7)
        assert 0 == rand.hiprandSetGeneratorOffset(made, 131100)
        part = numbers(rand, device, made, "", 900, np.uint32)
        assert whole[131100:].tolist() == part.tolist()


def test_jumps_of_the_engines_are_powers_of_one_step() -> None:
    state = np.arange(1, 6, dtype=np.uint32)[:, None]
    near, far = (sequences._xorwow_jump(level) for level in (0, 1))
    twice = sequences._times_bits(near, sequences._times_bits(near, state))
    assert twice.tolist() == sequences._times_bits(far, state).tolist()
    one, two = sequences._mrg_jump(0)
    # L'Ecuyer et al., "An object-oriented random-number package" (2002), lists both powers.
    assert [82758667, 1871391091, 4127413238] == list(one[0])
    assert [1511326704, 3759209742, 1610795712] == list(two[0])


def test_mrg32k3a_follows_its_recurrence(rand: Any, device: Any) -> None:
    made = sequences.Mrg32k3a(99)
    x, y = (list(map(int, part[:, 0])) for part in (made._begun[:3], made._begun[3:]))
    expected = []
    for _ in range(3):
        x = [*x[1:], (1403580 * x[1] - 810728 * x[0]) % 4294967087]
        y = [*y[1:], (527612 * y[2] - 1370589 * y[0]) % 4294944443]
        expected.append((x[2] - y[2] - 1) % 4294967087 + 1)
    assert expected == made.draw(2 * sequences.ENGINES + 1, 1)[:: sequences.ENGINES, 0].tolist()


def test_sobol_fills_every_dimension_evenly(rand: Any, device: Any) -> None:
    made = generator(rand, SOBOL32)
    dimensions = sequences.SOBOL_DIMENSIONS
    assert 0 == rand.hiprandSetQuasiRandomGeneratorDimensions(made, dimensions)
    found = numbers(rand, device, made, "", 256 * dimensions, np.uint32).reshape(-1, 256)
    assert [0, 1 << 31, 3 << 30, 1 << 30] == found[0, :4].tolist()
    for row in found:  # one number in each of 256 equal parts
        assert list(range(256)) == sorted(row >> 24)
    assert 105 == rand.hiprandGenerate(made, device.empty(4), dimensions + 1)


@pytest.mark.parametrize("kind", [XORWOW, MRG32K3A, PHILOX, MT19937, MTGP32])
def test_distributions_have_their_moments(rand: Any, device: Any, kind: int) -> None:
    made = generator(rand, kind, 5)
    count = 100_000
    for name, type_ in (("Uniform", np.float32), ("UniformDouble", np.float64)):
        found = numbers(rand, device, made, name, count, type_)
        assert 0 < found.min() < 1e-3 and 0.999 < found.max() <= 1
        assert found.mean() == pytest.approx(0.5, abs=0.01)
        assert found.var() == pytest.approx(1 / 12, abs=0.01)
    mean, deviation = ctypes.c_float(3), ctypes.c_float(2)
    found = numbers(rand, device, made, "Normal", count, np.float32, mean, deviation)
    assert (found.mean(), found.std()) == (pytest.approx(3, abs=0.05), pytest.approx(2, abs=0.05))
    third = ((found - 3) ** 3).mean() / 8
    assert third == pytest.approx(0, abs=0.1)
    zero, one = ctypes.c_double(0), ctypes.c_double(1)
    found = numbers(rand, device, made, "NormalDouble", count, np.float64, zero, one)
    assert np.mean(np.abs(found) < 1) == pytest.approx(0.6827, abs=0.01)
    found = numbers(rand, device, made, "LogNormalDouble", count, np.float64, zero, one)
    assert np.median(found) == pytest.approx(1, abs=0.05)
    found = numbers(rand, device, made, "Poisson", count, np.uint32, ctypes.c_double(4))
    assert (found.mean(), found.var()) == (pytest.approx(4, abs=0.1), pytest.approx(4, abs=0.2))
    found = numbers(rand, device, made, "UniformHalf", count, np.float16).astype(float)
    assert found.mean() == pytest.approx(0.5, abs=0.01)


def test_quasirandom_numbers_take_one_word_each(rand: Any, device: Any) -> None:
    made = generator(rand, SOBOL32)
    zero, one = ctypes.c_float(0), ctypes.c_float(1)
    found = numbers(rand, device, made, "Normal", 4096, np.float32, zero, one)[1:]
    assert found.mean() == pytest.approx(0, abs=0.01)
    assert np.mean(np.abs(found) < 1.959964) == pytest.approx(0.95, abs=0.002)


def test_rocrand_has_the_same_generators(api: Callable[[str], Any], device: Any) -> None:
    roc = api("rocrand")
    made, like = ctypes.c_void_p(), np.empty(4, np.uint32)
    place = device.empty(16)
    assert 0 == roc.rocrand_create_generator(ctypes.byref(made), 404)
    assert 0 == roc.rocrand_set_seed(made, 0)
    assert 0 == roc.rocrand_generate(made, place, 4)
    assert 0x6627E8D5 == device.get(place, like)[0]
    assert 0 == roc.rocrand_destroy_generator(made)
    assert 101 == roc.rocrand_generate(made, place, 4)


def test_what_is_not_there_says_so(rand: Any, device: Any) -> None:
    made = ctypes.c_void_p()
    assert 1000 == rand.hiprandCreateGenerator(ctypes.byref(made), 504)
    assert 103 == rand.hiprandCreateGenerator(ctypes.byref(made), 7)
    sobol = generator(rand, SOBOL32)
    assert 104 == rand.hiprandSetQuasiRandomGeneratorDimensions(sobol, 20001)
