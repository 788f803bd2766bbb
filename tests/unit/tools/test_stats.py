from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from anyroc import hooks
from anyroc.cli.statistics import facts, human_time, plain_name, titles
from anyroc.hooks import BlockSite, MemorySite
from anyroc.isa.decode import decode
from anyroc.isa.instruction import Instruction
from anyroc.tools.stats import BYTES, CLASSES, KernelStats, Stats, class_of, collect

INSTRUCTIONS = {  # gfx942 words
    "s_load_dwordx2": ("C0060100 00000000", "scalar memory"),
    "s_waitcnt": ("BF8CC07F", "wait and other"),
    "s_and_b32": ("8603FF03 0000FFFF", "scalar"),
    "v_add_u32": ("68000002", "vector"),
    "v_cmp_gt_i32": ("7D880004", "vector"),
    "s_cbranch_execz": ("BF880012", "branch"),
    "global_load_dword": ("DC508000 047F0002", "memory"),
    "ds_read_b32": ("D86C0000 01000000", "LDS"),
    "v_mfma_f32_32x32x8_f16": ("D3CC0000 04020502", "matrix"),
}


def instruction(mnemonic: str) -> Instruction:
    words = INSTRUCTIONS[mnemonic][0].split()
    code = b"".join(int(word, 16).to_bytes(4, "little") for word in words)
    decoded = decode("cdna3", code, wave_size=64)
    assert decoded.mnemonic == mnemonic
    return decoded


@pytest.mark.parametrize("mnemonic", INSTRUCTIONS)
def test_classes(mnemonic: str) -> None:
    assert INSTRUCTIONS[mnemonic][1] == class_of(instruction(mnemonic))


def by_name(pairs: Any) -> dict[str, int]:
    names = [*CLASSES, *(f"bytes {name}" for name in BYTES)]
    return {names[index]: count for index, count in pairs}


def test_a_block_counts_its_instructions() -> None:
    names = ["s_load_dwordx2", "s_waitcnt", "s_and_b32", "v_add_u32", "v_add_u32"]
    site = BlockSite(0, tuple(map(instruction, names)))
    assert {
        "scalar memory": 1, "wait and other": 1, "scalar": 1, "vector": 2, "bytes read": 8,
    } == by_name(Stats().block(site))  # fmt: skip


@pytest.mark.parametrize(
    ("space", "kind", "expected"),
    [
        ("global", "load", {"bytes read": 4}),
        ("flat", "store", {"bytes written": 4}),
        ("scratch", "load", {"bytes read": 4}),
        ("global", "atomic", {"bytes read": 4, "bytes written": 4}),
        ("lds", "load", {"bytes LDS read": 4}),
        ("lds", "atomic", {"bytes LDS read": 4, "bytes LDS written": 4}),
        ("scalar", "load", {}),
    ],
)
def test_an_access_counts_its_bytes(space: str, kind: str, expected: dict[str, int]) -> None:
    site = MemorySite(instruction("global_load_dword"), space, kind, 4)
    assert expected == by_name(Stats().access(site))


@dataclass
class FakeTotals:
    launches: int = 2
    waves: int = 8
    busy_ns: int = 1_500_000


@dataclass
class FakeKernel:
    name: str
    stats: FakeTotals = field(default_factory=FakeTotals)
    counters: list[int] = field(default_factory=lambda: list(range(len(CLASSES) + len(BYTES))))


def test_rows_add_up_the_devices_and_put_the_slowest_first() -> None:
    stats = Stats()
    for kernel in (
        FakeKernel("fast"),
        FakeKernel("slow", FakeTotals(busy_ns=10**9)),
        FakeKernel("slow"),
        FakeKernel("never", FakeTotals(launches=0)),
    ):
        stats.prepared(kernel)
    slow, fast = stats.rows()
    assert ("slow", 4, 16, 1.0015) == (slow.name, slow.launches, slow.waves, slow.seconds)
    assert ("fast", 2, 8) == (fast.name, fast.launches, fast.waves)
    assert (0, 2 * 1) == (slow.instructions[CLASSES[0]], slow.instructions[CLASSES[1]])
    assert slow.moved["read"] == 2 * len(CLASSES)


def test_collecting_registers_for_the_time_being() -> None:
    with collect() as stats:
        assert stats in hooks.active()
    assert stats not in hooks.active()


def test_what_is_shown() -> None:
    row = KernelStats("saxpy", 1, 4, 2e-6)
    row.instructions["vector"] = 1000
    row.moved["read"] = 4096
    assert facts(row) == [
        ("launches", "1"),
        ("waves", "4"),
        ("CPU time", "2 µs"),
        ("instructions", "1,000"),
        ("  vector", "1,000"),
        ("bytes read", "4.0 KiB"),
        ("a wave's instruction", "2.0 ns"),
    ]


@pytest.mark.parametrize(
    ("mangled", "plain"),
    [
        ("_Z5saxpyifPKfPf", "saxpy"),
        ("_Z6reduceIfLi256EEvPKT_PS0_", "reduce"),
        ("_ZN3gpu6detail4fillEPii", "gpu::detail::fill"),
        ("_ZN12_GLOBAL__N_14fillEPi", "(anonymous)::fill"),
        ("saxpy", "saxpy"),
        ("_ZplRK3VecS1_", "_ZplRK3VecS1_"),
    ],
)
def test_names(mangled: str, plain: str) -> None:
    assert plain == plain_name(mangled)


def test_instances_of_a_template_are_told_apart() -> None:
    names = ["_Z1fIfEvPT_", "_Z1fIdEvPT_", "_Z1gv"]
    assert ["f (_Z1fIfEvPT_)", "f (_Z1fIdEvPT_)", "g"] == titles(names)


@pytest.mark.parametrize(
    ("seconds", "text"), [(2.5, "2.5 s"), (0.0125, "12.5 ms"), (3e-6, "3 µs"), (4e-9, "4 ns")]
)
def test_times(seconds: float, text: str) -> None:
    assert text == human_time(seconds)
