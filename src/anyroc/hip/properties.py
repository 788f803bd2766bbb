"""What `hipGetDeviceProperties` and `hipDeviceGetAttribute` say of a device: its target's record.

Layouts and attribute numbers are those of HIP's headers. `hipDeviceProp_t` has had two layouts:
R0000 until ROCm 5 and R0600 since; both are packed from the same values.
"""

from __future__ import annotations

import struct
from typing import Any

from anyroc.isa.targets import Target

_INT_MAX = (1 << 31) - 1
_ARCH_FLAGS = (
    0x97FF  # hipDeviceArch_t: all but funnel shift, syncthreads_and, surfaces, nested launch
)
MOST_BLOCKS = (0x7FFFFFFF, 65536, 65536)
"""Blocks along each axis of a grid, at most."""

_WALL_CLOCK_KHZ = 100_000


class Layout:
    """A C structure by the names of its fields, each with its `struct` code."""

    def __init__(self, fields: str) -> None:
        pairs = [field.split(":") for field in fields.split()]
        self.names = [name for name, _ in pairs]
        self._struct = struct.Struct("@" + "".join(code for _, code in pairs) + "0Q")
        self._counts = [_values_of(code) for _, code in pairs]
        self.size = self._struct.size

    def pack(self, values: dict[str, Any]) -> bytes:
        """Return the structure; fields that `values` lacks are zero."""
        flat: list[Any] = []
        for name, (count, zero) in zip(self.names, self._counts, strict=True):
            value = values.get(name, zero if count == 1 else (zero,) * count)
            flat += value if isinstance(value, tuple) else (value,)
        return self._struct.pack(*flat)

    def unpack(self, data: bytes) -> dict[str, Any]:
        """Return the fields of a structure, which more may follow."""
        flat = iter(self._struct.unpack_from(data))
        found: dict[str, Any] = {}
        for name, (count, _) in zip(self.names, self._counts, strict=True):
            values = tuple(next(flat) for _ in range(count))
            found[name] = values[0] if count == 1 else values
        return found


def _values_of(code: str) -> tuple[int, Any]:
    """Return how many values a code takes, and its zero."""
    if code.endswith("s"):
        return 1, b""
    return int(code[:-1] or 1), 0


R0600 = Layout("""
    name:256s uuid:16s luid:8s luidDeviceNodeMask:I totalGlobalMem:Q sharedMemPerBlock:Q
    regsPerBlock:i warpSize:i memPitch:Q maxThreadsPerBlock:i maxThreadsDim:3i maxGridSize:3i
    clockRate:i totalConstMem:Q major:i minor:i textureAlignment:Q texturePitchAlignment:Q
    deviceOverlap:i multiProcessorCount:i kernelExecTimeoutEnabled:i integrated:i
    canMapHostMemory:i computeMode:i maxTexture1D:i maxTexture1DMipmap:i maxTexture1DLinear:i
    maxTexture2D:2i maxTexture2DMipmap:2i maxTexture2DLinear:3i maxTexture2DGather:2i
    maxTexture3D:3i maxTexture3DAlt:3i maxTextureCubemap:i maxTexture1DLayered:2i
    maxTexture2DLayered:3i maxTextureCubemapLayered:2i maxSurface1D:i maxSurface2D:2i
    maxSurface3D:3i maxSurface1DLayered:2i maxSurface2DLayered:3i maxSurfaceCubemap:i
    maxSurfaceCubemapLayered:2i surfaceAlignment:Q concurrentKernels:i ECCEnabled:i pciBusID:i
    pciDeviceID:i pciDomainID:i tccDriver:i asyncEngineCount:i unifiedAddressing:i
    memoryClockRate:i memoryBusWidth:i l2CacheSize:i persistingL2CacheMaxSize:i
    maxThreadsPerMultiProcessor:i streamPrioritiesSupported:i globalL1CacheSupported:i
    localL1CacheSupported:i sharedMemPerMultiprocessor:Q regsPerMultiprocessor:i managedMemory:i
    isMultiGpuBoard:i multiGpuBoardGroupID:i hostNativeAtomicSupported:i
    singleToDoublePrecisionPerfRatio:i pageableMemoryAccess:i concurrentManagedAccess:i
    computePreemptionSupported:i canUseHostPointerForRegisteredMem:i cooperativeLaunch:i
    cooperativeMultiDeviceLaunch:i sharedMemPerBlockOptin:Q
    pageableMemoryAccessUsesHostPageTables:i directManagedMemAccessFromHost:i
    maxBlocksPerMultiProcessor:i accessPolicyMaxWindowSize:i reservedSharedMemPerBlock:Q
    hostRegisterSupported:i sparseHipArraySupported:i hostRegisterReadOnlySupported:i
    timelineSemaphoreInteropSupported:i memoryPoolsSupported:i gpuDirectRDMASupported:i
    gpuDirectRDMAFlushWritesOptions:I gpuDirectRDMAWritesOrdering:i
    memoryPoolSupportedHandleTypes:I deferredMappingHipArraySupported:i ipcEventSupported:i
    clusterLaunch:i unifiedFunctionPointers:i reserved:63i hipReserved:32i gcnArchName:256s
    maxSharedMemoryPerMultiProcessor:Q clockInstructionRate:i arch:I hdpMemFlushCntl:Q
    hdpRegFlushCntl:Q cooperativeMultiDeviceUnmatchedFunc:i
    cooperativeMultiDeviceUnmatchedGridDim:i cooperativeMultiDeviceUnmatchedBlockDim:i
    cooperativeMultiDeviceUnmatchedSharedMem:i isLargeBar:i asicRevision:i
""")

