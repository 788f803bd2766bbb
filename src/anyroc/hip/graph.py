"""Graphs: work described once, by calls or by capturing a stream, and run many times.

A graph is a list of nodes that know which nodes come before them. An executable graph is the same
list in an order that respects this; launching it puts the nodes on a stream one after the other.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from anyroc.cabi import memory
from anyroc.hip import copy, fill, launch
from anyroc.hip.error import Error, HipError, require
from anyroc.hip.event import event_of
from anyroc.hip.state import Handles
from anyroc.hip.stream import Stream, of

KERNEL, MEMCPY, MEMSET, HOST, CHILD, EMPTY, WAIT_EVENT, RECORD_EVENT = range(8)
"""hipGraphNodeType."""

_KERNEL_PARAMETERS = struct.Struct("@3I4xQQ3I4xQI4x")
_MEMSET_PARAMETERS = struct.Struct("@QI4xQQI4xQ")
_HOST_PARAMETERS = struct.Struct("@QQ")
_INSTANTIATE = struct.Struct("@QQi4xQ")

Action = Callable[[Stream], None]


@dataclass(eq=False)
class Node:
    """One piece of work: what it does to a stream, and the C structure it was made from."""

    kind: int
    action: Action
    parameters: bytes = b""
    before: list[Node] = field(default_factory=list)
    enabled: bool = True
    child: Graph | None = None
    handle: int = 0


@dataclass(eq=False)
class Graph:
    """Nodes in the order in which they were added."""

    nodes: list[Node] = field(default_factory=list)
    origins: dict[Node, Node] = field(default_factory=dict)  # of a clone's nodes

    def add(self, node: Node, before: Iterable[Node] = ()) -> Node:
        """Append a node that runs after those in `before`."""
        node.before = list(dict.fromkeys(before))
        node.handle = _nodes.add((self, node))
        self.nodes.append(node)
        return node

    def ordered(self) -> list[Node]:
        """Return the nodes so that each comes after those before it; InvalidValue on a cycle."""
        done: dict[Node, None] = {}
        waiting = list(self.nodes)
        while waiting:
            ready = [node for node in waiting if all(other in done for other in node.before)]
            require(ready)
            done.update(dict.fromkeys(ready))
            waiting = [node for node in waiting if node not in done]
        return list(done)

    def clone(self) -> Graph:
        """Return a graph of copies of the nodes."""
        twin = Graph()
        copies: dict[Node, Node] = {}
        for node in self.ordered():
            made = Node(node.kind, node.action, node.parameters, child=node.child)
            made.enabled = node.enabled
            copies[node] = twin.add(made, [copies[other] for other in node.before])
            twin.origins[made] = node
        return twin

    def destroy(self) -> None:
        """Make the handles of its nodes invalid."""
        for node in self.nodes:
            _nodes.remove(node.handle)


class Executable:
    """An instantiated graph: a clone in running order."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph.clone()
        self.order = self.graph.ordered()

    def node(self, handle: int) -> Node:
        """Return its copy of a node of the graph it was made from."""
        _, wanted = _nodes[handle]
        for made, origin in self.graph.origins.items():
            if origin is wanted:
                return made
        raise HipError(Error.InvalidValue)

    def run(self, stream: Stream) -> None:
        """Put every node on the stream."""
        for node in self.order:
            if node.enabled:
                node.action(stream)


_graphs: Handles[Graph] = Handles(Error.InvalidValue)
_nodes: Handles[tuple[Graph, Node]] = Handles(Error.InvalidValue)
_executables: Handles[Executable] = Handles(Error.InvalidValue)


def _kernel(parameters: int) -> tuple[Action, bytes]:
    require(parameters)
    raw = memory.read(parameters, _KERNEL_PARAMETERS.size)
    bx, by, bz, extra, pointer, gx, gy, gz, pointers, shared = _KERNEL_PARAMETERS.unpack(raw)
    require(pointer)
    function = launch.by_either(pointer)
    arguments = launch.packed(extra) if extra else launch.gathered(function, pointers)
    return launch.later(function, (gx, gy, gz), (bx, by, bz), shared, arguments), raw


