"""What a checkout of hip-tests has: the sources of a category, and how its build describes them.

The build files are CMake's. Of them only what decides what a program is made from is read: the
sources that are built, flags of single sources, code objects and helper programs.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

CATEGORIES = (
    "memory", "stream", "event", "module", "executionControl", "graph", "device", "rtc",
    "atomics", "math", "warp", "cooperativeGrps",
)  # fmt: skip

_CASE = re.compile(r"^\s*(?:TEMPLATE_\w*TEST_CASE|TEST_CASE)\b|_TEST_DEF\w*\(", re.MULTILINE)
_COMMENT = re.compile(r"#.*")
_CALL = re.compile(
    r"\b(set|add_custom_target|add_custom_command|add_executable|set_source_files_properties|"
    r"hip_add_exe_to_target)\s*\(([^()]*)\)"
)
_NVIDIA = re.compile(r"(?:if|elseif)\s*\(\s*HIP_PLATFORM\s+(?:MATCHES|STREQUAL)\s+\"nvidia\"\s*\)")


@dataclass(frozen=True)
class CodeObject:
    """A file that a category's cases load: its name, its source, flags of its own."""

    name: str
    source: Path
    flags: tuple[str, ...]


class Checkout:
    """A checkout of hip-tests: the folder that has `catch`, or `catch` itself."""

    def __init__(self, folder: Path) -> None:
        inner = folder / "catch"
        self.root = (inner if inner.is_dir() else folder).resolve()
        if not (self.root / "unit").is_dir():
            raise SystemExit(f"{folder} is no checkout of hip-tests: it has no catch/unit")

    def include_dirs(self, source: Path) -> list[Path]:
        """Return the folders that the headers of a source are looked for in."""
        names = ("include", "kernels", "external/Catch2", "external/picojson")
        return [*(self.root / name for name in names), source.parent]

    @property
    def shared(self) -> list[Path]:
        """The sources that are in every program: the main function and the common kernels."""
        main = self.root / "hipTestMain"
        names = ("main.cc", "hip_test_context.cc", "hip_test_features.cc")
        return [*(main / name for name in names), *sorted((self.root / "kernels").glob("*.cpp"))]

    def category(self, name: str) -> Category:
        return Category(self.root / "unit" / name)

    def disabled(self, target: str) -> set[str]:
        """Return the cases that upstream leaves out on an AMD GPU, as AMD's library fails them."""
        path = self.root / "hipTestMain" / "config" / "config_amd_linux"
        found: set[str] = set()
        counts = False
        for line in path.read_text("utf-8").splitlines() if path.is_file() else []:
            words = line.split()
            if words[:1] == ["#if"]:
                counts = not {"COMMON", target}.isdisjoint(words)
            elif words[:1] == ["#endif"]:
                counts = False
            elif counts:
                found.update(re.findall(r'"(\w[^"]*)"', line))
        return found


class Category:
    """One folder of unit tests."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = folder.name

    @cached_property
    def _calls(self) -> list[tuple[str, list[str]]]:
        text = _COMMENT.sub("", (self.folder / "CMakeLists.txt").read_text("utf-8"))
        here = {"${CMAKE_CURRENT_SOURCE_DIR}": str(self.folder)}
        found = []
        for command, arguments in _CALL.findall(_without_nvidia(text)):
            for variable, value in here.items():
                arguments = arguments.replace(variable, value)
            found.append((command, shlex.split(arguments)))
        return found

    @property
    def sources(self) -> list[Path]:
        """The sources with cases that the category's build names."""
        words = {word for command, words in self._calls for word in words}
        return [
            source
            for source in sorted(self.folder.glob("*.cc"))
            if source.name in words and _CASE.search(source.read_text("utf-8", "replace"))
        ]

    @property
    def shared(self) -> list[Path]:
        """The sources that the build adds to each of the category's programs."""
        own = [words[1:] for name, words in self._calls if words[:1] == ["COMMON_SHARED_SRC"]]
        listed = [self.folder / word for words in own for word in words]
        without = [
            self.folder / word
            for command, words in self._calls
            if command in ("set", "hip_add_exe_to_target")
            for word in words
            if word.endswith((".cc", ".cpp")) and (self.folder / word).is_file()
            if not _CASE.search((self.folder / word).read_text("utf-8", "replace"))
        ]
        return [path for path in dict.fromkeys([*listed, *without]) if path.is_file()]

    def flags(self, source: Path) -> list[str]:
        """Return the compiler's flags that the build gives to one source."""
        found: list[str] = []
        for command, words in self._calls:
            if command == "set_source_files_properties" and source.name in words:
                place = next(
                    (words.index(key) for key in ("COMPILE_FLAGS", "COMPILE_OPTIONS")
                     if key in words), len(words))  # fmt: skip
                found += [flag for word in words[place + 1 :] for flag in word.split()]
        return [flag for flag in found if flag != "--save-temps"]

    @property
    def code_objects(self) -> list[CodeObject]:
        """The code objects that the build makes with --genco."""
        found = []
        for _, words in self._calls:
            if not {"--genco", "-S"} & set(words) or "-o" not in words:
                continue
            source = next((Path(w) for w in words if w.startswith(str(self.folder) + "/")), None)
            flags = [flag for word in words if word.startswith("-amdgpu-")
                     for flag in ("-mllvm", word)]  # fmt: skip
            name = Path(words[words.index("-o") + 1]).name
            if source is not None and source.is_file():
                found.append(CodeObject(name, source, tuple(flags)))
        return found

    @property
    def helpers(self) -> dict[str, Path]:
        """The programs that cases start, by name."""
        return {
            words[0]: self.folder / words[-1]
            for command, words in self._calls
            if command == "add_executable" and words[-1].endswith(".cc")
        }


def _without_nvidia(text: str) -> str:
    """Take out what is built for NVIDIA's GPUs only."""
    while found := _NVIDIA.search(text):
        depth, place = 1, found.end()
        for word in re.finditer(r"\b(if|endif|else|elseif)\s*\(", text[place:]):
            depth += {"if": 1, "endif": -1}.get(word[1], 0)
            if depth == 0 or (depth == 1 and word[1] in ("else", "elseif")):
                end = place + word.start()
                break
        else:
            return text[: found.start()]
        before, after = text[: found.start()], text[end:]
        if found[0].startswith("elseif"):
            text = before + after
        else:
            text = (
                before + "if(TRUE)\n" + re.sub(r"^(else|elseif)\s*\([^()]*\)", "", after, count=1)
            )
    return text
