"""Whole programs: output in order, endings, faults and assertions, variables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

PROGRAMS = Path(__file__).with_name("programs")
TARGETS = ("gfx942", "gfx1201")


def said(errors: str) -> str:
    """Return what a program has said on stderr, without what anyroc says of its first use."""
    lines = errors.splitlines(keepends=True)
    return "".join(line for line in lines if not line.endswith(" (once)\n"))


@pytest.mark.parametrize("target", TARGETS)
def test_device_printf_keeps_the_programs_order(anyroc: Any, target: str) -> None:
    done = anyroc("run", "--target", target, PROGRAMS / "print.cu")
    expected = ""
    for round_, amount in enumerate(("0.00", "0.25", "0.50")):
        expected += f"host {round_}\n"
        expected += "".join(
            f"device {round_}, thread {thread}, text, {amount}\n" for thread in range(2)
        )
    assert (expected + "device 9, thread 0, text, 2.25\n", 0) == (done.stdout, done.returncode)
    assert "host to stderr\n" == said(done.stderr)


def test_calls_before_there_is_a_device(anyroc: Any) -> None:
    done = anyroc("run", PROGRAMS / "early.hip")
    assert ("0 0 0 0 0 0 1 1\n", 0) == (done.stdout, done.returncode), done.stderr


def test_what_is_printed_while_others_wait_is_all_there(anyroc: Any) -> None:
    done = anyroc("run", PROGRAMS / "print_threads.hip")
    assert 0 == done.returncode, done.stderr
    lines = [tuple(map(int, line.split())) for line in done.stdout.splitlines()]
    for thread in range(3):
        assert list(range(300)) == [round_ for number, round_ in lines if number == thread]


@pytest.mark.parametrize(
    "how, status",
    [("return", 300 & 0xFF), ("exit", 7), ("thread-exit", 8), ("abort", -6)],
)
def test_programs_end_as_they_mean_to(anyroc: Any, how: str, status: int) -> None:
    done = anyroc("run", PROGRAMS / "end.cu", how)
    assert status == done.returncode, done.stderr
    if how != "abort":
        expected = f"{how} with 2 arguments\nhandler\ndestructor frees: 0\n"
        assert expected == done.stdout
    assert "" == said(done.stderr) or how == "abort"


@pytest.mark.parametrize(
    "kind, code, said",
    [
        ("past", 700, "illegal write"),
        ("null", 700, "at 0x0"),
        ("freed", 700, "nearest allocation"),
        ("trap", 719, "s_trap 2"),
    ],
)
def test_faults_are_told_once_and_stay(anyroc: Any, kind: str, code: int, said: str) -> None:
    done = anyroc("run", PROGRAMS / "fault.cu", kind)
    expected = "launch 0\n" + "".join(
        f"{call} {code}\n" for call in ("synchronize", "again", "malloc", "last", "last")
    )
    assert expected == done.stdout
    assert said in done.stderr
    assert 1 == done.stderr.count("anyroc: device 0 (gfx942): kernel ")
    assert 1 == done.returncode


@pytest.mark.parametrize("target", TARGETS)
def test_a_failed_assertion_is_an_error_of_its_own(anyroc: Any, target: str) -> None:
    done = anyroc("run", "--target", target, PROGRAMS / "assertion.cu")
    assert "holds: 0\n" in done.stdout
    assert "fails: 710\n" in done.stdout
    assert "(int)threadIdx.x < limit" in done.stdout + done.stderr
    assert 0 == done.returncode  # it was told, and says that all is well


@pytest.mark.parametrize("target", TARGETS)
def test_variables(anyroc: Any, target: str) -> None:
    done = anyroc("run", "--target", target, PROGRAMS / "variables.cu")
    expected = "0\n0\n0\n6 16 10\n1 2 30 40\n0 16 0 1\n1\n0 16\n13\n"
    assert (expected, 0) == (done.stdout, done.returncode), done.stderr


def test_kernels_that_do_nothing_on_request(anyroc: Any) -> None:
    done = anyroc("run", PROGRAMS / "variables.cu", ANYROC_NOOP_KERNELS="1")
    assert "5 11 9\n" in done.stdout


def test_graphs(anyroc: Any) -> None:
    done = anyroc("run", PROGRAMS / "graphs.cu")
    expected = """\
0
capturing 1
0
4 nodes, 4 edges
nothing ran yet: 0
0
three times: 39
0
by hand: 156, host calls 1
updated: 108, host calls 2
synchronize while capturing: 900
901 1
unjoined: 904
null stream: 900
end without begin: 401
"""
    assert (expected, 0) == (done.stdout, done.returncode), done.stderr


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("threads", ["1", "2"])
def test_cooperative_launches_meet_at_the_grids_barrier(
    anyroc: Any, target: str, threads: str
) -> None:
    program = PROGRAMS / "cooperative.cu"
    done = anyroc("run", "--target", target, program, ANYROC_THREADS=threads)
    assert ("0 8386560\n720\n0 wrong\n", 0) == (done.stdout, done.returncode), done.stderr


def test_several_devices(anyroc: Any) -> None:
    program = PROGRAMS / "devices.cu"
    done = anyroc("run", program, ANYROC_DEVICES="gfx942x3")
    expected = "3 devices\n" + "".join(f"{99 + 100 * device} 0\n" for device in range(3))
    assert (expected + "peer 0 299\n", 0) == (done.stdout, done.returncode), done.stderr


def test_a_reset_device_can_be_used_again(anyroc: Any) -> None:
    done = anyroc("run", PROGRAMS / "reset.cu")
    assert ("21 0 1\n1 1\n" * 3, 0) == (done.stdout, done.returncode), done.stderr


@pytest.mark.parametrize("target", TARGETS)
def test_textures_and_surfaces_give_what_the_formulas_say(anyroc: Any, target: str) -> None:
    done = anyroc("run", "--target", target, PROGRAMS / "textures.cu")
    assert ("0 wrong\n", 0) == (done.stdout, done.returncode), done.stderr


@pytest.mark.parametrize("target", TARGETS)
def test_both_clocks_run_at_the_rates_that_are_told(anyroc: Any, target: str) -> None:
    done = anyroc("run", "--target", target, PROGRAMS / "clocks.hip")
    assert 0 == done.returncode, done.stderr
    assert -1000 < float(done.stdout) < 50_000  # what lies between two readings counts as well


def test_changes_inside_a_child_graph(anyroc: Any) -> None:
    done = anyroc("run", PROGRAMS / "child_graphs.hip")
    assert ("111 1011 1011\n" * 3, 0) == (done.stdout, done.returncode), done.stderr
