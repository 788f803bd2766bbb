"""Graphs by calls: nodes of every kind, changing them, memory of graphs, user objects."""

from __future__ import annotations

import ctypes
import struct
from pathlib import Path
from typing import Any

import pytest

from anyroc.hip import calls

INVALID_VALUE, OPERATING_SYSTEM, NOT_SUPPORTED, UPDATE_FAILURE = 1, 304, 801, 910
MEMCPY, MEMSET, HOST, CHILD, EMPTY, RECORD, ALLOC, FREE, BATCH = 1, 2, 3, 4, 5, 7, 10, 11, 14
DEFAULT = 4

ILLEGAL_STATE, UNSUPPORTED_IN_CAPTURE, INVALIDATED = 401, 900, 901
ASKING = 3  # the state of the library in which Python answers every call

HOST_FUNCTION = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


def memset(to: int, value: int, width: int) -> bytes:
    return struct.pack("@QQIIQQ", to, 0, value, 1, width, 1)


def old_memset(to: int, value: int, width: int) -> bytes:
    """As programs have it that were built for HIP 6."""
    return struct.pack("@QI4xQQI4xQ", to, 1, 1, 0, value, width)


class Graph:
    """A graph, and shortcuts that make the calls which must succeed."""

    def __init__(self, api: Any) -> None:
        self.api = api
        self.handle = self.made("hipGraphCreate", 0)

    def made(self, function: str, *arguments: Any) -> int:
        out = ctypes.c_void_p()
        assert 0 == getattr(self.api, function)(ctypes.byref(out), *arguments)
        return out.value or 0

    def node(self, kind: str, *arguments: Any, before: tuple[int, ...] = ()) -> int:
        array = (ctypes.c_uint64 * len(before))(*before)
        count = len(before)
        return self.made(
            f"hipGraphAdd{kind}", self.handle, array if count else None, count, *arguments
        )

    def run(self) -> int:
        """Instantiate, launch, wait; return the executable graph."""
        executable = self.made("hipGraphInstantiate", self.handle, None, None, 0)
        self.launch(executable)
        return executable

    def launch(self, executable: int) -> None:
        assert 0 == self.api.hipGraphLaunch(executable, None)
        assert 0 == self.api.hipDeviceSynchronize()

    def kind(self, node: int) -> int:
        kind = ctypes.c_int(-1)
        assert 0 == self.api.hipGraphNodeGetType(node, ctypes.byref(kind))
        return kind.value

    def destroy(self) -> None:
        assert 0 == self.api.hipGraphDestroy(self.handle)


def test_nodes_run_in_the_order_of_their_dependencies(api: Any) -> None:
    graph, place = Graph(api), api.malloc(16)
    last = graph.node("MemsetNode", memset(place, 0x33, 4))
    first = graph.node("MemsetNode", memset(place, 0x11, 16))
    middle = graph.node("MemsetNode", memset(place, 0x22, 8), before=(first,))
    one = ctypes.c_uint64 * 1
    assert 0 == api.hipGraphAddDependencies(graph.handle, one(middle), one(last), 1)
    executable = graph.run()
    assert b"3" * 4 + b'"' * 4 + b"\x11" * 8 == api.read(place, 16)
    assert 0 == api.hipGraphExecMemsetNodeSetParams(executable, last, memset(place, 0x44, 4))
    graph.launch(executable)
    assert b"D" * 4 == api.read(place, 4)
    assert INVALID_VALUE == api.hipGraphExecHostNodeSetParams(executable, last, bytes(16))
    graph.destroy()
    assert 0 == api.hipGraphExecDestroy(executable)
    assert INVALID_VALUE == api.hipGraphLaunch(executable, None)


