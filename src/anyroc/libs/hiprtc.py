"""hipRTC: compiling programs that a running program hands over as text.

Options are clang's, as ROCm's library takes them; those that NVRTC spells differently are
translated. Without `--offload-arch`, or with one of NVIDIA's, code is made for the current device.
A program that was written for NVRTC comes with `-x=cu` (`nvrtc.h` adds it) and is CUDA, not HIP.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Sequence
from pathlib import Path

from anyroc.cabi import memory
from anyroc.compiler import Options, text
from anyroc.compiler.lowered import LoweredNames
from anyroc.compiler.options import Language
from anyroc.errors import AnyrocError, CompileError
from anyroc.hip import device
from anyroc.hip.state import Handles
from anyroc.isa import targets
from anyroc.libs.status import StatusError, failing, require

VERSION = (9, 0)


class Result(enum.IntEnum):
    """`hiprtcResult`."""

    SUCCESS = 0
    ERROR_OUT_OF_MEMORY = 1
    ERROR_PROGRAM_CREATION_FAILURE = 2
    ERROR_INVALID_INPUT = 3
    ERROR_INVALID_PROGRAM = 4
    ERROR_INVALID_OPTION = 5
    ERROR_COMPILATION = 6
    ERROR_BUILTIN_OPERATION_FAILURE = 7
    ERROR_NO_NAME_EXPRESSIONS_AFTER_COMPILATION = 8
    ERROR_NO_LOWERED_NAMES_BEFORE_COMPILATION = 9
    ERROR_NAME_EXPRESSION_NOT_VALID = 10
    ERROR_INTERNAL_ERROR = 11
    ERROR_LINKING = 100


failure = failing(
    invalid=Result.ERROR_INVALID_INPUT,
    memory=Result.ERROR_OUT_OF_MEMORY,
    internal=Result.ERROR_INTERNAL_ERROR,
)

_BITCODE, _BUNDLED, _ARCHIVE = 100, 101, 102  # hiprtcJITInputType
_LINKABLE = (_BITCODE, _BUNDLED, _ARCHIVE)
_LOG_BUFFERS = {3: 4, 5: 6}  # hiprtcJIT_option: an address of a log, and its size
_IR_OPTIONS, _IR_OPTION_COUNT = 10000, 10001
_OPTIMIZATION_LEVEL = 7

_BUILT_IN = ("-include", "anyroc/prelude_rtc.h")
_NO_BUILT_IN = "--hiprtc-no-builtin-header"
_CUDA, _OF_CUDA = "-x=cu", ("-D__CUDACC_RTC__=1",)
_OF_NVIDIA = re.compile(r"(sm|compute|lto)_\d+[af]?")
_JOINED = {
    "--include-path": "-I",
    "--define-macro": "-D",
    "--undefine-macro": "-U",
    "--std": "-std=",
    "-std": "-std=",
    "--pre-include": "-include",
}
_SWITCHES: dict[str, tuple[str, ...]] = {
    "-use_fast_math": ("-ffast-math",),
    "--use_fast_math": ("-ffast-math",),
    "--fmad=false": ("-ffp-contract=off",),
    "-fmad=false": ("-ffp-contract=off",),
    "--device-debug": ("-g",),
    "-G": ("-g",),
    "-dc": ("-fgpu-rdc",),
    "-rdc=true": ("-fgpu-rdc",),
    "--relocatable-device-code=true": ("-fgpu-rdc",),
}
"""What NVRTC and older versions of hipRTC spell otherwise."""
_WITHOUT_EFFECT = (
    *("-hip-pch", "--pch", "-default-device", "--device-as-default-execution-space"),
    *("-lineinfo", "--generate-line-info", "--fmad=true", "-fmad=true", _NO_BUILT_IN, _CUDA),
    *("-rdc=false", "--relocatable-device-code=false", "--disable-warnings"),
)
_WITHOUT_EFFECT_PREFIXES = ("--maxrregcount", "-maxrregcount", "--gpu-max-threads-per-block")
_ARCHITECTURES = ("--offload-arch", "--gpu-architecture", "-arch", "--amdgpu-target")


class Program:
    """What a hiprtcProgram stands for."""

    def __init__(self, source: text.Text) -> None:
        self.source = source
        self.names = LoweredNames()
        self.log = ""
        self.code: bytes | None = None
        self.bitcode: bytes | None = None

    def compile(self, options: Sequence[str]) -> None:
        """Compile; raises StatusError, with the reasons in `log`."""
        self.code = self.bitcode = None
        try:
            self._compile(options)
        except CompileError as error:
            self.log = error.output or str(error)
            raise StatusError(Result.ERROR_COMPILATION) from None
        except AnyrocError as error:
            self.log = str(error)
            raise StatusError(Result.ERROR_COMPILATION) from None

    def _compile(self, options: Sequence[str]) -> None:
        flags, architecture = translated(options)
        target = _target(architecture)
        language = Language.HIP
        if _CUDA in options:  # NVRTC looks for a header beside the program, too
            language = Language.CUDA
            flags += ["-iquote", str(Path(self.source.name).resolve().parent)]
        program = text.Text(
            self.source.source + self.names.source(), self.source.name, self.source.headers
        )
        chosen = Options(extra=tuple(flags))
        if "-fgpu-rdc" in flags:
            made = text.compile_bitcode(program, target=target, options=chosen, language=language)
            self.bitcode = made.data
            self.names.find_in_bitcode(made.data)
        else:
            made = text.compile_text(program, target=target, options=chosen, language=language)
            self.code = made.data
            self.names.find_in_code_object(made.data)
        self.log = made.warnings


def translated(options: Sequence[str]) -> tuple[list[str], str | None]:
    """Return clang's options and the architecture that hipRTC's options ask for."""
    architecture = None
    built_in = _OF_CUDA if _CUDA in options else _BUILT_IN
    flags = [] if _NO_BUILT_IN in options else list(built_in)
    words = iter([word for option in options for word in _words(option)])
    for word in words:
        name, equals, value = word.partition("=")
        if name in _ARCHITECTURES:
            asked = value if equals else next(words, "")
            architecture = None if _OF_NVIDIA.fullmatch(asked) else asked
        elif word in _SWITCHES:
            flags += _SWITCHES[word]
        elif word in _WITHOUT_EFFECT or word.startswith(_WITHOUT_EFFECT_PREFIXES):
            continue
        elif name in _JOINED:
            joined = _JOINED[name]
            value = value if equals else next(words, "")
            flags += [joined, value] if joined == "-include" else [joined + value]
        else:
            flags.append(word)
    return flags, architecture


def _words(option: str) -> list[str]:
    """Return an option with its value apart, where one string has both: `-I folder`."""
    name, _, value = option.strip().partition(" ")
    return [name, value.strip()] if value and name[:1] == "-" and "=" not in name else [option]


def _target(architecture: str | None) -> targets.Target:
    if architecture is None:
        return device.current().target
    return targets.target(architecture.partition(":")[0])


_programs: Handles[Program] = Handles()


def _program(handle: int) -> Program:
    require(handle in _programs, Result.ERROR_INVALID_PROGRAM)
    return _programs[handle]


def _strings(address: int, count: int) -> list[str]:
    require(count >= 0 and (address or not count), Result.ERROR_INVALID_INPUT)
    places = [memory.get_u64(address + 8 * index) for index in range(count)]
    return [memory.read_string(place).decode(errors="replace") for place in places]


def hiprtcGetErrorString(result: int) -> int:
    known = result in set(Result)
    return memory.c_string(f"HIPRTC_{Result(result).name}") if known else 0


def hiprtcVersion(major: int, minor: int) -> None:
    memory.put_i32(major, VERSION[0])
    memory.put_i32(minor, VERSION[1])


def hiprtcCreateProgram(
    out: int, source: bytes | None, name: bytes | None, count: int, headers: int, names: int
) -> None:
    require(out, Result.ERROR_INVALID_PROGRAM)
    require(source and count >= 0, Result.ERROR_INVALID_INPUT)
    assert source is not None
    given = dict(zip(_strings(names, count), _strings(headers, count), strict=True))
    require(all(given) and all(given.values()), Result.ERROR_INVALID_INPUT)
    program = text.Text(
        source.decode(errors="replace"), (name or b"source.hip").decode(errors="replace"), given
    )
    memory.put_u64(out, _programs.add(Program(program)))


def hiprtcDestroyProgram(program: int) -> None:
    require(program, Result.ERROR_INVALID_INPUT)
    handle = memory.get_u64(program)
    _program(handle)
    _programs.remove(handle)
    memory.put_u64(program, 0)


def hiprtcAddNameExpression(handle: int, expression: bytes | None) -> None:
    require(expression, Result.ERROR_INVALID_INPUT)
    assert expression is not None
    program = _program(handle)
    compiled = program.code or program.bitcode
    require(not compiled, Result.ERROR_NO_NAME_EXPRESSIONS_AFTER_COMPILATION)
    program.names.add(expression.decode(errors="replace"))


def hiprtcGetLoweredName(handle: int, expression: bytes | None, out: int) -> None:
    require(expression and out, Result.ERROR_INVALID_INPUT)
    assert expression is not None
    program = _program(handle)
    compiled = program.code or program.bitcode
    require(compiled, Result.ERROR_NO_LOWERED_NAMES_BEFORE_COMPILATION)
    lowered = program.names.get(expression.decode(errors="replace"))
    require(lowered, Result.ERROR_NAME_EXPRESSION_NOT_VALID)
    memory.put_u64(out, memory.c_string(str(lowered)))


def hiprtcCompileProgram(handle: int, count: int, options: int) -> None:
    program = _program(handle)
    program.compile(_strings(options, count))


def hiprtcGetProgramLogSize(handle: int, out: int) -> None:
    require(out, Result.ERROR_INVALID_INPUT)
    log = _program(handle).log.encode()
    memory.put_u64(out, len(log) + 1 if log else 0)


def hiprtcGetProgramLog(handle: int, out: int) -> None:
    require(out, Result.ERROR_INVALID_INPUT)
    log = _program(handle).log.encode()
    memory.write(out, log + b"\0" if log else b"")


def _put_size(data: bytes | None, out: int) -> None:
    require(data, Result.ERROR_INVALID_INPUT)
    memory.put_u64(out, len(data or b""))


def _put(data: bytes | None, out: int) -> None:
    require(data, Result.ERROR_INVALID_INPUT)
    memory.write(out, data or b"")


def hiprtcGetCodeSize(handle: int, out: int) -> None:
    require(out, Result.ERROR_INVALID_INPUT)
    _put_size(_program(handle).code, out)


def hiprtcGetCode(handle: int, out: int) -> None:
    require(out, Result.ERROR_INVALID_INPUT)
    _put(_program(handle).code, out)


def hiprtcGetBitcodeSize(handle: int, out: int) -> None:
    require(out, Result.ERROR_INVALID_INPUT)
    _put_size(_program(handle).bitcode, out)


def hiprtcGetBitcode(handle: int, out: int) -> None:
    require(out, Result.ERROR_INVALID_INPUT)
    _put(_program(handle).bitcode, out)


class Linking:
    """What a hiprtcLinkState stands for: modules so far, options for clang, where logs go."""

    def __init__(self, options: dict[int, int]) -> None:
        self.modules: list[bytes] = []
        self.linked = b""
        self.place = 0  # the address of the result, which lives as long as the state
        self._logs = [
            (options[buffer], options.get(size, 0))
            for buffer, size in _LOG_BUFFERS.items()
            if buffer in options
        ]
        level = options.get(_OPTIMIZATION_LEVEL)
        self.options = [] if level is None else [f"-O{min(level & 0xFF, 3)}"]
        count = options.get(_IR_OPTION_COUNT, 0)
        self.options += _strings(options.get(_IR_OPTIONS, 0), count)

    def complete(self) -> bytes:
        """Link; raises StatusError, with the reasons in the caller's log."""
        target = device.current().target
        try:
            self.linked = text.link_bitcode(self.modules, target=target, options=self.options).data
        except AnyrocError as error:
            for place, size in self._logs:
                memory.write_string(place, str(error).encode(), size)
            raise StatusError(Result.ERROR_LINKING) from None
        return self.linked


