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

__all__ = ["environment_key", "host_has", "load_compiler", "native_code"]


@memoize
def _llvm() -> Any:
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm


_TRIFLE = """
define <16 x float> @trifle(<16 x float> %a, ptr %place, i32 %count) {
entry:
  br label %loop
loop:
  %index = phi i32 [0, %entry], [%next, %loop]
  %sum = phi <16 x float> [%a, %entry], [%added, %loop]
  %where = getelementptr <16 x float>, ptr %place, i32 %index
  %value = load <16 x float>, ptr %where, align 4
  %less = fcmp olt <16 x float> %value, %sum
  %chosen = select <16 x i1> %less, <16 x float> %value, <16 x float> %a
  %added = fadd <16 x float> %sum, %chosen
  store <16 x float> %added, ptr %where, align 4
  %next = add i32 %index, 1
  %more = icmp ult i32 %next, %count
  br i1 %more, label %loop, label %done
done:
  ret <16 x float> %added
}
"""


def load_compiler() -> None:
    """Bring LLVM into the process, which otherwise happens only when something is compiled.

    It has tables that it makes, and registers the destructors of, when it first needs them: so it
    compiles something. What is to run before those at exit is registered after this.
    """
    _llvm()
    native_code(_TRIFLE, 2)


@memoize
def _host() -> tuple[str, str]:
    """The CPU that code is generated for, and its features."""
    llvm = _llvm()
    cpu = os.environ.get("ANYROC_HOST_CPU")
    if cpu:
        return cpu, ""
    return llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()


@memoize
def host_has(feature: str) -> bool:
    """Whether the CPU has a feature, by LLVM's name of it; none of a CPU that was named."""
    return f"+{feature}" in _host()[1].split(",")


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