def _memset(parameters: int) -> tuple[Action, bytes]:
    require(parameters)
    raw = memory.read(parameters, _MEMSET_PARAMETERS.size)
    to, unit, height, pitch, value, width = _MEMSET_PARAMETERS.unpack(raw)
    require(to and unit in (1, 2, 4) and width and height)
    pitch = pitch or width * unit
    return (lambda stream: fill.rows(to, pitch, value, unit, width, height, stream)), raw


def _memcpy(parameters: int) -> tuple[Action, bytes]:
    box = copy.box_of(parameters)
    raw = memory.read(parameters, copy.PARAMETERS_3D.size)
    return (lambda stream: copy.box(box, stream, wait=False)), raw


def _memcpy_1d(to: int, source: int, size: int, kind: int) -> tuple[Action, bytes]:
    require(to and source and size)
    return (lambda stream: copy.linear(to, source, size, kind, stream, wait=False)), b""


def _host(parameters: int) -> tuple[Action, bytes]:
    require(parameters)
    raw = memory.read(parameters, _HOST_PARAMETERS.size)
    function, user_data = _HOST_PARAMETERS.unpack(raw)
    require(function)
    return (lambda stream: stream.submit().callback(function, user_data)), raw


def _child(graph: int) -> tuple[Action, Graph]:
    inner = Executable(_graphs[graph])
    return inner.run, inner.graph


def _nothing(_: Stream) -> None:
    """Do what an empty node does."""


def dependencies(graph: Graph, array: int, count: int) -> list[Node]:
    """Return the nodes of a graph that a C array names, each once."""
    require(array or not count)
    found: list[Node] = []
    for position in range(count):
        owner, node = _nodes[memory.get_u64(array + 8 * position)]
        require(owner is graph)
        found.append(node)
    require(len(set(map(id, found))) == len(found))
    return found


def _add(out: int, graph: int, before: int, count: int, node: Callable[[], Node]) -> None:
    require(out)
    owner = _graphs[graph]
    first = dependencies(owner, before, count)
    memory.put_u64(out, owner.add(node(), first).handle)


def _update(node: Node, kind: int, made: tuple[Action, bytes]) -> None:
    require(node.kind == kind)
    node.action, node.parameters = made


def handle_of(graph: Graph) -> int:
    """Return the hipGraph_t of a graph, a new one if it has none."""
    for handle, known in _graphs.items():
        if known is graph:
            return handle
    return _graphs.add(graph)


def graph_of(handle: int) -> Graph:
    """Return the graph of a handle."""
    return _graphs[handle]


def hipGraphCreate(out: int, flags: int) -> None:
    require(out and flags == 0)
    memory.put_u64(out, _graphs.add(Graph()))


def hipGraphDestroy(graph: int) -> None:
    _graphs.remove(graph).destroy()


def hipGraphClone(out: int, graph: int) -> None:
    require(out)
    memory.put_u64(out, _graphs.add(_graphs[graph].clone()))


def hipGraphNodeFindInClone(out: int, node: int, clone: int) -> None:
    require(out)
    _, wanted = _nodes[node]
    for made, origin in _graphs[clone].origins.items():
        if origin is wanted:
            memory.put_u64(out, made.handle)
            return
    raise HipError(Error.InvalidValue)


def hipGraphAddKernelNode(out: int, graph: int, before: int, count: int, parameters: int) -> None:
    _add(out, graph, before, count, lambda: Node(KERNEL, *_kernel(parameters)))


def hipGraphAddMemcpyNode(out: int, graph: int, before: int, count: int, parameters: int) -> None:
    _add(out, graph, before, count, lambda: Node(MEMCPY, *_memcpy(parameters)))


def hipGraphAddMemcpyNode1D(
    out: int, graph: int, before: int, count: int, to: int, source: int, size: int, kind: int
) -> None:
    _add(out, graph, before, count, lambda: Node(MEMCPY, *_memcpy_1d(to, source, size, kind)))


def hipGraphAddMemsetNode(out: int, graph: int, before: int, count: int, parameters: int) -> None:
    _add(out, graph, before, count, lambda: Node(MEMSET, *_memset(parameters)))


def hipGraphAddHostNode(out: int, graph: int, before: int, count: int, parameters: int) -> None:
    _add(out, graph, before, count, lambda: Node(HOST, *_host(parameters)))


