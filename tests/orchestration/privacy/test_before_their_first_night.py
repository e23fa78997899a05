"""Somebody who landed in a night that was refused or failed, so that no identity tells of them yet, is erased whole all the same."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from orchestration import landing, settings
from orchestration.__main__ import main
from orchestration.contract import INPUT_TABLES
from orchestration.home import Home
from orchestration.privacy.known import Known
from orchestration.privacy.unbuilt import records_of
from tests.orchestration.privacy.companies import CONFIG, company

EXPORTS = {
    "crm_customers": "customer_id,created_at,email,full_name,merged_into_customer_id\nc-ann,2025-01-01,ann@x.example,Ann Canary,\n"
    "c-old,2024-01-01,ann@old.example,Ann Canary,c-ann\nc-cid,2025-01-01,cid@z.example,Cid Else,\n",
    "billing_customers": "billing_customer_id,customer_id,email,created_at\ncus_1,c-ann,ann@x.example,2025-01-01\n"
    "cus_2,c-cid,cid@z.example,2025-01-01\n",
    "survey_responses": "response_id,email,survey_id,metric,score,scale_min,scale_max,responded_at,comment\n"
    "r-ann,ann@x.example,s,nps,9,0,10,2025-04-01,a canary comment\nr-old,ann@old.example,s,nps,9,0,10,2024-04-01,an old comment\n"
    "r-cid,cid@z.example,s,nps,2,0,10,2025-04-02,a comment\n",
}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A company whose exports have landed and of which nothing was built."""
    return company(tmp_path, EXPORTS)


def landed(home: Home, table: str) -> list[str]:
    files = [path for *_, path in landing.completed_files(home.landing)[table]]
    key = INPUT_TABLES[table].key[0]
    return [one for (one,) in duckdb.execute(f"SELECT {key} FROM read_parquet(?, union_by_name = true) ORDER BY 1", [files]).fetchall()]


@pytest.mark.parametrize("name", ["c-ann", "cus_1", "c-old"])
def test_with_the_records_that_name_theirs_and_what_was_answered_from_their_addresses(
    name: str, home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    """Their own account was somebody else's, with whom they shared the address, and what they had answered stayed."""
    assert main(["erase", "--customer", name, "--yes", "--config", str(home.root.parent / "config.yaml")]) == 0
    assert "that another record has too" not in capsys.readouterr().out
    assert {table: landed(home, table) for table in EXPORTS} == {
        "crm_customers": ["c-cid"],
        "billing_customers": ["cus_2"],
        "survey_responses": ["r-cid"],
    }


def test_an_account_names_the_record_of_its_own_source_and_never_a_strangers(home: Home) -> None:
    """Two CRMs count their customers from 1; an account of a third source that names 1 says nobody's name."""
    folder = home.root.parent
    names = ("a", "b", "c")
    sources = ", ".join(f"{{type: files, name: {name}, path: {name}}}" for name in names)
    (folder / "config.yaml").write_text(CONFIG.replace("{type: files, path: exports}", sources))
    loaded = settings.load(folder / "config.yaml", {})
    for name, source in zip(names, loaded.sources, strict=True):
        (folder / name).mkdir()
        (folder / name / "billing_customers.csv").write_text(f"billing_customer_id,customer_id,created_at\ncus_{name},1,2025-01-01\n")
        if name != "c":
            (folder / name / "crm_customers.csv").write_text("customer_id,created_at\n1,2025-01-01\n")
        list(landing.extract(loaded.ready(source), INPUT_TABLES.values(), home.landing, home.state / "dlt"))
    found = records_of(home, ["cus_a", "cus_b", "cus_c"], Known())
    assert found == {
        "cus_a": (("a", "billing", "cus_a"), ("a", "crm", "1")),
        "cus_b": (("b", "billing", "cus_b"), ("b", "crm", "1")),
        "cus_c": (("c", "billing", "cus_c"),),
    }
