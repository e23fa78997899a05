"""When a night continues the build before it, and when everything is built anew."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import duckdb
import pytest

from orchestration.warehouse import continuation

NIGHT, NEXT = date(2026, 10, 29), date(2026, 10, 30)


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """A warehouse of which the night NIGHT has been built from one load."""
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA ops; CREATE SCHEMA intermediate")
        connection.execute("CREATE TABLE ops.gate_loads AS SELECT 'files' AS source, 'crm_tickets' AS table_name, 'first' AS load_id")
        row = "'crm_tickets' AS table_name, 'files' AS source, 'first' AS load_id, 7 AS row_number"
        connection.execute(f"CREATE TABLE ops.quarantined_rows AS SELECT {row}")
        connection.execute("INSERT INTO ops.quarantined_rows FROM ops.quarantined_rows")  # the row breaks two rules
        connection.execute(
            """CREATE TABLE intermediate.int_customer_identities AS
            SELECT 'files' AS source_name, 'crm' AS record_type, 'c1' AS source_customer_id, 'k1' AS customer_key"""
        )
        connection.execute(
            "CREATE TABLE intermediate.int_exchange_rates_daily AS SELECT 'EUR' AS currency, DATE '2026-10-29' AS day, 1.1 AS rate"
        )
        connection.execute(
            "CREATE TABLE intermediate.int_source_traits AS SELECT 'records_payments' AS trait, 'files' AS source_name, '' AS detail"
        )
        connection.execute("CREATE TABLE intermediate.int_feature_facts AS SELECT 'k1' AS customer_key, 17 AS facts_hash")
        connection.execute(
            """CREATE TABLE intermediate.int_feature_rows AS
            SELECT 'k1' AS customer_key, 7 AS cutoff_index, DATE '2026-07-12' AS cutoff_date, true AS is_for_customers"""
        )
        assert continuation.begin(connection, NIGHT, "same") == (None, "everything is built anew: no complete build is remembered")
        continuation.complete(connection, NIGHT, "same")
        yield connection


def test_the_next_night_continues_and_is_told_what_has_landed_since(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("INSERT INTO ops.gate_loads VALUES ('files', 'crm_tickets', 'second'), ('files', 'crm_consents', 'second')")
    build, reason = continuation.begin(connection, NEXT, "same")
    assert reason == "continues the build of 2026-10-29; loads since: 1"
    assert build is not None
    assert build.variables() == {"built_as_of": "2026-10-29", "new_loads": ["second"]}


def test_a_night_run_again_continues_itself(connection: duckdb.DuckDBPyConnection) -> None:
    assert continuation.begin(connection, NIGHT, "same")[0] == continuation.Build(NIGHT, ())


def test_a_build_that_was_not_completed_is_not_continued(connection: duckdb.DuckDBPyConnection) -> None:
    assert continuation.begin(connection, NEXT, "same")[0] is not None
    assert continuation.begin(connection, NEXT, "same")[0] is None


@pytest.mark.parametrize(
    ("as_of", "fingerprint", "reason"),
    [
        (date(2026, 10, 28), "same", "the last build is that of 2026-10-29, a later day"),
        (date(2026, 11, 1), "same", "a month has begun"),
        (date(2027, 10, 30), "same", "a month has begun"),
        (NEXT, "another", "the project or a setting has changed"),
    ],
)
def test_everything_is_built_anew_for(connection: duckdb.DuckDBPyConnection, as_of: date, fingerprint: str, reason: str) -> None:
    assert continuation.begin(connection, as_of, fingerprint) == (None, f"everything is built anew: {reason}")


def test_everything_is_built_anew_when_a_load_is_gone(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("UPDATE ops.gate_loads SET load_id = 'rewritten'")
    assert continuation.begin(connection, NEXT, "same") == (None, "everything is built anew: loads that it was built from are gone")


def test_what_a_complete_build_has_seen_replaces_what_the_one_before_had_seen(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("DELETE FROM ops.quarantined_rows")
    continuation.begin(connection, NEXT, "same")
    continuation.complete(connection, NEXT, "same")
    counts = {
        name: connection.execute(f"SELECT count(*) FROM ops.{name}").fetchone()
        for name in ("built_night", "built_quarantine", "built_loads")
    }
    assert counts == {"built_night": (1,), "built_quarantine": (0,), "built_loads": (1,)}


def test_the_fingerprint_leaves_out_the_day_alone() -> None:
    variables = {"as_of": "2026-10-29", "gross_margin": 1.0}
    same = continuation.fingerprint("project", variables | {"as_of": "2026-10-30"})
    assert continuation.fingerprint("project", variables) == same
    assert same not in (
        continuation.fingerprint("project", variables | {"gross_margin": 0.8}),
        continuation.fingerprint("other", variables),
    )
