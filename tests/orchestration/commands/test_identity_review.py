"""`review-identities`: skipped in words without Splink; with it, proposals lie in the warehouse and nobody is merged."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pandas as pd
import pytest

from ml import identity_review as model
from orchestration import warehouse
from orchestration.__main__ import main
from orchestration.commands import identity_review
from orchestration.home import HomeError

CONFIG = "company: {name: A, business_model: contractual, reporting_currency: USD}\nsources: [{type: files, path: exports}]\nhome: home\n"


@pytest.fixture
def config(tmp_path: Path) -> str:
    (tmp_path / "config.yaml").write_text(CONFIG)
    return str(tmp_path / "config.yaml")


@pytest.fixture
def built() -> duckdb.DuckDBPyConnection:
    """A warehouse of three customers, the first of two records, the last one deleted."""
    connection = duckdb.connect()
    warehouse.prepare(connection)
    connection.execute("""
        CREATE TABLE ops.night AS SELECT DATE '2026-10-31' AS as_of_date;
        CREATE SCHEMA intermediate;
        CREATE TABLE intermediate.int_customers AS SELECT *, NULL AS company_name, NULL AS country, NULL AS birth_year, false AS is_erased
        FROM (VALUES ('A', 'Ann', false), ('B', 'Bob', false), ('C', 'Cat', true)) AS t(customer_key, full_name, is_deleted);
        CREATE TABLE intermediate.int_customer_identities AS SELECT 's' AS source_name, 'crm' AS record_type, *
        FROM (VALUES ('1', 'A'), ('2', 'A'), ('3', 'B'), ('4', 'C')) AS t(source_customer_id, customer_key);
        CREATE TABLE intermediate.int_identity_records AS SELECT 's' AS source_name, 'crm' AS record_type, *
        FROM (VALUES ('1', 'a@x.org', NULL), ('2', NULL, '+1'), ('3', NULL, NULL), ('4', NULL, NULL))
            AS t(source_customer_id, email_key, phone_key)""")
    return connection


def test_without_splink_it_says_so_and_that_is_no_error(
    config: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(model, "is_available", lambda: False)
    assert main(["review-identities", "--config", config]) == 0
    assert capsys.readouterr().out.startswith("Skipped: Splink is not installed.")


def test_before_the_first_night_it_says_what_to_do(
    config: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(model, "is_available", lambda: True)
    assert main(["review-identities", "--config", config]) == 1
    assert "no night has run yet" in capsys.readouterr().err
    connection = duckdb.connect()
    with pytest.raises(HomeError, match="holds no customers yet"):
        identity_review.propose(connection, 0.9)


def test_proposals_replace_those_of_the_last_review(built: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[pd.DataFrame] = []

    def proposed(customers: pd.DataFrame, *, least_probability: float) -> pd.DataFrame:
        seen.append(customers)
        return pd.DataFrame([("A", "B", least_probability, 3.2, "{}")], columns=list(model.PROPOSED))

    monkeypatch.setattr(model, "propose", proposed)
    assert identity_review.propose(built, 0.9) == 1
    assert identity_review.propose(built, 0.8) == 1
    assert seen[0][["customer_key", "full_name", "email_key", "phone_key"]].values.tolist()[0] == ["A", "Ann", "a@x.org", "+1"]
    assert list(seen[0]["customer_key"]) == ["A", "B"]
    rows = built.execute("SELECT customer_key, other_customer_key, match_probability, as_of_date::VARCHAR FROM ops.identity_proposals")
    assert rows.fetchall() == [("A", "B", 0.8, "2026-10-31")]
