"""`check-source NAME`: whether a source can be read, what it would give, and how long a first night would take. Nothing is landed.

Comes in: the settings. Goes out: a screen, and the exit code: 1 when anything that is asked for cannot be read.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

from orchestration.commands.console import say
from orchestration.contract import INPUT_TABLES, Table
from orchestration.settings import ConfigurationError, Settings
from orchestration.sources import SOURCES, Bench, Source, SourceError
from orchestration.sources.http.pacing import limits
from orchestration.sources.streams import Extent, StreamSource

_ROWS = 5


def check(loaded: Settings, name: str) -> int:
    """Ask the source called `name` all that can be asked without reading it. Raises ConfigurationError when there is none."""
    found = next((source for source in loaded.sources if source.name == name), None)
    if found is None:
        named = ", ".join(source.name for source in loaded.sources)
        raise ConfigurationError(f"{loaded.config_path}: there is no source {name}; there are {named}")
    source = SOURCES[found.type].from_settings(loaded.ready(found))
    try:
        source.check()
    except SourceError as error:
        say(f"✗ {name}: {error}")
        return 1
    say(f"✓ {name}: can be read")
    with TemporaryDirectory() as folder, duckdb.connect() as connection:
        connection.execute(f"SET TimeZone = '{loaded.company.timezone}'")
        refused = list(_refused(source, Bench(connection, Path(folder))))
    for note in source.notes():
        say(f"  {note}")
    return 1 if refused else 0


def _refused(source: Source, bench: Bench) -> Iterator[str]:
    """Show what the source has of each table; what it refuses is given back, too."""
    if not isinstance(source, StreamSource):
        yield from _unreadable(source, bench)
        return
    for table in INPUT_TABLES.values():
        if source.streams(table.name):
            try:
                _show(table, source.sample(table.name, _ROWS, bench))
            except SourceError as error:
                say(f"✗ {table.name}: {error}")
                yield table.name
    try:
        _forecast(source.extents())
    except SourceError as error:
        say(f"✗ how much there is: {error}")
        yield "extents"


def _unreadable(source: Source, bench: Bench) -> Iterator[str]:
    """Show the first part of each table that lies in files; one that cannot be read is given back."""
    for table in INPUT_TABLES.values():
        batch = next(iter(source.extract(table, {}, bench)), None)
        if batch is None:
            continue
        if batch.error or batch.data is None:
            say(f"✗ {table.name}: {batch.error or batch.part}")
            yield table.name
            continue
        rows = bench.connection.execute("FROM read_parquet(?) LIMIT ?", [str(batch.data), _ROWS]).to_arrow_table().to_pylist()
        _show(table, [{name: value for name, value in row.items() if not name.startswith("_")} for row in rows])


def _show(table: Table, rows: list[Any]) -> None:
    say(f"✓ {table.name}: {'nothing there yet' if not rows else f'{len(rows)} rows of it, personal values masked'}")
    for row in rows:
        told = [f"{name} {masked(table, name, value)}" for name, value in row.items() if value not in (None, "")]
        say("    " + " · ".join(told))


def masked(table: Table, name: str, value: Any) -> str:
    """A value as it may be shown: of a personal one, or of one that the contract does not know, its first letter."""
    is_open = name in table.column_names and not table.column(name).personal
    return str(value) if is_open else str(value)[:1] + "…"


def _forecast(extents: list[Extent]) -> None:
    """What a first night takes, at the pace of limits.toml; later nights read only what changed."""
    for extent in extents:
        records = extent.records if extent.records is not None else 1_000_000
        calls = -(-records // extent.per_call)
        least = limits(extent.limits).least_seconds(calls)
        of_what = f"{records:,} {extent.what}" if extent.records is not None else f"{extent.what}: how many is not told; a million of them"
        say(f"  first night: {of_what} take {calls:,} calls, at least {_duration(least)}")


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
