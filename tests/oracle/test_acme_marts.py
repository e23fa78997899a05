"""The example company, whose exports hold defects and late rows: its marts beside the oracle, on what staging let through.

Who is who, who is active and what was ordered is taken from the built models; they have oracles of their own.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import duckdb
import pandas as pd
import pytest

from examples.acme.generate import generate
from orchestration.contract import INPUT_TABLES
from tests import commands
from tests.long_tests import long_test
from tests.oracle.expected import ORACLES, THEMES, Frames, beside
from tests.oracle.people import DIMENSIONS, Night, People

AS_OF = "2026-10-31"
COSTS = {"crm_campaigns": "started_at", "crm_actions": "decided_at"}


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse after one night of a company of 250 customers, to be read only."""
    folder = tmp_path_factory.mktemp("acme")
    generate(customers=250, months=24, end=AS_OF, seed=5, out=folder / "exports", truth=folder / "truth")
    company = "{name: Acme, business_model: contractual, reporting_currency: USD}"
    (folder / "config.yaml").write_text(f"company: {company}\nsources: [{{type: files, path: exports}}]\nhome: home\n")
    command = commands.command("run", "--config", str(folder / "config.yaml"), "--as-of", AS_OF)
    done = subprocess.run(
        command, cwd=commands.folder(), env=commands.environment(), capture_output=True, text=True, timeout=570, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    with duckdb.connect(str(next((folder / "home" / "warehouse").glob("*.duckdb"))), read_only=True) as connection:
        yield connection


def staged(warehouse: duckdb.DuckDBPyConnection) -> Frames:
    """What staging let through, in the columns of the contract, and the orders; costs are in the reporting currency."""
    tables = {}
    for name, table in INPUT_TABLES.items():
        rows = warehouse.sql(_with_cost(name) if name in COSTS else f"FROM staging.stg_files__{name}").df()
        tables[name] = rows.reindex(columns=[column.name for column in table.columns])
        for column in table.columns:
            if column.type in ("decimal", "integer", "rate"):
                tables[name][column.name] = tables[name][column.name].astype(float)
    orders = "SELECT customer_key AS customer, ordered_at AS issued_at, net_amount_reporting AS amount FROM marts.fct_orders"
    return tables | {"orders": warehouse.sql(orders).df()}


def _with_cost(name: str) -> str:
    """Rows with their cost, in a currency with cents, at the rate of their day."""
    return f"""
        SELECT staged.*, cost_minor / 100 * rate AS cost_amount
        FROM staging.stg_files__{name} AS staged
        LEFT JOIN intermediate.int_exchange_rates_daily AS rates
            ON rates.currency = staged.currency AND rates.day = CAST(staged.{COSTS[name]} AS DATE)"""


def people(warehouse: duckdb.DuckDBPyConnection) -> People:
    """Customers, named by their key, as the built models know them."""
    records = warehouse.sql("FROM marts.customer_identities").df()
    mailboxes = warehouse.sql("FROM intermediate.int_customer_contacts WHERE kind = 'email'").df()
    described = warehouse.sql("FROM intermediate.int_customers").df().set_index("customer_key")[DIMENSIONS]
    active = warehouse.sql("SELECT customer_key AS customer, month FROM intermediate.int_customer_months WHERE is_active").df()
    return People(
        dict(zip(records["source_customer_id"], records["customer_key"], strict=True)),
        dict(zip(mailboxes["contact"], mailboxes["customer_key"], strict=True)),
        {name: values.dropna().to_dict() for name, values in described.items()},
        active.astype({"month": "datetime64[us]"}),
    )


@long_test
def test_the_marts_of_acme_are_what_the_definitions_say(warehouse: duckdb.DuckDBPyConnection) -> None:
    who, night = people(warehouse), Night(pd.Timestamp(AS_OF), "contractual")
    built = {name: warehouse.sql(f"FROM marts.{name}").df() for name in [*ORACLES, THEMES]}
    assert all(len(mart) for mart in built.values())
    keys = {key: key for key in who.of_record.values()}
    assert beside(built, staged(warehouse), who, night, keys) == []