def hipGraphAddEmptyNode(out: int, graph: int, before: int, count: int) -> None:
    _add(out, graph, before, count, lambda: Node(EMPTY, _nothing))


def hipGraphAddChildGraphNode(out: int, graph: int, before: int, count: int, child: int) -> None:
    def node() -> Node:
        action, inner = _child(child)
        return Node(CHILD, action, child=inner)

    _add(out, graph, before, count, node)


def hipGraphChildGraphNodeGetGraph(node: int, out: int) -> None:
    require(out)
    _, found = _nodes[node]
    if found.child is None:
        raise HipError(Error.InvalidValue)
    memory.put_u64(out, handle_of(found.child))


def hipGraphAddEventRecordNode(out: int, graph: int, before: int, count: int, event: int) -> None:
    found = event_of(event)
    _add(out, graph, before, count, lambda: Node(RECORD_EVENT, found.record))


def hipGraphAddEventWaitNode(out: int, graph: int, before: int, count: int, event: int) -> None:
    found = event_of(event)
    _add(out, graph, before, count, lambda: Node(WAIT_EVENT, found.hold))


def hipGraphAddDependencies(graph: int, before: int, after: int, count: int) -> None:
    owner = _graphs[graph]
    pairs = zip(_ends_of(owner, before, count), _ends_of(owner, after, count), strict=True)
    for first, second in pairs:
        require(first is not second and first not in second.before)
        second.before.append(first)


def hipGraphRemoveDependencies(graph: int, before: int, after: int, count: int) -> None:
    owner = _graphs[graph]
    pairs = zip(_ends_of(owner, before, count), _ends_of(owner, after, count), strict=True)
    for first, second in pairs:
        require(first in second.before)
        second.before.remove(first)


def _ends_of(graph: Graph, array: int, count: int) -> list[Node]:
    require(array or not count)
    ends = [_nodes[memory.get_u64(array + 8 * position)] for position in range(count)]
    require(all(owner is graph for owner, _ in ends))
    return [node for _, node in ends]


def _give(nodes: list[Node], array: int, count: int) -> None:
    """Answer a query for nodes: their number, and as many as there is room for."""
    require(count)
    room = memory.get_u64(count)
    memory.put_u64(count, len(nodes) if not array else min(room, len(nodes)))
    if array:
        for position in range(room):
            value = nodes[position].handle if position < len(nodes) else 0
            memory.put_u64(array + 8 * position, value)


def hipGraphGetNodes(graph: int, nodes: int, count: int) -> None:
    _give(_graphs[graph].ordered(), nodes, count)


def hipGraphGetRootNodes(graph: int, nodes: int, count: int) -> None:
    _give([node for node in _graphs[graph].nodes if not node.before], nodes, count)


def hipGraphGetEdges(graph: int, before: int, after: int, count: int) -> None:
    require(count and bool(before) == bool(after))
    edges = [(first, second) for second in _graphs[graph].nodes for first in second.before]
    room = memory.get_u64(count)
    memory.put_u64(count, len(edges) if not before else min(room, len(edges)))
    if before:
        for position, (first, second) in enumerate(edges[:room]):
            memory.put_u64(before + 8 * position, first.handle)
            memory.put_u64(after + 8 * position, second.handle)


def hipGraphNodeGetDependencies(node: int, nodes: int, count: int) -> None:
    _give(_nodes[node][1].before, nodes, count)


def hipGraphNodeGetDependentNodes(node: int, nodes: int, count: int) -> None:
    graph, found = _nodes[node]
    _give([other for other in graph.nodes if found in other.before], nodes, count)


def hipGraphNodeGetType(node: int, out: int) -> None:
    require(out)
    memory.put_i32(out, _nodes[node][1].kind)


def hipGraphDestroyNode(node: int) -> None:
    graph, found = _nodes.remove(node)
    graph.nodes.remove(found)
    for other in graph.nodes:
        if found in other.before:
            other.before.remove(found)


def _get(node: int, kind: int, out: int) -> None:
    require(out)
    _, found = _nodes[node]
    require(found.kind == kind and found.parameters)
    memory.write(out, found.parameters)