def test_a_child_graph_is_a_copy_that_can_be_replaced(api: Any) -> None:
    outer, inner, place = Graph(api), Graph(api), api.malloc(8)
    inner.node("MemsetNode", memset(place, 1, 8))
    child = outer.node("ChildGraphNode", inner.handle)
    inner.node("EmptyNode")
    executable = outer.run()
    assert CHILD == outer.kind(child)
    assert b"\1" * 8 == api.read(place, 8)
    other = Graph(api)
    other.node("MemsetNode", memset(place, 2, 8))
    assert 0 == api.hipGraphExecChildGraphNodeSetParams(executable, child, other.handle)
    outer.launch(executable)
    assert b"\2" * 8 == api.read(place, 8)
    refused = api.hipGraphExecChildGraphNodeSetParams(executable, child, inner.handle)
    assert INVALID_VALUE == refused
    for graph in (outer, inner, other):
        graph.destroy()


def test_an_update_needs_the_same_shape(api: Any) -> None:
    first, second, third, place = Graph(api), Graph(api), Graph(api), api.malloc(8)
    first.node("MemsetNode", memset(place, 1, 8))
    second.node("MemsetNode", memset(place, 2, 8))
    third.node("EmptyNode")
    executable = first.run()
    node, result = ctypes.c_void_p(), ctypes.c_int(-1)
    out = ctypes.byref(node), ctypes.byref(result)
    assert 0 == api.hipGraphExecUpdate(executable, second.handle, *out)
    assert (None, 0) == (node.value, result.value)
    first.launch(executable)
    assert b"\2" * 8 == api.read(place, 8)
    assert UPDATE_FAILURE == api.hipGraphExecUpdate(executable, third.handle, *out)
    assert 3 == result.value
    assert node.value
    third.node("EmptyNode")
    assert UPDATE_FAILURE == api.hipGraphExecUpdate(executable, third.handle, *out)
    assert 2 == result.value


def test_an_update_keeps_the_direction_of_copies(api: Any) -> None:
    first, second, place = Graph(api), Graph(api), api.malloc(16)
    first.node("MemcpyNode1D", place, place + 8, 8, DEFAULT)
    changed = second.node("MemcpyNode1D", place, place + 8, 8, 3)
    executable = first.run()
    node, result = ctypes.c_void_p(), ctypes.c_int(-1)
    out = ctypes.byref(node), ctypes.byref(result)
    assert UPDATE_FAILURE == api.hipGraphExecUpdate(executable, second.handle, *out)
    assert (changed, 5) == (node.value, result.value)


def test_events_of_nodes_can_be_read_and_changed(api: Any) -> None:
    graph, first, second = Graph(api), api.event(), api.event()
    node, found = graph.node("EventRecordNode", first), ctypes.c_void_p()
    assert 0 == api.hipGraphEventRecordNodeGetEvent(node, ctypes.byref(found))
    assert first == found.value
    assert 0 == api.hipGraphEventRecordNodeSetEvent(node, second)
    assert 0 == api.hipGraphEventRecordNodeGetEvent(node, ctypes.byref(found))
    assert second == found.value
    assert INVALID_VALUE == api.hipGraphEventWaitNodeGetEvent(node, ctypes.byref(found))


