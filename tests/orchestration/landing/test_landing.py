"""What lands from night to night: only what changed, nothing twice, nothing lost, whatever happens in between."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from filelock import FileLock
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestration import landing, warehouse
from orchestration.configuration.sources import FilesSource
from orchestration.contract import INPUT_TABLES
from orchestration.landing import LandingError, TableLoad, completed_files, extract, summary
from orchestration.landing.log import LandingLog
from orchestration.sources import SourceError

CUSTOMERS = INPUT_TABLES["crm_customers"]
HEADER = "customer_id,created_at,full_name\n"


class Company:
    """A folder of exports and a home folder; `night` lands what changed."""

    def __init__(self, folder: Path) -> None:
        self.exports, self.home = folder / "exports", folder / "home"
        self.landing = self.home / "landing"
        self.exports.mkdir(parents=True, exist_ok=True)

    def write(self, rows: dict[str, str] | str, name: str = "crm_customers.csv") -> Path:
        """A file of customers (id → name), or of the text as it is."""
        path = self.exports / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(rows if isinstance(rows, str) else HEADER + "".join(f"{key},2025-01-01,{value}\n" for key, value in rows.items()))
        return path

    def night(self, *tables: str, may_vanish: Collection[str] = ()) -> TableLoad:
        """Extract; the report on crm_customers, or on the first table named."""
        wanted = [INPUT_TABLES[table] for table in tables or ("crm_customers",)]
        source = FilesSource(type="files", path=str(self.exports))
        return extract(source, wanted, self.landing, self.home / "state" / "dlt", may_vanish=may_vanish)[0]

    def rows(self, columns: str = "customer_id, full_name, _is_deleted", table: str = "crm_customers") -> list[tuple[Any, ...]]:
        """All landed rows of a table in the order of loads and row numbers."""
        paths = [path for _, _, path in completed_files(self.landing)[table]]
        read = f"read_parquet({paths}, union_by_name = true, hive_partitioning = true, hive_types_autocast = false)"
        return duckdb.execute(f"SELECT {columns} FROM {read} ORDER BY load_id, _row_number").fetchall() if paths else []

    def alive(self) -> dict[str, str]:
        """Key → name as staging would see it: the newest version, unless that is a tombstone."""
        newest = {key: (name, deleted) for key, name, deleted in self.rows()}
        return {key: name for key, (name, deleted) in newest.items() if not deleted}


@pytest.fixture
def company(tmp_path: Path) -> Company:
    return Company(tmp_path)


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


def test_a_row_that_vanished_lands_as_a_tombstone_with_its_columns(company: Company) -> None:
    company.write({"1": "Ann", "2": "Bo"})
    company.night()
    company.write({"1": "Ann"})
    assert company.night().tombstones == 1
    assert company.rows()[-1] == ("2", "Bo", True)
    assert company.night().tombstones == 0


def test_a_row_that_comes_back_is_alive_again(company: Company) -> None:
    for names in ({"1": "Ann", "2": "Bo"}, {"1": "Ann"}, {"1": "Ann", "2": "Bo"}, {"1": "Ann"}):
        company.write(names)
        company.night()
        assert company.alive() == names


def test_a_value_that_changes_there_and_back_lands_each_time_and_is_never_a_tombstone(company: Company) -> None:
    for name in ("Ann", "Anna", "Ann", "Anna"):
        company.write({"1": name})
        assert company.night().tombstones == 0
        assert company.alive() == {"1": name}


def test_a_row_that_moves_between_files_lands_once_and_dies_where_it_lives(company: Company) -> None:
    company.write({"1": "Ann", "2": "Bo", "3": "Cy"}, "crm_customers/monday.csv")
    company.night()
    (company.exports / "crm_customers/monday.csv").unlink()
    company.write({"1": "Ann", "2": "Bo", "4": "Di"}, "crm_customers/tuesday.csv")
    moved = company.night()
    assert (moved.rows, moved.tombstones) == (1, 1)
    company.write({"1": "Ann", "4": "Di"}, "crm_customers/tuesday.csv")
    assert company.night().tombstones == 1
    assert company.alive() == {"1": "Ann", "4": "Di"}


def test_a_key_that_another_file_still_has_is_no_tombstone(company: Company) -> None:
    company.write({"1": "Ann", "2": "Bo"}, "crm_customers/a.csv")
    company.write({"1": "Ann", "3": "Cy"}, "crm_customers/b.csv")
    company.night()
    company.write({"2": "Bo"}, "crm_customers/a.csv")
    assert company.night().tombstones == 0
    company.write({"3": "Cy"}, "crm_customers/b.csv")
    assert company.night().tombstones == 1
    assert company.alive() == {"2": "Bo", "3": "Cy"}


def test_a_table_that_vanished_or_shrank_to_nothing_is_kept_and_said_every_night(company: Company) -> None:
    file = company.write({"1": "Ann", "2": "Bo"})
    company.write("currency,rate_date,rate_to_reporting\n", "exchange_rates.csv")
    company.night()
    for gone in (lambda: file.write_text(HEADER), file.unlink):
        gone()
        for _ in range(2):
            load = company.night()
            assert (load.tombstones, load.load_id, len(load.warnings)) == (0, None, 1)
            assert "2 rows, nearly all of the table" in load.warnings[0]
            assert "accept_vanished_tables" in load.warnings[0]
    company.write({"1": "Ann", "2": "Bo"})
    assert (company.night().warnings, company.alive()) == ((), {"1": "Ann", "2": "Bo"})


def test_a_table_may_vanish_when_the_operator_says_so(company: Company) -> None:
    file = company.write({"1": "Ann", "2": "Bo"})
    company.write("currency,rate_date,rate_to_reporting\n", "exchange_rates.csv")
    company.night()
    file.unlink()
    assert company.night(may_vanish=["crm_tickets"]).tombstones == 0
    load = company.night(may_vanish=["crm_customers"])
    assert (load.tombstones, load.warnings, company.alive()) == (2, (), {})
    assert company.night().load_id is None


def test_what_lies_there_and_is_not_read_is_a_warning(company: Company) -> None:
    company.write({"1": "Ann"})
    company.write({"2": "Bo"}, "crm_customer.csv")
    company.write({"2": "Bo"}, "crm_tickets/march.xls")
    source = FilesSource(type="files", path=str(company.exports))
    tables = [INPUT_TABLES["crm_customers"], INPUT_TABLES["crm_tickets"]]
    first, second = extract(source, tables, company.landing, company.home / "state" / "dlt")
    assert [warning.split(":")[0] for warning in first.warnings] == ["crm_customer.csv", "crm_tickets/march.xls"]
    assert second.warnings == ()


def test_a_broken_file_keeps_what_it_landed_and_the_others_land(company: Company) -> None:
    company.write({"1": "Ann"}, "crm_customers/a.csv")
    company.write({"2": "Bo"}, "crm_customers/b.csv")
    company.night()
    company.write(HEADER + '1,2025-01-01,"Ann\n', "crm_customers/a.csv")
    company.write({"2": "Bob"}, "crm_customers/b.csv")
    load = company.night()
    assert (load.rows, load.tombstones) == (1, 0)
    assert load.error is not None
    assert load.error.startswith("crm_customers/a.csv: line 2: a quote")
    assert company.alive() == {"1": "Ann", "2": "Bob"}


def test_a_table_without_a_required_column_fails_alone(company: Company) -> None:
    company.write({"1": "Ann"})
    company.write("ticket_id,customer_id\n1,1\n", "crm_tickets.csv")
    tickets = company.night("crm_tickets", "crm_customers")
    assert (
        tickets.error
        == "crm_tickets.csv: table crm_tickets needs the column opened_at; add it to the export or rename the column that holds it"
    )
    assert company.alive() == {"1": "Ann"}


def test_files_with_different_unknown_columns_land_together(company: Company) -> None:
    company.write("customer_id,created_at,Shoe\n1,2025-01-01,42\n", "crm_customers/a.csv")
    company.write("customer_id,created_at,Hat/é\n2,2025-01-01,7\n", "crm_customers/b.csv")
    assert company.night().unknown_columns == ("Hat/é", "Shoe")
    assert company.rows('customer_id, Shoe, "Hat/é"') == [("1", "42", None), ("2", None, "7")]


def test_a_copy_of_a_row_more_or_less_is_seen(company: Company) -> None:
    row = "1,2025-01-01,Ann\n"
    for copies, landed in ((1, 1), (3, 2), (1, 0), (2, 1)):
        company.write(HEADER + copies * row)
        load = company.night()
        assert (load.rows, load.tombstones) == (landed, 0)


def test_a_row_without_key_that_was_mended_leaves_a_tombstone_that_repeats_it(company: Company) -> None:
    company.write(HEADER + ",2025-01-01,Ann\n,2025-01-01,Ann\n2,2025-01-01,Bo\n")
    company.night()
    company.write(HEADER + ",2025-01-01,Ann\n2,2025-01-01,Bo\n")
    assert company.night().tombstones == 0, "one copy is still there"
    company.write({"1": "Ann", "2": "Bo"})
    assert company.night().tombstones == 1
    assert company.rows()[-2:] == [(None, "Ann", True), ("1", "Ann", False)]


def test_a_table_without_keys_that_was_mended_is_no_broken_export(company: Company) -> None:
    company.write(HEADER + "".join(f",2025-01-01,{name}\n" for name in "abcde"))
    company.night()
    company.write({name: name for name in "abcde"})
    load = company.night()
    assert (load.rows, load.tombstones, load.warnings) == (5, 5, ())


def test_what_a_part_still_holds_of_a_key_lands_again_in_the_order_of_the_parts(company: Company) -> None:
    for number, name in ((2, "old"), (10, "older"), (9, "newest")):
        company.write({"1": name, str(number): "x"}, f"crm_customers/{number}.csv")
    company.night()
    assert company.alive()["1"] == "older", "10.csv comes after 9.csv"
    company.write({"10": "x"}, "crm_customers/10.csv")
    load = company.night()
    assert (load.rows, load.tombstones) == (2, 1)
    assert company.rows()[-3:] == [("1", "older", True), ("1", "old", False), ("1", "newest", False)]
    assert company.night().load_id is None


def test_a_source_may_call_its_own_columns_what_it_likes(company: Company) -> None:
    strange = "place,loaded,copies,is_held,has_key,is_removal,number,changed,part_row,filename,load_id"
    values = strange.replace("place", "here")
    header = f"customer_id,created_at,full_name,{strange}\n"
    company.write(f"{header}1,2025-01-01,Ann,{values}\n,2025-01-01,Bo,{values}\n", "crm_customers/a.csv")
    company.write(f"{header}1,2025-01-01,Anna,{values}\n3,2025-01-01,Cy,{values}\n", "crm_customers/b.csv")
    company.night()
    company.write(f"{header}3,2025-01-01,Cy,{values}\n", "crm_customers/b.csv")
    company.write(f"{header}1,2025-01-01,Ann,{values}\n", "crm_customers/a.csv")
    assert (company.night().tombstones, company.alive()) == (2, {"1": "Ann", "3": "Cy"})
    assert set(company.rows("place, part_row, filename")) == {("here", "part_row", "filename")}


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


KILLED = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, {root!r})
from orchestration.contract import INPUT_TABLES
from orchestration import landing
from orchestration.landing import loading, log
from orchestration.configuration.sources import FilesSource
def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)
{patch}
landing.extract(FilesSource(type="files", path={exports!r}), [INPUT_TABLES["crm_customers"]], Path({landing!r}), Path({dlt!r}))
"""
MOMENTS = {
    "before anything is written": "landing.load_files = die",
    "before the files are copied": "import dlt; dlt.Pipeline.load = die",
    "while the dataset folder is made": "from dlt.destinations.impl.filesystem.filesystem import FilesystemClient as C\n"
    "make = C.create_dataset\nC.create_dataset = lambda self: (make(self), die())",
    "after the files are copied": "log.LandingLog.commit = die",
    "while the commit is written": "log.os.replace = die",
    "right after the commit": "Path.unlink = die",
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_run_killed_at_any_moment_loses_and_doubles_nothing(company: Company, moment: str) -> None:
    company.write({"1": "Ann", "2": "Bo"})
    if moment != "while the dataset folder is made":
        company.night()
        company.write({"1": "Ann", "3": "Cy"})
    root, dlt_dir = str(Path(landing.__file__).parents[2]), str(company.home / "state" / "dlt")
    script = KILLED.format(root=root, patch=MOMENTS[moment], exports=str(company.exports), landing=str(company.landing), dlt=dlt_dir)
    killed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    company.night()
    expected = [("1", "Ann", False), ("2", "Bo", False)]
    if moment != "while the dataset folder is made":
        expected += [("2", "Bo", True), ("3", "Cy", False)]
    assert company.rows() == expected
    listed = {path for _, _, path in completed_files(company.landing)["crm_customers"]}
    assert {str(path) for path in company.landing.glob("files/crm_customers/*/*.parquet")} == listed


def test_a_full_disk_is_one_line_and_leaves_landing_as_it_was(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    company.write({"1": "Ann"})
    company.night()
    company.write({"1": "Ann", "2": "Bo"})

    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("dlt.destinations.impl.filesystem.filesystem.FilesystemLoadJob.run", full)
        with pytest.raises(LandingError, match=r"could not be written .*; what had landed is untouched") as caught:
            company.night()
    assert "\n" not in str(caught.value)
    assert company.rows() == [("1", "Ann", False)]
    assert company.night().rows == 1


def test_a_folder_that_cannot_be_written_is_named(company: Company) -> None:
    company.write({"1": "Ann"})
    company.home.mkdir()
    company.landing.write_text("a file where the folder should be")
    with pytest.raises(LandingError, match="landing: cannot be written"):
        company.night()


def test_two_runs_at_once_are_refused(company: Company) -> None:
    company.write({"1": "Ann"})
    company.landing.mkdir(parents=True)
    with FileLock(company.landing / ".lock"), pytest.raises(LandingError, match="another run"):
        company.night()


def test_a_missing_landed_file_is_named_and_never_landed_anew_in_silence(company: Company) -> None:
    company.write({"1": "Ann"})
    company.night()
    Path(completed_files(company.landing)["crm_customers"][0][2]).unlink()
    with pytest.raises(LandingError, match="this landed file is missing"):
        completed_files(company.landing)


def test_a_source_that_is_not_there_is_refused_before_landing_is_touched(company: Company) -> None:
    company.exports.rmdir()
    with pytest.raises(SourceError, match="no such folder"):
        company.night()
    assert not company.landing.exists()


def _copied(source: str, load_id: str, tables: Any, root: Path, dlt_dir: Path) -> dict[str, tuple[str, ...]]:
    """What load_files does, without dlt: fast enough for hundreds of nights."""
    landed = {}
    for table, paths in tables.items():
        folder = root / source / table / f"load_id={load_id}"
        folder.mkdir(parents=True)
        landed[table] = tuple(shutil.copy(path, folder / f"{number}.parquet") for number, path in enumerate(paths))
    return {table: tuple(Path(path).relative_to(root).as_posix() for path in paths) for table, paths in landed.items()}


_ROWS = st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("xy")), min_size=0, max_size=4)
_NIGHT = st.fixed_dictionaries({"one.csv": st.none() | _ROWS, "two.csv": st.none() | _ROWS})
_ANCHOR = [(f"anchor{number}", "z") for number in range(100)]


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_NIGHT, min_size=2, max_size=4))
def test_after_any_nights_the_living_keys_are_those_of_the_files(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, nights: list[dict[str, list[tuple[str, str]] | None]]
) -> None:
    """Files come, go, change, swap and repeat rows; 100 rows that stay keep the removals below what is suspicious."""
    monkeypatch.setattr(landing, "load_files", _copied)
    company = Company(tmp_path_factory.mktemp("nights"))
    company.write(HEADER + "".join(f"{key},2025-01-01,{value}\n" for key, value in _ANCHOR), "crm_customers/anchor.csv")
    for night in nights:
        for name, rows in night.items():
            path = company.exports / "crm_customers" / name
            path.unlink(missing_ok=True)
            if rows is not None:
                company.write(HEADER + "".join(f"{key},2025-01-01,{value}\n" for key, value in rows), f"crm_customers/{name}")
        company.night()
        assert _held(company) == Counter(_ANCHOR) + Counter(row for rows in night.values() for row in rows or [])
        assert set(company.alive()) == {key for key, _ in _held(company)}
        assert set(company.alive().items()) <= set(_held(company)), "the newest version is one that a file holds"


def _held(company: Company) -> Counter[tuple[str, str]]:
    """What landing believes the files hold: rows − tombstones + adjustments."""
    content = {row_hash: (key, name) for row_hash, key, name in company.rows("_row_hash, customer_id, full_name")}
    held: Counter[tuple[str, str]] = Counter()
    for row_hash, deleted in company.rows("_row_hash, _is_deleted"):
        held[content[row_hash]] += -1 if deleted else 1
    for path in LandingLog(company.landing, "files").files("row_adjustments"):
        for row_hash, copies in duckdb.execute(f"SELECT _row_hash, copies FROM '{path}'").fetchall():
            held[content[row_hash]] += copies
    return +held


def test_the_log_is_plain_json_with_paths_relative_to_the_landing(company: Company) -> None:
    company.write({"1": "Ann"})
    load = company.night()
    entry = json.loads((company.landing / "_log" / "files" / f"{load.load_id}.json").read_text())
    (path,) = entry["tables"]["crm_customers"]["files"]
    assert (company.landing / path).is_file()
    assert "Ann" not in json.dumps(entry)
