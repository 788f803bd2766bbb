"""hipBLASLt: products of matrices that descriptors describe, with epilogues and scales."""

from __future__ import annotations

import functools
import struct
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from anyroc.cabi import arrays, memory
from anyroc.cabi.arrays import Array
from anyroc.hip import device, stream
from anyroc.hip.state import Handles
from anyroc.libs import formats, gemm, hipblas, work
from anyroc.libs.blas import LETTERS
from anyroc.libs.status import StatusError, require

INVALID_VALUE, NOT_SUPPORTED = hipblas.INVALID_VALUE, hipblas.NOT_SUPPORTED

failure = hipblas.failure

VERSION = 100200

BATCH_COUNT, STRIDE, TYPE, ORDER, ROWS, COLUMNS, LEADING = range(7)
"""hipblasLtMatrixLayoutAttribute_t."""

(
    TRANS_A,
    TRANS_B,
    EPILOGUE,
    BIAS,
    BIAS_TYPE,
    A_SCALE,
    B_SCALE,
    C_SCALE,
    D_SCALE,
    AUX_SCALE,
    AUX,
    AUX_LEADING,
    AUX_STRIDE,
    POINTER_MODE,
    AMAX_D,
) = range(15)
"""hipblasLtMatmulDescAttributes_t."""
_A_SCALE_VECTOR, _B_SCALE_VECTOR = 102, 103

_RELU, _BIAS, _GELU, _AUX = 2, 4, 32, 128
_DEFAULT = 1
_KNOWN = {_DEFAULT, _RELU, _BIAS, _RELU | _BIAS, _GELU, _GELU | _BIAS}
_KNOWN |= {_GELU | _AUX, _GELU | _AUX | _BIAS}

_RESULT = struct.Struct("<16xQQif16x")


@dataclass
class Described:
    """A descriptor: the values of its attributes, as numbers or addresses."""

    values: dict[int, int] = field(default_factory=dict)

    def set(self, attribute: int, address: int, size: int) -> None:
        """Take an attribute from memory."""
        require(address and 0 < size <= 8, INVALID_VALUE)
        self.values[attribute] = int.from_bytes(memory.read(address, size), "little", signed=True)

    def get(self, attribute: int, address: int, size: int, written: int) -> None:
        """Store an attribute to memory."""
        value = self.values.get(attribute, 0)
        if written:
            memory.put_u64(written, size)
        if address:
            require(0 < size <= 8, INVALID_VALUE)
            memory.write(address, value.to_bytes(8, "little", signed=True)[:size])

    def pointer(self, attribute: int) -> int:
        """Return an attribute that is an address."""
        return self.values.get(attribute, 0) & 0xFFFFFFFFFFFFFFFF


_handles: Handles[int] = Handles()
_descriptors: Handles[Described] = Handles()


def _described(handle: int) -> Described:
    require(handle in _descriptors, INVALID_VALUE)
    return _descriptors[handle]


def hipblasLtCreate(out: int) -> None:
    memory.put_u64(out, _handles.add(device.current().index))


def hipblasLtDestroy(handle: int) -> None:
    require(handle in _handles, hipblas.NOT_INITIALIZED)
    _handles.remove(handle)


def hipblasLtGetVersion(handle: int, out: int) -> None:
    memory.put_i32(out, VERSION)


def hipblasLtGetGitRevision(handle: int, out: int) -> None:
    memory.write(out, b"\0")


def hipblasLtGetArchName(out: int) -> None:
    memory.put_u64(out, memory.c_string(device.current().target.name))


def hipblasLtMatrixLayoutCreate(out: int, kind: int, rows: int, columns: int, leading: int) -> None:
    values = {TYPE: kind, ROWS: rows, COLUMNS: columns, LEADING: leading, BATCH_COUNT: 1}
    memory.put_u64(out, _descriptors.add(Described({**values, STRIDE: 0, ORDER: 0})))


def hipblasLtMatmulDescCreate(out: int, compute: int, scale: int) -> None:
    values = {TRANS_A: 111, TRANS_B: 111, EPILOGUE: _DEFAULT}
    memory.put_u64(out, _descriptors.add(Described({**values, -1: compute, -2: scale})))


