"""Our headers: generated parts are fresh, layouts are the ABI's."""

from __future__ import annotations

from pathlib import Path

import pytest

from anyroc.cabi import generate
from anyroc.compiler import Options, compile_device, compile_program
from anyroc.compiler.toolchain import HEADERS
from anyroc.isa.targets import target

LAYOUTS = """
#include <cstddef>
#include <hip/hip_runtime_api.h>
#include <hip/hip_fp16.h>
#include <hip/hip_bf16.h>
#define SIZE(type, size) static_assert(sizeof(type) == size, #type);
#define AT(type, field, offset) static_assert(offsetof(type, field) == offset, #field);
SIZE(hipDeviceProp_tR0600, 1472) AT(hipDeviceProp_tR0600, gcnArchName, 1160)
SIZE(hipDeviceProp_tR0000, 792) AT(hipDeviceProp_tR0000, gcnArchName, 396)
AT(hipDeviceProp_t, totalGlobalMem, 288) AT(hipDeviceProp_t, warpSize, 308)
SIZE(hipPointerAttribute_t, 32) SIZE(hipFuncAttributes, 56) SIZE(hipMemcpy3DParms, 160)
SIZE(dim3, 12) SIZE(hipUUID, 16) SIZE(hipExtent, 24) SIZE(hipPitchedPtr, 32)
SIZE(hipIpcMemHandle_t, 64) SIZE(hipLaunchAttribute, 72) SIZE(hipGraphNodeParams, 256)
SIZE(float3, 12) SIZE(float4, 16) SIZE(double4, 32) SIZE(uchar4, 4) SIZE(long4, 32)
static_assert(alignof(float4) == 16 && alignof(float2) == 8 && alignof(double4) == 16);
static_assert(alignof(float3) == 4 && alignof(short4) == 8 && alignof(uchar2) == 2);
SIZE(__half, 2) SIZE(__half2, 4) SIZE(__hip_bfloat16, 2)
static_assert(hipErrorInvalidValue == 1 && hipErrorOutOfMemory == 2 && hipErrorNotReady == 600);
static_assert(hipErrorIllegalAddress == 700 && hipErrorLaunchFailure == 719);
static_assert(hipMemcpyHostToDevice == 1 && hipMemcpyDeviceToHost == 2 && hipMemcpyDefault == 4);
int main() { return 0; }
"""


def test_generated_headers_are_what_the_tables_say() -> None:
    for path, text in generate.files().items():
        assert text == path.read_text(), f"{path.name}: run `python -m anyroc.cabi.generate`"


@pytest.mark.parametrize("name", ["layouts.cpp", "layouts.hip"])
def test_layouts(tmp_path: Path, name: str) -> None:
    source = tmp_path / name
    source.write_text(LAYOUTS)
    compile_program([source], target=target("gfx942"))


GUARDS = {
    "cuda_runtime.h": "__CUDA_RUNTIME_H__ __CUDA_RUNTIME_API_H__ __DRIVER_TYPES_H__",
    "cuda.h": "__cuda_cuda_h__ CUDA_VERSION",
    "cublas_v2.h": "CUBLAS_V2_H_ CUBLAS_API_H_",
    "cufft.h": "_CUFFT_H_",
    "curand.h": "CURAND_H_",
    "cusparse.h": "CUSPARSE_H_ CUSPARSEAPI",
    "cusolverDn.h": "CUSOLVERDN_H_ CUSOLVER_COMMON_H_",
}
"""By these the samples' own helper_cuda.h, which many programs bring along, tells what is there."""


def test_programs_can_tell_which_headers_they_have(tmp_path: Path) -> None:
    lines = ["int main() {", "char *options[] = {nullptr}; nvrtcProgram program{};"]
    lines += ["CUcontext context; cuCtxCreate(&context, nullptr, CU_COMPUTEMODE_PROHIBITED, 0);"]
    lines += ["return nvrtcCompileProgram(program, 0, options) == NVRTC_SUCCESS; }"]
    source = tmp_path / "guards.cu"
    for header, names in GUARDS.items():
        checks = [f"#ifndef {name}\n#error {name}\n#endif" for name in names.split()]
        lines = [f"#include <{header}>", *checks, *lines]
    source.write_text("\n".join(["#include <nvrtc.h>", *lines]))
    compile_program([source], target=target("gfx942"))


NAMES = """
#include <cuda.h>
#include <cuda/std/functional>
__global__ void empty() {}
static_assert(CU_JIT_INFO_LOG_BUFFER_SIZE_BYTES == hipJitOptionInfoLogBufferSizeBytes);
static_assert(CU_MEM_LOCATION_TYPE_DEVICE == cudaMemLocationTypeDevice);
static_assert(CU_DEVICE_ATTRIBUTE_MAX_BLOCKS_PER_MULTI_PROCESSOR ==
              cudaDevAttrMaxBlocksPerMultiProcessor);
static_assert(CU_POINTER_ATTRIBUTE_DEVICE_POINTER == HIP_POINTER_ATTRIBUTE_DEVICE_POINTER);
static_assert(cuda::std::identity{}(3) == 3);
int main()
{
    cudaMemAllocNodeParams node{};
    CUmemPoolProps pool{};
    cudaGraphMemAttributeType attribute = cudaGraphMemAttrUsedMemCurrent;
    int grid, block;
    return cudaOccupancyMaxPotentialBlockSize(&grid, &block, (void *)empty) + node.bytesize +
           pool.maxSize + attribute;
}
"""


PLAIN = """
#include <curand_kernel.h>
int main()
{
    curandState states[2];
    const float *numbers;
    return cudaMalloc(&numbers, sizeof(states)) + cudaFree((void *)numbers);
}
"""


def test_host_compilers_see_the_states_of_generators(tmp_path: Path) -> None:
    source = tmp_path / "plain.cpp"
    source.write_text(PLAIN)
    compile_program([source], target=target("gfx942"))


def test_names_of_cuda_follow_rules(tmp_path: Path) -> None:
    source = tmp_path / "names.cu"
    source.write_text(NAMES)
    compile_program([source], target=target("gfx942"))


OF_THRUST = ("thrust/complex.h", "thrust/random.h", "thrust/sort.h", "thrust/tuple.h")


def headers() -> list[str]:
    found = (path.relative_to(HEADERS) for path in HEADERS.rglob("*.h"))
    return sorted(str(path) for path in found if path.parts[0] != "anyroc")


def different_headers() -> list[str]:
    """Return headers to try alone: of Thrust's, which share most of what they include, a few."""
    names = [name for name in headers() if not name.startswith("thrust/") or name in OF_THRUST]
    return sorted({(HEADERS / name).read_text(): name for name in reversed(names)}.values())


@pytest.mark.parametrize(("suffix", "excluded"), [(".cu", "hip/"), (".hip", "cu")])
def test_headers_go_together(tmp_path: Path, suffix: str, excluded: str) -> None:
    chosen = [name for name in headers() if not name.startswith(excluded)]
    source = tmp_path / f"all{suffix}"
    source.write_text("".join(f"#include <{name}>\n" for name in chosen))
    compile_program([source], target=target("gfx942"))


@pytest.mark.parametrize("name", different_headers())
def test_every_header_stands_alone(tmp_path: Path, name: str) -> None:
    source = tmp_path / ("one.hip" if name.startswith("hip/") else "one.cu")
    source.write_text(f"#include <{name}>\n")
    compile_device(source, target=target("gfx942"), options=Options(opt_level=0))
