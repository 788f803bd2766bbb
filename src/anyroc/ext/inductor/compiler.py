"""The compiler of the entry point `cpu`: Triton's AMD backend, for the GPU that is chosen."""

from __future__ import annotations

from typing import Any

from triton.backends import compiler


class CpuBackend(compiler.BaseBackend):
    """Takes targets called "cpu"; making one gives the AMD backend for the current device."""

    def __new__(cls, target: compiler.GPUTarget) -> Any:
        from triton.backends.amd.compiler import HIPBackend

        from anyroc.ext.triton import devices

        chosen = devices.current_target()
        wave = chosen.default_wave_size
        return HIPBackend(compiler.GPUTarget("hip", chosen.name, wave))

    @staticmethod
    def supports_target(target: compiler.GPUTarget) -> bool:
        return bool(target.backend == "cpu")

    def hash(self) -> str:
        raise NotImplementedError

    def parse_options(self, options: dict[str, Any]) -> object:
        raise NotImplementedError

    def add_stages(self, stages: dict[str, Any], options: object, language: Any) -> None:
        raise NotImplementedError

    def load_dialects(self, context: Any) -> None:
        raise NotImplementedError

    def get_module_map(self) -> dict[str, Any]:
        raise NotImplementedError
