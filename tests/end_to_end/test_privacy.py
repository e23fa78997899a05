"""Personal values stay where they belong: landing, the warehouse, `sync_*` and `fct_feedback`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration import releases

EMAIL = re.compile(rb"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
MAY_HOLD = ("sync_", "fct_feedback")


@pytest.fixture(scope="module")
def personal(published: Any) -> tuple[bytes, ...]:
    """E-mail addresses, phone numbers and full names of everyone, in lower case."""
    people = f"read_parquet('{published.exports}/crm_customers/*.parquet', union_by_name = true)"
    accounts = f"read_parquet('{published.exports}/billing_customers/*.parquet', union_by_name = true)"
    rows = duckdb.sql(
        f"""SELECT DISTINCT lower(trim(value)) FROM (UNPIVOT (SELECT email, phone, full_name FROM {people}) ON COLUMNS(*)
        UNION ALL SELECT 'email', email FROM {accounts}) AS all_of(kind, value) WHERE length(value) > 6"""
    ).fetchall()
    return tuple(value.encode() for (value,) in rows)


def found(text: bytes, personal: tuple[bytes, ...]) -> list[bytes]:
    lowered = text.lower()
    return [value for value in personal if value in lowered] + [each for each in EMAIL.findall(lowered) if each in personal]


def written(home: Path) -> Iterator[Path]:
    served = releases.current(home).path
    yield from (path for folder in ("logs", "dagster", "state", "models") for path in (home / folder).rglob("*") if path.is_file())
    yield from (served / "report.html", served / "checks.html", served / "manifest.json")


def test_people_are_found_where_they_may_be(published: Any, personal: tuple[bytes, ...]) -> None:
    """Else the other tests of this module would look for the wrong things."""
    assert len(personal) > 400
    staged = releases.current(published.home).table_file("fct_feedback")
    assert found(b"\n".join(personal), personal)
    assert staged.exists()


def test_no_log_no_storage_no_page_names_anybody(published: Any, personal: tuple[bytes, ...]) -> None:
    files = list(written(published.home))
    assert len(files) > 10
    told = {str(path.relative_to(published.home)): found(path.read_bytes(), personal)[:3] for path in files}
    assert {name: values for name, values in told.items() if values} == {}


def test_rows_lie_nowhere_but_in_landing_warehouse_and_releases(published: Any) -> None:
    elsewhere = [
        path for path in published.home.rglob("*.parquet") if path.relative_to(published.home).parts[0] not in ("landing", "releases")
    ]
    assert {path.parent.name for path in elsewhere} == {"sync_log"}


def test_no_mart_but_the_ones_for_it_names_anybody(published: Any, personal: tuple[bytes, ...]) -> None:
    release = releases.current(published.home)
    tables = [name for name in release.tables if not name.startswith(MAY_HOLD)]
    with release.connect() as marts:
        rows = {name: marts.execute(f'SELECT CAST(row_of AS VARCHAR) FROM marts."{name}" AS row_of').fetchall() for name in tables}
    told = {name: found("\n".join(row for (row,) in lines).encode(), personal)[:3] for name, lines in rows.items()}
    assert {name: values for name, values in told.items() if values} == {}


def test_everything_in_the_home_is_for_its_owner_only(published: Any) -> None:
    open_to_others = [path for path in published.home.iterdir() if path.stat().st_mode & 0o077]
    assert open_to_others == []


def test_nobody_who_withdrew_profiling_is_scored(published: Any) -> None:
    release = releases.current(published.home)
    withdrawn = f"""SELECT customer_id FROM read_parquet('{published.exports}/crm_consents/*.parquet', union_by_name = true)
        WHERE purpose = 'profiling' GROUP BY customer_id HAVING arg_max(status, recorded_at) = 'withdrawn'"""
    query = f"""SELECT count(DISTINCT who.customer_key), count(scores.customer_key), count(health.customer_key)
        FROM '{release.table_file("customer_identities")}' AS who
        JOIN ({withdrawn}) AS gone ON gone.customer_id = who.source_customer_id AND who.valid_to IS NULL
        LEFT JOIN '{release.table_file("fct_churn_scores")}' AS scores USING (customer_key)
        LEFT JOIN '{release.table_file("metric_customer_health")}' AS health USING (customer_key)"""
    people, scored, rated = duckdb.execute(query).fetchone() or (0, 0, 0)
    assert people > 0
    assert (scored, rated) == (0, 0)
