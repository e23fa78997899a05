"""Who was erased by mistake lands again once that is lifted, by hand and on record; nobody else does."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from orchestration import landing
from orchestration.__main__ import main
from orchestration.contract import INPUT_TABLES
from orchestration.home import Home
from orchestration.privacy import whom
from tests.orchestration.privacy.companies import company, land

pytestmark = pytest.mark.thorough


EXPORTS = {
    "crm_customers": "customer_id,created_at,email,phone,country\n"
    "lifted-1,2026-01-01,ann@gmail.com,,\nlifted-2,2026-01-02,bob@x.example,,\nstays-3,2026-01-03,cid@x.example,,\n",
    "crm_tickets": "ticket_id,customer_id,opened_at,text\na,lifted-1,2026-02-01,hers\nb,lifted-2,2026-02-01,his\n",
    "survey_responses": "response_id,email,metric,score,scale_min,scale_max,responded_at\nr,ann@gmail.com,nps,9,0,10,2026-02-01\n",
}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home in which three people have landed."""
    return company(tmp_path, EXPORTS)


def erase(home: Home, *arguments: str) -> int:
    return main(["erase", *arguments, "--config", str(home.root.parent / "config.yaml")])


def held(home: Home) -> dict[str, list[str]]:
    """Table → first columns of the rows that staging would see."""
    found = {}
    for table, files in landing.completed_files(home.landing).items():
        if files:
            rows = f"SELECT * FROM read_parquet({[path for *_, path in files]}, union_by_name = true) WHERE NOT _is_deleted"
            found[table] = [key for (key,) in duckdb.execute(f"SELECT {INPUT_TABLES[table].key[0]} FROM ({rows}) ORDER BY 1").fetchall()]
    return found


EVERYBODY = {"crm_customers": ["lifted-1", "lifted-2", "stays-3"], "crm_tickets": ["a", "b"], "survey_responses": ["r"]}


