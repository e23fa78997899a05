"""Retention of people and of texts at once, and of more people than go at once: the first must not take away what tells of the others."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import duckdb
import pytest

from orchestration import landing, warehouse
from orchestration.__main__ import main
from orchestration.home import Home
from orchestration.privacy import retention
from tests.oracle import harness
from tests.orchestration.privacy.companies import company

pytestmark = pytest.mark.thorough

PERIODS = "settings: {deleted_people_days: 30, free_text_months: 3}\n"
EXPORTS = {
    "crm_customers": "customer_id,created_at,email,full_name,deleted_at\nc-ann,2025-01-01,ann@x.example,Ann Canary,2025-06-01\n"
    "c-bob,2025-01-01,bob@y.example,Bob Canary,2025-06-01\nc-cid,2025-01-01,cid@z.example,Cid Else,\n",
    "crm_tickets": "ticket_id,customer_id,opened_at,status,text\nt-ann,c-ann,2025-03-01,open,an old word of Ann Canary\n"
    "t-cid,c-cid,2025-03-02,open,an old word\nt-new,c-cid,2025-12-02,open,a new word\n",
}
WANTED = ("int_identity_spans", "stg_files__crm_customers", "stg_files__billing_customers")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A company whose first night was built and refused: no release tells who is who."""
    made = company(tmp_path, EXPORTS, PERIODS)
    with warehouse.connect(made.warehouse) as connection:
        warehouse.prepare(connection)
        warehouse.expose_landing(connection, landing.completed_files(made.landing))
        warehouse.begin(connection, date(2025, 12, 31))
        harness.project("contractual").build(connection, WANTED, "2025-12-31")
    return made


def landed(home: Home, table: str) -> list[tuple[str, ...]]:
    files = [path for *_, path in landing.completed_files(home.landing)[table]]
    key, said = {"crm_customers": ("customer_id", "full_name"), "crm_tickets": ("ticket_id", "text")}[table]
    return duckdb.execute(f"SELECT {key}, {said} FROM read_parquet(?, union_by_name = true) ORDER BY 1", [files]).fetchall()


@pytest.mark.parametrize("most", [500, 1])
def test_people_and_texts_whose_time_is_over_go_at_once(
    most: int, home: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody was known any more once the warehouse had gone: the receipts told of people of whom nothing had left."""
    monkeypatch.setattr(retention, "MOST_AT_ONCE", most)
    assert main(["erase", "--expired", "--config", str(home.root.parent / "config.yaml")]) == 0
    told = capsys.readouterr().out
    assert "before the last night: 2 people." in told
    assert "gone from 2 landed rows." in told
    assert landed(home, "crm_customers") == [("c-cid", "Cid Else")]
    assert landed(home, "crm_tickets") == [("t-cid", None), ("t-new", "a new word")]
    receipts = [json.loads(path.read_text()) for path in sorted(home.erasures.glob("2*.json"))]
    assert [one["records"] for one in receipts] == ([2] if most > 1 else [1, 1])
