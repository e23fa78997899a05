"""One night: its settings, its home, its as-of date; what every stage is handed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb
import pyarrow as pa

from orchestration import warehouse
from orchestration.home import Home
from orchestration.landing.texts import first_day_kept
from orchestration.settings import Settings
from orchestration.warehouse import standing

# Phase of dbt → suites of the checks that look at what it builds, or at what is built of that.
LATER_THAN = {
    "before_models": ("dbt:before_models", "mart:", "dbt:after_models", "audience:"),
    "after_models": ("dbt:after_models", "audience:"),
}


class WrongNightError(Exception):
    """The warehouse holds another night than the one a stage was asked to continue."""


class RefusedError(Exception):
    """A blocking check failed: nothing after it runs, and the last release stays."""

    def __init__(self, stage: str, reasons: list[str]) -> None:
        self.stage, self.reasons = stage, reasons
        super().__init__(f"{stage}: {'; '.join(reasons[:5])}{' …' if len(reasons) > 5 else ''}")


@dataclass(frozen=True)
class Night:
    """What a stage needs to know. Two nights of one as-of date over the same landing give the same marts."""

    settings: Settings
    home: Home
    as_of: date
    run_id: str

    @property
    def texts_from(self) -> date | None:
        """The first day whose free text is kept; None where all of it is."""
        months = self.settings.tuning.free_text_months
        return None if months is None else first_day_kept(self.as_of, months)

    @contextmanager
    def warehouse(self, *, begins: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
        """A writing connection to this night's warehouse; `begins` makes it this night's.

        Raises WrongNightError when the warehouse was last built for another as-of date.
        """
        tuning = self.settings.tuning
        with warehouse.connect(self.home.warehouse, memory_gib=tuning.memory_gib, threads=tuning.threads) as connection:
            warehouse.prepare(connection)
            if begins:
                warehouse.begin(connection, self.as_of)
                self._forget_results(connection)
                standing.fall(connection, standing.STEPS[0])
            held = warehouse.held_night(connection)
            if held != self.as_of:
                raise WrongNightError(f"the warehouse holds the night of {held}, not of {self.as_of}; materialise from the extraction on")
            yield connection

    def _forget_results(self, connection: duckdb.DuckDBPyConnection) -> None:
        # What an earlier run of this night was judged by says nothing about this one; of landing, a judgement stands until there is news.
        connection.execute("DELETE FROM ops.check_results WHERE as_of_date = ? AND NOT starts_with(suite, 'landing')", [self.as_of])

    def forget_later(self, connection: duckdb.DuckDBPyConnection, phase: str) -> None:
        """Forget what gates have said of this night's tables that `phase` is about to build anew, and that it and what follows was done."""
        standing.fall(connection, phase)
        for suite in LATER_THAN[phase]:
            connection.execute("DELETE FROM ops.check_results WHERE as_of_date = ? AND starts_with(suite, ?)", [self.as_of, suite])

    def record(self, connection: duckdb.DuckDBPyConnection, suite_prefix: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """Replace this night's results of the suites that start with `suite_prefix` by `rows`."""
        connection.execute("DELETE FROM ops.check_results WHERE as_of_date = ? AND starts_with(suite, ?)", [self.as_of, suite_prefix])
        stamped = [{"as_of_date": self.as_of, "run_id": self.run_id, **row} for row in rows]
        if stamped:
            connection.register("incoming_results", pa.Table.from_pylist(stamped))
            connection.execute("INSERT INTO ops.check_results BY NAME SELECT * FROM incoming_results")
            connection.unregister("incoming_results")
