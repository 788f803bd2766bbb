"""The driver: what Triton finds by the entry point `anyroc`."""

from __future__ import annotations

from anyroc.ext.inductor import driver
from anyroc.ext.triton import selection


class AnyrocDriver(driver.CpuDriver):
    """The software GPU as the device that kernels are launched on."""

    @classmethod
    def is_active(cls) -> bool:
        """Whether Triton's kernels run here unless something else is said."""
        return selection.chosen()
