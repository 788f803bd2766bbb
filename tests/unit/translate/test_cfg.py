"""Control flow as the translator sees it: what is reached, where it leads, what is needed where."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

import anyroc.semantics  # noqa: F401  (registers the instructions)
from anyroc.errors import CodeObjectError
from anyroc.isa.targets import target
from anyroc.translate import cfg, layout
from anyroc.translate.cfg import SCALARS, Graph
from anyroc.translate.codeobject import CodeObject
from anyroc.translate.operands import Unsupported
from code_objects import TEXT, KernelSpec, code_object
from translate_support.encode import encode

NONSENSE = b"\xff\xff\xff\xff"
VCC, EXEC = layout.VCC, layout.EXEC


def cdna(format_: str, op: str, **fields: int) -> bytes:
    return encode("cdna3", format_, op, **fields)


END = cdna("SOPP", "s_endpgm")
NOP = cdna("SOPP", "s_nop")


def branch(op: str, words: int) -> bytes:
    """A branch over ``words`` dwords."""
    return cdna("SOPP", op, simm16=words & 0xFFFF)


def build(code: bytes | Sequence[bytes], *, starts_full: bool = False) -> Graph:
    text = code if isinstance(code, bytes) else b"".join(code)
    spec = KernelSpec("k", text, vgpr_units=64, accum_units=64)
    parsed = CodeObject.parse(code_object([spec]))
    return cfg.build(parsed, parsed.kernels["k"], target("gfx942"), starts_full=starts_full)


def addresses(graph: Graph) -> list[int]:
    return sorted(start - TEXT for start in graph.blocks)


def test_code_may_end_with_its_segment() -> None:
    graph = build(END)
    assert addresses(graph) == [0]


def test_what_is_not_reached_need_not_decode() -> None:
    graph = build([branch("s_branch", 1), NONSENSE, END, NONSENSE])
    assert addresses(graph) == [0, 8]


def test_what_is_reached_must_decode() -> None:
    with pytest.raises(CodeObjectError, match="0x1004"):
        build([NOP, NONSENSE, END])


def test_running_past_the_end_is_an_error() -> None:
    with pytest.raises(CodeObjectError, match="the code goes on at 0x1008, outside its segment"):
        build([NOP, NOP])


@pytest.mark.parametrize("words", [-5000, 5000])
def test_a_branch_out_of_the_code_is_an_error(words: int) -> None:
    with pytest.raises(CodeObjectError, match=r"s_branch at 0x1000 goes to .*, outside the code"):
        build([branch("s_branch", words), END])


def test_unknown_instructions_are_named() -> None:
    with pytest.raises(Unsupported, match="ds_gws_sema_v"):
        build([cdna("DS", "ds_gws_sema_v"), END])


def test_blocks_of_a_loop() -> None:
    graph = build([NOP, NOP, branch("s_cbranch_scc1", -2), END])
    assert addresses(graph) == [0, 4, 12]
    loop = graph.blocks[TEXT + 4]
    assert loop.successors == [TEXT + 4, TEXT + 12]
    assert loop.resumable
    assert not graph.blocks[TEXT].resumable


def test_a_branch_into_an_instruction_makes_two_readings() -> None:
    literal = int.from_bytes(END, "little")
    move = cdna("SOP1", "s_mov_b32", sdst=0, ssrc0=255, literal=literal)
    graph = build([branch("s_cbranch_scc0", 1), move, END])
    assert addresses(graph) == [0, 4, 8]
    assert graph.blocks[TEXT + 8].instructions[0].op == "s_endpgm"
    assert graph.blocks[TEXT + 4].instructions[0].op == "s_mov_b32"


def test_waves_may_go_on_behind_barriers() -> None:
    graph = build([cdna("SOPP", "s_barrier"), END])
    assert graph.blocks[TEXT].successors == [TEXT + 4]
    assert graph.blocks[TEXT + 4].resumable


@pytest.mark.parametrize(
    ("behind", "successors"),
    [
        (b"", []),
        (NONSENSE, []),
        (NOP, []),
        (NOP + NONSENSE, []),
        (END, [TEXT + 4]),
        (NOP + END, [TEXT + 4]),
    ],
)
def test_nothing_need_follow_a_trap(behind: bytes, successors: list[int]) -> None:
    graph = build([cdna("SOPP", "s_trap", simm16=2), behind])
    assert graph.blocks[TEXT].successors == successors


def call(distance: int) -> list[bytes]:
    """A call of code ``distance`` bytes behind the first instruction: 24 bytes."""
    return [
        cdna("SOP1", "s_getpc_b64", sdst=4),
        cdna("SOP2", "s_add_co_u32", sdst=4, ssrc0=4, ssrc1=255, literal=distance - 4),
        cdna("SOP2", "s_add_co_ci_u32", sdst=5, ssrc0=5, ssrc1=128 if distance >= 4 else 193),
        cdna("SOP1", "s_swappc_b64", sdst=30, ssrc0=4),
    ]


RETURN = cdna("SOP1", "s_setpc_b64", ssrc0=30)


def test_calls_of_computed_addresses_are_resolved() -> None:
    graph = build([*call(24), END, RETURN])
    assert graph.known_jumps == {TEXT + 16: TEXT + 24}
    assert graph.blocks[TEXT].successors == [TEXT + 24]
    assert graph.targets == {TEXT + 20}
    assert graph.blocks[TEXT + 24].unknown


@pytest.mark.parametrize("behind", [b"", NOP, NOP + NONSENSE])
def test_nothing_need_follow_a_call(behind: bytes) -> None:
    graph = build([branch("s_branch", 1), RETURN, *call(-4), behind])
    assert graph.blocks[TEXT + 8].successors == [TEXT + 4]
    assert graph.targets == set()


def test_code_that_joins_makes_a_computed_address_unknown() -> None:
    graph = build([branch("s_cbranch_scc0", 1), *call(24), END, RETURN])
    assert graph.known_jumps == {}
    assert graph.blocks[TEXT + 8].unknown
    assert TEXT + 28 in graph.targets


def test_computed_addresses_outside_the_code_are_left_to_the_wave() -> None:
    graph = build([*call(4000), END])
    assert graph.known_jumps == {}
    assert graph.blocks[TEXT].unknown


def test_a_call_that_never_returns_ends_the_code() -> None:
    graph = build([*call(24), NONSENSE, END])
    assert addresses(graph) == [0, 24]
    assert graph.targets == set()


def test_jumps_of_unknown_target_reach_the_functions() -> None:
    """Addresses of code in data count; what lies there and is no code is left out."""
    jump = cdna("SOP1", "s_setpc_b64", ssrc0=8)
    spec = KernelSpec("k", b"".join([jump, END, NONSENSE]), vgpr_units=64, accum_units=64)
    relative = 13
    image = code_object(
        [spec],
        data=bytes(16),
        relocations=[(0x2000, relative, 0, TEXT + 4), (0x2008, relative, 0, TEXT + 8)],
    )
    parsed = CodeObject.parse(image)
    graph = cfg.build(parsed, parsed.kernels["k"], target("gfx942"))
    assert graph.targets == {TEXT + 4}
    assert addresses(graph) == [0, 4]


# Full masks.


def full_after(*code: bytes, starts_full: bool = True) -> set[int]:
    graph = build([*code, END], starts_full=starts_full)
    block = graph.blocks[TEXT]
    full = block.full
    for inst in block.instructions:
        full = graph.step_full(inst, full)
    return set(full)


def test_exec_is_full_where_waves_start_full() -> None:
    assert full_after(NOP) == {EXEC}
    assert full_after(NOP, starts_full=False) == set()


def test_masks_that_saving_and_restoring_keep_full() -> None:
    save = cdna("SOP1", "s_and_saveexec_b64", sdst=8, ssrc0=VCC)
    restore = cdna("SOP2", "s_or_b64", sdst=EXEC, ssrc0=EXEC, ssrc1=8)
    assert full_after(save) == {8}
    assert full_after(save, restore) == {8, EXEC}
    ones = cdna("SOP1", "s_mov_b64", sdst=EXEC, ssrc0=193)
    assert full_after(ones, starts_full=False) == {EXEC}


def test_masks_that_are_overwritten_in_part_are_not_full() -> None:
    copy = cdna("SOP1", "s_mov_b64", sdst=8, ssrc0=EXEC)
    half = cdna("SOP1", "s_mov_b32", sdst=9, ssrc0=128)
    assert full_after(copy) == {8, EXEC}
    assert full_after(copy, half) == {EXEC}


def test_masks_are_full_only_where_every_way_agrees() -> None:
    save = cdna("SOP1", "s_and_saveexec_b64", sdst=8, ssrc0=VCC)
    graph = build([branch("s_cbranch_scc0", 1), save, END], starts_full=True)
    assert graph.blocks[TEXT + 8].full == frozenset()


# Liveness.


def move(row: int, source: int) -> bytes:
    return cdna("VOP1", "v_mov_b32", vdst=row, src0=256 + source)


def store(row: int) -> bytes:
    return cdna("GLOBAL", "global_store_b32", vaddr=0, vdata=row, saddr=0x7F)


def rows(mask: int) -> set[int]:
    return {i for i in range(SCALARS) if mask >> i & 1}


def test_rows_needed_later() -> None:
    graph = build([move(5, 6), store(5), END])
    block = graph.blocks[TEXT]
    needed = [rows(active) for active, _ in graph.live_after(block)]
    assert needed == [{0, 1, 5}, set(), set()]


def test_disabled_lanes_keep_what_they_need_when_enabled() -> None:
    save = cdna("SOP1", "s_and_saveexec_b64", sdst=8, ssrc0=VCC)
    restore = cdna("SOP2", "s_or_b64", sdst=EXEC, ssrc0=EXEC, ssrc1=8)
    graph = build([save, move(5, 6), restore, store(5), END])
    live = graph.live_after(graph.blocks[TEXT])
    active, inactive = live[1]
    assert 5 in rows(active)
    assert 5 in rows(inactive)
    active, inactive = live[0]
    assert 5 not in rows(active)
    assert 5 in rows(inactive)


def test_scalars_that_are_read_are_live() -> None:
    compare = cdna("VOPC", "v_cmp_gt_u32", src0=256, src1=1)
    graph = build([compare, branch("s_cbranch_vccz", 0), END])
    active, inactive = graph.live_after(graph.blocks[TEXT])[0]
    assert active >> (SCALARS + VCC) & 3 == 3
    assert inactive >> SCALARS == 0
    graph = build([compare, END])
    assert graph.live_after(graph.blocks[TEXT])[0][0] >> (SCALARS + VCC) & 3 == 0


def test_everything_is_live_where_a_jump_may_go_anywhere() -> None:
    graph = build([move(5, 6), RETURN])
    active, _ = graph.live_after(graph.blocks[TEXT])[0]
    assert rows(active) >= set(range(512))
    assert active >> SCALARS & 0xFFFF == 0xFFFF


# Products of matrices behind a barrier.

BARRIER = cdna("SOPP", "s_barrier")


def product(d: int, a: int, b: int) -> bytes:
    return cdna(
        "MAI", "v_mfma_f32_32x32x8_f16", vdst=d, src0=256 + a, src1=256 + b, src2=256 + d
    )  # fmt: skip


def names(graph: Graph) -> list[list[str]]:
    return [
        [inst.op for inst in graph.blocks[start].instructions] for start in sorted(graph.blocks)
    ]


def test_products_go_before_the_barrier_that_they_follow() -> None:
    graph = build([NOP, BARRIER, move(5, 6), product(32, 0, 2), product(48, 0, 2), move(6, 5), END])
    mfma = "v_mfma_f32_32x32x8_f16"
    assert names(graph) == [
        ["s_nop", mfma, mfma, "s_barrier"],
        ["v_mov_b32", "v_mov_b32", "s_endpgm"],
    ]
    for block in graph.blocks.values():
        assert block.effects == [graph.effect(inst) for inst in block.instructions]
        assert len(block.all_enabled) == len(block.instructions) + 1


@pytest.mark.parametrize(
    "code",
    [
        [NOP, BARRIER, move(1, 6), product(32, 0, 2), END],
        [NOP, BARRIER, move(40, 6), product(32, 0, 2), END],
        [NOP, BARRIER, move(6, 40), product(32, 0, 2), END],
        [NOP, BARRIER, product(48, 0, 2), move(1, 6), product(32, 0, 2), END],
        [NOP, BARRIER, product(32, 0, 2), branch("s_cbranch_scc0", -3), END],
    ],
    ids=["A is set", "D is set", "D is read", "one of two", "a loop leads here"],
)
def test_products_stay_behind_a_barrier_where_they_must(code: list[bytes]) -> None:
    graph = build(code)
    assert names(graph)[0] == ["s_nop", "s_barrier"]
    assert any("mfma" in name for name in names(graph)[1])
