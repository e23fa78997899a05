"""The three gates of a night, without Dagster: what is asked of which tables, and what is kept of the answers.

Comes in: a Night and a connection to its warehouse. Goes out: `ops.quarantined_rows`, `ops.source_freshness`, and check results.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date

import duckdb
import pandas as pd

from expectations.base import CheckResult, Gate, Suite, blocking
from expectations.drift import check_drift
from expectations.landing import check_freshness, check_references, check_shares, check_volumes
from expectations.rewriting import check_rewritten
from expectations.suites import SUITES, suite_for, suites_of
from orchestration import dbt, landing, warehouse
from orchestration.contract import INPUT_TABLES
from orchestration.gates import drifting, freshness, loads, quarantine, references, rewriting
from orchestration.gates.judging import judged, judged_by_rows
from orchestration.gates.loads import Load, within
from orchestration.gates.quarantine import TableCounts
from orchestration.gates.row_rules import NO_EVENT_BEFORE
from orchestration.night import Night
from orchestration.privacy import remainder
from orchestration.settings import ConfigurationError

REFERENCES = "landing:references"
_ONE_ROW_A_CUSTOMER = ("dim_customers", "customer_360")


def examine(night: Night, connection: duckdb.DuckDBPyConnection) -> None:
    """Show the warehouse what has landed, quarantine the rows that break the contract, note how old each source is."""
    extra = {"crm_customers": night.settings.tuning.extra_dimensions}
    warehouse.expose_landing(connection, landing.completed_files(night.home.landing), extra)
    _refuse_before_all_data(connection, night.as_of)
    quarantine.examine(
        connection,
        as_of=night.as_of,
        max_amount=night.settings.tuning.max_amount,
        currencies=dbt.PROJECT / "seeds" / "currencies.csv",
    )
    freshness.note(night, connection)
    warehouse.load_erasures(connection, landing.erased_rows(night.home.landing), remainder.total(night.home.erasures))


def unsaid_dimensions(night: Night, connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Names of `extra_dimensions` of which no landed customer says anything: named wrongly, or not exported. None where nobody landed."""
    names = night.settings.tuning.extra_dimensions
    if not names:
        return []
    counted = ", ".join(f"count({name})" for name in names)
    landed, *said = connection.execute(f"SELECT count(*), {counted} FROM landing.crm_customers").fetchone() or (0,)
    return [name for name, values in zip(names, said, strict=True) if landed and not values]


def set_aside(connection: duckdb.DuckDBPyConnection) -> list[TableCounts]:
    """What waits in quarantine, per source and table."""
    return quarantine.counts(connection)


def judge_landing(night: Night, connection: duckdb.DuckDBPyConnection) -> list[CheckResult]:
    """The suites of every input table over what was accepted since it was last judged, and the share in quarantine."""
    news, tuning = loads.unjudged(connection), night.settings.tuning
    results = [result for suite in suites_of("landing") for result in _landing_results(connection, suite, news.get(suite.table_name, []))]
    results += _shares(quarantine.counts(connection), tuning.max_quarantined_share)
    results += check_volumes(freshness.volumes(connection), tuning.max_load_times_usual)
    results += check_freshness(freshness.ages(night, connection), tuning.max_days_behind)
    results += _references(connection, news, tuning.max_unknown_share)
    night.record(connection, "landing", map(asdict, results))
    if not blocking(results):
        loads.let_pass(connection)
    return results


def judge(night: Night, connection: duckdb.DuckDBPyConnection, gate: Gate, tables: Sequence[str]) -> list[CheckResult]:
    """The suites of `tables`, which lie in schema marts; `gate` is the name the results are kept under."""
    results = [result for table in tables for result in judged(connection, _asked(night, connection, gate, table), f"marts.{table}")]
    tuning, there = night.settings.tuning, _built(connection, tables)
    results += check_drift(gate, drifting.measure(night, connection, there), tuning.max_drift)
    results += check_rewritten(gate, rewriting.measure(night, connection, there), tuning.max_rewritten_share, tuning.accept_rewritten)
    night.record(connection, gate, map(asdict, results))
    return results


def publish_results(connection: duckdb.DuckDBPyConnection, as_of: date) -> None:
    """Bring the whole record into `marts.data_quality`: dbt built it before its own last tests and the audience gate had spoken.

    Nights after `as_of` are left out, so that a night that is run again later holds what it held then.
    """
    columns = ", ".join(name for name, *_ in connection.execute("DESCRIBE marts.data_quality").fetchall())
    connection.execute("DELETE FROM marts.data_quality")
    connection.execute(f"INSERT INTO marts.data_quality ({columns}) SELECT {columns} FROM ops.check_results WHERE as_of_date <= ?", [as_of])


def _built(connection: duckdb.DuckDBPyConnection, tables: Sequence[str]) -> list[str]:
    """Those of `tables` that are there; whoever picks a few in the UI has not built the others yet."""
    names = connection.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'marts'").fetchall()
    return [table for table in tables if (table,) in names]


