"""LLVM: from a module's text to native code for the CPU at hand."""

from __future__ import annotations

import importlib.util
import os
from functools import cache as memoize
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anyroc import cache, native
from anyroc.errors import ToolchainError

if TYPE_CHECKING:
    import llvmlite.binding as llvm

__all__ = ["environment_key", "load_compiler", "native_code"]


@memoize
def _llvm() -> Any:
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm


def load_compiler() -> None:
    """Bring LLVM into the process, which otherwise happens only when something is compiled."""
    _llvm()


@memoize
def _host() -> tuple[str, str]:
    """The CPU that code is generated for, and its features."""
    llvm = _llvm()
    cpu = os.environ.get("ANYROC_HOST_CPU")
    if cpu:
        return cpu, ""
    return llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()


@memoize
def _machine(level: int) -> llvm.TargetMachine:
    cpu, features = _host()
    target = _llvm().Target.from_default_triple()
    return target.create_target_machine(
        cpu=cpu, features=features, opt=level, reloc="pic", codemodel="small", jit=True
    )


def native_code(ir: str, level: int) -> bytes:
    """A module as an object file; ``level``: how well LLVM optimises it, 0 to 3."""
    llvm = _llvm()
    module = llvm.parse_assembly(ir)
    machine = _machine(level)
    module.triple = machine.triple
    data: bytes = machine.emit_object(module)
    return data


@memoize
def environment_key() -> str:
    """What native code depends on besides what it is made from."""
    return cache.key(
        cache.code_version("isa", "semantics", "translate"),
        _llvm_identity(),
        native.host(),
        os.environ.get("ANYROC_HOST_CPU", ""),
    )


def _llvm_identity() -> str:
    """Which LLVM is installed, without loading it."""
    spec = importlib.util.find_spec("llvmlite")
    if spec is None or spec.origin is None:
        raise ToolchainError("llvmlite is not installed", hint="pip install llvmlite")
    library = next(Path(spec.origin).parent.glob("binding/*llvmlite*.*"), Path(spec.origin))
    found = library.stat()
    return f"{library.name} {found.st_size} {found.st_mtime_ns}"
