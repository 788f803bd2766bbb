"""The clients: what each is installed from, what it runs on, what is known not to pass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

CDNA3, RDNA3_5, RDNA4 = "gfx942", "gfx1151", "gfx1201"


@dataclass(frozen=True)
class Client:
    """A client: `programs/NAME.py`, run with `anyroc run python`.

    `packages` are installed with what they depend on, `bare` without it (for packages of which only
    a library is used). The first package's version is the one that the table shows. `expected`
    gives the reason for each check that is known to fail, by "CHECK" or "CHECK@TARGET". `seconds`
    is how long the program may take on one target.
    """

    name: str
    packages: tuple[str, ...] = ()
    bare: tuple[str, ...] = ()
    targets: tuple[str, ...] = (CDNA3, RDNA4)
    expected: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 300

    @property
    def version(self) -> str:
        """The version of the package that gives the client its name."""
        first = next(iter((*self.packages, *self.bare)), "")
        return first.partition("==")[2]

    def reason(self, check: str, target: str) -> str | None:
        """Return why a check is expected to fail, None if it is not."""
        return self.expected.get(f"{check}@{target}", self.expected.get(check))


CLIENTS = (
    Client("native"),
    Client("hip_python", packages=("hip-python==10.0.0.0.1.2",)),
    Client(
        "iree_runtime",
        packages=("iree-base-runtime==3.13.0", "iree-base-compiler==3.13.0"),
    ),
    Client(
        "triton_launcher",
        packages=("triton==3.9.0", "torch==2.13.0", "numpy"),
        environment={"ANYROC_TRITON": "1", "ANYROC_TRITON_LAUNCHER": "hip"},
    ),
    Client(
        "bitsandbytes_kernels",
        bare=("bitsandbytes==0.50.2",),
    ),
    Client(
        "cupy_arrays",
        packages=("cupy-rocm-7-0==14.2.0", "scipy==1.17.1"),
        seconds=3600,
    ),
)
