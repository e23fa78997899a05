"""What lands from night to night: only what changed, typed, with its log, and shown to the warehouse."""

import json
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

from orchestration import landing, warehouse
from orchestration.configuration.sources import FilesSource
from orchestration.contract import INPUT_TABLES
from orchestration.landing import completed_files, extract, summary
from orchestration.landing.log import LandingLog
from tests.orchestration.landing.exporting import Company


def test_rows_land_typed_in_one_folder_a_load(company: Company) -> None:
    company.write({"1": "Ann", "2": "Bo"})
    load = company.night()
    assert (load.rows, load.tombstones, load.files_read, load.error) == (2, 0, 1, None)
    assert load.load_id is not None
    assert {path.parent.name for path in (company.landing / "files" / "crm_customers").rglob("*.parquet")} == {f"load_id={load.load_id}"}
    assert company.rows("created_at, _row_number, _is_deleted, _bad_values, _file") == [
        (datetime(2025, 1, 1), number, False, None, "crm_customers.csv") for number in (1, 2)
    ]


def test_a_night_without_news_lands_nothing(company: Company) -> None:
    file = company.write({"1": "Ann"})
    company.night()
    before = sorted(company.landing.rglob("*.parquet"))
    assert company.night().load_id is None
    os.utime(file, (1_700_000_000, 1_700_000_000))
    touched = company.night()
    assert (touched.load_id, touched.files_skipped) == (None, 1)
    assert sorted(company.landing.rglob("*.parquet")) == before


def test_only_new_and_changed_rows_of_a_changed_file_land(company: Company) -> None:
    company.write({"1": "Ann", "2": "Bo"})
    company.night()
    company.write({"1": "Ann", "2": "Bob", "3": "Cy"})
    load = company.night()
    assert (load.rows, load.tombstones) == (2, 0)
    assert company.alive() == {"1": "Ann", "2": "Bob", "3": "Cy"}


def test_what_lies_there_and_is_not_read_is_a_warning(company: Company) -> None:
    company.write({"1": "Ann"})
    company.write({"2": "Bo"}, "crm_customer.csv")
    company.write({"2": "Bo"}, "crm_tickets/march.xls")
    source = FilesSource(type="files", path=str(company.exports))
    tables = [INPUT_TABLES["crm_customers"], INPUT_TABLES["crm_tickets"]]
    first, second = extract(source, tables, company.landing, company.home / "state" / "dlt")
    assert [warning.split(":")[0] for warning in first.warnings] == ["crm_customer.csv", "crm_tickets/march.xls"]
    assert second.warnings == ()


def test_the_warehouse_shows_what_landed(company: Company, tmp_path: Path) -> None:
    company.write("customer_id,created_at,birth_year,extra\n1,2025-01-01,19x0,a\n")
    load = company.night()
    with warehouse.connect(tmp_path / "w.duckdb") as connection:
        warehouse.prepare(connection)
        warehouse.expose_landing(connection, completed_files(company.landing))
        columns = "customer_id, created_at, birth_year, _source, _load_id, _row_number, _is_deleted, _bad_values"
        (row,) = connection.execute(f"SELECT {columns} FROM landing.crm_customers").fetchall()
    assert row == ("1", datetime(2025, 1, 1), None, "files", load.load_id, 1, False, '{"birth_year":"19x0"}')


def test_columns_beyond_the_contract_are_shown_where_they_are_wanted(company: Company, tmp_path: Path) -> None:
    company.write("customer_id,created_at,Tier\n1,2025-01-01,gold\n2,2025-01-01,\n")
    company.night()
    with warehouse.connect(tmp_path / "w.duckdb") as connection:
        warehouse.prepare(connection)
        warehouse.expose_landing(connection, completed_files(company.landing), {"crm_customers": ["tier", "country", "nowhere"]})
        found = connection.execute("SELECT customer_id, tier, country, nowhere FROM landing.crm_customers ORDER BY 1").fetchall()
    assert found == [("1", "gold", None, None), ("2", None, None, None)]


def test_deleting_state_and_moving_the_home_loses_nothing(company: Company, tmp_path: Path) -> None:
    company.write({"1": "Ann"})
    company.night()
    shutil.rmtree(company.home / "state")
    company.home.rename(tmp_path / "elsewhere")
    company.home = tmp_path / "elsewhere"
    company.landing = company.home / "landing"
    assert (company.night().rows, company.alive()) == (0, {"1": "Ann"})


def test_load_ids_sort_even_when_the_clock_is_set_back(company: Company) -> None:
    company.write({"1": "Ann"})
    first = company.night().load_id
    assert first is not None
    log = LandingLog(company.landing, "files")
    assert log.next_load_id(datetime(2000, 1, 1, tzinfo=UTC)) > first


def test_the_summary_counts(company: Company) -> None:
    company.write({"1": "Ann", "2": "Bo"})
    company.night()
    company.write({"1": "Anna"})
    last = company.night()
    (row,) = summary(company.landing)
    assert (row["table"], row["loads"], row["rows"], row["tombstones"], row["held_now"]) == ("crm_customers", 2, 3, 1, 1)
    assert row["last_landed_at"] == landing.landed_at(last.load_id or "")


def test_the_log_is_plain_json_with_paths_relative_to_the_landing(company: Company) -> None:
    company.write({"1": "Ann"})
    load = company.night()
    entry = json.loads((company.landing / "_log" / "files" / f"{load.load_id}.json").read_text())
    (path,) = entry["tables"]["crm_customers"]["files"]
    assert (company.landing / path).is_file()
    assert "Ann" not in json.dumps(entry)
