"""Better code for kernels that have proved hot, made in the background.

Kernels are first translated quickly. One that has kept the workers busy for a while is compiled
again, with LLVM's optimisation, by a thread of this module, and launches go over to the result
even while they run. ANYROC_TIER=0 turns this off.
"""

from __future__ import annotations

import atexit
import os
import threading
from typing import TYPE_CHECKING

from anyroc.gpu import binding

if TYPE_CHECKING:
    from anyroc.translate.jit import NativeKernel

BEST_LEVEL = 2
"""The optimisation level of code that is not improved any more."""

_thread: threading.Thread | None = None
_starting = threading.Lock()
_compiling = threading.Lock()


def worth_watching(native: NativeKernel) -> bool:
    """Whether better code than `native` can be had; if so, a thread is there to make it."""
    if native.level >= BEST_LEVEL or os.environ.get("ANYROC_TIER") == "0":
        return False
    _start()
    binding.runtime().anyroc_hot_guard()
    return True


def _start() -> None:
    global _thread
    with _starting:
        if _thread is None:
            _thread = threading.Thread(target=_work, name="anyroc-optimiser", daemon=True)
            _thread.start()
            atexit.register(binding.runtime().anyroc_hot_stop)


def _work() -> None:
    from anyroc.gpu.kernel import kernel_at
    from anyroc.translate.jit import load_compiler

    runtime = binding.runtime()
    first = True
    while (found := binding.wait_for_hot()) is not None:
        address, shape = found
        try:
            if first:
                # In this order LLVM's destructors run, at exit, after our work has stopped.
                load_compiler()
                runtime.anyroc_hot_start()
                first = False
            kernel = kernel_at(address)
            if kernel is not None:
                with _compiling:
                    kernel.improve(shape)
                runtime.anyroc_hot_start()  # behind what LLVM has registered meanwhile
        except Exception:
            # The quickly made code is right, and whoever needs better code will see the error.
            continue
        finally:
            runtime.anyroc_hot_done()


def _after_fork() -> None:
    """In the child there is no thread; the next kernel to be translated starts one."""
    global _thread, _compiling
    _thread = None
    _compiling = threading.Lock()


os.register_at_fork(
    before=lambda: _compiling.acquire(),
    after_in_parent=lambda: _compiling.release(),
    after_in_child=_after_fork,
)
