"""Devices from the environment; loading code objects."""

from __future__ import annotations

import pytest

from anyroc.errors import BadInput, CodeObjectError
from anyroc.gpu import binding
from anyroc.gpu.device import Device, configured_targets, devices, worker_threads
from anyroc.isa.targets import target
from code_objects import DATA, KernelSpec, code_object
from gpu_bench import Bench


@pytest.mark.parametrize(
    ("environment", "names"),
    [
        ({}, ["gfx942"]),
        ({"ANYROC_TARGET": "gfx1201"}, ["gfx1201"]),
        ({"ANYROC_DEVICES": "gfx942x2, gfx1201"}, ["gfx942", "gfx942", "gfx1201"]),
        ({"ANYROC_DEVICES": "gfx1151", "ANYROC_TARGET": "gfx942"}, ["gfx1151"]),
    ],
)
def test_devices_come_from_the_environment(
    environment: dict[str, str], names: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for key, value in environment.items():
        monkeypatch.setenv(key, value)
    assert names == [t.name for t in configured_targets()]


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("ANYROC_TARGET", "gfx1"),
        ("ANYROC_DEVICES", "gfx942x0"),
        ("ANYROC_DEVICES", "gfx942x65"),
        ("ANYROC_DEVICES", "gfx942x40,gfx1201x40"),
        ("ANYROC_DEVICES", "gfx942,,gfx1201"),
        ("ANYROC_DEVICES", "nothing"),
    ],
)
def test_senseless_device_lists_name_the_variable(
    variable: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(BadInput, match=variable):
        configured_targets()


def test_threads_and_memory_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert worker_threads() >= 1
    monkeypatch.setenv("ANYROC_THREADS", "3")
    monkeypatch.setenv("ANYROC_MEMORY", "3G")
    assert 3 == worker_threads()
    assert 3 << 30 == Device(0, target("gfx942")).memory.capacity
    monkeypatch.setenv("ANYROC_THREADS", "none")
    with pytest.raises(BadInput, match="ANYROC_THREADS"):
        worker_threads()
    monkeypatch.setenv("ANYROC_MEMORY", "much")
    with pytest.raises(BadInput, match="ANYROC_MEMORY"):
        Device(0, target("gfx942"))


def test_the_process_has_one_list_of_devices() -> None:
    assert devices() is devices()
    assert ["gfx942"] == [device.target.name for device in devices()]


def test_a_module_is_loaded_and_relocated(bench: Bench) -> None:
    image = code_object(
        [KernelSpec("empty", b"\x11\x22\x33\x44" * 4)],
        data=b"\xaa" * 32,
        bss=64,
        variables=[("table", DATA, 32), ("zeros", DATA + 32, 64)],
        relocations=[
            (DATA, 13, 0, DATA + 32),
            (DATA + 8, 3, 2, 4),
            (DATA + 16, 1, 1, 0),
            (DATA + 20, 2, 1, 0),
            (DATA + 24, 5, 1, 0),
        ],
    )
    before = bench.device.memory.used
    module = bench.device.load(image)
    table, size = module.symbol("table")
    zeros, _ = module.symbol("zeros")
    assert (module.base + DATA, 32) == (table, size)
    words = [
        int.from_bytes(binding.read_memory(table + 8 * i, 8), "little", signed=True)
        for i in range(4)
    ]
    assert [zeros, zeros + 4, table, -24] == words
    assert bytes(64) == binding.read_memory(zeros, 64)
    entry = module.base + module.code.kernels["empty"].entry
    assert b"\x11\x22\x33\x44" == binding.read_memory(entry, 4)
    assert module in bench.device.modules
    module.unload()
    assert module not in bench.device.modules
    assert before == bench.device.memory.used


def test_what_a_module_lacks_is_named(bench: Bench) -> None:
    module = bench.device.load(code_object([KernelSpec("empty")]))
    with pytest.raises(LookupError, match="no kernel nothing"):
        module.kernel("nothing")
    with pytest.raises(LookupError, match="no variable empty"):
        module.symbol("empty")
    assert module.kernel("empty") is module.kernel("empty")


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (code_object([KernelSpec("k")], target="gfx1201"), "for gfx1201, the device is a gfx942"),
        (
            code_object(
                [KernelSpec("k")], undefined=["far"], relocations=[(DATA, 3, 1, 0)], data=bytes(8)
            ),
            "needs far",
        ),
        (code_object([KernelSpec("k")], relocations=[(DATA + 1000, 13, 0, 0)]), "outside"),
        (
            code_object([KernelSpec("k")], relocations=[(DATA, 99, 0, 0)], data=bytes(8)),
            "unknown type 99",
        ),
        (b"junk", "not an ELF file"),
    ],
)
def test_modules_that_cannot_be_loaded(bench: Bench, image: bytes, message: str) -> None:
    count = len(bench.device.modules)
    with pytest.raises(CodeObjectError, match=message):
        bench.device.load(image)
    assert count == len(bench.device.modules)
