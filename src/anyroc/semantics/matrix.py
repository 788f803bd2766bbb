"""Matrix multiplies of a whole wave, made from the tables of their shapes and formats.

The keys of gfx942's 8-bit floats end in ``_fnuz``, those of RDNA3's layouts in ``_gfx11``, those
of CDNA2's 16-bit floats, which take and give no denormals, in ``_flush``.
``helper`` is the function of ``native/matrix.c`` (gfx1250's: ``matrix_cdna5.c``) without its
``anyroc_``; those that have one for runs in ``native/matrix_run.c`` too are dense, of one block,
and take denormals.
"""

from __future__ import annotations

from anyroc.semantics.core import Matrix, matrix

_BITS = {"f64": 64, "f32": 32, "xf32": 32, "i32": 32, "f16": 16, "bf16": 16, "i8": 8, "iu8": 8,
         "fp8": 8, "bf8": 8, "iu4": 4, "f8f6f4": 8, "bf16f32": 32}  # fmt: skip
_SMALL = tuple((a, b) for a in ("fp8", "bf8") for b in ("fp8", "bf8"))

# Format of A and B: (rows, columns, k, blocks) of each instruction.
_MFMA: dict[str, tuple[tuple[int, int, int, int], ...]] = {
    "f32": ((32, 32, 1, 2), (16, 16, 1, 4), (4, 4, 1, 16), (32, 32, 2, 1), (16, 16, 4, 1)),
    "xf32": ((16, 16, 8, 1), (32, 32, 4, 1)),
    "f16": ((32, 32, 4, 2), (16, 16, 4, 4), (4, 4, 4, 16), (32, 32, 8, 1), (16, 16, 16, 1),
            (32, 32, 16, 1), (16, 16, 32, 1)),
    "i8": ((32, 32, 4, 2), (16, 16, 4, 4), (4, 4, 4, 16), (32, 32, 8, 1), (16, 16, 16, 1),
           (32, 32, 16, 1), (16, 16, 32, 1), (32, 32, 32, 1), (16, 16, 64, 1)),
    "f64": ((16, 16, 4, 1), (4, 4, 4, 4)),
    "8": ((16, 16, 32, 1), (32, 32, 16, 1)),
    "f8f6f4": ((16, 16, 128, 1), (32, 32, 64, 1)),
}  # fmt: skip
# CDNA2's, of which bf16 has more.
_FLUSHED = ((32, 32, 4, 2), (16, 16, 4, 4), (4, 4, 4, 16), (32, 32, 8, 1), (16, 16, 16, 1))
_FLUSHED_BF16 = ((32, 32, 2, 2), (16, 16, 2, 4), (4, 4, 2, 16), (32, 32, 4, 1), (16, 16, 8, 1))
_SMFMAC: dict[str, tuple[tuple[int, int, int, int], ...]] = {
    "16": ((16, 16, 32, 1), (32, 32, 16, 1), (16, 16, 64, 1), (32, 32, 32, 1)),
    "8": ((16, 16, 64, 1), (32, 32, 32, 1), (16, 16, 128, 1), (32, 32, 64, 1)),
}