def hipblasLtMatmulPreferenceCreate(out: int) -> None:
    memory.put_u64(out, _descriptors.add(Described()))


def hipblasLtMatrixTransformDescCreate(out: int, scale: int) -> None:
    memory.put_u64(out, _descriptors.add(Described({0: scale, 1: 0, 2: 111, 3: 111})))


def _destroy(handle: int) -> None:
    _described(handle)
    _descriptors.remove(handle)


def _set(handle: int, attribute: int, address: int, size: int) -> None:
    _described(handle).set(attribute, address, size)


def _get(handle: int, attribute: int, address: int, size: int, written: int) -> None:
    _described(handle).get(attribute, address, size, written)


def bodies() -> dict[str, Callable[..., None]]:
    """Return the functions that all kinds of descriptors have."""
    found: dict[str, Callable[..., None]] = {}
    for kind in ("MatrixLayout", "MatmulDesc", "MatmulPreference", "MatrixTransformDesc"):
        found[f"hipblasLt{kind}Destroy"] = _destroy
        found[f"hipblasLt{kind}SetAttribute"] = _set
        found[f"hipblasLt{kind}GetAttribute"] = _get
    return found


def hipblasLtMatmulAlgoGetHeuristic(
    handle: int,
    description: int,
    a: int,
    b: int,
    c: int,
    d: int,
    preference: int,
    wanted: int,
    results: int,
    found: int,
) -> None:
    require(wanted > 0 and results and found, INVALID_VALUE)
    memory.write(results, _RESULT.pack(0, 0, hipblas.SUCCESS, 1.0))
    memory.put_i32(found, 1)


def _format(number: int) -> formats.Format:
    form = formats.BY_NUMBER.get(number)
    if form is None:
        raise StatusError(NOT_SUPPORTED)
    return form


def _matrix(address: int, layout: Described) -> gemm.Matrix:
    v = layout.values
    require(v[ORDER] in (0, 1), NOT_SUPPORTED)
    form = _format(v[TYPE])
    return gemm.Matrix(address, form, v[LEADING], v[STRIDE], by_rows=v[ORDER] == 1)


@dataclass(frozen=True)
class _Epilogue:
    """What becomes of a product before it is stored."""

    kind: int
    rows: int
    bias: int
    bias_form: formats.Format
    aux: gemm.Matrix | None
    scale: int
    amax: int

    def __call__(self, total: Array, index: int) -> Array:
        if self.kind & _BIAS:
            work.check(self.bias, self.rows * self.bias_form.size)
            vector = arrays.at(self.bias, self.rows, self.bias_form.stored)
            total = total + self.bias_form.load(vector)[:, None]
        if self.aux is not None:
            self.aux.format.store(self.aux.view(index, *total.shape), total)
        if self.kind & _RELU:
            total = np.maximum(total, 0)
        elif self.kind & _GELU:
            total = _gelu(total)
        if self.amax:
            memory.put_f32(work.check(self.amax, 4), float(np.abs(total).max(initial=0.0)))
        if self.scale:
            total = total * _float(self.scale)
        return total


def _gelu(x: Array) -> Array:
    """Return GELU by its approximation with a hyperbolic tangent."""
    return x * (0.5 * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))).astype(x.dtype)


def _floats(address: int, count: int) -> Array:
    return arrays.at(work.check(address, 4 * count), count, np.float32)


def _float(address: int) -> float:
    return float(_floats(address, 1)[0])


def _epilogue(description: Described, d: gemm.Matrix, rows: int) -> _Epilogue | None:
    v = description.values
    kind = v.get(EPILOGUE, _DEFAULT)
    require(kind in _KNOWN, NOT_SUPPORTED)
    scale, amax = description.pointer(D_SCALE), description.pointer(AMAX_D)
    if kind == _DEFAULT and not scale and not amax:
        return None
    bias = description.pointer(BIAS)
    require(bias or not kind & _BIAS, INVALID_VALUE)
    aux = None
    if kind & _AUX:
        place = description.pointer(AUX)
        require(place, INVALID_VALUE)
        aux = gemm.Matrix(place, d.format, v.get(AUX_LEADING, rows), v.get(AUX_STRIDE, 0))
    bias_form = _format(v[BIAS_TYPE]) if v.get(BIAS_TYPE, -1) >= 0 else d.format
    flags = 0 if kind == _DEFAULT else kind
    return _Epilogue(flags, rows, bias, bias_form, aux, scale, amax)