@pytest.mark.parametrize("name", ["lifted-1", "Ann@gmail.com", "receipt"])
def test_whoever_is_lifted_lands_again_though_no_file_has_changed(home: Home, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert erase(home, "--customer", "lifted-1", "--yes") == 0
    land(home)
    assert held(home) == {"crm_customers": ["lifted-2", "stays-3"], "crm_tickets": ["b"], "survey_responses": []}
    (receipt,) = home.erasures.glob("2*.json")
    assert erase(home, "--lift", "--customer", receipt.stem if name == "receipt" else name, "--yes") == 0
    assert "read whole on the next run: crm_customers.csv (crm_customers of files)" in capsys.readouterr().out
    assert held(home)["crm_tickets"] == ["b"]
    land(home)
    assert held(home) == EVERYBODY
    assert landing.erased_rows(home.landing) == []
    land(home)
    assert held(home) == EVERYBODY


def test_receipts_say_who_lifted_what_and_when_and_name_nobody(home: Home) -> None:
    erase(home, "--customer", "lifted-1", "--yes")
    before = landing.Tombstones(home.erasures).hashes
    erase(home, "--lift", "--customer", "lifted-1", "--yes")
    (receipt,) = home.erasures.glob("2*.json")
    (note,) = json.loads(receipt.read_text())["lifted"]
    (line,) = [json.loads(one) for one in (home.erasures / "lifts.jsonl").read_text().splitlines()]
    assert line == {**note, "tombstones": sorted(before), "receipts": [receipt.stem], "until": None}
    assert note.keys() == {"at", "by"}
    assert note["by"]
    assert landing.Tombstones(home.erasures).hashes == frozenset()
    assert not [path for path in home.erasures.iterdir() if b"lifted-1" in path.read_bytes() or b"ann@" in path.read_bytes()]


def test_others_stay_erased(home: Home) -> None:
    for name in ("lifted-1", "lifted-2"):
        erase(home, "--customer", name, "--yes")
    erase(home, "--lift", "--customer", "lifted-2", "--yes")
    land(home)
    assert held(home) == {"crm_customers": ["lifted-2", "stays-3"], "crm_tickets": ["b"], "survey_responses": []}
    assert landing.erased_rows(home.landing) == [
        ("files", "crm_customers", 1),
        ("files", "crm_tickets", 1),
        ("files", "survey_responses", 1),
    ]


def test_of_an_erasure_of_many_only_who_is_named_is_lifted(home: Home) -> None:
    for name in ("lifted-1", "lifted-2"):
        erase(home, "--customer", name, "--yes")
    one, other = sorted(home.erasures.glob("2*.json"))
    told = json.loads(one.read_text())
    one.write_text(json.dumps({**told, "people": 2, "subject": [*told["subject"], *json.loads(other.read_text())["subject"]]}))
    other.unlink()
    erase(home, "--lift", "--customer", "lifted-2", "bob@x.example", "--yes")
    land(home)
    assert held(home)["crm_customers"] == ["lifted-2", "stays-3"]


def test_people_of_a_list_are_erased_at_once_and_lifted_one_by_one(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    names = home.root.parent / "names.txt"
    names.write_text("lifted-1\n\nlifted-2\n")
    assert erase(home, "--from-file", str(names), "--yes") == 0
    assert "Erased: 2 people, 5 rows in 3 files" in capsys.readouterr().out
    assert held(home) == {"crm_customers": ["stays-3"], "crm_tickets": [], "survey_responses": []}
    (receipt,) = home.erasures.glob("2*.json")
    assert erase(home, "--from-file", str(names), "--yes") == 0
    assert capsys.readouterr().out.count("Erased before") == 2
    assert erase(home, "--lift", "--customer", "lifted-1", "--yes") == 0
    land(home)
    assert held(home) == {"crm_customers": ["lifted-1", "stays-3"], "crm_tickets": ["a"], "survey_responses": ["r"]}
    assert erase(home, "--lift", "--customer", receipt.stem, "--yes") == 0
    land(home)
    assert held(home) == EVERYBODY


def test_a_name_of_nobody_in_a_list_is_told_before_anybody_is_erased(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert erase(home, "--customer", "nobody-1", "lifted-1", "nobody-2", "--yes") == 2
    said = capsys.readouterr().err
    assert all(f"{name}: no customer has this id" in said for name in ("nobody-1", "nobody-2"))
    assert said.endswith("; nobody was erased\n")
    assert held(home) == EVERYBODY


def test_an_erasure_that_nobody_can_confirm_is_refused_before_anybody_is_looked_for(
    home: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestration.commands.rights.whom", None)
    assert erase(home, "--customer", "lifted-1") == 2
    assert capsys.readouterr().err == "rapport: erase: This cannot be undone. Nobody can be asked here; say so with --yes\n"


def test_it_is_never_done_without_being_asked_for(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    erase(home, "--customer", "lifted-1", "--yes")
    before = landing.Tombstones(home.erasures).hashes
    assert erase(home, "--lift", "--customer", "lifted-1") == 2
    assert "Let them land again with the next run? Nobody can be asked here; say so with --yes" in capsys.readouterr().err
    assert erase(home, "--lift", "--customer", "stays-3", "--yes") == 2
    assert capsys.readouterr().err == "rapport: stays-3: nobody who was erased has this id, address or receipt\n"
    assert erase(home, "--lift", "--yes") == 2
    assert landing.Tombstones(home.erasures).hashes == before


def test_whoever_was_lifted_can_be_erased_again(home: Home) -> None:
    for arguments in (["--customer"], ["--lift", "--customer"]):
        assert erase(home, *arguments, "lifted-1", "--yes") == 0
    land(home)
    assert erase(home, "--customer", "lifted-1", "--yes") == 0
    land(home)
    assert held(home)["crm_customers"] == ["lifted-2", "stays-3"]


@pytest.mark.parametrize("together", [True, False], ids=["erased together", "erased one after another"])
def test_an_address_that_two_shared_comes_back_with_either(home: Home, together: bool, capsys: pytest.CaptureFixture[str]) -> None:
    """It is theirs: with it buried for the other they could not land."""
    with (home.root.parent / "exports" / "crm_customers.csv").open("a") as file:
        file.write("two-1,2026-01-04,we@x.example,,\ntwo-2,2026-01-04,We@x.example,,\n")
    land(home)
    for names in [["two-1", "two-2"]] if together else [["two-1"], ["two-2"]]:
        assert erase(home, "--customer", *names, "--yes") == 0
    capsys.readouterr()
    assert erase(home, "--lift", "--customer", "two-1", "--yes") == 0
    assert "of these, somebody who stays erased had 1 too: under a new id they would land again." in capsys.readouterr().out
    land(home)
    assert held(home) == {**EVERYBODY, "crm_customers": ["lifted-1", "lifted-2", "stays-3", "two-1"]}


def test_an_address_that_stays_with_another_record_is_told(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    """Such as a copy of the person's record under another id, in which nobody can read when it was made: it waits in quarantine."""
    with (home.root.parent / "exports" / "crm_customers.csv").open("a") as file:
        file.write("copy-1,at noon,ann@gmail.com,,\n")
    land(home)
    assert erase(home, "--customer", "lifted-1", "--yes") == 0
    assert "addresses and numbers that another record has too, be it in quarantine: 1; there they stay" in capsys.readouterr().out
    assert erase(home, "--verify", "ann@gmail.com") == 1
    assert erase(home, "--customer", "copy-1", "--yes") == 0
    assert erase(home, "--verify", "ann@gmail.com") == 0
    capsys.readouterr()
    assert erase(home, "--customer", "lifted-2", "--yes") == 0
    assert "another record has too" not in capsys.readouterr().out


def test_a_name_of_two_who_were_erased_together_lifts_neither(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    with (home.root.parent / "exports" / "crm_customers.csv").open("a") as file:
        file.write("two-1,2026-01-04,we@x.example,,\ntwo-2,2026-01-04,we@x.example,,\n")
    land(home)
    assert erase(home, "--customer", "two-1", "two-2", "--yes") == 0
    before = landing.Tombstones(home.erasures).hashes
    assert erase(home, "--lift", "--customer", "we@x.example", "--yes") == 2
    assert "we@x.example: 2 people who were erased together have this; name one by an id of theirs" in capsys.readouterr().err
    assert landing.Tombstones(home.erasures).hashes == before


def test_a_receipt_of_whom_was_lifted_since_finds_nobody(home: Home) -> None:
    assert erase(home, "--customer", "lifted-1", "lifted-2", "--yes") == 0
    assert erase(home, "--lift", "--customer", "lifted-1", "--yes") == 0
    land(home)
    (receipt,) = home.erasures.glob("2*.json")
    assert erase(home, "--verify", receipt.stem) == 0


def test_however_many_are_erased_landing_is_read_as_often(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[object] = []
    reading = landing.rows_of
    monkeypatch.setattr(landing, "rows_of", lambda *asked: (reads.append(asked), reading(*asked))[1])

    def reads_for(*names: str) -> int:
        reads.clear()
        assert len(whom.together(home, whom.people(home, names)).each) == len(names)
        return len(reads)

    assert reads_for("lifted-1", "lifted-2", "stays-3") == reads_for("lifted-1") < 5
