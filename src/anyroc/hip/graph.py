"""Graphs: work described once, by calls or by capturing a stream, and run many times.

A graph is a list of nodes that know which nodes come before them. An executable graph is the same
list in an order that respects this; launching it puts the nodes on a stream one after the other.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from anyroc.cabi import memory
from anyroc.hip import calls
from anyroc.hip.error import Error, HipError, require
from anyroc.hip.plan import Part, Record
from anyroc.hip.state import Handles, Hooks
from anyroc.hip.stream import Stream, of

if TYPE_CHECKING:
    from anyroc.hip.userobject import UserObject

KERNEL, MEMCPY, MEMSET, HOST, CHILD, EMPTY, WAIT_EVENT, RECORD_EVENT = range(8)
SIGNAL_SEMAPHORES, WAIT_SEMAPHORES, MEM_ALLOC, MEM_FREE, BATCH_MEM_OP = 8, 9, 10, 11, 14
"""hipGraphNodeType."""

KINDS = range(16)

_INSTANTIATE = struct.Struct("@QQi4xQ")
_FLAGS = {0, 1, 8}  # free on launch, the nodes' priorities; not both, as in AMD's library
_INSTANTIATE_ERROR = 1  # hipGraphInstantiateResult
_MORE_FLAGS = {*_FLAGS, 2, 4}  # upload, launch by a device
_KIND_NAMES = {
    KERNEL: "KERNEL",
    MEMCPY: "MEMCPY",
    MEMSET: "MEMSET",
    HOST: "HOST",
    CHILD: "GRAPH",
    EMPTY: "EMPTY",
    WAIT_EVENT: "EVENT_WAIT",
    RECORD_EVENT: "EVENT_RECORD",
    SIGNAL_SEMAPHORES: "EXT_SEMAPHORE_SIGNAL",
    WAIT_SEMAPHORES: "EXT_SEMAPHORE_WAIT",
    MEM_ALLOC: "MEM_ALLOC",
    MEM_FREE: "MEM_FREE",
    BATCH_MEM_OP: "BATCH_MEM_OP",
}
_TOPOLOGY_CHANGED, _TYPE_CHANGED, _PARAMETERS_CHANGED = 2, 3, 5

Action = Callable[[Stream], None]

ANY = -1


@dataclass(frozen=True, slots=True)
class Work:
    """What a node does to a stream, the C structure that describes it, and what that points to.

    Work that takes the place of other work in an executable graph must be of the same `sort`,
    which is not known (ANY) of copies that were captured.
    `part` is the same for a plan, if there can be one; `describe` makes the structure on demand.
    """

    action: Action
    parameters: bytes = b""
    kept: tuple[object, ...] = ()
    child: Executable | None = None
    sort: int = 0
    part: Part | None = None
    describe: Callable[[], bytes] | None = None

    def may_become(self, other: Work) -> bool:
        """Tell whether other work may take its place in an executable graph."""
        return self.sort == other.sort or ANY in (self.sort, other.sort)

    def copy(self) -> Work:
        """Return it for another graph: with a child of its own, which is as it is now."""
        if self.child is None:
            return self
        inner = Executable(self.child.graph)
        return replace(self, action=inner.run, child=inner)

    def description(self) -> bytes:
        """Return the C structure that describes it, which is `parameters` if that is known."""
        return self.parameters if self.describe is None else self.describe()


@dataclass(eq=False)
class Node:
    """One piece of work and the nodes that come before it."""

    kind: int
    work: Work
    before: list[Node] = field(default_factory=list)
    enabled: bool = True
    attributes: dict[int, bytes] = field(default_factory=dict)
    handle: int = 0


@dataclass(eq=False)
class Graph:
    """Nodes in the order in which they were added.

    `origins` tells of a clone's nodes whose copies they are. `objects` counts the references to
    user objects that the graph holds.
    """

    nodes: list[Node] = field(default_factory=list)
    origins: dict[Node, Node] = field(default_factory=dict)
    objects: dict[UserObject, int] = field(default_factory=dict)

    def add(self, node: Node, before: Iterable[Node] = ()) -> Node:
        """Append a node that runs after those in `before`."""
        node.before = list(dict.fromkeys(before))
        node.handle = known_nodes.add((self, node))
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
        """Return a graph of copies of the nodes, with references of its own to the objects."""
        twin = Graph()
        copies: dict[Node, Node] = {}
        for node in self.ordered():
            made = Node(node.kind, node.work.copy(), enabled=node.enabled)
            made.attributes.update(node.attributes)
            copies[node] = twin.add(made, [copies[other] for other in node.before])
            twin.origins[made] = node
        for kept, count in self.objects.items():
            kept.retain(count)
            twin.objects[kept] = count
        return twin

    def destroy(self) -> None:
        """Make the handles of its nodes invalid and give up what it refers to."""
        for node in self.nodes:
            known_nodes.remove(node.handle)
            if node.work.child is not None:
                node.work.child.graph.destroy()
        for kept, count in self.objects.items():
            kept.release(count)


class Executable:
    """An instantiated graph: a clone in running order."""

    def __init__(self, graph: Graph, flags: int = 0) -> None:
        self.source = graph
        self.graph = graph.clone()
        self.order = self.graph.ordered()
        self.flags = flags
        self.record: Record | None = None

    def node(self, handle: int) -> Node:
        """Return its copy of a node of the graph it was made from."""
        _, wanted = known_nodes[handle]
        for made, origin in self.graph.origins.items():
            if origin is wanted:
                return made
        raise HipError(Error.InvalidValue)

    def run(self, stream: Stream) -> None:
        """Put every node on the stream."""
        for node in self.order:
            if node.enabled:
                node.work.action(stream)

    def parts(self) -> list[Part] | None:
        """Return what a plan of it consists of, None if there can be none."""
        found: list[Part] = []
        for node in self.order:
            if not node.enabled or node.kind == EMPTY:
                continue
            inner = None if node.work.child is None else node.work.child.parts()
            if inner is not None:
                found += inner
            elif node.work.part is not None:
                found.append(node.work.part)
            else:
                return None
        return found


destroyed = Hooks()
"""Called when a graph or an executable graph is no more."""

known_graphs: Handles[Graph] = Handles(Error.InvalidValue)
known_nodes: Handles[tuple[Graph, Node]] = Handles(Error.InvalidValue)
known_executables: Handles[Executable] = Handles(Error.InvalidValue)


def dependencies(graph: Graph, array: int, count: int) -> list[Node]:
    """Return the nodes of a graph that a C array names, each once."""
    require(array or not count)
    found: list[Node] = []
    for position in range(count):
        owner, node = known_nodes[memory.get_u64(array + 8 * position)]
        require(owner is graph)
        found.append(node)
    require(len(set(map(id, found))) == len(found))
    return found


def handle_of(graph: Graph) -> int:
    """Return the hipGraph_t of a graph, a new one if it has none."""
    for handle, known in known_graphs.items():
        if known is graph:
            return handle
    return known_graphs.add(graph)


def graph_of(handle: int) -> Graph:
    """Return the graph of a handle."""
    return known_graphs[handle]


def hipGraphCreate(out: int, flags: int) -> None:
    require(out and flags == 0)
    memory.put_u64(out, known_graphs.add(Graph()))


def hipGraphDestroy(graph: int) -> None:
    known_graphs.remove(graph).destroy()
    destroyed()


def hipGraphClone(out: int, graph: int) -> None:
    require(out)
    memory.put_u64(out, known_graphs.add(known_graphs[graph].clone()))


def hipGraphNodeFindInClone(out: int, node: int, clone: int) -> None:
    require(out)
    _, wanted = known_nodes[node]
    for made, origin in known_graphs[clone].origins.items():
        if origin is wanted:
            memory.put_u64(out, made.handle)
            return
    raise HipError(Error.InvalidValue)


def hipGraphAddDependencies(graph: int, before: int, after: int, count: int) -> None:
    owner = known_graphs[graph]
    pairs = zip(_ends_of(owner, before, count), _ends_of(owner, after, count), strict=True)
    for first, second in pairs:
        require(first is not second and first not in second.before)
        second.before.append(first)


def hipGraphRemoveDependencies(graph: int, before: int, after: int, count: int) -> None:
    owner = known_graphs[graph]
    pairs = zip(_ends_of(owner, before, count), _ends_of(owner, after, count), strict=True)
    for first, second in pairs:
        require(first in second.before)
        second.before.remove(first)


def _ends_of(graph: Graph, array: int, count: int) -> list[Node]:
    require(array or not count)
    ends = [known_nodes[memory.get_u64(array + 8 * position)] for position in range(count)]
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
    _give(known_graphs[graph].ordered(), nodes, count)


def hipGraphGetRootNodes(graph: int, nodes: int, count: int) -> None:
    _give([node for node in known_graphs[graph].nodes if not node.before], nodes, count)


def hipGraphGetEdges(graph: int, before: int, after: int, count: int) -> None:
    require(count and bool(before) == bool(after))
    edges = [(first, second) for second in known_graphs[graph].nodes for first in second.before]
    room = memory.get_u64(count)
    memory.put_u64(count, len(edges) if not before else min(room, len(edges)))
    if before:
        for position, (first, second) in enumerate(edges[:room]):
            memory.put_u64(before + 8 * position, first.handle)
            memory.put_u64(after + 8 * position, second.handle)


def hipGraphNodeGetDependencies(node: int, nodes: int, count: int) -> None:
    _give(known_nodes[node][1].before, nodes, count)


def hipGraphNodeGetDependentNodes(node: int, nodes: int, count: int) -> None:
    graph, found = known_nodes[node]
    _give([other for other in graph.nodes if found in other.before], nodes, count)


def hipGraphNodeGetType(node: int, out: int) -> None:
    require(out)
    memory.put_i32(out, known_nodes[node][1].kind)


def hipGraphDestroyNode(node: int) -> None:
    graph, found = known_nodes.remove(node)
    graph.nodes.remove(found)
    if found.work.child is not None:
        found.work.child.graph.destroy()
    for other in graph.nodes:
        if found in other.before:
            other.before.remove(found)


def hipGraphNodeSetEnabled(executable: int, node: int, enabled: int) -> None:
    found = known_executables[executable].node(node)
    require(found.kind in (KERNEL, MEMCPY, MEMSET))
    found.enabled = bool(enabled)
    calls.forget_plans()


def hipGraphNodeGetEnabled(executable: int, node: int, out: int) -> None:
    found = known_executables[executable].node(node)
    require(out and found.kind in (KERNEL, MEMCPY, MEMSET))
    memory.put_i32(out, found.enabled)


def hipGraphInstantiateWithFlags(out: int, graph: int, flags: int) -> None:
    require(flags in _FLAGS)
    _instantiate(out, graph, flags)


def _instantiate(out: int, graph: int, flags: int) -> None:
    require(out)
    found = known_graphs[graph]
    if any(node.kind in (MEM_ALLOC, MEM_FREE) for node in found.nodes):  # they are there but once
        others = (other for other in known_executables.values() if other.source is found)
        require(not any(others), Error.NotSupported)
    made = Executable(found, flags)
    made.record = Record()
    known_executables[made.record.handle] = made
    memory.put_u64(out, made.record.handle)


def hipGraphInstantiate(out: int, graph: int, node: int, log: int, size: int) -> None:
    hipGraphInstantiateWithFlags(out, graph, 0)


def hipGraphInstantiateWithParams(out: int, graph: int, parameters: int) -> None:
    require(parameters)
    _, flags, _, upload = memory.unpack(_INSTANTIATE, parameters)
    memory.write(parameters, _INSTANTIATE.pack(0, flags, _INSTANTIATE_ERROR, upload))
    require(flags in _MORE_FLAGS)
    _instantiate(out, graph, flags)
    memory.write(parameters, _INSTANTIATE.pack(0, flags, 0, upload))


def hipGraphExecGetFlags(executable: int, out: int) -> None:
    require(out)
    memory.put_u64(out, known_executables[executable].flags)


def hipGraphUpload(executable: int, stream: int) -> None:
    require(executable in known_executables)
    of(stream)


def hipGraphLaunch(executable: int, stream: int) -> None:
    launched, chosen = known_executables[executable], of(stream)
    launched.run(chosen)
    if launched.record is not None:
        launched.record.launched(launched.parts(), chosen.gpu.index)


def hipGraphExecDestroy(executable: int) -> None:
    ended = known_executables.remove(executable)
    if ended.record is not None:
        ended.record.end()
    ended.graph.destroy()
    del ended  # what only it has referred to ends now
    destroyed()


def hipGraphExecUpdate(executable: int, graph: int, node: int, result: int) -> None:
    require(node and result)
    old, new = known_executables[executable], known_graphs[graph]
    made = Executable(new)
    memory.put_u64(node, 0)
    try:
        reason, where = _difference(old.order, made.order)
        memory.put_i32(result, reason)
        if where is not None:
            memory.put_u64(node, made.graph.origins[where].handle)
        require(reason == 0, Error.GraphExecUpdateFailure)
        for found, fresh in zip(old.order, made.order, strict=True):
            found.work, fresh.work = fresh.work, found.work
            found.attributes = fresh.attributes
        calls.forget_plans()
    finally:
        made.graph.destroy()


def _difference(old: list[Node], new: list[Node]) -> tuple[int, Node | None]:
    """Return the hipGraphExecUpdateResult of going over to other nodes, and what stands against."""
    if len(old) != len(new):
        return _TOPOLOGY_CHANGED, None
    for first, second in zip(old, new, strict=True):
        if first.kind != second.kind:
            return _TYPE_CHANGED, second
        if not first.work.may_become(second.work):
            return _PARAMETERS_CHANGED, second
        if [old.index(node) for node in first.before] != [new.index(n) for n in second.before]:
            return _TOPOLOGY_CHANGED, second
    return 0, None


def hipGraphDebugDotPrint(graph: int, path: bytes | None, flags: int) -> None:
    found = known_graphs[graph]
    require(path is not None)
    assert path is not None
    names = {node: f"node_{number}" for number, node in enumerate(found.nodes)}
    lines = ["digraph dot {", "  subgraph cluster_0 {", '    label="graph"']
    for node, name in names.items():
        lines.append(f'    {name} [shape="rectangle" label="{_KIND_NAMES.get(node.kind, "NODE")}"]')
    lines += [
        f"    {names[first]} -> {names[node]}" for node in found.nodes for first in node.before
    ]
    try:
        Path(path.decode()).write_text("\n".join([*lines, "  }", "}", ""]), encoding="utf-8")
    except OSError:
        raise HipError(Error.OperatingSystem) from None