def _launches(api: Any, code_object: bytes) -> list[Any]:
    """Launch a graph that changes again and again; return what came of each launch."""
    graph, inner, other = Graph(api), Graph(api), Graph(api)
    place, source = api.malloc(64), api.malloc(64)
    module, kernel = ctypes.c_void_p(), ctypes.c_void_p()
    assert 0 == api.hipModuleLoadData(ctypes.byref(module), code_object)
    assert 0 == api.hipModuleGetFunction(ctypes.byref(kernel), module, b"count_threads")
    assert 0 == api.hipMemset(place, 0, 64) == api.hipMemset(source, 7, 64)

    def counting(threads: int) -> bytes:
        counter = ctypes.c_uint64(place + 32)
        pointers = (ctypes.c_void_p * 1)(ctypes.addressof(counter))
        kept.extend([counter, pointers])
        shape = (threads, 1, 1, 0, kernel.value, 1, 1, 1, ctypes.addressof(pointers), 0)
        return struct.pack("@3I4xQQ3I4xQI4x", *shape)

    kept: list[Any] = []
    fill = graph.node("MemsetNode", memset(place, 1, 8))
    copy = graph.node("MemcpyNode1D", place + 8, source, 8, DEFAULT, before=(fill,))
    graph.node("EmptyNode", before=(copy,))
    count = graph.node("KernelNode", counting(64), before=(copy,))
    inner.node("MemsetNode", memset(place + 16, 3, 8))
    child = graph.node("ChildGraphNode", inner.handle, before=(fill,))
    executable = graph.made("hipGraphInstantiate", graph.handle, None, None, 0)
    other.node("MemsetNode", memset(place + 16, 4, 8))
    seen: list[Any] = []

    def launch(change: int = 0) -> None:
        for _ in range(4):
            code = api.hipGraphLaunch(executable, None)
            seen.append((change, code, api.read(place, 64)))
            assert 0 == api.hipMemset(place, 0, 32)

    launch()
    launch(api.hipGraphExecMemsetNodeSetParams(executable, fill, memset(place, 2, 8)))
    launch(api.hipGraphExecKernelNodeSetParams(executable, count, counting(32)))
    launch(api.hipGraphNodeSetEnabled(executable, copy, 0))
    launch(api.hipGraphExecChildGraphNodeSetParams(executable, child, other.handle))
    launch(api.hipGraphNodeSetEnabled(executable, copy, 1))
    launch(api.hipFree(source))
    launch(api.hipGraphExecDestroy(executable))
    for each in (graph, inner, other):
        each.destroy()
    assert 0 == api.hipFree(place) == api.hipModuleUnload(module)
    return seen