R0000 = Layout("""
    name:256s totalGlobalMem:Q sharedMemPerBlock:Q regsPerBlock:i warpSize:i maxThreadsPerBlock:i
    maxThreadsDim:3i maxGridSize:3i clockRate:i memoryClockRate:i memoryBusWidth:i totalConstMem:Q
    major:i minor:i multiProcessorCount:i l2CacheSize:i maxThreadsPerMultiProcessor:i
    computeMode:i clockInstructionRate:i arch:I concurrentKernels:i pciDomainID:i pciBusID:i
    pciDeviceID:i maxSharedMemoryPerMultiProcessor:Q isMultiGpuBoard:i canMapHostMemory:i
    gcnArch:i gcnArchName:256s integrated:i cooperativeLaunch:i cooperativeMultiDeviceLaunch:i
    maxTexture1DLinear:i maxTexture1D:i maxTexture2D:2i maxTexture3D:3i hdpMemFlushCntl:Q
    hdpRegFlushCntl:Q memPitch:Q textureAlignment:Q texturePitchAlignment:Q
    kernelExecTimeoutEnabled:i ECCEnabled:i tccDriver:i cooperativeMultiDeviceUnmatchedFunc:i
    cooperativeMultiDeviceUnmatchedGridDim:i cooperativeMultiDeviceUnmatchedBlockDim:i
    cooperativeMultiDeviceUnmatchedSharedMem:i isLargeBar:i asicRevision:i managedMemory:i
    directManagedMemAccessFromHost:i concurrentManagedAccess:i pageableMemoryAccess:i
    pageableMemoryAccessUsesHostPageTables:i
""")


def properties(target: Target, index: int, memory_bytes: int) -> dict[str, Any]:
    """Return the fields of `hipDeviceProp_t` that are not zero, for device number `index`."""
    major, minor = target.capability
    arch = target.name.encode()
    registers = target.max_vgprs * target.default_wave_size * target.simds_per_cu
    units = multiprocessors(target)
    threads = threads_per_multiprocessor(target)
    return {
        "name": target.marketing_name.encode(),
        "uuid": b"GPU-" + f"{index:x}".rjust(12, "0").encode(),
        "totalGlobalMem": memory_bytes,
        "sharedMemPerBlock": target.lds_bytes,
        "regsPerBlock": registers,
        "warpSize": target.default_wave_size,
        "memPitch": _INT_MAX,
        "maxThreadsPerBlock": target.max_workgroup_size,
        "maxThreadsDim": (target.max_workgroup_size,) * 3,
        "maxGridSize": MOST_BLOCKS,
        "clockRate": target.clock_khz,
        "totalConstMem": _INT_MAX,
        "major": major,
        "minor": minor,
        "textureAlignment": 256,
        "texturePitchAlignment": 256,
        "deviceOverlap": 1,
        "multiProcessorCount": units,
        "canMapHostMemory": 1,
        "surfaceAlignment": 256,
        "concurrentKernels": 1,
        "pciBusID": index + 1,
        "asyncEngineCount": 1,
        "unifiedAddressing": 1,
        "memoryClockRate": target.memory_clock_khz,
        "memoryBusWidth": target.memory_bus_bits,
        "l2CacheSize": target.l2_bytes,
        "maxThreadsPerMultiProcessor": threads,
        "streamPrioritiesSupported": 1,
        "globalL1CacheSupported": 1,
        "localL1CacheSupported": 1,
        "sharedMemPerMultiprocessor": target.lds_bytes,
        "regsPerMultiprocessor": registers,
        "managedMemory": 1,
        "hostNativeAtomicSupported": 1,
        "singleToDoublePrecisionPerfRatio": 2 if target.has_agprs else 32,
        "concurrentManagedAccess": 1,
        "cooperativeLaunch": 1,
        "sharedMemPerBlockOptin": target.lds_bytes,
        "directManagedMemAccessFromHost": 1,
        "maxBlocksPerMultiProcessor": threads // target.max_workgroup_size,
        "hostRegisterSupported": 1,
        "memoryPoolsSupported": 1,
        "gcnArchName": arch,
        "gcnArch": major * 100 + minor * 10 + int(target.name[-1], 16),
        "maxSharedMemoryPerMultiProcessor": target.lds_bytes,
        "clockInstructionRate": _WALL_CLOCK_KHZ,
        "arch": _ARCH_FLAGS,
        "isLargeBar": 1,
    }


