"""However a command fails, it ends in one clear message and the exit code that goes with it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from anyroc import __version__
from anyroc.cli import run_command_line
from anyroc.cli.app import COMMANDS, app
from anyroc.errors import AnyrocError, CompileError, UnsupportedInstruction

Run = Callable[..., subprocess.CompletedProcess[str]]


def fail_with(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    @click.command()
    def failing() -> None:
        raise error

    monkeypatch.setattr(app, "get_command", lambda context, name: failing)


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (AnyrocError("no such GPU", hint="buy one"), 2, "anyroc: no such GPU\nhint: buy one\n"),
        (
            CompileError("a.cu does not compile", output="a.cu:3:1: error: what?\n"),
            2,
            "a.cu:3:1: error: what?\nanyroc: a.cu does not compile\n",
        ),
        (
            UnsupportedInstruction("v_dance_f32", 0x1904, "tango"),
            2,
            "anyroc: instruction v_dance_f32 at 0x1904 in kernel tango is not implemented\n",
        ),
        (KeyboardInterrupt(), 130, "\nanyroc: interrupted\n"),
        (MemoryError(), 2, "anyroc: not enough memory on this machine\n"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
def test_errors_become_messages(
    error: BaseException,
    code: int,
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    fail_with(error, monkeypatch)
    assert run_command_line(["any"]) == code
    assert capsys.readouterr().err == message


def test_a_bug_is_one_message_and_a_saved_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    fail_with(KeyError("lane"), monkeypatch)
    assert run_command_line(["any"]) == 70
    message = capsys.readouterr().err
    assert message.startswith("anyroc: internal error: KeyError: 'lane'\n")
    assert "Traceback" not in message
    (saved,) = tmp_path.iterdir()
    assert str(saved) in message
    assert "Traceback" in saved.read_text()


def test_a_bug_without_a_place_for_the_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tempfile.tempdir", "/proc/nowhere")
    fail_with(KeyError("lane"), monkeypatch)
    assert run_command_line(["any"]) == 70
    assert "could not be saved" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [["frobnicate"], ["run"], ["run", "--frobnicate"], ["cache", "--what"]], ids=str
)
def test_usage_errors(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command_line(arguments) == 2
    assert "Usage: anyroc" in capsys.readouterr().err


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command_line(["--version"]) == 0
    assert capsys.readouterr().out == f"anyroc {__version__}\n"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_teaches_by_example(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command_line([name, "--help"]) == 0
    shown = capsys.readouterr().out
    group = "Commands:" in shown and "[OPTIONS] COMMAND" in shown
    assert group or "Examples:\n  " in shown


def test_help_lists_the_commands_in_order(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command_line(["--help"]) == 0
    lines = capsys.readouterr().out.partition("Commands:\n")[2].splitlines()
    assert [line.split()[0] for line in lines] == list(COMMANDS)


def test_starting_imports_nothing_heavy() -> None:
    script = (
        "import sys, anyroc.cli as c; c.run_command_line(['--help'])\n"
        "heavy = {'numpy', 'rich', 'llvmlite', 'ctypes', 'subprocess', 'msgpack', 'zstandard'}\n"
        "sys.exit(' '.join(heavy & set(sys.modules)) or None)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stderr == ""


def test_a_closed_pipe_is_no_error(anyroc: Run) -> None:
    done = subprocess.run(
        f"{sys.executable} -m anyroc --help | true", shell=True, capture_output=True, text=True
    )
    assert done.stderr == ""
