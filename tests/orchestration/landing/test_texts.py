"""Free text has a time of its own: it leaves what has landed, does not land again, and takes neither its row nor anybody's count along."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import pytest

from orchestration import landing, last_run, settings, warehouse
from orchestration.__main__ import main
from orchestration.contract import FREE_TEXT, INPUT_TABLES
from orchestration.home import Home

CONFIG = """company: {name: Acme, business_model: contractual, reporting_currency: USD}
sources: [{type: files, path: exports}]
home: home
"""
HEADER = "ticket_id,customer_id,opened_at,text\n"
OLD, NEW, BAD = "old,c1,2025-01-15,an old secret\n", "new,c1,2026-02-01,a new word\n", "bad,c1,whenever,a secret of no day\n"
FIRST_DAY = date(2026, 1, 1)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    (tmp_path / "config.yaml").write_text(CONFIG)
    (tmp_path / "exports" / "crm_tickets").mkdir(parents=True)
    (tmp_path / "exports" / "crm_customers.csv").write_text("customer_id,created_at\nc1,2025-01-01\n")
    export(tmp_path, "first.csv", OLD + NEW + BAD)
    made = Home(tmp_path / "home")
    made.prepare()
    return made


def export(folder: Path, name: str, rows: str) -> None:
    (folder / "exports" / "crm_tickets" / name).write_text(HEADER + rows)


def land(home: Home, texts_from: date | None = None) -> int:
    """Land what changed; returns the rows of tickets that did."""
    loaded = settings.load(home.root.parent / "config.yaml", {})
    source, scratch = loaded.ready(loaded.sources[0]), home.state / "dlt"
    loads = landing.extract(source, INPUT_TABLES.values(), home.landing, scratch, texts_from=texts_from)
    assert [load.error for load in loads if load.error] == []
    return sum(load.rows + load.tombstones for load in loads if load.table == "crm_tickets")


def texts(home: Home) -> dict[str, str | None]:
    files = [path for *_, path in landing.completed_files(home.landing)["crm_tickets"]]
    query = "SELECT ticket_id, any_value(text) FROM read_parquet(?, union_by_name = true) GROUP BY 1"
    return dict(duckdb.execute(query, [files]).fetchall())


@pytest.mark.parametrize(
    ("as_of", "months", "first_day"),
    [
        (date(2026, 3, 31), 1, date(2026, 2, 1)),
        (date(2026, 1, 1), 1, date(2025, 12, 1)),
        (date(2026, 12, 31), 12, date(2025, 12, 1)),
        (date(2026, 6, 15), 30, date(2023, 12, 1)),
    ],
)
def test_texts_go_by_whole_months(as_of: date, months: int, first_day: date) -> None:
    assert landing.first_day_kept(as_of, months) == first_day


def test_what_has_landed_loses_old_texts_and_no_row(home: Home) -> None:
    land(home)
    assert landing.overdue_texts(home.landing, FIRST_DAY) == 1
    assert landing.expire_texts(home.landing, FIRST_DAY) == 1
    assert texts(home) == {"old": None, "new": "a new word", "bad": "a secret of no day"}
    assert not [path for path in home.landing.rglob("*.parquet") if b"an old secret" in path.read_bytes()]
    assert landing.expire_texts(home.landing, FIRST_DAY) == 0
    assert land(home, FIRST_DAY) == 0


def test_a_row_without_a_day_is_as_old_as_its_load(home: Home) -> None:
    land(home)
    assert landing.expire_texts(home.landing, date(2100, 1, 1)) == 3
    assert set(texts(home).values()) == {None}


def test_the_sources_copy_of_it_lands_neither_anew_nor_elsewhere_with_its_text(home: Home) -> None:
    land(home)
    landing.expire_texts(home.landing, FIRST_DAY)
    export(home.root.parent, "first.csv", OLD + NEW + BAD + "later,c1,2026-02-03,a later word\n")
    assert land(home, FIRST_DAY) == 1
    export(home.root.parent, "second.csv", OLD)
    land(home, FIRST_DAY)
    export(home.root.parent, "first.csv", NEW + BAD)  # the old row is in the second file alone now
    land(home, FIRST_DAY)
    assert texts(home) == {"old": None, "new": "a new word", "bad": "a secret of no day", "later": "a later word"}


def test_an_old_text_that_comes_late_does_not_land(home: Home) -> None:
    assert land(home, FIRST_DAY) == 3
    assert texts(home) == {"old": None, "new": "a new word", "bad": "a secret of no day"}
    export(home.root.parent, "first.csv", OLD.replace("secret", "mended secret") + NEW + BAD)
    assert land(home, FIRST_DAY) > 0
    assert texts(home)["old"] is None


def test_retention_empties_the_warehouse_with_them(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    land(home)
    config = home.root.parent / "config.yaml"
    config.write_text(f"{CONFIG}settings: {{free_text_months: 3}}\n")
    with warehouse.connect(home.warehouse) as connection:
        warehouse.prepare(connection)
        warehouse.begin(connection, date(2026, 3, 31))
        connection.execute("CREATE SCHEMA intermediate; CREATE TABLE intermediate.int_identity_spans AS SELECT 'an old secret' AS said")
    last_run.remember_retention(home, ("the disk is full",))  # the job at six, which `status` then tells to do again by this command
    assert main(["erase", "--expired", "--config", str(config)]) == 0
    assert last_run.failed_retention(home) is None
    assert "Texts of more than 3 months before the last night's: gone from 1 landed row." in capsys.readouterr().out
    assert texts(home)["old"] is None
    assert b"an old secret" not in home.warehouse.read_bytes()
    assert main(["erase", "--expired", "--config", str(config)]) == 0  # and there is no warehouse that could tell


def test_free_text_is_what_a_person_wrote() -> None:
    assert {table: INPUT_TABLES[table].column(column).personal for table, column in FREE_TEXT.items()} == dict.fromkeys(FREE_TEXT, True)
    named = {"crm_customers": {"email", "phone", "full_name", "company_name"}, "billing_customers": {"email"}}
    contacts = {"survey_invitations": {"email"}, "survey_responses": {"email"}}
    free = {
        (table.name, column.name)
        for table in INPUT_TABLES.values()
        for column in table.columns
        if column.personal and column.name not in {**named, **contacts}.get(table.name, set())
    }
    assert free == set(FREE_TEXT.items())