def hipGraphKernelNodeGetParams(node: int, out: int) -> None:
    _get(node, KERNEL, out)


def hipGraphMemcpyNodeGetParams(node: int, out: int) -> None:
    _get(node, MEMCPY, out)


def hipGraphMemsetNodeGetParams(node: int, out: int) -> None:
    _get(node, MEMSET, out)


def hipGraphHostNodeGetParams(node: int, out: int) -> None:
    _get(node, HOST, out)


def hipGraphKernelNodeSetParams(node: int, parameters: int) -> None:
    _update(_nodes[node][1], KERNEL, _kernel(parameters))


def hipGraphMemcpyNodeSetParams(node: int, parameters: int) -> None:
    _update(_nodes[node][1], MEMCPY, _memcpy(parameters))


def hipGraphMemcpyNodeSetParams1D(node: int, to: int, source: int, size: int, kind: int) -> None:
    _update(_nodes[node][1], MEMCPY, _memcpy_1d(to, source, size, kind))


def hipGraphMemsetNodeSetParams(node: int, parameters: int) -> None:
    _update(_nodes[node][1], MEMSET, _memset(parameters))


def hipGraphHostNodeSetParams(node: int, parameters: int) -> None:
    _update(_nodes[node][1], HOST, _host(parameters))


def hipGraphExecKernelNodeSetParams(executable: int, node: int, parameters: int) -> None:
    _update(_executables[executable].node(node), KERNEL, _kernel(parameters))


def hipGraphExecMemcpyNodeSetParams(executable: int, node: int, parameters: int) -> None:
    _update(_executables[executable].node(node), MEMCPY, _memcpy(parameters))


def hipGraphExecMemcpyNodeSetParams1D(
    executable: int, node: int, to: int, source: int, size: int, kind: int
) -> None:
    _update(_executables[executable].node(node), MEMCPY, _memcpy_1d(to, source, size, kind))


def hipGraphExecMemsetNodeSetParams(executable: int, node: int, parameters: int) -> None:
    _update(_executables[executable].node(node), MEMSET, _memset(parameters))


def hipGraphExecHostNodeSetParams(executable: int, node: int, parameters: int) -> None:
    _update(_executables[executable].node(node), HOST, _host(parameters))


def hipGraphNodeSetEnabled(executable: int, node: int, enabled: int) -> None:
    found = _executables[executable].node(node)
    require(found.kind in (KERNEL, MEMCPY, MEMSET))
    found.enabled = bool(enabled)


def hipGraphNodeGetEnabled(executable: int, node: int, out: int) -> None:
    require(out)
    memory.put_i32(out, _executables[executable].node(node).enabled)


def hipGraphInstantiateWithFlags(out: int, graph: int, flags: int) -> None:
    require(out)
    memory.put_u64(out, _executables.add(Executable(_graphs[graph])))


def hipGraphInstantiate(out: int, graph: int, node: int, log: int, size: int) -> None:
    hipGraphInstantiateWithFlags(out, graph, 0)


def hipGraphInstantiateWithParams(out: int, graph: int, parameters: int) -> None:
    require(parameters)
    _, flags, _, upload = memory.unpack(_INSTANTIATE, parameters)
    hipGraphInstantiateWithFlags(out, graph, flags)
    memory.write(parameters, _INSTANTIATE.pack(0, flags, 0, upload))


def hipGraphUpload(executable: int, stream: int) -> None:
    require(executable in _executables)
    of(stream)


def hipGraphLaunch(executable: int, stream: int) -> None:
    _executables[executable].run(of(stream))


def hipGraphExecDestroy(executable: int) -> None:
    _executables.remove(executable).graph.destroy()


def hipGraphExecUpdate(executable: int, graph: int, node: int, result: int) -> None:
    old, new = _executables[executable], _graphs[graph]
    require(result)
    made = Executable(new)
    same = [n.kind for n in old.order] == [n.kind for n in made.order]
    memory.put_i32(result, 0 if same else 2)
    require(same, Error.GraphExecUpdateFailure)
    for current_node, fresh in zip(old.order, made.order, strict=True):
        current_node.action, current_node.parameters = fresh.action, fresh.parameters
    made.graph.destroy()
