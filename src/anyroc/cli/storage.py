"""``anyroc cache``: what is kept on disk, and how to be rid of it."""

from __future__ import annotations

import json

import click

from anyroc import cache as storage


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print for programs instead of people.")
@click.pass_context
def cache(context: click.Context, as_json: bool) -> None:
    """Show or clear the cache of compiled programs and translated kernels.

    It lies in the user's cache folder; ANYROC_CACHE names another one, ANYROC_CACHE_LIMIT (4G) the
    size it stays under. Clearing it is always safe: everything in it is made again on demand.

    \b
    Examples:
      anyroc cache
      anyroc cache clear
    """
    if context.invoked_subcommand is not None:
        return
    stats = storage.default().stats()
    if as_json:
        kinds = {
            name: {"entries": kind.entries, "bytes": kind.size}
            for name, kind in stats.kinds.items()
        }
        click.echo(json.dumps({"root": str(stats.root), "limit": stats.limit, "kinds": kinds}))
        return
    click.echo(f"{stats.root}: {human_size(stats.size)} of at most {human_size(stats.limit)}")
    for name, kind in stats.kinds.items():
        click.echo(f"  {name:<12} {_entries(kind.entries):>14} {human_size(kind.size):>10}")


@cache.command()
def clear() -> None:
    """Delete everything in the cache."""
    store = storage.default()
    before = store.clear()
    click.echo(f"deleted {_entries(before.entries)} ({human_size(before.size)}) in {store.root}")


def _entries(count: int) -> str:
    return f"{count} entry" if count == 1 else f"{count} entries"


def human_size(size: int) -> str:
    """Return a size in bytes as people write it: 1.5 MiB."""
    value = float(size)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if value < 1024:
            return f"{value:.0f} {unit}" if unit == "B" or value >= 100 else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} TiB"
