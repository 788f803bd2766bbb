from __future__ import annotations

import dataclasses

import pytest

from anyroc.errors import UnknownTarget
from anyroc.isa.tables import FAMILY
from anyroc.isa.targets import TARGETS, target


def test_unknown_target_names_the_known_ones() -> None:
    with pytest.raises(UnknownTarget) as caught:
        target("gfx9000")
    for name in TARGETS:
        assert name in str(caught.value)


def test_feature_suffixes_are_ignored() -> None:
    assert TARGETS["gfx942"] is target("gfx942:sramecc+:xnack-")


@pytest.mark.parametrize("record", TARGETS.values(), ids=lambda record: record.name)
def test_record_is_consistent(record: object) -> None:
    assert dataclasses.is_dataclass(record)
    assert record.name in TARGETS
    assert record.isa in FAMILY
    assert record.default_wave_size in record.wave_sizes
    assert set(record.vgpr_granule) == set(record.wave_sizes)


def test_elf_machine_numbers_differ() -> None:
    assert len(TARGETS) == len({record.elf_mach for record in TARGETS.values()})


@pytest.mark.parametrize(
    ("name", "capability"),
    [
        ("gfx90a", (9, 0)),
        ("gfx942", (9, 4)),
        ("gfx950", (9, 5)),
        ("gfx1151", (11, 5)),
        ("gfx1201", (12, 0)),
    ],
)
def test_capability(name: str, capability: tuple[int, int]) -> None:
    assert capability == target(name).capability