_links: Handles[Linking] = Handles()


def _link(handle: int) -> Linking:
    require(handle in _links, Result.ERROR_INVALID_INPUT)
    return _links[handle]


def _options(count: int, options: int, values: int) -> dict[int, int]:
    require(not count or (options and values), Result.ERROR_INVALID_INPUT)
    return {
        memory.get_i32(options + 4 * index): memory.get_u64(values + 8 * index)
        for index in range(count)
    }


def hiprtcLinkCreate(count: int, options: int, values: int, out: int) -> None:
    require(out, Result.ERROR_INVALID_INPUT)
    memory.put_u64(out, _links.add(Linking(_options(count, options, values))))


def hiprtcLinkAddData(
    handle: int,
    kind: int,
    image: int,
    size: int,
    name: bytes | None,
    count: int,
    options: int,
    values: int,
) -> None:
    require(image and size, Result.ERROR_INVALID_INPUT)
    _add(handle, kind, memory.read(image, size))


def hiprtcLinkAddFile(
    handle: int, kind: int, path: bytes | None, count: int, options: int, values: int
) -> None:
    require(path and kind in _LINKABLE, Result.ERROR_INVALID_INPUT)
    assert path is not None
    _link(handle)
    try:
        data = Path(path.decode()).read_bytes()
    except OSError:
        raise StatusError(Result.ERROR_PROGRAM_CREATION_FAILURE) from None
    _add(handle, kind, data)


