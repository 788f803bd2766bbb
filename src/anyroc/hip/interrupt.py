"""Ctrl-C: stopping the kernels that run, and telling which they were."""

from __future__ import annotations

import threading

PATIENCE = 2.0
"""Seconds that kernels have to stop: they look for it when they take a branch back."""


def stop_kernels() -> list[str]:
    """Stop what runs on all devices; return a sentence for each kernel that was running.

    The queues work on afterwards with what they hold behind it.
    """
    from anyroc.gpu import device
    from anyroc.hip.device import gpus

    sentences: list[str] = []

    def stop() -> None:
        for each in device.devices():
            busy = [queue for queue in each.queues if not queue.query()]
            if not busy:
                continue
            each.stop()
            for queue in busy:
                fault = queue.fault
                if fault is not None and fault.kind == "stopped":
                    where = f"device {each.index} ({each.target.name})"
                    sentences.append(f"kernel {fault.kernel_name} was running on {where}")
                    queue.clear_fault()

    if device.devices.cache_info().currsize:
        thread = threading.Thread(target=stop, daemon=True, name="anyroc-stop")
        thread.start()
        thread.join(PATIENCE)
        for gpu in gpus():
            for stream in list(gpu.streams):
                stream.forget_barrier()
    return list(dict.fromkeys(sentences))
