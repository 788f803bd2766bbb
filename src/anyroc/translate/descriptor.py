"""The 64-byte kernel descriptor: what the hardware is told before a kernel's first instruction.

Layout: LLVM, "User Guide for AMDGPU Backend", section "Kernel Descriptor". Where generations
differ, the target's record says how.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from anyroc.errors import CodeObjectError
from anyroc.isa.targets import Target

SIZE = 64

_LAYOUT = struct.Struct("<III4xq20xIIIHH4x")

_USER_SGPRS = (
    ("private_segment_buffer", 4),
    ("dispatch_ptr", 2),
    ("queue_ptr", 2),
    ("kernarg_segment_ptr", 2),
    ("dispatch_id", 2),
    ("flat_scratch_init", 2),
    ("private_segment_size", 1),
)
"""What bits 0 to 6 of the kernel code properties enable, in register order, with sizes in SGPRs."""


def _bits(word: int, low: int, count: int = 1) -> int:
    return word >> low & ((1 << count) - 1)


@dataclass(frozen=True, slots=True)
class UserSgpr:
    """A value the launcher puts in SGPRs: `count` registers from `index` on."""

    name: str
    index: int
    count: int


@dataclass(frozen=True, slots=True)
class KernelDescriptor:
    """A kernel descriptor, raw words first, then what they mean on its target.

    `vgprs` counts the rows of the vector register file a wave has, accumulation registers
    included: they start at row `accum_offset` (equal to `vgprs` where a kernel has none).
    `mode` is the MODE register's initial value. `preload` is (first user SGPR, count, offset in
    dwords into the kernel arguments); `entry_skip` is how many bytes past its entry a kernel with
    preloaded arguments starts.
    """

    lds_size: int
    scratch_size: int
    kernarg_size: int
    entry_offset: int
    rsrc1: int
    rsrc2: int
    rsrc3: int
    properties: int
    kernarg_preload: int

    wave_size: int
    vgprs: int
    accum_offset: int
    mode: int
    uses_dynamic_stack: bool
    user_sgprs: tuple[UserSgpr, ...]
    user_sgpr_count: int
    preload: tuple[int, int, int]
    entry_skip: int
    workgroup_ids: tuple[bool, bool, bool]
    workgroup_info: bool
    work_item_dims: int
    private_segment: bool

    @property
    def wave32(self) -> bool:
        """Whether the kernel runs in waves of 32 lanes."""
        return self.wave_size == 32

    @property
    def ieee(self) -> bool:
        """Whether IEEE mode (quieting of signalling NaNs by min and max) is on."""
        return bool(self.mode & 1 << 9)

    @property
    def dx10_clamp(self) -> bool:
        """Whether clamping turns NaN into 0."""
        return bool(self.mode & 1 << 8)


def decode(raw: bytes, target: Target) -> KernelDescriptor:
    """Decode a descriptor's 64 bytes for `target`; CodeObjectError if they make no sense."""
    if len(raw) != SIZE:
        raise CodeObjectError(f"a kernel descriptor has {SIZE} bytes, not {len(raw)}")
    lds, scratch, kernarg, entry, rsrc3, rsrc1, rsrc2, properties, preload = _LAYOUT.unpack(raw)
    wave_size = 32 if properties & 1 << 10 else 64
    if wave_size not in target.wave_sizes:
        raise CodeObjectError(f"kernel wants waves of {wave_size}; {target.name} has none")
    vgprs = (_bits(rsrc1, 0, 6) + 1) * target.vgpr_granule[wave_size]
    accum_offset = (_bits(rsrc3, 0, 6) + 1) * 4 if target.has_agprs else vgprs
    user = []
    index = 0
    for bit, (name, count) in enumerate(_USER_SGPRS):
        if properties & 1 << bit:
            user.append(UserSgpr(name, index, count))
            index += count
    preload_count = _bits(preload, 0, 7)
    user_count = _bits(rsrc2, 1, 5)
    return KernelDescriptor(
        lds_size=lds,
        scratch_size=scratch,
        kernarg_size=kernarg,
        entry_offset=entry,
        rsrc1=rsrc1,
        rsrc2=rsrc2,
        rsrc3=rsrc3,
        properties=properties,
        kernarg_preload=preload,
        wave_size=wave_size,
        vgprs=vgprs,
        accum_offset=min(accum_offset, vgprs),
        mode=_mode(rsrc1, rsrc2, target),
        uses_dynamic_stack=bool(properties & 1 << 11),
        user_sgprs=tuple(user),
        user_sgpr_count=user_count,
        preload=(index, min(preload_count, max(user_count - index, 0)), _bits(preload, 7, 9)),
        entry_skip=target.kernarg_preload_prologue if preload_count else 0,
        workgroup_ids=(bool(_bits(rsrc2, 7)), bool(_bits(rsrc2, 8)), bool(_bits(rsrc2, 9))),
        workgroup_info=bool(_bits(rsrc2, 10)),
        work_item_dims=min(_bits(rsrc2, 11, 2), 2) + 1,
        private_segment=bool(_bits(rsrc2, 0)),
    )


def _mode(rsrc1: int, rsrc2: int, target: Target) -> int:
    mode = _bits(rsrc1, 12, 8) | _bits(rsrc2, 24, 7) << 12 | _bits(rsrc1, 26) << 23
    if target.has_ieee_mode:
        mode |= _bits(rsrc1, 21) << 8 | _bits(rsrc1, 23) << 9
    return mode
