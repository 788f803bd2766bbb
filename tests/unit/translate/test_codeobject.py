"""Code objects: what is read from good ones, and that bad ones end in CodeObjectError."""

from __future__ import annotations

import random
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anyroc.errors import CodeObjectError
from anyroc.translate.codeobject import CodeObject, Kernel
from code_objects import DATA, TEXT, KernelSpec, code_object

ARGS = (
    {".offset": 0, ".size": 8, ".value_kind": "global_buffer", ".name": "out"},
    {".offset": 8, ".size": 4, ".value_kind": "by_value", ".type_name": "int"},
    {".offset": 16, ".size": 4, ".value_kind": "hidden_block_count_x"},
)
FULL = code_object(
    [
        KernelSpec("add", b"\1\2\3\4" * 8, args=ARGS, kernarg_size=24, lds=512, scratch=32),
        KernelSpec("sub", b"\5\6\7\x08"),
    ],
    data=b"\x11" * 24,
    bss=100,
    variables=[("table", DATA, 24), ("zeros", DATA + 24, 100)],
    undefined=["missing"],
    relocations=[(DATA + 8, 13, 0, DATA), (DATA + 16, 3, 1, 4)],
)


def one(spec: KernelSpec, target: str = "gfx942") -> Kernel:
    return CodeObject.parse(code_object([spec], target=target)).kernels[spec.name]


def test_reads_kernels_with_their_arguments() -> None:
    code = CodeObject.parse(FULL)
    kernel = code.kernels["add"]
    assert ["add", "sub"] == list(code.kernels)
    assert (TEXT, 32) == (kernel.entry, kernel.size)
    assert (24, 512, 32, 64) == (
        kernel.kernarg_size,
        kernel.lds_size,
        kernel.scratch_size,
        kernel.wave_size,
    )
    assert ["out", ""] == [arg.name for arg in kernel.explicit_args]
    assert (16, 4, "hidden_block_count_x", True) == (
        kernel.args[2].offset,
        kernel.args[2].size,
        kernel.args[2].value_kind,
        kernel.args[2].hidden,
    )
    assert b"\1\2\3\4" == code.text(kernel.entry, 4)
    assert b"\5\6\7\x08" == code.text(code.kernels["sub"].entry, 4)


def test_reads_symbols_segments_and_relocations() -> None:
    code = CodeObject.parse(FULL)
    assert "gfx942" == code.target_name
    assert ("object", DATA, 24) == (
        code.symbols["table"].kind,
        code.symbols["table"].vaddr,
        code.symbols["table"].size,
    )
    assert not code.symbols["missing"].defined
    assert [(DATA + 8, 13, None, DATA), (DATA + 16, 3, "table", 4)] == [
        (r.vaddr, r.type, r.symbol and r.symbol.name, r.addend) for r in code.relocations
    ]
    assert DATA + 124 == code.image_size
    assert [0, TEXT, DATA] == [s.vaddr for s in code.segments]


@pytest.mark.parametrize(
    ("target", "wave32", "units", "rows"),
    [
        ("gfx942", False, 1, 8),
        ("gfx942", False, 64, 512),
        ("gfx1151", True, 1, 8),
        ("gfx1151", False, 1, 4),
        ("gfx1201", True, 32, 256),
        ("gfx1201", False, 64, 256),
    ],
)
def test_vector_registers_are_counted_in_the_targets_units(
    target: str, wave32: bool, units: int, rows: int
) -> None:
    kernel = one(KernelSpec("k", wave32=wave32, vgpr_units=units), target)
    assert rows == kernel.descriptor.vgprs
    assert (32 if wave32 else 64) == kernel.wave_size


def test_accumulation_registers_start_at_their_offset_on_cdna_only() -> None:
    assert 12 == one(KernelSpec("k", vgpr_units=4, accum_units=3)).descriptor.accum_offset
    assert 8 == one(KernelSpec("k", vgpr_units=1, accum_units=9)).descriptor.accum_offset
    assert 16 == one(KernelSpec("k", vgpr_units=4), "gfx1201").descriptor.accum_offset


def test_user_sgprs_come_in_the_documented_order() -> None:
    spec = KernelSpec("k", user_sgprs=15, properties=0b1111111, rsrc2=0b101 << 7 | 2 << 11)
    descriptor = one(spec).descriptor
    assert [
        ("private_segment_buffer", 0, 4),
        ("dispatch_ptr", 4, 2),
        ("queue_ptr", 6, 2),
        ("kernarg_segment_ptr", 8, 2),
        ("dispatch_id", 10, 2),
        ("flat_scratch_init", 12, 2),
        ("private_segment_size", 14, 1),
    ] == [(u.name, u.index, u.count) for u in descriptor.user_sgprs]
    assert (True, False, True) == descriptor.workgroup_ids
    assert 3 == descriptor.work_item_dims


