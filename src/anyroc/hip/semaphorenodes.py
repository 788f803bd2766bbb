"""The nodes of graphs that signal external semaphores or wait for them."""

from __future__ import annotations

from functools import partial

from anyroc.hip import external
from anyroc.hip.graph import SIGNAL_SEMAPHORES, WAIT_SEMAPHORES
from anyroc.hip.graph import known_nodes as nodes
from anyroc.hip.nodes import add, answer, change, replace

_signal = partial(external.work, wait=False)
_wait = partial(external.work, wait=True)


def hipGraphAddExternalSemaphoresSignalNode(
    out: int, owner: int, before: int, count: int, parameters: int
) -> None:
    add(out, owner, before, count, SIGNAL_SEMAPHORES, lambda: _signal(parameters))


def hipGraphAddExternalSemaphoresWaitNode(
    out: int, owner: int, before: int, count: int, parameters: int
) -> None:
    add(out, owner, before, count, WAIT_SEMAPHORES, lambda: _wait(parameters))


def hipGraphExternalSemaphoresSignalNodeGetParams(node: int, out: int) -> None:
    answer(node, SIGNAL_SEMAPHORES, out, external.NODE.size)


def hipGraphExternalSemaphoresWaitNodeGetParams(node: int, out: int) -> None:
    answer(node, WAIT_SEMAPHORES, out, external.NODE.size)


def hipGraphExternalSemaphoresSignalNodeSetParams(node: int, parameters: int) -> None:
    replace(nodes[node][1], SIGNAL_SEMAPHORES, lambda: _signal(parameters))


def hipGraphExternalSemaphoresWaitNodeSetParams(node: int, parameters: int) -> None:
    replace(nodes[node][1], WAIT_SEMAPHORES, lambda: _wait(parameters))


def hipGraphExecExternalSemaphoresSignalNodeSetParams(
    executable: int, node: int, parameters: int
) -> None:
    change(executable, node, SIGNAL_SEMAPHORES, lambda: _signal(parameters))


def hipGraphExecExternalSemaphoresWaitNodeSetParams(
    executable: int, node: int, parameters: int
) -> None:
    change(executable, node, WAIT_SEMAPHORES, lambda: _wait(parameters))
