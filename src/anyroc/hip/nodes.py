"""The nodes of graphs, by kind: making them, reading and changing what they were made of."""

from __future__ import annotations

import struct
from collections.abc import Callable

from anyroc.cabi import memory
from anyroc.gpu.binding import Block
from anyroc.hip import calls, copy, fill, graph, graphmemory, launch, plan, values
from anyroc.hip.error import Error, HipError, require
from anyroc.hip.event import Event, event_of
from anyroc.hip.graph import Executable, Node, Work, dependencies, graph_of
from anyroc.hip.graph import known_executables as executables
from anyroc.hip.graph import known_nodes as nodes
from anyroc.hip.stream import Stream
from anyroc.hip.symbol import place

Make = Callable[[], Work]

_OLD_MEMSET = struct.Struct("@QI4xQQI4xQ")
_HOST = struct.Struct("@QQ")
_BATCH = struct.Struct("@QI4xQI4x")
_POINTER = struct.Struct("@Q")

_ACCESS_POLICY = 1
_ATTRIBUTES = {_ACCESS_POLICY, 2, 8}  # and cooperative, priority
_PERSISTING = 2
_WINDOW = struct.Struct("@QifiQ")
_ATTRIBUTE_SIZE = 64
_UNION = 16  # where the parameters of the kind begin in hipGraphNodeParams
_COPY = _UNION + 16


def kernel(parameters: int) -> Work:
    """Return the work that a hipKernelNodeParams describes."""
    require(parameters)
    raw = memory.unpack(launch.KERNEL_PARAMETERS, parameters)
    bx, by, bz, extra, pointer, gx, gy, gz, pointers, shared = raw
    require(pointer, Error.InvalidDeviceFunction)
    function = launch.by_either(pointer)
    if extra:
        arguments = launch.packed(extra)
    else:
        require(pointers or not launch.has_arguments(function))
        arguments = launch.gathered(function, pointers) if pointers else b""
    grid, block = (gx, gy, gz), (bx, by, bz)
    require(all(grid) and all(block), Error.InvalidConfiguration)
    return launch.work(function, pointer, grid, block, shared, arguments)


def memset(parameters: int) -> Work:
    """Return the work that a hipMemsetParams describes.

    Programs that were built for HIP 6 and before have its members in another order, in which zeros
    are where the size of an element is.
    """
    require(parameters)
    raw = memory.read(parameters, fill.PARAMETERS.size)
    to, pitch, value, unit, width, height = fill.PARAMETERS.unpack(raw)
    if not unit:
        raw = memory.read(parameters, _OLD_MEMSET.size)
        to, unit, height, pitch, value, width = _OLD_MEMSET.unpack(raw)
    require(to and unit in (1, 2, 4) and width and height)
    pitch = pitch if height > 1 else pitch or width * unit
    require(height == 1 or pitch >= width * unit)
    fill.require_allocated(to, pitch * (height - 1) + width * unit)
    part = plan.filled(to, fill.pattern(value, unit), width * unit, height, 1, pitch, 0)
    return Work(
        lambda stream: fill.rows(to, pitch, value, unit, width, height, stream), raw, part=part
    )


def memcpy(parameters: int) -> Work:
    """Return the work that a hipMemcpy3DParms describes."""
    box = copy.box_of(parameters)
    require(box.width and box.height and box.depth)
    copy.require_rooms(box)
    raw = memory.read(parameters, copy.PARAMETERS_3D.size)
    kind = copy.PARAMETERS_3D.unpack(raw)[-1]
    return Work(lambda stream: copy.box(box, stream, wait=False), raw, sort=kind, part=_boxed(box))


def driver_memcpy(parameters: int) -> Work:
    """Return the work that a HIP_MEMCPY3D describes."""
    box = copy.driver_box_of(parameters)
    require(box.width and box.height and box.depth)
    copy.require_rooms(box)
    raw = memory.read(parameters, copy.DRIVER_PARAMETERS_3D.size)
    return Work(lambda stream: copy.box(box, stream, wait=False), raw, part=_boxed(box))


def _boxed(box: copy.Box) -> plan.Transfer:
    return plan.Transfer(
        Block(
            *(box.to, box.source, box.width, box.height, box.depth),
            *(box.to_pitch, box.source_pitch, box.to_slice, box.source_slice),
        )
    )