def _asked(night: Night, connection: duckdb.DuckDBPyConnection, gate: Gate, table: str) -> Suite:
    """The suite of a mart. Where no source knows a customer yet, as with surveys of strangers alone, having none is no fault."""
    suite = replace(suite_for(table), gate=gate)
    if table not in _ONE_ROW_A_CUSTOMER or _somebody_is_known(connection, night.as_of):
        return suite
    return replace(suite, expectations=tuple(one for one in suite.expectations if one.kind != "ExpectTableRowCountToBeBetween"))


def _somebody_is_known(connection: duckdb.DuckDBPyConnection, as_of: date) -> bool:
    """Whether a CRM or a billing system has landed a customer of before the end of `as_of`."""
    known = " UNION ALL ".join(
        f"SELECT 1 FROM landing.{table} WHERE coalesce(created_at, DATE '{as_of}') < DATE '{as_of}' + 1"
        for table in ("crm_customers", "billing_customers")
    )
    return connection.execute(f"SELECT EXISTS ({known})").fetchone() == (True,)


def guarded_marts() -> list[str]:
    """Marts for which somebody has said what must hold."""
    return sorted(name for name, suite in SUITES.items() if suite.gate == "mart")


def _landing_results(connection: duckdb.DuckDBPyConnection, suite: Suite, news: Sequence[Load]) -> list[CheckResult]:
    """Judgement of the newest rows; where nothing new was accepted, the last judgement stands."""
    table = suite.table_name
    if not news:
        kept = _kept(connection, suite.name)
        if kept:
            return kept
    # A broken row that a later one mends leaves quarantine, but is as broken as before: it is never accepted.
    # An anti join and not NOT EXISTS, which DuckDB answers ten times as slowly here.
    accepted = f"""(SELECT * FROM landing.{table}
        ANTI JOIN (
            SELECT source AS _source, load_id AS _load_id, row_number AS _row_number FROM ops.gate_broken WHERE table_name = '{table}'
        ) USING (_source, _load_id, _row_number) WHERE {within(news)} AND NOT coalesce(_is_deleted, false))"""
    return judged_by_rows(connection, suite, accepted)


def _kept(connection: duckdb.DuckDBPyConnection, suite: str) -> list[CheckResult]:
    rows = connection.execute(
        "SELECT * EXCLUDE (as_of_date, run_id) FROM ops.check_results WHERE suite = ? QUALIFY as_of_date = max(as_of_date) OVER ()", [suite]
    )
    return [CheckResult(**row) for row in rows.to_arrow_table().to_pylist()]


def _shares(counts: Sequence[TableCounts], most: float) -> list[CheckResult]:
    if not counts:
        return []
    rows = [{"source": one.source, "table_name": one.table_name, "share": one.share} for one in counts]
    results = check_shares(pd.DataFrame(rows), most)
    return [replace(result, observed=_share_in_words(count, most)) for count, result in zip(counts, results, strict=True)]


def _share_in_words(count: TableCounts, most: float) -> str:
    rules = ", ".join(f"{rule} {rows:,}" for rule, rows in count.by_rule.items()) or "none"
    bad, landed = count.judged
    which, whose = ("", "") if landed == count.landed else (" of its newest load", "with those of before: ")
    return f"{bad:,} of {landed:,} rows of {count.source}{which} are bad: {count.share:.2%}, {most:.2%} allowed ({whose}{rules})"


def _references(connection: duckdb.DuckDBPyConnection, news: Mapping[str, Sequence[Load]], max_share: float) -> list[CheckResult]:
    """What new rows name; of a table without new ones the last judgement stands."""
    measured = references.measure(connection, {table: within(news.get(table, [])) for table in references.REFERENCES})
    results = check_references(measured, max_share)
    judged = {result.table_name for result in results}
    return results + [kept for kept in _kept(connection, REFERENCES) if kept.table_name not in judged]


def _refuse_before_all_data(connection: duckdb.DuckDBPyConnection, as_of: date) -> None:
    days = (_first_day(connection, table.name, table.event_time) for table in INPUT_TABLES.values() if table.name != "exchange_rates")
    first = min((day for day in days if day is not None), default=None)
    if first is not None and as_of < first:
        raise ConfigurationError(f"--as-of {as_of}: lies before all data; the first event landed is of {first}")


def _first_day(connection: duckdb.DuckDBPyConnection, table: str, column: str) -> date | None:
    # placeholders for no time are quarantined; east of UTC they lie before the year 1, which Python's dates do not know
    events = f"landing.{table} WHERE {column} >= TIMESTAMP '{NO_EVENT_BEFORE}' AND {column} < TIMESTAMP '9999-12-31'"
    row = connection.execute(f"SELECT CAST(min({column}) AS DATE) FROM {events}").fetchone()
    return row[0] if row else None
