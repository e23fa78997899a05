"""Whoever was erased does not land again: by id, by contact in another spelling, under a new id, by another source's survey."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from orchestration import landing
from orchestration.configuration.sources import FilesSource
from orchestration.contract import INPUT_TABLES
from orchestration.landing import LandingError, Tombstones
from orchestration.redaction import Needles

CUSTOMERS = "customer_id,created_at,email,phone,country\n"
NEW = {
    "1,2026-01-01,,,": "the same id",
    "2,2026-01-01, A.N.N+news@googlemail.com ,,": "a contact in another spelling",
    "3,2026-01-01,,0170 / 555 01 23,de": "a number as it is dialled at home",
}


@pytest.fixture
def tombstones(tmp_path: Path) -> Tombstones:
    made = Tombstones(tmp_path / "erasures")
    made.begin()
    pairs = [("crm", "crm", "1"), ("crm", "*", "1"), ("email", "", "ann@gmail.com"), ("phone", "", "+491705550123")]
    made.add(made.hashed(*pair) for pair in pairs)
    return made


def landed(root: Path, source: str, tombstones: Tombstones, files: dict[str, str]) -> dict[str, tuple[int, int]]:
    """Land `files` as the exports of `source`; table → rows landed, rows of erased people."""
    exports = root / source
    exports.mkdir(exist_ok=True)
    for table, text in files.items():
        (exports / f"{table}.csv").write_text(text)
    settings = FilesSource(type="files", path=str(exports), name=source)
    loads = landing.extract(settings, INPUT_TABLES.values(), root / "landing", root / "dlt", tombstones=tombstones)
    return {load.table: (load.rows, load.erased) for load in loads if load.table in files}


@pytest.mark.parametrize("row", NEW, ids=list(NEW.values()))
def test_a_record_that_comes_again_does_not_land(tmp_path: Path, tombstones: Tombstones, row: str) -> None:
    told = landed(tmp_path, "crm", tombstones, {"crm_customers": f"{CUSTOMERS}{row}\n9,2026-01-01,bob@gmail.com,0170 5550124,de\n"})
    assert told == {"crm_customers": (1, 1)}
    assert landing.erased_rows(tmp_path / "landing") == [("crm", "crm_customers", 1)]


def test_what_refers_to_a_new_id_does_not_land_either_on_any_later_night(tmp_path: Path, tombstones: Tombstones) -> None:
    landed(tmp_path, "crm", tombstones, {"crm_customers": f"{CUSTOMERS}7,2026-01-01,ann@gmail.com,,\n"})
    tickets = "ticket_id,customer_id,opened_at,text\na,7,2026-02-01,hers\nb,8,2026-02-01,his\n"
    assert landed(tmp_path, "crm", Tombstones(tmp_path / "erasures"), {"crm_tickets": tickets}) == {"crm_tickets": (1, 1)}


def test_what_others_write_of_them_later_lands_without_their_contacts(tmp_path: Path, tombstones: Tombstones) -> None:
    """A ticket that is solved comes again with all of its text, as it was before it was cleared."""
    text = "a.nn@gmail.com (+49 170 555-0123, 0170 5550123) asks; Ann@gmail.com. bob@gmail.com and +49 170 5550124 stay"
    tickets = {"crm_tickets": f'ticket_id,customer_id,opened_at,text\na,8,2026-02-01,"{text}"\n'}
    assert landed(tmp_path, "crm", tombstones, tickets) == {"crm_tickets": (1, 0)}
    files = [path for *_, path in landing.completed_files(tmp_path / "landing")["crm_tickets"]]
    said = duckdb.execute("SELECT text FROM read_parquet(?)", [files]).fetchall()
    assert said == [("[erased] ([erased], [erased]) asks; [erased]. bob@gmail.com and +49 170 5550124 stay",)]
    tickets["crm_tickets"] += "b,8,2026-02-02,unrelated\n"
    assert landed(tmp_path, "crm", tombstones, tickets) == {"crm_tickets": (1, 0)}, "the row above is known as the source has it"


def test_an_id_is_that_of_the_source_that_has_it(tmp_path: Path, tombstones: Tombstones) -> None:
    survey = "response_id,customer_id,metric,score,scale_min,scale_max,responded_at\nr,1,nps,9,0,10,2026-02-01\n"
    assert landed(tmp_path, "surveys", tombstones, {"survey_responses": survey}) == {"survey_responses": (0, 1)}
    both = {"crm_customers": f"{CUSTOMERS}1,2026-01-01,cid@x.example,,\n", "survey_responses": survey}
    assert landed(tmp_path, "other", tombstones, both) == {"crm_customers": (1, 0), "survey_responses": (1, 0)}


def test_a_living_record_that_takes_over_a_contact_stays_who_it_is(tmp_path: Path, tombstones: Tombstones) -> None:
    landed(tmp_path, "crm", tombstones, {"crm_customers": f"{CUSTOMERS}5,2026-01-01,bob@x.example,,\n"})
    told = landed(tmp_path, "crm", tombstones, {"crm_customers": f"{CUSTOMERS}5,2026-01-01,ann@gmail.com,,\n"})
    assert told["crm_customers"][1] == 1
    tickets = "ticket_id,customer_id,opened_at,text\na,5,2026-02-01,his\n"
    assert landed(tmp_path, "crm", tombstones, {"crm_tickets": tickets}) == {"crm_tickets": (1, 0)}


def test_what_is_held_plus_what_is_erased_is_what_the_files_have(tmp_path: Path, tombstones: Tombstones) -> None:
    nobody = Tombstones(tmp_path / "nobody")
    rows = "".join(f"{number},2026-01-01,p{number}@x.example,,\n" for number in range(1, 6))
    landed(tmp_path, "crm", nobody, {"crm_customers": CUSTOMERS + rows})
    holdings = landing.plan(tmp_path / "landing", tombstones, {})
    begun = tmp_path / "landing" / "_begun" / "stripe"
    begun.mkdir(parents=True)
    (begun / "customer.jsonl").write_text('{"email": "p1@x.example"}\n')
    landing.forget(tmp_path / "landing", tombstones, Needles.of([]), holdings, lambda *_: None)
    assert not begun.exists()
    assert landing.remaining(tmp_path / "landing", tombstones) == {}
    summary = {row["table"]: row for row in landing.summary(tmp_path / "landing")}
    assert (summary["crm_customers"]["held_now"], landing.erased_rows(tmp_path / "landing")) == (4, [("crm", "crm_customers", 1)])
    told = landed(tmp_path, "crm", tombstones, {"crm_customers": f"{CUSTOMERS}{rows}6,2026-01-01,p6@x.example,,\n"})
    assert told == {"crm_customers": (1, 1)}
    files = [path for *_, path in landing.completed_files(tmp_path / "landing")["crm_customers"]]
    ids = duckdb.execute("SELECT customer_id FROM read_parquet(?, union_by_name = true) ORDER BY 1", [files]).fetchall()
    assert ids == [("2",), ("3",), ("4",), ("5",), ("6",)]


def test_damaged_tombstones_stop_the_landing(tmp_path: Path, tombstones: Tombstones) -> None:
    (tmp_path / "erasures" / "tombstones.json").write_text("{")
    with pytest.raises(LandingError, match="people who were erased would land again; restore it from a backup"):
        Tombstones(tmp_path / "erasures")
