"""What differs between two releases, and what may have made the difference.

Comes in: two releases. Goes out: rows added, removed and changed per mart, the figures that moved, and what the manifests say differently.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb

from orchestration.releases.differing import figures, is_moved, is_same, rows
from orchestration.releases.layout import POINTER, is_id, releases_folder
from orchestration.releases.manifest import UnknownReleaseError
from orchestration.releases.reading import Release, current, ids, open_release
from orchestration.sql_text import literal

PREVIOUS = "previous"
_SYNC_LOG = "sync_log"
_FACTS = ("as_of", "code_version", "config_hash", "duckdb_version")


def named(home: str | Path, name: str) -> Release:
    """The release with this id, or `current`, or `previous`: made just before it. Raises UnknownReleaseError when it is not there."""
    served = current(home)
    if name == POINTER:
        return served
    if name == PREVIOUS:
        name = next((one for one in ids(home) if one < served.id), PREVIOUS)
    folder = releases_folder(home).resolve() / name
    if is_id(name) and folder.is_dir():
        return open_release(folder)
    what = f"before {served.id}" if name == PREVIOUS else repr(name)
    raise UnknownReleaseError(f"there is no release {what}; `python -m orchestration releases` lists them")


def compare(before: Release, after: Release, *, memory_gib: float, threads: int) -> dict[str, Any]:
    """Both releases' ids, `why`, `tables` (those that differ, the others counted in `same_tables`) and `figures` that moved most."""
    with tempfile.TemporaryDirectory() as spill, duckdb.connect(":memory:") as connection:
        connection.execute(f"SET memory_limit = '{memory_gib}GiB'; SET threads = {threads}; SET temp_directory = {literal(spill)}")
        connection.execute("SET TimeZone = 'UTC'")
        names = sorted({*before.tables, *after.tables})
        differing = [name for name in names if not is_same(before, after, name)]
        tables = [one for one in (rows(connection, before, after, name) for name in differing) if is_moved(one)]
        shared = [one["table"] for one in tables if one["table"].startswith("metric_") and one["changed"]]
        moved = [figure for name in shared for figure in figures(connection, before, after, name)]
    moved.sort(key=lambda one: (-one["relative_change"], one["table"], one["figure"], str(one["row"])))
    return {
        "before": before.id,
        "after": after.id,
        "why": _why(before, after),
        "same_tables": len(names) - len(tables),
        "tables": tables,
        "figures": moved,
    }


def _why(before: Release, after: Release) -> dict[str, Any]:
    """What the manifests say differently; empty where they agree in everything that can make a difference."""
    old, new = before.manifest, after.manifest
    why: dict[str, Any] = {name: {"before": old.get(name), "after": new.get(name)} for name in _FACTS if old.get(name) != new.get(name)}
    for name, told in (
        ("configuration", _told("configuration")),
        ("packages", _told("packages")),
        ("landed", _landed),
        ("removed", _told("removed")),
        ("models", _models),
    ):
        if name in ("configuration", "packages", "removed") and not (name in old and name in new):
            continue  # releases made before these were written down say nothing of them
        was, became = dict(told(old)), dict(told(new))
        moved = [key for key in sorted({*was, *became}) if was.get(key) != became.get(key)]
        if moved:
            nothing = 0 if name == "removed" else None
            why[name] = [{"of": key, "before": was.get(key, nothing), "after": became.get(key, nothing)} for key in moved]
    counted = {one["of"].split(".")[0] for name in ("landed", "removed") for one in why.get(name, ())}
    return {**why, **_sent(before, after), **_rewritten(old, new, counted)}


def _sent(before: Release, after: Release) -> dict[str, Any]:
    """Attempts that either release knows of, where a sync, or the end of the days that the log is kept, came between them."""
    told = [release.manifest["tables"].get(_SYNC_LOG) for release in (before, after)]
    if None in told or is_same(before, after, _SYNC_LOG):
        return {}
    return {"sent": {"before": told[0]["rows"], "after": told[1]["rows"]}}


def _rewritten(old: dict[str, Any], new: dict[str, Any], told: set[str]) -> dict[str, Any]:
    """Erasures that took rows out of either release after it was made, and sources whose loads are not those of then.

    told  sources of which the numbers of landed or removed rows say so already
    """
    erased = [len(manifest.get("erasures", ())) for manifest in (old, new)]
    loads = [{source: one["sha256"] for source, one in manifest.get("landing", {}).items()} for manifest in (old, new)]
    others = [source for source in sorted({*loads[0], *loads[1]} - told) if all(loads) and loads[0].get(source) != loads[1].get(source)]
    why: dict[str, Any] = {"erasures": {"before": erased[0], "after": erased[1]}} if any(erased) else {}
    return {**why, **({"loads": others} if others else {})}


def _told(name: str) -> Callable[[dict[str, Any]], Mapping[str, Any]]:
    return lambda manifest: manifest.get(name, {})


def _landed(manifest: dict[str, Any]) -> Iterator[tuple[str, int]]:
    """`source.table` → rows landed by all loads so far."""
    for one in manifest["sources"] or ():
        yield f"{one['source']}.{one['table_name']}", int(one["landed_rows"])


def _models(manifest: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Model → its version and what became of it, one for all its candidates."""
    for one in manifest["models"] or ():
        yield str(one["model"]), f"{one['model_version'] or 'none'} ({one['status']})"