def _add(handle: int, kind: int, data: bytes) -> None:
    linking = _link(handle)
    require(kind in _LINKABLE, Result.ERROR_INVALID_INPUT)
    linking.modules += archived(data) if kind == _ARCHIVE else [data]


def archived(data: bytes) -> list[bytes]:
    """Return the members of an archive as `ar` writes it; raises StatusError."""
    magic, header, bad = b"!<arch>\n", 60, Result.ERROR_PROGRAM_CREATION_FAILURE
    require(data.startswith(magic), bad)
    members: list[bytes] = []
    place = len(magic)
    while place + header <= len(data):
        name, size = data[place : place + 16].rstrip(), data[place + 48 : place + 58].strip()
        require(size.isdigit() and data[place + 58 : place + 60] == b"`\n", bad)
        start, place = place + header, place + header + int(size) + int(size) % 2
        require(start + int(size) <= len(data), bad)
        if name not in (b"/", b"//", b"/SYM64/"):
            members.append(data[start : start + int(size)])
    return members


def hiprtcLinkComplete(handle: int, out: int, size: int) -> None:
    require(out and size, Result.ERROR_INVALID_INPUT)
    linking = _link(handle)
    linked = linking.complete()
    linking.place = memory.address_of(linked)
    memory.put_u64(out, linking.place)
    memory.put_u64(size, len(linked))


def hiprtcLinkDestroy(handle: int) -> None:
    _link(handle)
    _links.remove(handle)
