"""Stream capture: what is put on a stream becomes nodes of a graph instead of running."""

from __future__ import annotations

import functools
import itertools
import threading
from collections.abc import Callable
from typing import Any

from anyroc.cabi import memory
from anyroc.gpu.binding import Block
from anyroc.hip import calls, copy, fill, graph, plan
from anyroc.hip.device import gpus
from anyroc.hip.error import Error, HipError, require
from anyroc.hip.graph import Graph, Node, Work
from anyroc.hip.state import thread
from anyroc.hip.stream import LEGACY, Stream, begun, of

NONE, ACTIVE, INVALIDATED = range(3)
"""hipStreamCaptureStatus."""

_GLOBAL, _THREAD_LOCAL, _RELAXED = range(3)
UNSAFE = (
    *("hipMalloc", "hipMallocManaged", "hipHostMalloc", "hipHostAlloc", "hipMallocHost"),
    *("hipMemAllocHost", "hipFree", "hipHostFree", "hipFreeHost", "hipMallocPitch", "hipMalloc3D"),
    *("hipMemAllocPitch", "hipArrayCreate", "hipArray3DCreate", "hipMallocArray", "hipFreeArray"),
    *("hipMalloc3DArray", "hipArrayDestroy", "hipMipmappedArrayCreate", "hipMipmappedArrayDestroy"),
    *("hipMallocMipmappedArray", "hipFreeMipmappedArray", "hipHostRegister", "hipHostUnregister"),
)
"""Functions that may wait for streams, and so must not be called while one is captured."""

UNSAFE_FOR_STREAMS = ("hipStreamSynchronize", "hipStreamQuery")
"""Those that must not be called for other streams than the null stream."""

_identifiers = itertools.count(1)


class Capture:
    """A capture in progress: its graph, and per stream that takes part the nodes to follow next."""

    def __init__(self, origin: Stream, into: Graph, before: list[Node], mode: int) -> None:
        self.origin = origin
        self.graph = into
        self.mode = mode
        self.identifier = next(_identifiers)
        self.status = ACTIVE
        self.frontiers: dict[Stream, list[Node]] = {origin: before}
        self.left: list[Node] = []  # what the program has taken out of what comes next
        fields = origin.record.fields
        self.thread = fields.begun_by if fields.begun else threading.get_ident()
        if mode != _RELAXED:
            origin.record.forbid()

    def add(self, stream: Stream, kind: int, work: Work) -> None:
        """Add work that was put on a stream."""
        require(self.status == ACTIVE, Error.StreamCaptureInvalidated)
        self.frontiers[stream] = [self.graph.add(Node(kind, work), self.frontiers[stream])]

    def join(self, stream: Stream, nodes: list[Node]) -> None:
        """Let the next work on a stream, which takes part from now on, come after some nodes."""
        if stream.capture is None:
            stream.capture = self
            self.frontiers[stream] = []
        require(stream.capture is self, Error.StreamCaptureMerge)
        self.frontiers[stream] = list(dict.fromkeys(self.frontiers[stream] + nodes))

    def refuse(self) -> HipError:
        """Spoil the capture by a call that cannot be captured; return the error to raise."""
        self.status = INVALIDATED
        return HipError(Error.StreamCaptureUnsupported)

    def forbids(self) -> bool:
        """Tell whether the calling thread must not call what is unsafe."""
        own = self.thread == threading.get_ident()
        return own or (self.mode == _GLOBAL and thread.capture_mode == _GLOBAL)

    def recorder(self, stream: Stream) -> Recorder:
        """Return what takes the place of the stream's queue."""
        require(self.status == ACTIVE, Error.StreamCaptureInvalidated)
        return Recorder(self, stream)

    def end(self) -> Graph:
        """Let the streams run again and return the graph; raises if branches were left open."""
        for stream in self.frontiers:
            stream.capture = None
        require(self.status == ACTIVE, Error.StreamCaptureInvalidated)
        joined: set[Node] = set()
        waiting = [*self.frontiers[self.origin], *self.left]
        while waiting:
            node = waiting.pop()
            if node not in joined:
                joined.add(node)
                waiting += node.before
        ends = itertools.chain(*self.frontiers.values())
        require(all(node in joined for node in ends), Error.StreamCaptureUnjoined)
        return self.graph


def _forbidding() -> list[Capture]:
    """Return the captures that forbid the calling thread what is unsafe."""
    if thread.capture_mode == _RELAXED or not calls.forbidding():
        return []
    streams = [stream for gpu in gpus() for stream in list(gpu.streams)]
    captures = [stream.capture for stream in streams if stream.record.fields.forbids]
    return [capture for capture in captures if capture is not None and capture.forbids()]


def guarded(body: Callable[..., Any]) -> Callable[..., Any]:
    """Return a body of an unsafe function that spoils the captures which forbid it, and fails."""

    of_a_stream = body.__name__ in UNSAFE_FOR_STREAMS

    @functools.wraps(body)
    def call(*arguments: Any) -> Any:
        forbidding = [] if of_a_stream and arguments[0] <= LEGACY else _forbidding()
        for capture in forbidding:
            capture.refuse()
        require(not forbidding, Error.StreamCaptureUnsupported)
        return body(*arguments)

    return call