def _scales(description: Described, rows: int, columns: int) -> list[Callable[[], float | Array]]:
    """Return the factors of the product that lie in device memory."""
    made: list[Callable[[], float | Array]] = [
        functools.partial(_float, place)
        for attribute in (A_SCALE, B_SCALE)
        if (place := description.pointer(attribute))
    ]
    if per_row := description.pointer(_A_SCALE_VECTOR):
        made.append(lambda: _floats(per_row, rows)[:, None])
    if per_column := description.pointer(_B_SCALE_VECTOR):
        made.append(lambda: _floats(per_column, columns))
    return made


def hipblasLtMatmul(
    handle: int,
    description: int,
    alpha: int,
    a: int,
    a_layout: int,
    b: int,
    b_layout: int,
    beta: int,
    c: int,
    c_layout: int,
    d: int,
    d_layout: int,
    algorithm: int,
    workspace: int,
    workspace_size: int,
    stream_handle: int,
) -> None:
    require(handle in _handles, hipblas.NOT_INITIALIZED)
    require(alpha and beta and a and b and d, INVALID_VALUE)
    described = _described(description)
    layouts = [_described(number) for number in (a_layout, b_layout, c_layout, d_layout)]
    matrices = [_matrix(p, lay) for p, lay in zip((a, b, c, d), layouts, strict=True)]
    v = described.values
    letters = LETTERS.get(v[TRANS_A], ""), LETTERS.get(v[TRANS_B], "")
    require(all(letters), INVALID_VALUE)
    require(v.get(POINTER_MODE, 0) in (0, 1), NOT_SUPPORTED)
    rows, columns = layouts[3].values[ROWS], layouts[3].values[COLUMNS]
    inner = layouts[0].values[COLUMNS if letters[0] == "N" else ROWS]
    require(inner == layouts[1].values[ROWS if letters[1] == "N" else COLUMNS], INVALID_VALUE)
    on_host = not v.get(POINTER_MODE, 0)
    form = _format(v[-2])
    product = gemm.Product(
        letters,
        (rows, columns, inner),
        gemm.Scalar.of(alpha, form, on_host=on_host),
        matrices[0],
        matrices[1],
        gemm.Scalar.of(beta, form, on_host=on_host),
        matrices[2],
        matrices[3],
        layouts[3].values[BATCH_COUNT],
        tuple(_scales(described, rows, columns)),
        _epilogue(described, matrices[3], rows),
    )
    work.enqueue("hipblasLtMatmul", stream_handle, product.compute)


def hipblasLtMatrixTransform(
    handle: int,
    description: int,
    alpha: int,
    a: int,
    a_layout: int,
    beta: int,
    b: int,
    b_layout: int,
    c: int,
    c_layout: int,
    stream_handle: int,
) -> None:
    require(handle in _handles, hipblas.NOT_INITIALIZED)
    stream.of(stream_handle)
    v = _described(description).values
    form = _format(v[0])
    target = _described(c_layout)
    rows, columns = target.values[ROWS], target.values[COLUMNS]
    out = _matrix(c, target)
    on_host = v[1] == 0
    given = ((a, a_layout, alpha, v[2]), (b, b_layout, beta, v[3]))
    terms = [
        (
            _matrix(place, _described(layout)),
            gemm.Scalar.of(factor, form, on_host=on_host),
            LETTERS.get(letter, ""),
        )
        for place, layout, factor, letter in given
        if place and layout and factor
    ]
    require(terms and all(letter for _, _, letter in terms), INVALID_VALUE)

    def transform() -> None:
        for index in range(target.values[BATCH_COUNT]):
            total = np.zeros((rows, columns), out.format.wide)
            for matrix, scale, letter in terms:
                shape = (rows, columns) if letter == "N" else (columns, rows)
                values = matrix.format.load(matrix.view(index, *shape))
                total = total + scale.value * (values if letter == "N" else values.T)
            out.format.store(out.view(index, rows, columns), total)

    work.enqueue("hipblasLtMatrixTransform", stream_handle, transform)
