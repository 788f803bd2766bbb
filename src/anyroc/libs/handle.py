"""What a rocBLAS or hipBLAS handle stands for; ROCm's libraries take each other's, so here too."""

from __future__ import annotations

from anyroc.hip import device, stream
from anyroc.hip.state import Handles

HOST_POINTERS, DEVICE_POINTERS = 0, 1


class Handle:
    """The stream that work goes to, and where scalars lie."""

    def __init__(self) -> None:
        self.device = device.current().index
        self.stream = 0
        self.pointer_mode = HOST_POINTERS
        self.settings: dict[str, int] = {}  # hints, which are kept and have no effect

    @property
    def scalars_on_host(self) -> bool:
        """Whether the caller's scalars and results lie in host memory."""
        return self.pointer_mode == HOST_POINTERS

    def set_stream(self, handle: int) -> None:
        """Choose the stream; raises HipError for one that is none."""
        stream.of(handle)
        self.stream = handle


handles: Handles[Handle] = Handles()
