"""Triton kernels of our own on the software GPU, against NumPy; `make triton-cases` runs them.

They need Triton and no PyTorch. Without Triton none is collected.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator

import pytest

from triton_support import TARGETS

collect_ignore_glob = [] if importlib.util.find_spec("triton") else ["test_*.py"]


@pytest.fixture(params=TARGETS)
def target(request: pytest.FixtureRequest) -> Iterator[str]:
    """Each of the GPUs in turn, as the one that kernels run on."""
    from anyroc.ext.triton import devices

    with devices.use(request.param):
        yield request.param


@pytest.fixture(autouse=True, scope="session")
def _chosen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Choose the software GPU, and a cache of this run: its keys hold no path of a source file,
    so a kernel that was compiled in another checkout would name that one's lines."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRITON_CACHE_DIR", str(tmp_path_factory.mktemp("triton")))
        patch.setenv("ANYROC_TRITON", "1")
        patch.setenv("TRITON_DEFAULT_FP_FUSION", "1")
        yield
