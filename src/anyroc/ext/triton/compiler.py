"""The compiler of the entry point `anyroc`: none, since Triton's own AMD backend compiles."""

from __future__ import annotations

from typing import Any

from triton.backends import compiler


class NoBackend(compiler.BaseBackend):
    """A backend that supports no target."""

    @staticmethod
    def supports_target(target: compiler.GPUTarget) -> bool:
        return False

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