def _register(
    kind: str, shape: tuple[int, int, int, int], a: str, b: str, d: str, wave: int, suffix: str = ""
) -> None:
    m, n, k, blocks = shape
    sparse = kind in ("smfmac", "swmmac")
    formats = a if a == b and a not in ("fp8", "bf8") else f"{a}_{b}"
    block = f"_{blocks}b" if blocks > 1 else ""
    name = f"{kind}_{d}_{m}x{n}x{k}{block}_{formats}{suffix}"

    def rows(elements: int, bits: int) -> int:
        return max(1, -(-elements * bits // 32))

    per_lane = k if suffix == "_gfx11" or blocks > 1 else k * m // wave
    if d == "f64":
        per_lane = 1
    entry = Matrix(
        name="v_" + name,
        helper=name,
        m=m,
        n=n,
        k=k,
        blocks=blocks,
        a=a,
        b=b,
        c="b32" if sparse else d,
        a_rows=rows(per_lane // 2 if sparse else per_lane, _BITS[a]),
        b_rows=rows(per_lane, _BITS[b]),
        c_rows=rows(per_lane // 2, 2) if sparse else _sum_rows(shape, d, wave, suffix),
        runs=kind == "mfma" and blocks == 1 and d != "f64" and suffix != "_flush",
    )
    matrix(entry)


def _sum_rows(shape: tuple[int, int, int, int], d: str, wave: int, suffix: str) -> int:
    m, n, _, blocks = shape
    bits = 32 if suffix == "_gfx11" else _BITS[d]
    return m * n * blocks * bits // 32 // wave


def _mfma() -> None:
    for formats, shapes in _MFMA.items():
        for shape in shapes:
            if formats == "8":
                for a, b in _SMALL:
                    _register("mfma", shape, a, b, "f32", 64)
                    _register("mfma", shape, a, b, "f32", 64, "_fnuz")
                continue
            d = {"i8": "i32", "f64": "f64"}.get(formats, "f32")
            for f in ("f16", "bf16") if formats == "f16" else (formats,):
                _register("mfma", shape, f, f, d, 64)
            if formats == "f8f6f4":
                _register("mfma_scale", shape, formats, formats, d, 64)
    for shape in _FLUSHED:
        for f in ("f16", "bf16"):
            _register("mfma", shape, f, f, "f32", 64, "_flush")
    for shape in _FLUSHED_BF16:
        _register("mfma", shape, "bf16", "bf16", "f32", 64, "_flush")


def _smfmac() -> None:
    for shape in _SMFMAC["16"]:
        for f in ("f16", "bf16"):
            _register("smfmac", shape, f, f, "f32", 64)
    for shape in _SMFMAC["8"]:
        _register("smfmac", shape, "i8", "i8", "i32", 64)
        for a, b in _SMALL:
            _register("smfmac", shape, a, b, "f32", 64)
            if shape in _SMFMAC["8"][:2]:
                _register("smfmac", shape, a, b, "f32", 64, "_fnuz")


def _wmma() -> None:
    """Register counts are those of wave32; in wave64 most operands take half as many."""
    pairs = (("f16", "f32"), ("bf16", "f32"), ("f16", "f16"), ("bf16", "bf16"), ("iu8", "i32"),
             ("iu4", "i32"))  # fmt: skip
    for f, d in pairs:
        for suffix in ("", "_gfx11"):
            _register("wmma", (16, 16, 16, 1), f, f, d, 32, suffix)
        _register("swmmac", (16, 16, 32, 1), f, f, d, 32)
    _register("wmma", (16, 16, 32, 1), "iu4", "iu4", "i32", 32)
    _register("swmmac", (16, 16, 64, 1), "iu4", "iu4", "i32", 32)
    for a, b in _SMALL:
        _register("wmma", (16, 16, 16, 1), a, b, "f32", 32)
        _register("swmmac", (16, 16, 32, 1), a, b, "f32", 32)


def _wmma_cdna5() -> None:
    """gfx1250's, which has waves of 32 only (``native/matrix_cdna5.c``)."""
    for f, d in (("f16", "f32"), ("bf16", "f32"), ("f16", "f16"), ("bf16", "bf16"),
                 ("bf16", "bf16f32")):  # fmt: skip
        _register("wmma", (16, 16, 32, 1), f, f, d, 32)
    _register("wmma", (16, 16, 4, 1), "f32", "f32", "f32", 32)
    _register("wmma", (16, 16, 64, 1), "iu8", "iu8", "i32", 32)
    for a, b in _SMALL:
        for d in ("f32", "f16"):
            _register("wmma", (16, 16, 64, 1), a, b, d, 32)
            _register("swmmac", (16, 16, 128, 1), a, b, d, 32)
    for f, d in (("f16", "f32"), ("bf16", "f32"), ("f16", "f16"), ("bf16", "bf16")):
        _register("swmmac", (16, 16, 64, 1), f, f, d, 32)
    _register("swmmac", (16, 16, 128, 1), "iu8", "iu8", "i32", 32)


_mfma()
_smfmac()
_wmma()
_wmma_cdna5()
