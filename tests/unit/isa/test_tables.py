from __future__ import annotations

import collections

import pytest

from anyroc.isa.formats import formats
from anyroc.isa.tables import FAMILY, opcode_space, table, type_bits
from anyroc.isa.tables import list as listing
from anyroc.isa.tables.renames import EXACT, semantic_key

ISAS = sorted(FAMILY)


@pytest.mark.parametrize("isa", ISAS)
def test_no_two_rows_share_an_opcode(isa: str) -> None:
    module = __import__(f"anyroc.isa.tables.{FAMILY[isa]}", fromlist=["ROWS"])
    lines = (line.split() for line in module.ROWS.splitlines())
    seen = collections.Counter(
        (opcode_space(format_, FAMILY[isa]), opcode)
        for format_, opcode, *_, in_isas in (_with_isas(line, isa) for line in lines)
        if isa in in_isas
    )
    assert [] == [key for key, count in seen.items() if count > 1]


def _with_isas(line: list[str], isa: str) -> tuple[str, str, list[str]]:
    """Format, opcode and the ISAs that have the row."""
    isas = next((word[1:].split(",") for word in line if word.startswith("@")), [isa])
    return line[0], line[1], isas


@pytest.mark.parametrize("isa", ISAS)
def test_rows_fit_their_formats(isa: str) -> None:
    layouts = formats(isa)
    for row in table(isa):
        fields = layouts[row.format].fields
        _, width = fields.get("op", (0, 8))
        assert row.opcode < 1 << width, row
        for spec in (*row.dst, *row.src):
            implied = spec.kind in ("k", "vcc", "exec")
            assert implied or row.format in ("VOPD", "VOPD3") or spec.field in fields, (row, spec)


@pytest.mark.parametrize("isa", ISAS)
def test_identifying_bits_of_formats_are_disjoint(isa: str) -> None:
    """A word belongs to one format, but for those that share opcodes or are more specific."""
    family = FAMILY[isa]
    bases = [f for f in formats(isa).values() if opcode_space(f.name, family) == f.name]
    bases = [f for f in bases if "." not in f.name]
    for first in bases:
        for second in bases:
            common = first.mask & second.mask
            overlap = first.match & common == second.match & common
            if first is second or not overlap:
                continue
            nested = first.mask | second.mask in (first.mask, second.mask)
            assert nested and first.mask != second.mask, (first.name, second.name)


@pytest.mark.parametrize("isa", ISAS)
def test_a_key_names_one_behaviour(isa: str) -> None:
    """Within an ISA two mnemonics never share a key, unless one is the packed pair of the other."""
    names = collections.defaultdict(set)
    for row in table(isa):
        names[row.op].add(row.mnemonic.replace("v_dual_", "v_"))
    assert {} == {key: found for key, found in names.items() if len(found) > 1}


def test_renames_lead_to_names_that_stay() -> None:
    for isa in ISAS:
        for row in table(isa):
            key = semantic_key(row.mnemonic)
            assert key == semantic_key(key), row.mnemonic
    assert all(new == semantic_key(new) for new in EXACT.values())


def test_renamed_instructions_have_equal_operand_types() -> None:
    """Loads, stores and atomics of different spelling move the same number of bits."""
    sizes = collections.defaultdict(set)
    for isa in ISAS:
        for row in table(isa):
            if row.format in ("GLOBAL", "DS"):
                data = [s.bits for s in (*row.dst, *row.src) if s.field not in ("vaddr", "saddr")]
                sizes[row.op].add(tuple(max(bits, 32) for bits in data))
    different = {key: found for key, found in sizes.items() if len(found) > 1}
    assert {} == different


@pytest.mark.parametrize(
    ("mnemonic", "key"),
    [
        ("global_load_dwordx4", "global_load_b128"),
        ("global_load_ubyte", "global_load_u8"),
        ("global_load_short_d16_hi", "global_load_d16_hi_b16"),
        ("global_store_byte_d16_hi", "global_store_d16_hi_b8"),
        ("global_load_lds_dword", "global_load_lds_b32"),
        ("global_atomic_smax_x2", "global_atomic_max_i64"),
        ("buffer_load_format_d16_hi_x", "buffer_load_d16_hi_format_x"),
        ("ds_write2st64_b64", "ds_store_2addr_stride64_b64"),
        ("ds_read_b128", "ds_load_b128"),
        ("ds_cmpst_b32", "ds_cmpst_b32"),
        ("s_load_dwordx16", "s_load_b512"),
        ("s_andn2_saveexec_b64", "s_and_not1_saveexec_b64"),
        ("s_addc_u32", "s_add_co_ci_u32"),
        ("v_add_u32", "v_add_nc_u32"),
        ("v_subbrev_co_u32", "v_subrev_co_ci_u32"),
        ("v_cmpx_tru_f32", "v_cmpx_t_f32"),
        ("v_min_f32", "v_min_f32"),
        ("v_min_num_f32", "v_min_num_f32"),
        ("v_dual_fmac_f32", "v_fmac_f32"),
    ],
)
def test_semantic_key(mnemonic: str, key: str) -> None:
    assert key == semantic_key(mnemonic)


@pytest.mark.parametrize(
    ("name", "bits"), [("f32", 32), ("pk2_f16", 32), ("pk16_f32", 512), ("mask", 64), ("bf8", 8)]
)
def test_type_bits(name: str, bits: int) -> None:
    assert bits == type_bits(name)


def test_same_spelling_with_another_behaviour_has_another_key() -> None:
    keys = {isa: {row.op for row in table(isa)} for isa in ISAS}
    assert "v_wmma_f32_16x16x16_f16_gfx11" in keys["rdna3_5"]
    assert "v_wmma_f32_16x16x16_f16" in keys["rdna4"]
    assert "v_cvt_f32_fp8_fnuz" in keys["cdna3"]
    assert "v_cvt_f32_fp8" in keys["rdna4"]


def test_scalar_floats_are_new_in_rdna3_5() -> None:
    assert "s_add_f32" in {row.op for row in table("rdna3_5")}
    assert "s_add_f32" not in {row.op for row in table("rdna3")}


def test_listing_has_a_line_per_key() -> None:
    lines = listing.lines(["cdna3"])
    assert {row.op for row in table("cdna3")} == {line.split()[0] for line in lines}