def multiprocessors(target: Target) -> int:
    """Return what HIP counts as multiprocessors: compute units, or RDNA's pairs of them."""
    return target.compute_units if target.has_agprs else target.compute_units // 2


def threads_per_multiprocessor(target: Target) -> int:
    """Return how many work-items fit on what HIP counts as a multiprocessor."""
    return (
        target.simds_per_cu
        * target.max_waves_per_simd
        * target.default_wave_size
        * (1 if target.has_agprs else 2)
    )


# hipDeviceAttribute_t: what follows each number is the field of hipDeviceProp_t (with the index of
# the element) that the attribute reads, or the value itself.
_ATTRIBUTES = """
    0 ECCEnabled, 1 accessPolicyMaxWindowSize, 2 asyncEngineCount, 3 canMapHostMemory,
    4 canUseHostPointerForRegisteredMem, 5 clockRate, 6 computeMode, 7 computePreemptionSupported,
    8 concurrentKernels, 9 concurrentManagedAccess, 10 cooperativeLaunch,
    11 cooperativeMultiDeviceLaunch, 12 deviceOverlap, 13 directManagedMemAccessFromHost,
    14 globalL1CacheSupported, 15 hostNativeAtomicSupported, 16 integrated, 17 isMultiGpuBoard,
    18 kernelExecTimeoutEnabled, 19 l2CacheSize, 20 localL1CacheSupported, 22 luidDeviceNodeMask,
    23 major, 24 managedMemory, 25 maxBlocksPerMultiProcessor, 26 maxThreadsDim.0,
    27 maxThreadsDim.1, 28 maxThreadsDim.2, 29 maxGridSize.0, 30 maxGridSize.1, 31 maxGridSize.2,
    32 maxSurface1D, 33 maxSurface1DLayered.0, 34 maxSurface2D.0, 35 maxSurface2DLayered.0,
    36 maxSurface3D.0, 37 maxSurfaceCubemap, 38 maxSurfaceCubemapLayered.0, 39 maxTexture1D,
    40 maxTexture1DLayered.0, 41 maxTexture1DLinear, 42 maxTexture1DMipmap, 43 maxTexture2D.0,
    44 maxTexture2D.1, 45 maxTexture2DGather.0, 46 maxTexture2DLayered.0, 47 maxTexture2DLinear.0,
    48 maxTexture2DMipmap.0, 49 maxTexture3D.0, 50 maxTexture3D.1, 51 maxTexture3D.2,
    52 maxTexture3DAlt.0, 53 maxTextureCubemap, 54 maxTextureCubemapLayered.0, 55 maxThreadsDim.0,
    56 maxThreadsPerBlock, 57 maxThreadsPerMultiProcessor, 58 memPitch, 59 memoryBusWidth,
    60 memoryClockRate, 61 minor, 62 multiGpuBoardGroupID, 63 multiProcessorCount,
    65 pageableMemoryAccess, 66 pageableMemoryAccessUsesHostPageTables, 67 pciBusID,
    68 pciDeviceID, 69 pciDomainID, 70 persistingL2CacheMaxSize, 71 regsPerBlock,
    72 regsPerMultiprocessor, 73 reservedSharedMemPerBlock, 74 sharedMemPerBlock,
    75 sharedMemPerBlockOptin, 76 sharedMemPerMultiprocessor, 77 singleToDoublePrecisionPerfRatio,
    78 streamPrioritiesSupported, 79 surfaceAlignment, 80 tccDriver, 81 textureAlignment,
    82 texturePitchAlignment, 83 totalConstMem, 84 totalGlobalMem, 85 unifiedAddressing,
    87 warpSize, 88 memoryPoolsSupported, 89 =0, 90 hostRegisterSupported,
    91 memoryPoolSupportedHandleTypes, 10000 clockInstructionRate,
    10002 maxSharedMemoryPerMultiProcessor, 10005 hdpMemFlushCntl, 10006 hdpRegFlushCntl,
    10007 cooperativeMultiDeviceUnmatchedFunc, 10008 cooperativeMultiDeviceUnmatchedGridDim,
    10009 cooperativeMultiDeviceUnmatchedBlockDim, 10010 cooperativeMultiDeviceUnmatchedSharedMem,
    10011 isLargeBar, 10012 asicRevision, 10013 =1, 10014 =0, 10015 multiProcessorCount, 10016 =1,
    10017 =100000, 10018 =1, 10019 =256, 10020 =0
"""


def attributes() -> dict[int, str]:
    """Return all attributes' numbers, each with the field that it reads or "=" and its value."""
    rows = (row.split() for row in _ATTRIBUTES.split(","))
    return {int(number): source for number, source in rows}


def attribute(number: int, values: dict[str, Any]) -> int | None:
    """Return a device attribute as the int that HIP gives, or None when there is no such number."""
    source = attributes().get(number)
    if source is None:
        return None
    if source[0] == "=":
        return int(source[1:])
    name, _, index = source.partition(".")
    value = values.get(name, 0)
    if index and value:
        value = value[int(index)]
    return min(int(value), _INT_MAX)
