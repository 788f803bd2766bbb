"""CDNA2's arithmetic without denormals: unfused multiply-add, and dot products of halves.

"AMD Instinct MI200 Instruction Set Architecture", V_MAD_F32 and V_MAC_F32: the product is rounded,
and denormals are flushed. Dot products of 16-bit floats take and give no denormals on MI200
(PyTorch, "Numerical accuracy", section on AMD Instinct MI200 devices).
"""

from __future__ import annotations

from anyroc.semantics.core import op, unspecified
from anyroc.semantics.environment import flush
from anyroc.semantics.floats import wide
from anyroc.semantics.values import Value, fma, select


def _mad(a: Value, b: Value, c: Value) -> Value:
    a, b, c = (flush(v, True) for v in (a, b, c))
    return flush(flush(a * b, True) + c, True)


def _mad_legacy(a: Value, b: Value, c: Value) -> Value:
    """The same where zero times anything is zero."""
    a, b, c = (flush(v, True) for v in (a, b, c))
    product = select((a == 0.0) | (b == 0.0), a.const(0.0), flush(a * b, True))
    return flush(product + c, True)


op("v_mad_f32 v_mac_f32 v_madmk_f32 v_madak_f32", "f32 f32 f32 -> f32")(_mad)
op("v_mad_legacy_f32", "f32 f32 f32 -> f32")(_mad_legacy)


@op(
    "v_dot2_f32_f16_flush v_dot2c_f32_f16_flush",
    "f16x2 f16x2 f32 -> f32",
    fidelity=unspecified("order and rounding of the sums: here one after the other, each fused"),
)
def _(a: tuple[Value, ...], b: tuple[Value, ...], c: Value) -> Value:
    c = flush(c, True)
    for x, y in zip(a, b, strict=True):
        c = fma(flush(wide(x), True, 2.0**-14), flush(wide(y), True, 2.0**-14), c)
    return flush(c, True)