def test_graphs_are_launched_in_c_as_in_python(
    api: Any, code_object: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = _launches(api, code_object)
    monkeypatch.setattr(calls.library().integer("state"), "value", ASKING)
    assert _launches(api, code_object) == quick
    assert [0] * 24 == [code for _, code, _ in quick[:24]]
    assert [INVALID_VALUE] * 8 == [code for _, code, _ in quick[24:]]


def test_memory_of_graphs(api: Any) -> None:
    graph, used = Graph(api), ctypes.c_uint64(1)
    parameters = ctypes.create_string_buffer(
        struct.pack("@iiiiQQ56xQQQQ", 1, 0, 1, 0, 0, 0, 0, 0, 512, 0)
    )
    begin = graph.node("MemAllocNode", parameters)
    (place,) = struct.unpack_from("@Q", parameters, 112)
    fill = graph.node("MemsetNode", memset(place, 9, 512), before=(begin,))
    end = graph.node("MemFreeNode", place, before=(fill,))
    assert (ALLOC, FREE) == (graph.kind(begin), graph.kind(end))
    executable = graph.run()
    assert b"\x09" * 512 == api.read(place, 512)
    assert 0 == api.hipDeviceGetGraphMemAttribute(0, 0, ctypes.byref(used))
    assert 0 == used.value
    assert 0 == api.hipDeviceGetGraphMemAttribute(0, 1, ctypes.byref(used))
    assert 512 == used.value
    graph.destroy()
    assert 0 == api.hipGraphExecDestroy(executable)
    assert INVALID_VALUE == api.hipFree(place)


def test_captured_allocations_live_until_the_graph_frees_them(api: Any) -> None:
    stream, place, graph = api.stream(), ctypes.c_void_p(), ctypes.c_void_p()
    assert 0 == api.hipStreamBeginCapture(stream, 0)
    assert 0 == api.hipMallocAsync(ctypes.byref(place), 64, stream)
    assert 0 == api.hipMemsetAsync(place, 5, 64, stream)
    assert 0 == api.hipFreeAsync(place, stream)
    assert 0 == api.hipStreamEndCapture(stream, ctypes.byref(graph))
    executable = ctypes.c_void_p()
    assert 0 == api.hipGraphInstantiate(ctypes.byref(executable), graph, None, None, 0)
    for _ in range(2):
        assert 0 == api.hipGraphLaunch(executable, stream)
    assert 0 == api.hipStreamSynchronize(stream)
    assert b"\5" * 64 == api.read(place.value, 64)
    assert 0 == api.hipGraphDestroy(graph)
    assert 0 == api.hipGraphExecDestroy(executable)
    assert INVALID_VALUE == api.hipFree(place)
    assert 0 == api.hipStreamDestroy(stream)


@pytest.mark.parametrize("later", [False, True], ids=["hipFree", "hipFreeAsync"])
def test_what_a_graph_allocates_may_be_freed_outside_and_allocated_again(
    api: Any, later: bool
) -> None:
    graph, used = Graph(api), ctypes.c_uint64(1)
    parameters = ctypes.create_string_buffer(
        struct.pack("@iiiiQQ56xQQQQ", 1, 0, 1, 0, 0, 0, 0, 0, 512, 0)
    )
    begin = graph.node("MemAllocNode", parameters)
    (place,) = struct.unpack_from("@Q", parameters, 112)
    graph.node("MemsetNode", memset(place, 9, 512), before=(begin,))
    executable = graph.run()
    for _ in range(2):
        assert b"\x09" * 512 == api.read(place, 512)
        api.write(place, bytes(512))
        assert 0 == (api.hipFreeAsync(place, None) if later else api.hipFree(place))
        assert INVALID_VALUE == api.hipFree(place)
        assert 0 == api.hipDeviceGetGraphMemAttribute(0, 0, ctypes.byref(used))
        assert 0 == used.value
        assert 0 == api.hipGraphLaunch(executable, None) == api.hipDeviceSynchronize()
    graph.destroy()
    assert 0 == api.hipGraphExecDestroy(executable)
    assert 0 == api.hipFree(place)
    assert INVALID_VALUE == api.hipFree(place)


def test_a_capture_of_nothing_is_an_empty_graph(api: Any) -> None:
    stream, graph, count = api.stream(), ctypes.c_void_p(), ctypes.c_size_t(9)
    assert ILLEGAL_STATE == api.hipStreamEndCapture(stream, ctypes.byref(graph))
    assert INVALID_VALUE == api.hipStreamBeginCapture(stream, 3)
    assert UNSUPPORTED_IN_CAPTURE == api.hipStreamBeginCapture(None, 0)
    for _ in range(2):
        assert 0 == api.hipStreamBeginCapture(stream, 0)
        assert ILLEGAL_STATE == api.hipStreamBeginCapture(stream, 0)
        assert 0 == api.hipStreamEndCapture(stream, ctypes.byref(graph))
        assert 0 == api.hipGraphGetNodes(graph, None, ctypes.byref(count))
        assert 0 == count.value
        assert 0 == api.hipGraphDestroy(graph)
    assert 0 == api.hipStreamSynchronize(stream)
    assert 0 == api.hipStreamBeginCapture(stream, 0)
    assert 0 == api.hipStreamDestroy(stream)
    assert 0 == api.hipStreamSynchronize(None)


def test_a_capture_that_waiting_spoils(api: Any) -> None:
    stream, graph = api.stream(), ctypes.c_void_p()
    assert 0 == api.hipStreamBeginCapture(stream, 0)
    assert UNSUPPORTED_IN_CAPTURE == api.hipStreamSynchronize(stream)
    assert INVALIDATED == api.hipStreamEndCapture(stream, ctypes.byref(graph))
    assert 0 == api.hipStreamSynchronize(stream) == api.hipStreamDestroy(stream)


def test_a_user_object_ends_with_its_last_reference(api: Any) -> None:
    ended: list[int] = []
    function = HOST_FUNCTION(lambda argument: ended.append(argument or 0))
    graph = Graph(api)
    thing = graph.made("hipUserObjectCreate", ctypes.c_void_p(7), function, 1, 1)
    assert 0 == api.hipGraphRetainUserObject(graph.handle, thing, 1, 0)
    assert 0 == api.hipUserObjectRelease(thing, 1)
    executable = graph.run()
    graph.destroy()
    assert [] == ended
    assert 0 == api.hipGraphExecDestroy(executable)
    assert [7] == ended
    assert 0 == api.hipUserObjectRelease(thing, 1)  # AMD's library takes it, too
    assert [7] == ended


def test_no_more_references_are_given_back_than_there_are(api: Any) -> None:
    graph, ended = Graph(api), []
    function = HOST_FUNCTION(ended.append)
    thing = graph.made("hipUserObjectCreate", ctypes.c_void_p(7), function, 2, 1)
    assert 0 == api.hipGraphRetainUserObject(graph.handle, thing, 1, 1)  # which moves it
    assert 0 == api.hipUserObjectRelease(thing, 3)
    assert [] == ended
    assert 0 == api.hipUserObjectRelease(thing, 2)
    assert [7] == ended
    assert 0 == api.hipGraphReleaseUserObject(graph.handle, thing, 1)
    graph.destroy()
    assert [7] == ended


def test_fills_of_programs_for_hip_6(api: Any) -> None:
    graph, place, found = Graph(api), api.malloc(16), ctypes.create_string_buffer(48)
    node = graph.node("MemsetNode", old_memset(place, 5, 16))
    graph.run()
    assert b"\5" * 16 == api.read(place, 16)
    assert 0 == api.hipGraphMemsetNodeGetParams(node, found)
    assert old_memset(place, 5, 16) == found.raw


def test_captured_nodes_tell_their_parameters(api: Any) -> None:
    stream, graph, place = api.stream(), ctypes.c_void_p(), api.malloc(64)
    host = ctypes.create_string_buffer(64)
    assert 0 == api.hipStreamBeginCapture(stream, 0)
    assert 0 == api.hipMemsetD32Async(place, 7, 16, stream)
    assert 0 == api.hipMemcpy2DAsync(host, 8, place, 16, 8, 4, 2, stream)
    assert 0 == api.hipStreamEndCapture(stream, ctypes.byref(graph))
    nodes, count = (ctypes.c_void_p * 2)(), ctypes.c_size_t(2)
    assert 0 == api.hipGraphGetNodes(graph, nodes, ctypes.byref(count))
    found = ctypes.create_string_buffer(160)
    assert 0 == api.hipGraphMemsetNodeGetParams(nodes[0], found)
    assert (place, 0, 7, 4, 16, 1) == struct.unpack_from("@QQIIQQ", found)
    assert 0 == api.hipGraphMemcpyNodeGetParams(nodes[1], found)
    source = struct.unpack_from("@Q3Q4Q", found)
    assert (0, 0, 0, 0, place, 16, 8, 4) == source
    executable = ctypes.c_void_p()
    assert 0 == api.hipGraphInstantiate(ctypes.byref(executable), graph, None, None, 0)
    arguments = (executable, nodes[1], host, place, 32)
    assert 0 == api.hipGraphExecMemcpyNodeSetParams1D(*arguments, 2)  # its kind is not known yet
    assert INVALID_VALUE == api.hipGraphExecMemcpyNodeSetParams1D(*arguments, 4)
    assert 0 == api.hipGraphLaunch(executable, stream) == api.hipStreamSynchronize(stream)
    assert struct.pack("8I", *[7] * 8) == host.raw[:32]
    assert 0 == api.hipGraphExecDestroy(executable) == api.hipGraphDestroy(graph)
    assert 0 == api.hipStreamDestroy(stream) == api.hipFree(place)


def test_a_graph_with_memory_of_its_own_is_there_but_once(api: Any) -> None:
    graph = Graph(api)
    parameters = struct.pack("@iiiiQQ56xQQQQ", 1, 0, 1, 0, 0, 0, 0, 0, 64, 0)
    graph.node("MemAllocNode", parameters)
    executable, out = graph.run(), ctypes.c_void_p()
    again = (ctypes.byref(out), graph.handle, None, None, 0)
    assert NOT_SUPPORTED == api.hipGraphInstantiate(*again)
    assert 0 == api.hipGraphExecDestroy(executable) == api.hipGraphInstantiate(*again)
    assert 0 == api.hipGraphExecDestroy(out)
    elsewhere = struct.pack("@iiiiQQ56xQQQQ", 1, 0, 1, 99, 0, 0, 0, 0, 64, 0)
    code = api.hipGraphAddMemAllocNode(ctypes.byref(out), graph.handle, None, 0, elsewhere)
    assert INVALID_VALUE == code


def test_a_graph_is_instantiated_with_one_flag_at_most(api: Any) -> None:
    graph, out = Graph(api), ctypes.c_void_p()
    expected = {0: 0, 1: 0, 8: 0, 2: 1, 10: 1, 16: 1}
    for flags, code in expected.items():
        made = api.hipGraphInstantiateWithFlags(ctypes.byref(out), graph.handle, flags)
        assert (flags, code) == (flags, made)
        parameters = ctypes.create_string_buffer(struct.pack("@QQi4xQ", 0, flags, 7, 0))
        made = api.hipGraphInstantiateWithParams(ctypes.byref(out), graph.handle, parameters)
        assert (flags, code if flags != 2 else 0) == (flags, made)
        assert (made,) == struct.unpack_from("@i", parameters, 16)


def test_a_graph_is_not_drawn_into_nothing(api: Any) -> None:
    assert OPERATING_SYSTEM == api.hipGraphDebugDotPrint(Graph(api).handle, b"", 0)


def test_boxes_of_nodes_lie_in_memory(api: Any) -> None:
    graph, place, out = Graph(api), api.malloc(4 * 16 * 2), ctypes.c_void_p()
    for y, z, width, expected in ((0, 0, 16, 0), (1, 0, 16, 1), (0, 1, 16, 1), (0, 0, 17, 1)):
        ends = [0, 0, y, z, place, 16, 16, 4, 0, 0, 0, 0, place, 16, 16, 4]
        box = struct.pack("@16Q3Qi4x", *ends, width, 4, 2, 3)
        code = api.hipGraphAddMemcpyNode(ctypes.byref(out), graph.handle, None, 0, box)
        assert (expected, y, z, width) == (code, y, z, width)


def test_nodes_of_any_kind_by_one_function(api: Any, tmp_path: Path) -> None:
    graph, place = Graph(api), api.malloc(8)
    union = struct.pack("@i12x", MEMSET) + memset(place, 6, 8)
    node = graph.node("Node", union.ljust(256, b"\0"))
    unknown = struct.pack("@i", 8).ljust(256, b"\0")
    out = ctypes.c_void_p()
    refused = api.hipGraphAddNode(ctypes.byref(out), graph.handle, None, 0, unknown)
    assert NOT_SUPPORTED == refused
    graph.run()
    assert b"\6" * 8 == api.read(place, 8)
    changed = struct.pack("@i12x", MEMSET) + memset(place, 8, 8)
    assert 0 == api.hipGraphNodeSetParams(node, changed.ljust(256, b"\0"))
    graph.run()
    assert b"\x08" * 8 == api.read(place, 8)
    picture = tmp_path / "graph.dot"
    assert 0 == api.hipGraphDebugDotPrint(graph.handle, str(picture).encode(), 0)
    assert "MEMSET" in picture.read_text()


def test_memory_operations_in_a_graph(api: Any) -> None:
    graph, place = Graph(api), api.malloc(8)
    write = struct.pack("@i4xQQI4xQ", 2, place, 77, 0, 0).ljust(48, b"\0")
    operations = ctypes.create_string_buffer(write)
    parameters = struct.pack("@QI4xQI4x", 0, 1, ctypes.addressof(operations), 0)
    node = graph.node("BatchMemOpNode", parameters)
    ctypes.memset(operations, 0, 48)
    assert BATCH == graph.kind(node)
    graph.run()
    assert 77 == int.from_bytes(api.read(place, 4), "little")


@pytest.mark.parametrize(
    "kind, known, unknown",
    [(3, 0, 1), (DEFAULT, 0, 0), (0, 0, 1), (2, 0, 1), (1, 0, 0), (9, 21, 21), (-1, 21, 21)],
)
def test_linear_copies_from_memory_that_hip_does_not_know_go_where_they_say(
    api: Any, kind: int, known: int, unknown: int
) -> None:
    graph, place = Graph(api), api.malloc(8)
    out, host = ctypes.c_void_p(), ctypes.create_string_buffer(8)
    for expected, source in ((known, place), (unknown, host)):
        arguments = (graph.handle, None, 0, place, source, 8, kind)
        code = api.hipGraphAddMemcpyNode1D(ctypes.byref(out), *arguments)
        assert expected == code
