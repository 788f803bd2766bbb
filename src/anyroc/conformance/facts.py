"""What a library and its device say of themselves, and where the software GPU says otherwise."""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
from pathlib import Path
from typing import Any

from anyroc.conformance.api import SUCCESS, Api
from anyroc.hip import properties
from anyroc.isa.targets import TARGETS

_SETTINGS = ("HIP_", "ROCR_", "HSA_", "ANYROC_")
_OWN = {
    *("name", "uuid", "luid", "totalGlobalMem", "pciBusID", "pciDeviceID", "pciDomainID"),
    *("clockRate", "memoryClockRate", "asicRevision", "gcnArchName", "multiProcessorCount"),
}
"""What differs from card to card of one architecture."""


def of_library(path: Path) -> dict[str, Any]:
    """Return what tells one library and system from another."""
    version = Path(os.environ.get("ROCM_PATH") or "/opt/rocm") / ".info" / "version"
    return {
        "file": str(path.resolve()),
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "rocm": version.read_text().strip() if version.is_file() else "",
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": platform.python_version(),
        "settings": {
            name: value for name, value in sorted(os.environ.items()) if name.startswith(_SETTINGS)
        },
    }


def of_device(api: Api) -> dict[str, Any]:
    """Return what the first device says of itself, and what the software GPU says otherwise."""
    found = properties.R0600.unpack(api.properties)
    attributes: dict[int, int | None] = {}
    for number in properties.attributes():
        out = ctypes.c_int()
        code = api.hipDeviceGetAttribute(ctypes.byref(out), number, 0)
        attributes[number] = out.value if code == SUCCESS else None
    api.hipGetLastError()
    return {
        "hip": api.number("hipRuntimeGetVersion"),
        "driver": api.number("hipDriverGetVersion"),
        "devices": api.number("hipGetDeviceCount"),
        "architecture": api.architecture,
        "name": _plain(found["name"]),
        "properties": {name: _plain(value) for name, value in found.items() if _told(value)},
        "attributes": attributes,
        "differences": _differences(api.architecture, found, attributes),
    }


def _differences(
    architecture: str, found: dict[str, Any], attributes: dict[int, int | None]
) -> dict[str, tuple[Any, Any]]:
    """Return by property or attribute what the device says and what the software GPU says."""
    if architecture not in TARGETS:
        return {}
    ours = properties.properties(TARGETS[architecture], 0, found["totalGlobalMem"])
    packed = properties.R0600.unpack(properties.R0600.pack(ours))
    differences = {
        name: (_plain(value), _plain(packed[name]))
        for name, value in found.items()
        if name not in _OWN and name != "hipReserved" and value != packed[name]
    }
    for number, source in properties.attributes().items():
        value = properties.attribute(number, ours)
        if source.partition(".")[0] not in _OWN and attributes[number] != value:
            differences[f"attribute {number} {source}"] = attributes[number], value
    return differences


def _told(value: Any) -> bool:
    return any(value) if isinstance(value, tuple) else bool(value)


def _plain(value: Any) -> Any:
    """Return a value as JSON has it: text where it is text, else hexadecimal digits."""
    if not isinstance(value, bytes):
        return value
    text = value.rstrip(b"\0")
    return text.decode() if text.isascii() and text.decode().isprintable() else value.hex()