def memcpy_1d(to: int, source: int, size: int, kind: int) -> Work:
    """Return the work of a linear copy."""
    require(to and source and size)
    copy.require_kind(kind)
    copy.require_direction(to, source, size, kind)
    raw = copy.parameters_1d(to, source, size, kind)
    return Work(
        lambda stream: copy.linear(to, source, size, kind, stream, wait=False),
        raw,
        sort=kind,
        part=plan.copied(to, source, size),
    )


def from_symbol(to: int, symbol: int, size: int, offset: int, kind: int) -> Work:
    """Return the work of a copy from a device variable."""
    require(to)
    require(kind in (copy.DEVICE_TO_HOST, copy.DEVICE_TO_DEVICE, copy.DEFAULT),
            Error.InvalidMemcpyDirection)  # fmt: skip
    return memcpy_1d(to, place(symbol, offset, size), size, kind)


def to_symbol(symbol: int, source: int, size: int, offset: int, kind: int) -> Work:
    """Return the work of a copy to a device variable."""
    require(source)
    require(kind in (copy.HOST_TO_DEVICE, copy.DEVICE_TO_DEVICE, copy.DEFAULT),
            Error.InvalidMemcpyDirection)  # fmt: skip
    return memcpy_1d(place(symbol, offset, size), source, size, kind)


def host(parameters: int) -> Work:
    """Return the work that a hipHostNodeParams describes."""
    require(parameters)
    raw = memory.read(parameters, _HOST.size)
    function, user_data = _HOST.unpack(raw)
    require(function)
    return Work(lambda stream: stream.submit().callback(function, user_data), raw)


def child(handle: int) -> Work:
    """Return the work of running a copy of another graph."""
    inner = Executable(graph_of(handle))
    return Work(inner.run, child=inner)


def record(event: int) -> Work:
    """Return the work of recording an event."""
    return Work(_event(event).record, _POINTER.pack(event))


def wait(event: int) -> Work:
    """Return the work of waiting for an event."""
    return Work(_event(event).hold, _POINTER.pack(event))


def _event(handle: int) -> Event:
    try:
        return event_of(handle)
    except HipError:
        raise HipError(Error.InvalidValue) from None


def batch(parameters: int) -> Work:
    """Return the work that a hipBatchMemOpNodeParams describes."""
    require(parameters)
    context, count, operations, flags = memory.unpack(_BATCH, parameters)
    require(count and operations)
    kept = memory.Buffer(memory.read(operations, values.OPERATION_SIZE * count))
    raw = _BATCH.pack(context, count, kept.address, flags)
    return Work(lambda stream: values.batch(stream, count, kept.address, flags), raw, (kept,))


def nothing(_: Stream) -> None:
    """Do what an empty node does."""


_MAKERS: dict[int, tuple[Callable[[int], Work], int]] = {
    graph.KERNEL: (kernel, _UNION),
    graph.MEMCPY: (memcpy, _COPY),
    graph.MEMSET: (memset, _UNION),
    graph.HOST: (host, _UNION),
    graph.CHILD: (lambda address: child(memory.get_u64(address)), _UNION),
    graph.EMPTY: (lambda _: Work(nothing), _UNION),
    graph.WAIT_EVENT: (lambda address: wait(memory.get_u64(address)), _UNION),
    graph.RECORD_EVENT: (lambda address: record(memory.get_u64(address)), _UNION),
    graph.MEM_ALLOC: (graphmemory.allocation, _UNION),
    graph.MEM_FREE: (lambda address: graphmemory.release(memory.get_u64(address)), _UNION),
}
"""By kind how work is made of the union in hipGraphNodeParams, and where that begins."""


def _general(parameters: int) -> tuple[int, Work]:
    """Return kind and work of a hipGraphNodeParams."""
    require(parameters)
    kind = memory.get_i32(parameters)
    require(kind in graph.KINDS)
    if kind not in _MAKERS:
        raise HipError(Error.NotSupported)
    make, offset = _MAKERS[kind]
    return kind, make(parameters + offset)


def add(out: int, owner: int, before: int, count: int, kind: int, make: Make) -> None:
    """Add a node after others and write its handle to `out`."""
    require(out)
    target = graph_of(owner)
    first = dependencies(target, before, count)
    memory.put_u64(out, target.add(Node(kind, make()), first).handle)


def replace(node: Node, kind: int, make: Make) -> None:
    """Give a node of a kind other work."""
    require(node.kind == kind)
    node.work = make()
    calls.forget_plans()