class Recorder:
    """Takes a queue's calls and makes nodes of them that make the same calls later."""

    def __init__(self, capture: Capture, stream: Stream) -> None:
        self._capture = capture
        self._stream = stream

    def _later(
        self,
        kind: int,
        method: str,
        *arguments: Any,
        parameters: bytes = b"",
        part: plan.Part | None = None,
    ) -> None:
        def action(stream: Stream) -> None:
            getattr(stream.submit(), method)(*arguments)

        sort = graph.ANY if kind == graph.MEMCPY else 0
        self._capture.add(self._stream, kind, Work(action, parameters, sort=sort, part=part))

    def copy(self, to: int, source: int, size: int) -> None:
        parameters = copy.parameters_1d(to, source, size, copy.DEFAULT)
        part = plan.copied(to, source, size)
        self._later(graph.MEMCPY, "copy", to, source, size, parameters=parameters, part=part)

    def copy_now(self, *_: Any) -> None:
        raise self._capture.refuse()

    def copy_block(self, *arguments: Any, now: bool = False) -> None:
        if now:
            raise self._capture.refuse()
        block = Block(*arguments)
        parameters, part = copy.parameters_3d(block), plan.Transfer(block)
        self._later(graph.MEMCPY, "copy_block", *arguments, parameters=parameters, part=part)

    def fill(self, to: int, pattern: bytes, count: int) -> None:
        part = plan.filled(to, pattern, len(pattern) * count, 1, 1, 0, 0)
        parameters = fill.parameters(part.block)
        self._later(graph.MEMSET, "fill", to, pattern, count, parameters=parameters, part=part)

    def fill_block(self, *arguments: Any) -> None:
        part = plan.filled(*arguments)
        parameters = fill.parameters(part.block)
        self._later(graph.MEMSET, "fill_block", *arguments, parameters=parameters, part=part)

    def callback(self, *arguments: Any) -> None:
        self._later(graph.HOST, "callback", *arguments)


def hipStreamBeginCapture(stream: int, mode: int) -> None:
    chosen = of(stream)
    require(not chosen.legacy, Error.StreamCaptureUnsupported)
    require(0 <= mode <= _RELAXED)
    require(chosen.capture is None, Error.IllegalState)
    _begin(chosen, mode)


@begun.add
def _begin(stream: Stream, mode: int) -> None:
    stream.capture = Capture(stream, Graph(), [], mode)


def hipStreamBeginCaptureToGraph(
    stream: int, into: int, before: int, edges: int, count: int, mode: int
) -> None:
    chosen = of(stream)
    require(not chosen.legacy, Error.StreamCaptureUnsupported)
    require(0 <= mode <= _RELAXED)
    require(chosen.capture is None, Error.IllegalState)
    target = graph.graph_of(into)
    chosen.capture = Capture(chosen, target, graph.dependencies(target, before, count), mode)


def hipStreamEndCapture(stream: int, out: int) -> None:
    require(out)
    chosen = of(stream)
    capture = chosen.capture
    if capture is None:
        raise HipError(Error.IllegalState)
    require(capture.origin is chosen, Error.StreamCaptureUnmatched)
    own = capture.mode == _RELAXED or capture.thread == threading.get_ident()
    require(own, Error.StreamCaptureWrongThread)
    memory.put_u64(out, 0)
    memory.put_u64(out, graph.handle_of(capture.end()))


def hipStreamIsCapturing(stream: int, out: int) -> None:
    require(out)
    memory.put_i32(out, _status(of(stream)))


def _status(stream: Stream) -> int:
    if stream.capture is not None:
        return stream.capture.status
    if stream.legacy:  # what it may be asked for while a blocking stream is captured: nothing
        stream.submit()
    return NONE


def hipStreamGetCaptureInfo(stream: int, status: int, identifier: int) -> None:
    require(status)
    chosen = of(stream)
    memory.put_i32(status, _status(chosen))
    if identifier and chosen.capture is not None:
        memory.put_u64(identifier, chosen.capture.identifier)


def hipStreamGetCaptureInfo_v2(
    stream: int, status: int, identifier: int, into: int, nodes: int, count: int
) -> None:
    hipStreamGetCaptureInfo(stream, status, identifier)
    chosen = of(stream)
    capture = chosen.capture
    if capture is None:
        return
    if into:
        memory.put_u64(into, graph.handle_of(capture.graph))
    frontier = capture.frontiers[chosen]
    if count:
        memory.put_u64(count, len(frontier))
    if nodes:
        memory.put_u64(nodes, memory.array_of([node.handle for node in frontier]))


def hipStreamUpdateCaptureDependencies(stream: int, nodes: int, count: int, flags: int) -> None:
    chosen = of(stream)
    capture = chosen.capture
    if capture is None:
        raise HipError(Error.IllegalState)
    require(flags in (0, 1))
    given = graph.dependencies(capture.graph, nodes, count)
    kept = capture.frontiers[chosen] if flags == 0 else []
    capture.left += [node for node in capture.frontiers[chosen] if node not in kept + given]
    capture.frontiers[chosen] = list(dict.fromkeys(kept + given))


def hipThreadExchangeStreamCaptureMode(mode: int) -> None:
    require(mode)
    new = memory.get_i32(mode)
    require(0 <= new <= _RELAXED)
    memory.put_i32(mode, thread.capture_mode)
    thread.capture_mode = new
