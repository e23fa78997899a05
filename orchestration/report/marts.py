"""The tables of a release as rows for the page.

Comes in: a release. Goes out: lists of dictionaries, by SQL over its Parquet files; and a sentence for what is not there.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, Protocol

import duckdb

from orchestration.releases import is_of_persons
from orchestration.sql_text import identifier, literal

Row = dict[str, Any]


class Source(Protocol):
    """What the page needs of a release."""

    @property
    def id(self) -> str:
        """The release's id."""
        ...

    @property
    def as_of(self) -> date:
        """The last day whose events count."""
        ...

    @property
    def created_at(self) -> datetime:
        """When it was made, UTC."""
        ...

    @property
    def tables(self) -> Sequence[str]:
        """Names of its tables."""
        ...

    def table_file(self, name: str) -> Path:
        """Parquet file of a table."""
        ...


class Marts:
    """The tables of one release, those with personal data excepted."""

    def __init__(self, release: Source) -> None:
        self._connection = duckdb.connect(":memory:", config={"autoinstall_known_extensions": "false"})
        self._connection.execute("SET TimeZone = 'UTC'; SET temp_directory = ''")  # else it spills to where the process was started
        self._names = {name for name in release.tables if not is_of_persons(name)}
        for name in self._names:
            file = literal(release.table_file(name))
            self._connection.execute(f"CREATE VIEW {identifier(name)} AS SELECT * FROM read_parquet({file})")

    def close(self) -> None:
        """Let go of the files."""
        self._connection.close()

    def rows(self, query: str) -> list[Row]:
        """The rows of `query`, each a dictionary."""
        result = self._connection.execute(query)
        names = [column[0] for column in result.description or ()]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

    def row(self, query: str) -> Row:
        """The first row of `query`, empty when there is none."""
        return next(iter(self.rows(query)), {})

    def is_empty(self, table: str) -> bool:
        """Whether `table` is missing or has no rows."""
        return table not in self._names or not self.rows(f'SELECT 1 FROM "{table}" LIMIT 1')