def change(executable: int, node: int, kind: int, make: Make) -> None:
    """Change a node of an executable graph, named by the graph's that it was made from."""
    require(nodes[node][1].kind == kind)
    found, work = executables[executable].node(node), make()
    require(found.work.may_become(work))
    replace(found, kind, lambda: work)


def answer(node: int, kind: int, out: int, *sizes: int) -> None:
    """Write the structure that describes a node's work, which has one of the sizes."""
    require(out)
    _, found = nodes[node]
    require(found.kind == kind)
    raw = found.work.description()
    require(len(raw) in sizes)
    memory.write(out, raw)


def hipGraphAddNode(out: int, owner: int, before: int, count: int, parameters: int) -> None:
    require(out)
    target = graph_of(owner)
    first = dependencies(target, before, count)
    kind, work = _general(parameters)
    memory.put_u64(out, target.add(Node(kind, work), first).handle)


def hipGraphNodeSetParams(node: int, parameters: int) -> None:
    found = nodes[node][1]
    kind, work = _general(parameters)
    replace(found, kind, lambda: work)


def hipGraphExecNodeSetParams(executable: int, node: int, parameters: int) -> None:
    kind, work = _general(parameters)
    change(executable, node, kind, lambda: work)


def hipGraphAddKernelNode(out: int, owner: int, before: int, count: int, parameters: int) -> None:
    add(out, owner, before, count, graph.KERNEL, lambda: kernel(parameters))


def hipGraphKernelNodeGetParams(node: int, out: int) -> None:
    answer(node, graph.KERNEL, out, launch.KERNEL_PARAMETERS.size)


def hipGraphKernelNodeSetParams(node: int, parameters: int) -> None:
    replace(nodes[node][1], graph.KERNEL, lambda: kernel(parameters))


def hipGraphExecKernelNodeSetParams(executable: int, node: int, parameters: int) -> None:
    change(executable, node, graph.KERNEL, lambda: kernel(parameters))


def hipGraphKernelNodeSetAttribute(node: int, attribute: int, value: int) -> None:
    found = nodes[node][1]
    require(value and attribute in _ATTRIBUTES and found.kind == graph.KERNEL)
    if attribute == _ACCESS_POLICY:
        _, _, ratio, missing, size = memory.unpack(_WINDOW, value)
        require(0 <= ratio <= 1 and missing != _PERSISTING)
        require(size == 0)  # the largest window has no bytes
    found.attributes[attribute] = memory.read(value, _ATTRIBUTE_SIZE)


def hipGraphKernelNodeGetAttribute(node: int, attribute: int, out: int) -> None:
    found = nodes[node][1]
    require(out and attribute in _ATTRIBUTES and found.kind == graph.KERNEL)
    memory.write(out, found.attributes.get(attribute, bytes(_ATTRIBUTE_SIZE)))


def hipGraphKernelNodeCopyAttributes(source: int, to: int) -> None:
    first, second = nodes[source][1], nodes[to][1]
    require(first.kind == second.kind == graph.KERNEL)
    second.attributes.update(first.attributes)


def hipGraphAddMemcpyNode(out: int, owner: int, before: int, count: int, parameters: int) -> None:
    add(out, owner, before, count, graph.MEMCPY, lambda: memcpy(parameters))


def hipGraphMemcpyNodeGetParams(node: int, out: int) -> None:
    answer(node, graph.MEMCPY, out, copy.PARAMETERS_3D.size)


def hipGraphMemcpyNodeSetParams(node: int, parameters: int) -> None:
    replace(nodes[node][1], graph.MEMCPY, lambda: memcpy(parameters))


def hipGraphExecMemcpyNodeSetParams(executable: int, node: int, parameters: int) -> None:
    change(executable, node, graph.MEMCPY, lambda: memcpy(parameters))


def hipGraphAddMemcpyNode1D(
    out: int, owner: int, before: int, count: int, to: int, source: int, size: int, kind: int
) -> None:
    add(out, owner, before, count, graph.MEMCPY, lambda: memcpy_1d(to, source, size, kind))


def hipGraphMemcpyNodeSetParams1D(node: int, to: int, source: int, size: int, kind: int) -> None:
    require(to != source)
    replace(nodes[node][1], graph.MEMCPY, lambda: memcpy_1d(to, source, size, kind))


