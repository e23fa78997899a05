"""From files to staged rows over several nights: landing, the gate and staging together say what the files say now."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from orchestration import warehouse
from orchestration.configuration.sources import FilesSource
from orchestration.contract import INPUT_TABLES
from orchestration.gates import quarantine
from orchestration.landing import completed_files, extract
from orchestration.warehouse import landing_views

sys.path.insert(0, str(Path(__file__).parent))
from rendered import staging

from tests.landing_by_copy import loads_are_copied as loads_are_copied

TABLES = {name: INPUT_TABLES[name] for name in ("crm_campaigns", "crm_customers", "crm_tickets")}
HEADERS = {
    "crm_campaigns": "campaign_id,name\n",
    "crm_customers": "customer_id,created_at,full_name,updated_at\n",
    "crm_tickets": "ticket_id,customer_id,opened_at\n",
}
ANCHOR = "".join(f"anchor{number},x\n" for number in range(60))
CUSTOMER_ANCHOR = "".join(f"anchor{number},2025-01-01,x,\n" for number in range(60))
CURRENCIES = Path(__file__).parents[2] / "dbt_project" / "seeds" / "currencies.csv"


class House:
    """Files of campaigns and customers; `night` lands, examines and stages them."""

    def __init__(self, folder: Path) -> None:
        self.exports, self.home = folder / "exports", folder / "home"
        self.connection = duckdb.connect(config={"autoinstall_known_extensions": "false"})
        warehouse.prepare(self.connection)
        self.write("crm_campaigns", "0-anchor.csv", ANCHOR)
        self.write("crm_customers", "0-anchor.csv", CUSTOMER_ANCHOR)

    def write(self, table: str, name: str, rows: str | None) -> None:
        path = self.exports / table / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        if rows is not None:
            path.write_text(HEADERS[table] + rows)

    def night(self, as_of: str = "2026-06-30") -> None:
        source = FilesSource(type="files", path=str(self.exports))
        self.loads = extract(source, TABLES.values(), self.home / "landing", self.home / "dlt")
        files = completed_files(self.home / "landing")
        warehouse.expose_landing(self.connection, {table: files[table] for table in TABLES})
        quarantine.examine(self.connection, as_of=date.fromisoformat(as_of), max_amount=1e6, currencies=CURRENCIES)
        macros = staging(as_of)
        for table in TABLES:
            self.connection.execute(f"CREATE OR REPLACE TABLE stg_files__{table} AS {macros.newest_versions(table)}")
            distinct = "SELECT DISTINCT source, table_name, load_id, row_number FROM ops.quarantined_rows"
            counted = (
                f"WITH quarantined_rows AS ({distinct}), counted AS ({macros.reconcile(table)}) SELECT * EXCLUDE (table_name) FROM counted"
            )
            landed, staged, deduplicated, waiting, later = self.connection.execute(counted).fetchone() or ()
            assert landed == staged + deduplicated + waiting + later, table

    def staged(self, table: str, columns: str = "") -> list[tuple[Any, ...]]:
        key = INPUT_TABLES[table].key[0]
        return self.connection.execute(
            f"SELECT {columns or '*'} FROM stg_files__{table} WHERE {key} NOT LIKE 'anchor%' ORDER BY ALL"
        ).fetchall()

    def waiting(self, table: str) -> list[tuple[Any, ...]]:
        query = "SELECT DISTINCT row_key, row_json->>'name', row_json->>'full_name' FROM ops.quarantined_rows WHERE table_name = ?"
        return self.connection.execute(f"{query} ORDER BY ALL", [table]).fetchall()


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    _quick(monkeypatch)
    return House(tmp_path)


def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three tables instead of fifteen."""
    for module in (landing_views, quarantine):
        monkeypatch.setattr(module, "INPUT_TABLES", TABLES)


NAMES = "campaign_id, name"


def test_when_one_of_two_conflicting_copies_is_removed_the_other_comes_back_by_itself(house: House) -> None:
    house.write("crm_campaigns", "1.csv", "a,spring\na,autumn\n")
    house.night()
    assert (house.staged("crm_campaigns", NAMES), len(house.waiting("crm_campaigns"))) == ([], 2)
    house.write("crm_campaigns", "1.csv", "a,spring\n")
    house.night()
    assert (house.staged("crm_campaigns", NAMES), house.waiting("crm_campaigns")) == ([("a", "spring")], [])


