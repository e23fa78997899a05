"""A release that is kept beside the served one, in one query, as docs/operations.md says."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import duckdb

from orchestration import releases

OPERATIONS = (Path(__file__).resolve().parents[3] / "docs" / "operations.md").read_text(encoding="utf-8")
(QUERY,) = re.findall(r"```sql\n(-- in DuckDB.+?)\n```", OPERATIONS, flags=re.S)
FACTS = {"run_id": "r", "code_version": "1", "config_hash": "c", "models": {}, "sources": [], "checks": {}}


def published(folder: Path, as_of: date, closing: int) -> releases.Release:
    warehouse = folder / f"{as_of}.duckdb"
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("CREATE SCHEMA marts")
        connection.execute(f"CREATE TABLE marts.metric_mrr_movements AS SELECT DATE '2026-10-01' AS month, {closing} AS closing_mrr")
    return releases.publish(releases.build(warehouse, folder / "home", as_of=as_of, **FACTS))


def test_the_query_of_the_documentation_answers_from_both(tmp_path: Path) -> None:
    then, _ = published(tmp_path, date(2026, 10, 30), 100), published(tmp_path, date(2026, 10, 31), 120)
    example = "20261101T020513123456_as_of_20261031"
    assert QUERY.count(example) == 1
    with duckdb.connect(str(tmp_path / "home" / "serving" / "rapport.duckdb"), read_only=True) as connection:
        statements = QUERY.replace("'data/", f"'{tmp_path / 'home'}/").replace(example, then.id).split(";\n")
        connection.execute(statements[0])
        assert connection.execute(statements[1]).fetchall() == [(date(2026, 10, 1), 100, 120)]
        connection.execute(statements[2])


def test_all_that_are_kept_can_be_read_from_python(tmp_path: Path) -> None:
    for day, closing in ((30, 100), (31, 120)):
        published(tmp_path, date(2026, 10, day), closing)
    told = {release.as_of.day: release.table("metric_mrr_movements").to_pylist() for release in releases.listing(tmp_path / "home")}
    assert {day: rows[0]["closing_mrr"] for day, rows in told.items()} == {30: 100, 31: 120}