def hipGraphExecMemcpyNodeSetParams1D(
    executable: int, node: int, to: int, source: int, size: int, kind: int
) -> None:
    require(to != source)
    change(executable, node, graph.MEMCPY, lambda: memcpy_1d(to, source, size, kind))


def hipGraphAddMemcpyNodeFromSymbol(
    out: int,
    owner: int,
    before: int,
    count: int,
    to: int,
    symbol: int,
    size: int,
    offset: int,
    kind: int,
) -> None:
    def make() -> Work:
        return from_symbol(to, symbol, size, offset, kind)

    add(out, owner, before, count, graph.MEMCPY, make)


def hipGraphMemcpyNodeSetParamsFromSymbol(
    node: int, to: int, symbol: int, size: int, offset: int, kind: int
) -> None:
    replace(nodes[node][1], graph.MEMCPY, lambda: from_symbol(to, symbol, size, offset, kind))


def hipGraphExecMemcpyNodeSetParamsFromSymbol(
    executable: int, node: int, to: int, symbol: int, size: int, offset: int, kind: int
) -> None:
    change(executable, node, graph.MEMCPY, lambda: from_symbol(to, symbol, size, offset, kind))


def hipGraphAddMemcpyNodeToSymbol(
    out: int,
    owner: int,
    before: int,
    count: int,
    symbol: int,
    source: int,
    size: int,
    offset: int,
    kind: int,
) -> None:
    def make() -> Work:
        return to_symbol(symbol, source, size, offset, kind)

    add(out, owner, before, count, graph.MEMCPY, make)


def hipGraphMemcpyNodeSetParamsToSymbol(
    node: int, symbol: int, source: int, size: int, offset: int, kind: int
) -> None:
    replace(nodes[node][1], graph.MEMCPY, lambda: to_symbol(symbol, source, size, offset, kind))


def hipGraphExecMemcpyNodeSetParamsToSymbol(
    executable: int, node: int, symbol: int, source: int, size: int, offset: int, kind: int
) -> None:
    change(executable, node, graph.MEMCPY, lambda: to_symbol(symbol, source, size, offset, kind))


def hipDrvGraphAddMemcpyNode(
    out: int, owner: int, before: int, count: int, parameters: int, context: int
) -> None:
    add(out, owner, before, count, graph.MEMCPY, lambda: driver_memcpy(parameters))


def hipDrvGraphMemcpyNodeGetParams(node: int, out: int) -> None:
    answer(node, graph.MEMCPY, out, copy.DRIVER_PARAMETERS_3D.size)


def hipDrvGraphMemcpyNodeSetParams(node: int, parameters: int) -> None:
    replace(nodes[node][1], graph.MEMCPY, lambda: driver_memcpy(parameters))


def hipDrvGraphExecMemcpyNodeSetParams(
    executable: int, node: int, parameters: int, context: int
) -> None:
    change(executable, node, graph.MEMCPY, lambda: driver_memcpy(parameters))


def hipGraphAddMemsetNode(out: int, owner: int, before: int, count: int, parameters: int) -> None:
    add(out, owner, before, count, graph.MEMSET, lambda: memset(parameters))


def hipDrvGraphAddMemsetNode(
    out: int, owner: int, before: int, count: int, parameters: int, context: int
) -> None:
    add(out, owner, before, count, graph.MEMSET, lambda: memset(parameters))


def hipGraphMemsetNodeGetParams(node: int, out: int) -> None:
    answer(node, graph.MEMSET, out, fill.PARAMETERS.size, _OLD_MEMSET.size)


def hipGraphMemsetNodeSetParams(node: int, parameters: int) -> None:
    replace(nodes[node][1], graph.MEMSET, lambda: memset(parameters))


def hipGraphExecMemsetNodeSetParams(executable: int, node: int, parameters: int) -> None:
    change(executable, node, graph.MEMSET, lambda: memset(parameters))


def hipDrvGraphExecMemsetNodeSetParams(
    executable: int, node: int, parameters: int, context: int
) -> None:
    change(executable, node, graph.MEMSET, lambda: memset(parameters))


def hipGraphAddHostNode(out: int, owner: int, before: int, count: int, parameters: int) -> None:
    add(out, owner, before, count, graph.HOST, lambda: host(parameters))


def hipGraphHostNodeGetParams(node: int, out: int) -> None:
    answer(node, graph.HOST, out, _HOST.size)


