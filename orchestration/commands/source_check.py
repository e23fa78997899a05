"""`check-source NAME`: whether a source can be read, what it would give, and how long a first night would take. Nothing is landed.

Comes in: the settings. Goes out: a screen, and the exit code: 1 when anything that is asked for cannot be read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import duckdb

from expectations.masking import masked_key
from orchestration.commands.console import say
from orchestration.contract import INPUT_TABLES, Table
from orchestration.plain_words import counted
from orchestration.settings import ConfigurationError, Settings
from orchestration.sources import SOURCES, Batch, Bench, Source, SourceError
from orchestration.sources.files import Files
from orchestration.sources.http.pacing import limits
from orchestration.sources.sql import Sql
from orchestration.sources.streams import Extent, StreamSource

_ROWS = 5


def check(loaded: Settings, name: str) -> int:
    """Ask the source called `name` all that can be asked without reading it. Raises ConfigurationError when there is none."""
    found = next((source for source in loaded.sources if source.name == name), None)
    if found is None:
        named = ", ".join(source.name for source in loaded.sources)
        raise ConfigurationError(f"{loaded.config_path}: there is no source {name!r}; configured: {named}")
    source = SOURCES[found.type].from_settings(loaded.ready(found))
    try:
        source.check()
    except SourceError as error:
        say(f"✗ {name}: {error}")
        return 1
    say(f"✓ {name}: can be read")
    with TemporaryDirectory() as folder, duckdb.connect(config={"temp_directory": f"{folder}/spill"}) as connection:
        connection.execute(f"SET TimeZone = '{loaded.company.timezone}'")
        refused = list(_refused(source, Bench(connection, Path(folder))))
    for note in source.notes():
        say(f"  {note}")
    return 1 if refused else 0


def _refused(source: Source, bench: Bench) -> Iterator[str]:
    """Show what the source has of each table; what it refuses is given back, too."""
    if isinstance(source, Files):
        yield from _unreadable(source, bench)
    if not isinstance(source, StreamSource):
        return
    for table in INPUT_TABLES.values():
        if source.streams(table.name):
            try:
                _show(table, source.sample(table.name, _ROWS, bench))
                if isinstance(source, Sql):
                    _forecast_of_rows(*source.extent(table.name))
            except SourceError as error:
                say(f"✗ {table.name}: {error}")
                yield table.name
    try:
        _forecast(source.extents())
    except SourceError as error:
        say(f"✗ how much there is: {error}")
        yield "extents"


def _unreadable(source: Files, bench: Bench) -> Iterator[str]:
    """Show the first part of each table that lies in files, and how much there is; one that cannot be read is given back."""
    for table in INPUT_TABLES.values():
        try:
            _first_file(source, table, bench)
        except SourceError as error:
            say(f"✗ {table.name}: {error}")
            yield table.name


def _first_file(source: Files, table: Table, bench: Bench) -> None:
    """Raises SourceError where it cannot be read."""
    sizes, began = source.sizes(table), perf_counter()
    if not sizes:
        return
    batch = next(iter(source.extract(table, {}, bench)))
    took = perf_counter() - began
    if batch.error or batch.data is None:
        raise SourceError(batch.error or batch.part)
    rows = bench.connection.execute("FROM read_parquet(?) LIMIT ?", [str(batch.data), _ROWS]).to_arrow_table().to_pylist()
    _show(table, [{name: value for name, value in row.items() if not name.startswith("_")} for row in rows])
    _forecast_of_files(sizes, batch, took)


def _forecast_of_files(sizes: Mapping[str, int], first: Batch, took: float) -> None:
    """What a first night takes where the other files are as the first: as many rows a byte, as long a byte."""
    more = sum(sizes.values()) / max(1, sizes[first.part])
    rows = counted(first.rows, "row") if len(sizes) == 1 else f"about {counted(round(first.rows * more), 'row')}"
    say(f"  first night: {counted(len(sizes), 'file')} of {_size(sum(sizes.values()))} with {rows}, read in {_about(took * more)}")


def _forecast_of_rows(rows: int, took: float) -> None:
    """What a first night takes of one table of a database."""
    say(f"  first night: {counted(rows, 'row')}, read in {_about(took)}")


def _show(table: Table, rows: list[Any]) -> None:
    found = f"{counted(len(rows), 'row')} of it, personal values masked" if rows else "nothing there yet"
    say(f"✓ {table.name}: {found}")
    for row in rows:
        told = [f"{name} {masked(table, name, value)}" for name, value in row.items() if value not in (None, "")]
        say("    " + " · ".join(told))


def masked(table: Table, name: str, value: Any) -> str:
    """A value as it may be shown: of a personal one, or of one that the contract does not know, its first letter; of an id or any other
    what checks show of it, which may be an address as well.
    """
    is_open = name in table.column_names and not table.column(name).personal
    text = _plain(value) if isinstance(value, Decimal) else str(value)
    return masked_key(name, text) if is_open else text[:1] + "…"


def _plain(value: Decimal) -> str:
    """A number without the zeros that its column is wide enough for, and without an exponent."""
    return format(value.normalize(), "f")


def _forecast(extents: list[Extent]) -> None:
    """What a first night takes, at the pace of limits.toml; later nights read only what changed."""
    for extent in extents:
        records = extent.records if extent.records is not None else 1_000_000
        calls = -(-records // extent.per_call)
        least = limits(extent.limits).least_seconds(calls)
        of_what = f"{records:,} {extent.what}" if extent.records is not None else f"{extent.what}: how many is not told; a million of them"
        say(f"  first night: {of_what} take {counted(calls, 'call')}, at least {_duration(least)}")


def _size(count: int) -> str:
    return f"{count:,} bytes" if count < 10_000 else f"{count / 1e3:,.0f} kB" if count < 10_000_000 else f"{count / 1e6:,.0f} MB"


def _about(seconds: float) -> str:
    return "less than a second" if seconds < 1 else f"about {_duration(seconds)}"


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