def test_preloaded_arguments_follow_the_user_sgprs_and_skip_the_prologue() -> None:
    kernel = one(KernelSpec("k", b"\0" * 300, user_sgprs=6, preload=(4, 2)))
    assert (2, 4, 2) == kernel.descriptor.preload
    assert TEXT + 256 == kernel.entry
    assert 44 == kernel.size


def test_mode_holds_ieee_and_clamp_bits_where_the_target_has_them() -> None:
    spec = KernelSpec("k", rsrc1=1 << 21 | 1 << 23 | 0b11110000 << 12)
    cdna, rdna4 = one(spec).descriptor, one(spec, "gfx1201").descriptor
    assert (0x3F0, True, True) == (cdna.mode, cdna.ieee, cdna.dx10_clamp)
    assert (0xF0, False, False) == (rdna4.mode, rdna4.ieee, rdna4.dx10_clamp)


def test_a_kernel_without_metadata_is_found_by_its_descriptor() -> None:
    image = code_object([KernelSpec("bare")], metadata={"amdhsa.version": [1, 2]})
    kernel = CodeObject.parse(image).kernels["bare"]
    assert (TEXT, ()) == (kernel.entry, kernel.args)


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (b"", "not an ELF file"),
        (b"not an ELF file at all", "not an ELF file"),
        (FULL[:40], "truncated ELF header"),
        (FULL[:5000], "outside the file"),
        (FULL[:18] + b"\x3e\0" + FULL[20:], "not for AMDGPU"),
        (FULL[:4] + b"\1" + FULL[5:], "not a 64-bit"),
        (FULL[:16] + b"\1\0" + FULL[18:], "not a shared object"),
        (FULL[:48] + b"\x30\0\0\0" + FULL[52:], "does not know"),
        (code_object([KernelSpec("k")], metadata=b"\xc1"), "MessagePack"),
        (code_object([KernelSpec("k")], metadata=b"\xdd\xff\xff\xff\xff"), "MessagePack"),
        (code_object([KernelSpec("k", wave32=True)]), "waves of 32"),
        (code_object([KernelSpec("k", extra={".symbol": "nothing.kd"})]), "no symbol nothing.kd"),
        (code_object([KernelSpec("k", extra={".wavefront_size": 32})]), "metadata says waves of"),
        (code_object([KernelSpec("k", extra={".kernarg_segment_size": "8"})]), "not of type int"),
        (code_object([KernelSpec("k", b"")]), "no executable segment"),
    ],
)
def test_bad_code_objects_say_what_is_wrong(image: bytes, message: str) -> None:
    with pytest.raises(CodeObjectError, match=message):
        CodeObject.parse(image)


def accept_or_refuse(image: bytes) -> None:
    try:
        code = CodeObject.parse(image)
    except CodeObjectError:
        return
    for kernel in code.kernels.values():
        code.text(kernel.entry, min(kernel.size, 4))


@given(st.integers(0, len(FULL)))
@settings(max_examples=300)
def test_truncated_files_are_refused_or_read(size: int) -> None:
    accept_or_refuse(FULL[:size])


def test_ten_thousand_mutations_are_refused_or_read() -> None:
    generator = random.Random(1)
    interesting = [*range(0x400), *range(len(FULL) - 2000, len(FULL))]
    values = [0, 1, 0x7F, 0x80, 0xFF]
    for _ in range(10_000):
        image = bytearray(FULL)
        for _ in range(generator.randint(1, 8)):
            at = generator.choice(interesting)
            image[at] = (
                generator.choice(values) if generator.random() < 0.5 else (generator.randrange(256))
            )
        accept_or_refuse(bytes(image))


@given(st.data())
@settings(max_examples=300)
def test_fields_with_extreme_values_are_refused_or_read(data: st.DataObject) -> None:
    image = bytearray(FULL)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(FULL) - 8))
        value = data.draw(st.sampled_from([0, 1, 1 << 31, (1 << 32) - 1, 1 << 63, (1 << 64) - 1]))
        struct.pack_into("<Q", image, at, value)
    accept_or_refuse(bytes(image))
