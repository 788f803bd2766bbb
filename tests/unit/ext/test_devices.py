from __future__ import annotations

from collections.abc import Iterator

import pytest

from anyroc.errors import BadInput, UnknownTarget
from anyroc.ext.triton import devices, loading, native, selection, tensors


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(devices, "_targets", [])
    yield
    devices.thread.device = 0


def test_the_environment_names_the_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANYROC_DEVICES", "gfx1201,gfx942x2")
    assert ["gfx1201", "gfx942", "gfx942"] == [target.name for target in devices.all_targets()]
    assert "gfx1201" == devices.current_target().name


def test_a_target_that_no_device_has_gets_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANYROC_TARGET", "gfx942")
    with devices.use("gfx1151") as device:
        assert (1, "gfx1151") == (device, devices.current_target().name)
        with devices.use("gfx942"):
            assert 0 == devices.current()
    assert 0 == devices.current()
    with devices.use("gfx1151") as device:
        assert 1 == device


def test_the_properties_of_no_device_in_particular(monkeypatch: pytest.MonkeyPatch) -> None:
    # What programs ask for by the index of PyTorch's device "cpu", which has none.
    monkeypatch.setenv("ANYROC_DEVICES", "gfx942,gfx1201")
    utils = loading.Utils()
    assert "gfx942" == utils.get_device_properties(None)["arch"]
    with devices.use(1):
        assert "gfx1201" == utils.get_device_properties(None)["arch"]
    assert ("gfx1201", 32) == tuple(
        utils.get_device_properties(1)[name] for name in ("arch", "warpSize")
    )


def test_the_device_comes_back_after_an_error() -> None:
    with pytest.raises(ZeroDivisionError), devices.use("gfx1201"):
        raise ZeroDivisionError
    assert 0 == devices.current()


def test_devices_that_are_not_there_are_refused() -> None:
    with pytest.raises(BadInput, match="there is no device 3"):
        devices.choose(3)
    with pytest.raises(UnknownTarget, match="gfx0"):
        devices.choose("gfx0")


@pytest.mark.parametrize(
    "variables, expected",
    [
        ({"ANYROC_TRITON": "1"}, True),
        ({"ANYROC_TRITON": "0"}, False),
        ({"TRITON_DEFAULT_BACKEND": "anyroc"}, True),
        ({"TRITON_DEFAULT_BACKEND": "amd"}, False),
        ({"ANYROC_TRITON": "1", "TRITON_DEFAULT_BACKEND": "nvidia"}, True),
        ({}, False),
    ],
)
def test_a_real_gpu_goes_first_unless_one_asks(
    variables: dict[str, str], expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selection, "_a_gpu_is_there", lambda: True)
    monkeypatch.delenv("TRITON_DEFAULT_BACKEND", raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert expected == selection.chosen()


def test_without_a_gpu_the_driver_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selection, "_a_gpu_is_there", lambda: False)
    monkeypatch.delenv("TRITON_DEFAULT_BACKEND", raising=False)
    assert selection.chosen()


@pytest.mark.parametrize(
    "variable, call",
    [("ANYROC_TRITON", selection.chosen), ("ANYROC_TRITON_LAUNCHER", native.chosen)],
)
def test_words_that_mean_nothing_are_refused(
    variable: str, call: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "perhaps")
    with pytest.raises(BadInput, match=f"{variable}=perhaps"):
        call()  # type: ignore[operator]


@pytest.mark.parametrize(
    "ranges, expected",
    [
        ([], []),
        ([(100, 8), (0, 4)], [(0, 4), (100, 8)]),
        ([(0, 8), (8, 8)], [(0, 16)]),
        ([(0, 64), (16, 8), (32, 64)], [(0, 96)]),
        ([(0, 64), (0, 64)], [(0, 64)]),
    ],
)
def test_storages_are_registered_once(
    ranges: list[tuple[int, int]], expected: list[tuple[int, int]]
) -> None:
    assert expected == tensors.merged(ranges)