def hipGraphHostNodeSetParams(node: int, parameters: int) -> None:
    replace(nodes[node][1], graph.HOST, lambda: host(parameters))


def hipGraphExecHostNodeSetParams(executable: int, node: int, parameters: int) -> None:
    change(executable, node, graph.HOST, lambda: host(parameters))


def hipGraphAddEmptyNode(out: int, owner: int, before: int, count: int) -> None:
    add(out, owner, before, count, graph.EMPTY, lambda: Work(nothing))


def hipGraphAddChildGraphNode(out: int, owner: int, before: int, count: int, inner: int) -> None:
    add(out, owner, before, count, graph.CHILD, lambda: child(inner))


def hipGraphChildGraphNodeGetGraph(node: int, out: int) -> None:
    require(out)
    inner = nodes[node][1].work.child
    if inner is None:
        raise HipError(Error.InvalidValue)
    memory.put_u64(out, graph.handle_of(inner.graph))


def hipGraphExecChildGraphNodeSetParams(executable: int, node: int, inner: int) -> None:
    old, new = nodes[node][1].work.child, graph_of(inner)
    require(old is not None)
    assert old is not None
    kinds = [made.kind for made in new.ordered()]
    require(kinds == [made.kind for made in old.order], Error.InvalidValue)
    change(executable, node, graph.CHILD, lambda: child(inner))


def hipGraphAddEventRecordNode(out: int, owner: int, before: int, count: int, event: int) -> None:
    add(out, owner, before, count, graph.RECORD_EVENT, lambda: record(event))


def hipGraphEventRecordNodeGetEvent(node: int, out: int) -> None:
    answer(node, graph.RECORD_EVENT, out, _POINTER.size)


def hipGraphEventRecordNodeSetEvent(node: int, event: int) -> None:
    replace(nodes[node][1], graph.RECORD_EVENT, lambda: record(event))


def hipGraphExecEventRecordNodeSetEvent(executable: int, node: int, event: int) -> None:
    change(executable, node, graph.RECORD_EVENT, lambda: record(event))


def hipGraphAddEventWaitNode(out: int, owner: int, before: int, count: int, event: int) -> None:
    add(out, owner, before, count, graph.WAIT_EVENT, lambda: wait(event))


def hipGraphEventWaitNodeGetEvent(node: int, out: int) -> None:
    answer(node, graph.WAIT_EVENT, out, _POINTER.size)


def hipGraphEventWaitNodeSetEvent(node: int, event: int) -> None:
    replace(nodes[node][1], graph.WAIT_EVENT, lambda: wait(event))


def hipGraphExecEventWaitNodeSetEvent(executable: int, node: int, event: int) -> None:
    change(executable, node, graph.WAIT_EVENT, lambda: wait(event))


def hipGraphAddBatchMemOpNode(
    out: int, owner: int, before: int, count: int, parameters: int
) -> None:
    add(out, owner, before, count, graph.BATCH_MEM_OP, lambda: batch(parameters))


def hipGraphBatchMemOpNodeGetParams(node: int, out: int) -> None:
    answer(node, graph.BATCH_MEM_OP, out, _BATCH.size)


def hipGraphBatchMemOpNodeSetParams(node: int, parameters: int) -> None:
    replace(nodes[node][1], graph.BATCH_MEM_OP, lambda: batch(parameters))


def hipGraphExecBatchMemOpNodeSetParams(executable: int, node: int, parameters: int) -> None:
    change(executable, node, graph.BATCH_MEM_OP, lambda: batch(parameters))


def hipGraphAddMemAllocNode(out: int, owner: int, before: int, count: int, parameters: int) -> None:
    add(out, owner, before, count, graph.MEM_ALLOC, lambda: graphmemory.allocation(parameters))


def hipGraphMemAllocNodeGetParams(node: int, out: int) -> None:
    answer(node, graph.MEM_ALLOC, out, graphmemory.PARAMETERS.size)


def hipGraphAddMemFreeNode(out: int, owner: int, before: int, count: int, address: int) -> None:
    add(out, owner, before, count, graph.MEM_FREE, lambda: graphmemory.release(address))


hipDrvGraphAddMemFreeNode = hipGraphAddMemFreeNode


def hipGraphMemFreeNodeGetParams(node: int, out: int) -> None:
    answer(node, graph.MEM_FREE, out, _POINTER.size)
