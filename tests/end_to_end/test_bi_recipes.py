"""The queries that docs/bi.md gives for every mart, run as they stand where BI tools would run them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration import releases
from orchestration.releases import Release
from orchestration.serving import postgres
from tests.postgres import running

DOCS = Path(__file__).resolve().parents[2] / "docs" / "bi.md"
QUERIES = dict(re.findall(r"```sql\n-- (\w+): [^\n]+\n(.+?)\n```", DOCS.read_text(encoding="utf-8"), flags=re.S))
# Marts of which the example company has no rows on its first night.
EMPTY = {"data_erasures", "sync_log"}
# A question about what is wrong has no answer where nothing is.
MAY_BE_EMPTY = EMPTY | {"data_quality"}


@pytest.fixture(scope="module")
def release(published: Any) -> Release:
    return releases.current(published.home)


def test_every_mart_without_personal_data_has_a_query(release: Release) -> None:
    wanted = {name for name in release.tables if not name.startswith("sync_") or name == "sync_log"} - {"fct_feedback"}
    assert wanted == set(QUERIES)
    assert all(f"marts.{name}" in query for name, query in QUERIES.items())


@pytest.mark.parametrize("mart", sorted(QUERIES))
def test_it_runs_in_duckdb_and_answers(mart: str, release: Release) -> None:
    with duckdb.connect(str(release.database), read_only=True) as marts:
        answer = marts.execute(QUERIES[mart]).fetchall()
    assert answer or mart in MAY_BE_EMPTY


def test_they_run_in_postgresql_with_the_same_answers(release: Release, tmp_path: Path) -> None:
    with running(tmp_path / "pg") as url:
        import adbc_driver_postgresql.dbapi as driver

        postgres.serve(release, [release], url, reader="bi_reader", personal=True)
        with driver.connect(url) as connection, connection.cursor() as cursor, release.connect() as marts:
            for mart, query in QUERIES.items():
                cursor.execute(query)
                assert len(cursor.fetchall()) == len(marts.execute(query).fetchall()), mart
