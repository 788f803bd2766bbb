"""One record per GPU: its instruction set, its sizes and the conventions its code relies on.

Adding a GPU of a known ISA is adding a record here. Sizes and clocks are those of the product
named, from AMD's product pages; ELF machine numbers and conventions are those of the "User Guide
for AMDGPU Backend" (LLVM).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from anyroc.errors import UnknownTarget

_GIB = 1 << 30


@dataclass(frozen=True)
class Target:
    """What anyroc knows of a GPU.

    Sizes are bytes, clocks kHz. ``vgpr_granule`` maps a wave size to the unit in which kernel
    descriptors count vector registers.
    """

    name: str
    isa: str
    marketing_name: str
    elf_mach: int
    wave_sizes: tuple[int, ...]
    default_wave_size: int
    compute_units: int
    memory_bytes: int
    clock_khz: int
    memory_clock_khz: int
    memory_bus_bits: int
    l2_bytes: int
    vgpr_granule: Mapping[int, int]
    max_vgprs: int
    simds_per_cu: int
    max_waves_per_simd: int
    lds_bytes: int = 64 << 10
    max_sgprs: int = 106
    max_workgroup_size: int = 1024
    has_agprs: bool = False
    has_ieee_mode: bool = True
    packed_tid: bool = True
    workgroup_id_in_ttmp: bool = False
    architected_flat_scratch: bool = True
    kernarg_preload_prologue: int = 0
    # Whether 16-bit vector results clear the register's upper half, and over how many lanes a
    # ds_permute_b32 or ds_bpermute_b32 reaches.
    zeroes_high_half: bool = False
    permute_span: int = 32
    # Whether the lanes' offsets from a scalar address are signed, and may be scaled.
    signed_lane_offsets: bool = False
    # Whether a buffer descriptor says how it is bounded (OOB_SELECT).
    selects_buffer_bounds: bool = True
    # Whether it counts its records in bytes, of which it has room for 45 bits.
    counts_buffer_bytes: bool = False
    features: frozenset[str] = field(default_factory=frozenset)

    @property
    def buffer_bounds(self) -> int:
        """How buffer descriptors are read (``enum bounds`` of native/buffers.c)."""
        return 2 if self.counts_buffer_bytes else int(self.selects_buffer_bounds)

    @property
    def lds_mask(self) -> int:
        """The bits of M0 that address LDS."""
        return (1 << (self.lds_bytes - 1).bit_length()) - 1

    @property
    def capability(self) -> tuple[int, int]:
        """(major, minor) as ``hipDeviceProp_t`` gives them: gfx942 is (9, 4)."""
        version = self.name.removeprefix("gfx")
        return int(version[:-2]), int(version[-2], 16)


def _cdna(
    name: str, isa: str, marketing_name: str, elf_mach: int, **facts: int | bool | frozenset[str]
) -> Target:
    return Target(
        name,
        isa,
        marketing_name,
        elf_mach,
        wave_sizes=(64,),
        default_wave_size=64,
        vgpr_granule={64: 8},
        max_vgprs=512,
        simds_per_cu=4,
        max_waves_per_simd=8,
        max_sgprs=102,
        has_agprs=True,
        zeroes_high_half=True,
        permute_span=64,
        selects_buffer_bounds=False,
        kernarg_preload_prologue=256,
        memory_bus_bits=8192,
        **facts,  # type: ignore[arg-type]
    )


def _rdna(
    name: str, isa: str, marketing_name: str, elf_mach: int, **facts: int | bool | frozenset[str]
) -> Target:
    return Target(
        name,
        isa,
        marketing_name,
        elf_mach,
        wave_sizes=(32, 64),
        default_wave_size=32,
        vgpr_granule={32: 8, 64: 4},
        max_vgprs=256,
        simds_per_cu=2,
        max_waves_per_simd=16,
        **facts,  # type: ignore[arg-type]
    )


_RECORDS: tuple[Target, ...] = (
    _cdna(
        "gfx90a",
        "cdna2",
        "AMD Instinct MI250X",
        0x3F,
        compute_units=110,
        memory_bytes=64 * _GIB,
        clock_khz=1_700_000,
        memory_clock_khz=1_600_000,
        l2_bytes=8 << 20,
        architected_flat_scratch=False,
    ),
    _cdna(
        "gfx942",
        "cdna3",
        "AMD Instinct MI300X",
        0x4C,
        compute_units=304,
        memory_bytes=192 * _GIB,
        clock_khz=2_100_000,
        memory_clock_khz=1_300_000,
        l2_bytes=4 << 20,
    ),
    _cdna(
        "gfx950",
        "cdna4",
        "AMD Instinct MI355X",
        0x4F,
        compute_units=256,
        memory_bytes=288 * _GIB,
        clock_khz=2_400_000,
        memory_clock_khz=2_000_000,
        l2_bytes=4 << 20,
        lds_bytes=160 << 10,
    ),
    _rdna(
        "gfx1100",
        "rdna3",
        "AMD Radeon RX 7900 XTX",
        0x41,
        compute_units=96,
        memory_bytes=24 * _GIB,
        clock_khz=2_500_000,
        memory_clock_khz=1_250_000,
        memory_bus_bits=384,
        l2_bytes=6 << 20,
        features=frozenset({"true16"}),
    ),
    _rdna(
        "gfx1151",
        "rdna3_5",
        "AMD Radeon 8060S Graphics",
        0x4A,
        compute_units=40,
        memory_bytes=64 * _GIB,
        clock_khz=2_900_000,
        memory_clock_khz=1_000_000,
        memory_bus_bits=256,
        l2_bytes=2 << 20,
        features=frozenset({"true16"}),
    ),
    _rdna(
        "gfx1200",
        "rdna4",
        "AMD Radeon RX 9060 XT",
        0x48,
        compute_units=32,
        memory_bytes=16 * _GIB,
        clock_khz=3_130_000,
        memory_clock_khz=1_258_000,
        memory_bus_bits=128,
        l2_bytes=4 << 20,
        has_ieee_mode=False,
        permute_span=64,
        workgroup_id_in_ttmp=True,
    ),
    _rdna(
        "gfx1201",
        "rdna4",
        "AMD Radeon RX 9070 XT",
        0x4E,
        compute_units=64,
        memory_bytes=16 * _GIB,
        clock_khz=2_970_000,
        memory_clock_khz=1_258_000,
        memory_bus_bits=256,
        l2_bytes=8 << 20,
        has_ieee_mode=False,
        permute_span=64,
        workgroup_id_in_ttmp=True,
    ),
)

# Of gfx1250 tensor transfers, clusters and scaled matrices are missing.
_RECORDS += (
    replace(
        _RECORDS[-1],
        name="gfx1250",
        isa="cdna5",
        marketing_name="AMD gfx1250",
        elf_mach=0x49,
        wave_sizes=(32,),
        vgpr_granule={32: 16},
        max_vgprs=1024,
        simds_per_cu=4,
        compute_units=256,
        lds_bytes=320 << 10,
        signed_lane_offsets=True,
        counts_buffer_bytes=True,
        features=frozenset(),
    ),
)

TARGETS: dict[str, Target] = {record.name: record for record in _RECORDS}


def target(name: str) -> Target:
    """The record of a GPU by its LLVM name, ``UnknownTarget`` naming the known ones."""
    try:
        return TARGETS[name.split(":", 1)[0]]
    except KeyError:
        raise UnknownTarget(
            f"unknown target {name!r}", hint=f"known targets: {', '.join(sorted(TARGETS))}"
        ) from None