@pytest.mark.parametrize("mended", ["b,spring\n", ""])
def test_a_row_without_key_leaves_quarantine_when_it_is_mended_or_removed(house: House, mended: str) -> None:
    house.write("crm_campaigns", "1.csv", ",spring\n,autumn\n,autumn\n")
    house.night()
    assert len(house.waiting("crm_campaigns")) == 2
    house.write("crm_campaigns", "1.csv", mended + ",autumn\n")
    house.night()
    assert house.waiting("crm_campaigns") == [(None, "autumn", None)], "one of its two copies is still there"
    house.write("crm_campaigns", "1.csv", mended)
    house.night()
    assert house.waiting("crm_campaigns") == []
    assert house.staged("crm_campaigns", NAMES) == ([("b", "spring")] if mended else [])


def test_a_customer_without_key_leaves_too_though_customers_are_kept(house: House) -> None:
    house.write("crm_customers", "1.csv", ",2025-01-01,Ann,\n")
    house.night()
    house.write("crm_customers", "1.csv", "c,2025-01-01,Ann,\n")
    house.night()
    assert (house.staged("crm_customers", "customer_id, full_name"), house.waiting("crm_customers")) == ([("c", "Ann")], [])


def test_a_removed_version_with_a_later_change_does_not_outlive_its_file(house: House) -> None:
    house.write("crm_customers", "1.csv", "c,2025-01-01,old,2025-02-01\n")
    house.write("crm_customers", "2.csv", "c,2025-01-01,new,2025-03-01\nd,2025-01-01,Di,\n")
    house.night()
    assert house.staged("crm_customers", "customer_id, full_name, has_vanished")[0] == ("c", "new", False)
    house.write("crm_customers", "2.csv", "d,2025-01-01,Di,\n")
    house.night()
    assert house.staged("crm_customers", "customer_id, full_name, has_vanished") == [("c", "old", False), ("d", "Di", False)]


def test_a_change_taken_back_to_an_earlier_time_counts(house: House) -> None:
    house.write("crm_customers", "1.csv", "c,2025-01-01,typo,2052-03-01\n")
    house.night()
    house.write("crm_customers", "1.csv", "c,2025-01-01,right,2025-03-01\n")
    house.night("2060-01-01")
    assert house.staged("crm_customers", "full_name, has_vanished") == [("right", False)]


def test_a_version_removed_from_the_later_file_gives_way_to_the_earlier_one(house: House) -> None:
    house.write("crm_campaigns", "1.csv", "a,spring\n")
    house.night()
    house.write("crm_campaigns", "2.csv", "a,autumn\nb,x\n")
    house.night()
    assert house.staged("crm_campaigns", NAMES) == [("a", "autumn"), ("b", "x")]
    house.write("crm_campaigns", "2.csv", "b,x\n")
    house.night()
    assert house.staged("crm_campaigns", NAMES) == [("a", "spring"), ("b", "x")]
    assert next(load.tombstones for load in house.loads) == 1


def test_a_replaced_version_is_history_and_the_last_good_one_stands_in_for_a_bad_one(house: House) -> None:
    house.write("crm_customers", "1.csv", "c,2025-01-01,Ann,\n")
    house.night()
    house.write("crm_customers", "1.csv", "c,never,Anna,\n")
    house.night()
    assert house.staged("crm_customers", "full_name, has_vanished") == [("Ann", False)]
    assert house.waiting("crm_customers") == [("c", None, "Anna")]


def test_of_dated_full_dumps_landed_together_the_latest_counts(house: House) -> None:
    for day, name in ((9, "old"), (10, "new")):
        house.write("crm_campaigns", f"part-2026-10-{day}.csv", f"a,{name}\nb,same\n")
    house.night()
    assert (house.staged("crm_campaigns", NAMES), house.waiting("crm_campaigns")) == ([("a", "new"), ("b", "same")], [])
    house.write("crm_campaigns", "part-2026-10-11.csv", "a,newer\nb,same\n")
    house.write("crm_campaigns", "part-2026-10-9.csv", None)
    house.night()
    assert house.staged("crm_campaigns", NAMES) == [("a", "newer"), ("b", "same")]


