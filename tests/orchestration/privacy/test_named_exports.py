"""An export that is named after somebody: an erasure says so before it begins, and takes the name out once the source has it no longer."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from orchestration import landing, settings
from orchestration.__main__ import main
from orchestration.contract import INPUT_TABLES
from orchestration.home import Home
from orchestration.privacy import journal, verification
from orchestration.redaction import Needles

pytestmark = pytest.mark.thorough


CONFIG = """company: {name: Acme, business_model: contractual, reporting_currency: USD}
sources: [{type: files, path: exports}]
home: home
"""
PEOPLE = "customer_id,created_at,email\nnamed-01,2026-01-01,ann@gmail.com\nother-02,2026-01-02,bob@x.example\n"
TICKETS = "ticket_id,customer_id,opened_at\n"
NAMES = ["ann@gmail.com.csv", "named-01.csv", "2026/ann@gmail.com/tickets.csv", "named-01_tickets.csv"]
NEEDLES = Needles.of(["ann@gmail.com", "named-01"])


@pytest.fixture
def home(tmp_path: Path) -> Home:
    (tmp_path / "config.yaml").write_text(CONFIG)
    (tmp_path / "exports" / "crm_tickets").mkdir(parents=True)
    (tmp_path / "exports" / "crm_customers.csv").write_text(PEOPLE)
    made = Home(tmp_path / "home")
    made.prepare()
    return made


def export(home: Home, name: str, rows: str) -> Path:
    path = home.root.parent / "exports" / "crm_tickets" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(TICKETS + rows)
    return path


def land(home: Home) -> list[str]:
    """The tables of which anything landed."""
    loaded, gone = settings.load(home.root.parent / "config.yaml", {}), landing.Tombstones(home.erasures)
    loads = landing.extract(loaded.ready(loaded.sources[0]), INPUT_TABLES.values(), home.landing, home.state / "dlt", tombstones=gone)
    assert [load.error for load in loads if load.error] == []
    return [load.table for load in loads if load.load_id]


def erase(home: Home) -> int:
    return main(["erase", "--customer", "named-01", "--yes", "--config", str(home.root.parent / "config.yaml")])


def tickets(home: Home) -> list[tuple[str, int]]:
    """(ticket, copies landed less those removed)."""
    files = [path for *_, path in landing.completed_files(home.landing)["crm_tickets"]]
    query = "SELECT ticket_id, sum(CASE WHEN _is_deleted THEN -1 ELSE 1 END)::BIGINT FROM read_parquet(?) GROUP BY 1 ORDER BY 1"
    return duckdb.execute(query, [files]).fetchall()


@pytest.mark.parametrize("name", NAMES)
def test_it_says_which_one_before_it_begins_and_how_to_mend_it(home: Home, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    export(home, name, "t1,named-01,2026-02-01\n")
    land(home)
    assert erase(home) == 1
    told = capsys.readouterr().err
    assert f"nothing is erased yet: exports are named after whom to erase (crm_tickets/{name} of files)" in told
    assert "rename them at the source" in told
    assert journal.unfinished(home.erasures) == []
    assert landing.Tombstones(home.erasures).hashes == frozenset()


@pytest.mark.parametrize("name", NAMES)
def test_once_the_source_has_it_under_another_name_nothing_is_left(home: Home, name: str) -> None:
    export(home, "all.csv", "t3,other-02,2026-02-03\n")
    path = export(home, name, "t1,named-01,2026-02-01\nt2,other-02,2026-02-02\n")
    land(home)
    path.rename(home.root.parent / "exports" / "crm_tickets" / "17.csv")
    land(home)
    assert erase(home) == 0
    assert verification.found(home, NEEDLES) == []
    assert not [
        one for one in home.landing.rglob("*") if one.is_file() and any(text.encode() in one.read_bytes() for text in NEEDLES.texts)
    ]
    assert tickets(home) == [("t2", 1), ("t3", 1)]
    assert land(home) == []
    assert tickets(home) == [("t2", 1), ("t3", 1)]


def test_two_such_parts_of_one_load_stay_two(home: Home) -> None:
    """Two copies of a row in one part would be taken for a contradiction."""
    paths = [export(home, name, "t2,other-02,2026-02-02\n") for name in NAMES[:2]]
    land(home)
    for path in paths:
        path.unlink()
    export(home, "all.csv", "t2,other-02,2026-02-02\n")
    land(home)
    assert erase(home) == 0
    files = [path for *_, path in landing.completed_files(home.landing)["crm_tickets"]]
    parts = [part for (part,) in duckdb.execute("SELECT DISTINCT _file FROM read_parquet(?) ORDER BY 1", [files]).fetchall()]
    assert len(parts) == len(paths)
    assert all(part.startswith("[erased] ") for part in parts)
