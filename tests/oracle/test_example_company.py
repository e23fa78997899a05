"""The example company, planted defects and all, from its files through landing and quarantine to the marts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import harness
import pytest
from company import MARTS, Company

from examples.acme.generate import generate
from orchestration import landing, warehouse
from orchestration.configuration.sources import FilesSource
from orchestration.contract import INPUT_TABLES, Table

AS_OF = date(2026, 10, 31)


ALSO_PLANNED = ["customer_features", "action_log", "action_candidates", "metric_engagement_monthly", "metric_campaign_performance",
    "metric_nps_monthly", "fct_feedback", "metric_referrals_monthly", "metric_loyalty_monthly", "metric_tickets_monthly"]  # fmt: skip
# They join a handful of rows: rules, days without a rate.
FEW_ROWS = {"int_exchange_rates_daily", "int_customer_lifecycle", "int_lifecycle_spells", "int_lifecycle_moves"}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    folder = tmp_path_factory.mktemp("acme")
    generate(customers=150, months=20, end=AS_OF.isoformat(), seed=11, out=folder / "exports", truth=folder / "truth")
    with harness.empty_warehouse() as connection:
        _land(connection, folder)
        harness.project("contractual").build(connection, [*MARTS, *ALSO_PLANNED], AS_OF)
        yield connection


@pytest.fixture(scope="module")
def acme(built: duckdb.DuckDBPyConnection) -> Company:
    tables = {table.name: _rows(built, table) for table in INPUT_TABLES.values()}
    marts = {name: built.sql(f"FROM {harness.project('contractual').nodes[name].relation}").df() for name in MARTS}
    return Company(tables, AS_OF, marts, business_model="contractual")


def _land(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    source = FilesSource(type="files", path=str(folder / "exports"))
    landing.extract(source, INPUT_TABLES.values(), folder / "landing", folder / "dlt")
    warehouse.expose_landing(connection, landing.completed_files(folder / "landing"))


def _rows(connection: duckdb.DuckDBPyConnection, table: Table) -> list[harness.Row]:
    """The rows that no rule found bad; of several copies the one that was changed last by then, else the later one."""
    changed = (
        f"CASE WHEN {table.updated_at} <= TIMESTAMP '{AS_OF} 23:59:59.999999' THEN {table.updated_at} END" if table.updated_at else "NULL"
    )
    relation = connection.sql(
        f"""SELECT {", ".join(f'"{name}"' for name in table.column_names)} FROM landing.{table.name}
        WHERE (_source, _load_id, _row_number) NOT IN
            (SELECT (source, load_id, row_number) FROM ops.quarantined_rows WHERE table_name = '{table.name}')
        QUALIFY row_number() OVER (PARTITION BY {", ".join(table.key)} ORDER BY {changed} DESC NULLS LAST, _row_number DESC) = 1"""
    )
    return [dict(zip(table.column_names, row, strict=True)) for row in relation.fetchall()]


def test_every_mart_of_the_example_company(acme: Company) -> None:
    acme.check()


def test_the_example_company_shows_every_movement_and_kind_of_churn(acme: Company) -> None:
    months = acme.marts["fct_subscription_months"]
    assert set(months["movement"]) == {"new", "reactivation", "churn", "expansion", "contraction", "unchanged"}
    assert set(months["churn_kind"].dropna()) == {"voluntary", "involuntary", "expired"}


def test_no_model_tries_every_pair_of_rows(built: duckdb.DuckDBPyConnection) -> None:
    """An outer join whose condition does more than compare one side with the other takes time by the square of the rows."""
    nodes = [node for node in harness.project("contractual")._in_order([*MARTS, *ALSO_PLANNED]) if not node.is_seed]
    plans = {node.name: built.sql(f"EXPLAIN {harness._query(node, AS_OF)}").fetchall()[-1][1] for node in nodes}
    assert {name for name, plan in plans.items() if "BLOCKWISE_NL_JOIN" in plan} == FEW_ROWS & set(plans)
    assert len(plans) > 100