def test_a_fact_waits_until_its_customer_is_known(house: House) -> None:
    """A CRM that was filled by an import dates its records later than their history; a night in between knows neither."""
    house.write("crm_customers", "1.csv", "late,2026-02-05,Ann,\n")
    house.write("crm_tickets", "1.csv", "t1,late,2026-01-10\nt2,anchor1,2026-01-10\n")
    house.night("2026-01-31")
    assert house.staged("crm_tickets", "ticket_id") == [("t2",)]
    house.night("2026-02-05")
    assert house.staged("crm_tickets", "ticket_id") == [("t1",), ("t2",)]


FILES = ("2.csv", "10.csv", "z.csv")
_CAMPAIGNS = st.lists(st.tuples(st.sampled_from(["a", "b", ""]), st.sampled_from("xy")), max_size=4)
_CUSTOMERS = st.lists(
    st.tuples(st.sampled_from(["c", "d", ""]), st.sampled_from("xy"), st.sampled_from(["", "2025-02-01", "2025-03-01"])), max_size=4
)
_NIGHT = st.tuples(*(st.none() | _CAMPAIGNS for _ in FILES), *(st.none() | _CUSTOMERS for _ in FILES))


@settings(
    max_examples=3, deadline=None, phases=(Phase.explicit, Phase.generate), suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(_NIGHT, min_size=2, max_size=4))
@pytest.mark.thorough
def test_after_any_nights_staging_says_what_the_files_say(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, nights: list[Any]
) -> None:
    """Names carry the name of their file, so that no row moves between files: a move is no change and lands nothing."""
    _quick(monkeypatch)
    house = House(tmp_path_factory.mktemp("nights"))
    for night in nights:
        campaigns, customers = dict(_named(night[:3])), dict(_named(night[3:]))
        for file in FILES:
            house.write("crm_campaigns", file, _text(campaigns[file], "{},{}\n"))
            house.write("crm_customers", file, _text(customers[file], "{},2025-01-01,{},{}\n"))
        house.night()
        _check(house, "crm_campaigns", campaigns, ("a", "b"))
        _check(house, "crm_customers", customers, ("c", "d"))


def _text(rows: list[tuple[str, ...]] | None, line: str) -> str | None:
    return None if rows is None else "".join(line.format(*row) for row in rows)


def _named(night: Any) -> Iterator[tuple[str, list[tuple[str, ...]] | None]]:
    for file, rows in zip(FILES, night, strict=True):
        yield file, rows and [(key, f"{name}-{file}", *rest) for key, name, *rest in rows]


def _check(house: House, table: str, files: dict[str, Any], keys: tuple[str, ...]) -> None:
    name = "name" if table == "crm_campaigns" else "full_name"
    columns = f"{INPUT_TABLES[table].key[0]}, {name}, {'has_vanished' if table == 'crm_customers' else 'false'}"
    staged = {key: (name, vanished) for key, name, vanished in house.staged(table, columns)}
    waiting = {(row[0], row[1] or row[2]) for row in house.waiting(table)}
    assert {name for key, name in waiting if key is None} == {row[1] for rows in files.values() for row in rows or [] if not row[0]}
    for key in keys:
        held = {row[1] for rows in files.values() for row in rows or [] if row[0] == key}
        torn = any(_is_torn([row[1:] for row in rows or [] if row[0] == key]) for rows in files.values())
        if held and not torn:
            assert staged[key][0] in held
            assert not staged[key][1]
            assert not [row for row in waiting if row[0] == key]
        if not held and table == "crm_campaigns":
            assert key not in staged
            assert not [row for row in waiting if row[0] == key]
        if not held and key in staged:
            assert staged[key][1]


def _is_torn(copies: list[tuple[str, ...]]) -> bool:
    """Whether one file holds copies that disagree and have the same time of change."""
    return any(len({copy[0] for copy in copies if copy[1:] == rest}) > 1 for rest in {copy[1:] for copy in copies})
