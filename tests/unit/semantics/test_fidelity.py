"""What is said of how near instructions are to the hardware's."""

from __future__ import annotations

import json

from click.testing import CliRunner

from anyroc.cli.app import app
from anyroc.isa.targets import TARGETS
from anyroc.semantics.coverage import coverage
from anyroc.semantics.fidelity import describe, of_isa


def test_every_instruction_that_runs_has_one_of_three() -> None:
    for isa in {target.isa for target in TARGETS.values()}:
        found = of_isa(isa)
        assert set(coverage(isa).executed) == set(found)
        assert {"exact", "bound", "unspecified"} == {f.kind for f in found.values()}
        assert all(f.note for f in found.values() if f.kind == "unspecified")
        assert all(f.ulp or f.absolute for f in found.values() if f.kind == "bound")


def test_in_words() -> None:
    rdna4 = of_isa("rdna4")
    assert "" == describe(rdna4["v_add_f32"])
    assert "within 0.95 ulp; AMD documents 1 ulp" == describe(rdna4["v_exp_f32"])
    assert "within 2**-22.8 absolute" == describe(rdna4["v_sin_f32"])
    assert describe(rdna4["v_wmma_f32_16x16x16_f16"]).startswith("unspecified: order of the sums")
    assert "" == describe(rdna4["v_wmma_i32_16x16x16_iu8"])


def test_the_command_lists_what_is_not_exact() -> None:
    result = CliRunner().invoke(app, ["isa", "fidelity", "gfx1201"])
    assert 0 == result.exit_code
    lines = [line.split()[0] for line in result.output.splitlines() if line.startswith("  ")]
    assert {"v_exp_f32", "v_dot2_f32_f16"} <= set(lines) and "v_add_f32" not in lines


def test_the_command_counts_all_gpus() -> None:
    result = CliRunner().invoke(app, ["isa", "fidelity", "--json"])
    assert set(TARGETS) == set(json.loads(result.output))
