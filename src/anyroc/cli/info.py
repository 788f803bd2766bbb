"""``anyroc info``: the GPUs that programs will see, and the tools that compile for them."""

from __future__ import annotations

import json
import os
import platform
import sys
from pathlib import Path
from typing import Any

import click

import anyroc
from anyroc import cache
from anyroc.cli.storage import human_size


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print for programs instead of people.")
def info(as_json: bool) -> None:
    """Show the software GPUs, the toolchain and the cache.

    The GPUs are those that ANYROC_DEVICES names, as in gfx942x2,gfx1201; without it there is one,
    ANYROC_TARGET or gfx942.

    \b
    Examples:
      anyroc info
      ANYROC_DEVICES=gfx942x2,gfx1201 anyroc info
      anyroc info --json
    """
    facts = {
        "anyroc": anyroc.__version__,
        "host": _host(),
        "devices": _devices(),
        "toolchain": _toolchain(),
        "cache": _cache(),
    }
    if as_json:
        click.echo(json.dumps(facts, indent=2))
    else:
        _show(facts)


def _host() -> dict[str, Any]:
    from anyroc.gpu.device import worker_threads

    return {
        "cpu": _cpu_name(),
        "cores": os.cpu_count(),
        "threads": worker_threads(),
        "python": platform.python_version(),
        "executable": sys.executable,
    }


def _cpu_name() -> str:
    try:
        with Path("/proc/cpuinfo").open(encoding="utf-8", errors="replace") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.machine()


def _devices() -> list[dict[str, Any]]:
    from anyroc.gpu.device import configured_targets

    return [
        {
            "index": index,
            "target": target.name,
            "name": target.marketing_name,
            "isa": target.isa,
            "compute_units": target.compute_units,
            "wave_sizes": list(target.wave_sizes),
            "default_wave_size": target.default_wave_size,
            "memory_bytes": target.memory_bytes,
            "lds_bytes": target.lds_bytes,
            "max_workgroup_size": target.max_workgroup_size,
            "clock_khz": target.clock_khz,
        }
        for index, target in enumerate(configured_targets())
    ]


def _toolchain() -> dict[str, Any]:
    from anyroc.compiler import toolchain

    found = toolchain.discover()
    parts = [
        {
            "name": part.name,
            "purpose": part.purpose,
            "origin": part.origin,
            "path": None if part.path is None else str(part.path),
            "version": found.version(part),
            "hint": None if part.found else part.hint,
        }
        for part in found.parts
    ]
    return {"origin": found.origin, "complete": not found.missing, "parts": parts}


def _cache() -> dict[str, Any]:
    stats = cache.default().stats()
    return {"root": str(stats.root), "entries": stats.entries, "bytes": stats.size}


def _show(facts: dict[str, Any]) -> None:
    host, toolchain, kept = facts["host"], facts["toolchain"], facts["cache"]
    click.echo(f"anyroc {facts['anyroc']}: software GPUs on {host['cpu']}")
    click.echo(f"  kernels run on {host['threads']} of {host['cores']} cores (ANYROC_THREADS)")
    for device in facts["devices"]:
        waves = " or ".join(map(str, device["wave_sizes"]))
        click.echo(f"\nGPU {device['index']}: {device['target']} as in the {device['name']}")
        for label, value in (
            ("ISA", device["isa"].replace("_", ".").upper()),
            ("compute units", device["compute_units"]),
            ("wave size", f"{waves} lanes"),
            ("memory", human_size(device["memory_bytes"])),
            ("LDS", f"{human_size(device['lds_bytes'])} a workgroup"),
            ("workgroup", f"at most {device['max_workgroup_size']} work-items"),
            ("clock", f"{device['clock_khz'] / 1e6:.2f} GHz (the product's; kept for programs)"),
        ):
            click.echo(f"  {label:<15}{value}")
    click.echo(f"\nToolchain: {toolchain['origin']}")
    for part in toolchain["parts"]:
        if part["path"] is None:
            state = f"MISSING, for {part['purpose']}: {part['hint']}"
        else:
            state = " ".join(filter(None, (part["origin"], part["version"])))
        click.echo(f"  {part['name']:<15}{state}")
    click.echo(f"\nCache: {kept['root']} ({kept['entries']} entries, {human_size(kept['bytes'])})")
