"""Checks of graphs: by calls and by capture, run several times, changed."""

from __future__ import annotations

import ctypes
import struct

from anyroc.conformance.api import INVALID_VALUE, Api, same
from anyroc.conformance.modules import pointers
from anyroc.conformance.registry import check

_HIP_7 = 70_000_000


def _memset(api: Api, to: int, value: int, width: int) -> bytes:
    """Return a hipMemsetParams, whose members are in another order since HIP 7."""
    if _version(api) < _HIP_7:
        return struct.pack("@QI4xQQI4xQ", to, 1, 1, 0, value, width)
    return struct.pack("@QQIIQQ", to, 0, value, 1, width, 1)


def _version(api: Api) -> int:
    version = ctypes.c_int()
    api.good("hipRuntimeGetVersion", ctypes.byref(version))
    return version.value


def _instantiated(api: Api, graph: int) -> int:
    return api.made("hipGraphInstantiate", graph, None, None, 0)


@check
def nodes_run_after_those_they_depend_on(api: Api) -> None:
    """Dependencies order nodes whatever the order in which they were added."""
    graph, place = api.made("hipGraphCreate", 0), api.made("hipMalloc", 16)
    last = api.made("hipGraphAddMemsetNode", graph, None, 0, _memset(api, place, 2, 8))
    first = api.made("hipGraphAddMemsetNode", graph, None, 0, _memset(api, place, 1, 16))
    one = ctypes.c_uint64 * 1
    api.good("hipGraphAddDependencies", graph, one(first), one(last), 1)
    executable = _instantiated(api, graph)
    api.good("hipGraphLaunch", executable, None)
    api.good("hipDeviceSynchronize")
    same(b"\2" * 8 + b"\1" * 8, api.read(place, 16), "bytes")
    api.good("hipGraphExecDestroy", executable)
    api.good("hipGraphDestroy", graph)
    api.good("hipFree", place)


@check
def a_captured_stream_becomes_a_graph(api: Api) -> None:
    """Nothing runs during the capture, everything with each launch."""
    module = api.made("hipModuleLoadData", api.code_object)
    kernel = api.made("hipModuleGetFunction", module, b"add")
    stream, place = api.made("hipStreamCreate"), api.made("hipMalloc", 4)
    api.good("hipMemset", place, 0, 4)
    arguments = pointers(*[ctypes.c_uint64(place)] * 3, ctypes.c_int(1))
    api.good("hipStreamBeginCapture", stream, 0)
    api.good("hipModuleLaunchKernel", kernel, 1, 1, 1, 1, 1, 1, 0, stream, arguments, None)
    graph = ctypes.c_void_p()
    api.good("hipStreamEndCapture", stream, ctypes.byref(graph))
    same(0, int.from_bytes(api.read(place, 4), "little"), "after the capture")
    executable = _instantiated(api, graph.value or 0)
    for expected in (100, 300, 700):
        api.good("hipGraphLaunch", executable, stream)
        api.good("hipStreamSynchronize", stream)
        same(expected, int.from_bytes(api.read(place, 4), "little"), "after a launch")
    api.good("hipGraphExecDestroy", executable)
    api.good("hipGraphDestroy", graph.value)
    api.good("hipStreamDestroy", stream)
    api.good("hipFree", place)
    api.good("hipModuleUnload", module)


@check
def an_executable_graph_can_be_changed(api: Api) -> None:
    """hipGraphExecMemsetNodeSetParams changes the executable graph and not the graph."""
    graph, place = api.made("hipGraphCreate", 0), api.made("hipMalloc", 8)
    node = api.made("hipGraphAddMemsetNode", graph, None, 0, _memset(api, place, 1, 8))
    executable = _instantiated(api, graph)
    api.good("hipGraphExecMemsetNodeSetParams", executable, node, _memset(api, place, 5, 8))
    api.good("hipGraphLaunch", executable, None)
    api.good("hipDeviceSynchronize")
    same(b"\5" * 8, api.read(place, 8), "bytes")
    found = ctypes.create_string_buffer(48)
    api.good("hipGraphMemsetNodeGetParams", node, found)
    place_of_value = 32 if _version(api) < _HIP_7 else 16
    same(1, struct.unpack_from("@I", found, place_of_value)[0], "the node's own value")
    api.good("hipGraphExecDestroy", executable)
    api.good("hipGraphDestroy", graph)
    api.good("hipFree", place)


@check
def what_is_no_graph(api: Api) -> None:
    """Null is refused."""
    out = ctypes.c_void_p()
    api.expect(INVALID_VALUE, "hipGraphInstantiate", ctypes.byref(out), None, None, None, 0)
    api.expect(INVALID_VALUE, "hipGraphCreate", None, 0)
    api.expect(INVALID_VALUE, "hipGraphLaunch", None, None)
