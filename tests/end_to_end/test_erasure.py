"""A person is erased from a whole home, comes back with the next export, and is still nowhere; the numbers of the past reconcile."""

from __future__ import annotations

import json
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration import releases
from orchestration.home import Home
from orchestration.landing import completed_files
from orchestration.privacy import verification
from orchestration.redaction import Needles
from tests.end_to_end.conftest import AS_OF, NEXT
from tests.person import ACCOUNT, CANARIES, EMAIL, GONE_EMAIL, GONE_ID, GONE_NAME, HEADERS, ID, long_gone, plant, rows

RETURNED = {"crm_customers": [f"EXPIRED-0002,2026-10-01,{GONE_EMAIL},,{GONE_NAME},,DE,1970,f,high,Kim,"]}


def first_lines(table: str, home: Path) -> list[tuple[Any, ...]]:
    return duckdb.execute(f"FROM '{releases.current(home).table_file(table)}'").fetchall()


@pytest.fixture(scope="module")
def erased(published: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A company with a canary; what it published before, what `erase` said, and what it published the night after a re-import."""
    company = published.copy(tmp_path_factory.mktemp("erased") / "company")
    before = releases.current(company.home)
    numbers = months(before)
    held = company.run("--customer", ACCOUNT, "--out", str(company.folder / "held.json"), command="export")
    assert holding(company.home), "the canary must be somewhere, else finding it nowhere says nothing"
    expired = retained(company)
    (company.folder / "whom.txt").write_text(f"{ID}\n\n{EMAIL}\n")  # two names of one person, as a list of requests may hold
    done = company.run("--from-file", str(company.folder / "whom.txt"), "--yes", command="erase")
    assert done.returncode == 0, done.stdout + done.stderr
    after_erasure = holding(company.home)
    verified = before.id, releases.current(company.home)
    # the same rows in a file that changed, and the person under new ids: known again by e-mail and phone
    plant(company.exports, "canary", {table: list(reversed(lines)) for table, lines in rows(ID, ACCOUNT, "TESTCANARY").items()})
    plant(company.exports, "again", rows("CANARY-0002", "cus_CANARY_2", "TESTCANARYnew"))
    # the same address as somebody whose retention is over, in a record of its own, beside the old one in a file that changed
    gone = {table: list(reversed([*lines, *RETURNED.get(table, [])])) for table, lines in long_gone().items()}
    plant(company.exports, "gone", gone)
    screen = company.night(AS_OF)
    return {
        "company": company,
        "expired": expired,
        "numbers": numbers,
        "held": held,
        "said": done.stdout,
        "after_erasure": after_erasure,
        "kept_release": verified,
        "screen": screen,
    }


def retained(company: Any) -> dict[str, Any]:
    """What `erase --expired` did: its answer, and where the person was found before and afterwards."""
    needles = Needles.of([GONE_ID, GONE_EMAIL, GONE_NAME])
    before = verification.found(Home(company.home), needles)
    unset = company.run("--expired", command="erase")
    text = company.config.read_text()
    company.config.write_text(text.replace("settings: {", "settings: {deleted_people_days: 180, "))
    done = company.run("--expired", command="erase")
    return {"before": before, "unset": unset, "done": done, "after": verification.found(Home(company.home), needles)}


def months(release: releases.Release) -> dict[tuple[str, str], Decimal]:
    """(month, measure) → amount, of what `data_erasures` speaks of."""
    names = ("opening", "new", "reactivation", "expansion", "contraction", "churned", "closing")
    with release.connect() as marts:
        queries = [f"SELECT month, '{name}_mrr', {name}_mrr FROM marts.metric_mrr_movements" for name in names]
        queries += [
            "SELECT date_trunc('month', ordered_at)::DATE, 'orders', count(*) FROM marts.fct_orders GROUP BY 1",
            "SELECT date_trunc('month', ordered_at)::DATE, 'net_amount_reporting', sum(net_amount_reporting)"
            " FROM marts.fct_orders GROUP BY 1",
            "SELECT date_trunc('month', opened_at)::DATE, 'tickets', count(*) FROM marts.fct_tickets GROUP BY 1",
            "SELECT date_trunc('month', responded_at)::DATE, 'nps_responses', count(*) FROM marts.fct_survey_responses"
            " WHERE metric = 'nps' GROUP BY 1",
            "SELECT month, 'paying_customers', count(*) FROM marts.fct_subscription_months WHERE mrr > 0 GROUP BY 1",
        ]
        found = [row for query in queries for row in marts.execute(query).fetchall()]
    return {(str(month), measure): Decimal(amount) for month, measure, amount in found if amount}


def holding(home: Path) -> list[str]:
    """Files that hold a canary, by the search of the product and by a plain one of every byte."""
    raw = [
        path.name
        for path in home.rglob("*")
        if path.is_file() and any(one.lower().encode() in path.read_bytes().lower() for one in CANARIES)
    ]
    return verification.found(Home(home), Needles.of(CANARIES)) + raw


def receipts(erased: dict[str, Any]) -> list[Path]:
    """Oldest first."""
    return sorted(erased["company"].home.glob("state/erasures/2*.json"))


def waiting(found: list[str]) -> list[str]:
    """All but the order to the destination to forget, which names whom until it is delivered."""
    return [one for one in found if "crm_file.duckdb" not in one]


def test_a_retention_that_is_over_erases_like_a_request(erased: dict[str, Any]) -> None:
    told = erased["expired"]
    assert (told["unset"].returncode, told["unset"].stderr.count("set settings.deleted_people_days")) == (2, 1)
    assert told["done"].returncode == 0, told["done"].stdout + told["done"].stderr
    assert "1 people were deleted at every source more than 180 days before the last night." in told["done"].stdout
    assert {Path(name.split(":")[0].split(" ")[0]).parts[0] for name in told["before"]} >= {"landing", "warehouse", "releases"}
    assert waiting(told["after"]) == []


def test_whoever_comes_back_after_their_retention_is_a_new_customer(erased: dict[str, Any]) -> None:
    with releases.current(erased["company"].home).connect() as marts:
        ids = marts.execute("SELECT source_customer_id FROM marts.customer_identities WHERE source_customer_id LIKE 'EXPIRED%'").fetchall()
    assert ids == [("EXPIRED-0002",)]


def test_two_names_of_one_person_are_one_erasure(erased: dict[str, Any]) -> None:
    assert erased["said"].count("Erased: ") == 1
    assert erased["said"].count("Erased before; the receipt is ") == 1
    assert len(receipts(erased)) == 2  # and that of the retention before


def test_nothing_is_left_in_the_home(erased: dict[str, Any]) -> None:
    assert waiting(erased["after_erasure"]) == []


def test_a_reimport_brings_nobody_back_under_old_ids_or_new(erased: dict[str, Any]) -> None:
    assert holding(erased["company"].home) == []
    assert "rows of crm_customers are of people who were erased: still at the source, not landed" in " ".join(erased["screen"].split())


def test_what_was_not_landed_is_counted(erased: dict[str, Any]) -> None:
    home = erased["company"].home
    counted = {
        row[0]: row
        for row in duckdb.execute(f"SELECT table_name, erased FROM '{releases.current(home).table_file('data_reconciliation')}'").fetchall()
    }
    planted, gone = rows(ID, ACCOUNT, ""), long_gone()
    assert {table: counted[table][1] for table in planted} == {
        table: 2 * len(lines) + len(gone.get(table, ())) for table, lines in planted.items()
    }
    assert counted["exchange_rates"][1] == 0


def test_numbers_of_the_past_reconcile_to_the_cent(erased: dict[str, Any]) -> None:
    release = releases.current(erased["company"].home)
    gone = {(str(month), measure): amount for month, measure, amount, _ in first_lines("data_erasures", erased["company"].home)}
    assert gone["2026-03-01", "closing_mrr"] == Decimal("77.13")
    now = months(release)
    places = erased["numbers"].keys() | now.keys() | gone.keys()
    assert {place: now.get(place, Decimal(0)) + gone.get(place, Decimal(0)) for place in places} == {
        place: erased["numbers"].get(place, Decimal(0)) for place in places
    }


def test_the_release_of_before_is_still_whole_and_says_what_left_it(erased: dict[str, Any]) -> None:
    name, kept = erased["kept_release"]
    listed = {release.id: release for release in releases.listing(erased["company"].home)}
    listed[name].verify()
    _, note = kept.manifest["erasures"]
    assert note["rows"]["dim_customers"] == 1
    with kept.connect() as marts:
        assert marts.execute("SELECT count(*) FROM marts.fct_subscription_months WHERE mrr = 77.13").fetchone() == (0,)


def test_the_receipt_names_nobody_and_says_what_where_and_when(erased: dict[str, Any]) -> None:
    company = erased["company"]
    path = receipts(erased)[-1]
    told = json.loads(path.read_text())
    assert not Needles.of(CANARIES).are_in(path.read_bytes())
    assert {held["table"] for held in told["still_at_the_source"]} == set(HEADERS)
    rewritten = [one for one in told["files"] if one["file"].startswith("landing/files/crm_customers")]
    assert rewritten[0]["rows_removed"] == 1
    assert rewritten[0]["sha256_before"] != rewritten[0]["sha256_after"]
    assert company.run("--verify", path.stem, command="erase").returncode == 0
    again = company.run("--customer", ID, "--yes", command="erase")
    assert (again.returncode, "Erased before" in again.stdout) == (0, True)


def test_the_destination_is_told_and_its_files_are_cleared(erased: dict[str, Any]) -> None:
    outbox = [path.read_text() for path in sorted((erased["company"].folder / "outbox").rglob("*.csv"))]
    assert [line for text in outbox for line in text.splitlines() if line.startswith(ID)] == [
        next(line for text in outbox for line in text.splitlines() if line.startswith(f"{ID},clear"))
    ]
    assert "2 clearing records go with the next sync" in erased["said"]  # that of the retention waited


def test_somebody_elses_row_stays_without_the_mention(erased: dict[str, Any]) -> None:
    files = [path for _, _, path in completed_files(erased["company"].home / "landing")["crm_tickets"]]
    query = "SELECT text FROM read_parquet(?, union_by_name = true) WHERE ticket_id = 'TESTother'"
    assert duckdb.execute(query, [files]).fetchall() == [("please ask [erased] about it",)]


def test_the_export_had_it_all(erased: dict[str, Any]) -> None:
    assert erased["held"].returncode == 0, erased["held"].stderr
    path = erased["company"].folder / "held.json"
    held = json.loads(path.read_text())
    assert path.stat().st_mode & 0o077 == 0
    assert {table: len(found) for table, found in held["landing"].items()} == {
        table: len(lines) for table, lines in rows(ID, ACCOUNT, "").items()
    }
    assert held["landing"]["crm_consents"][0]["status"] == "granted"
    assert {"dim_customers", "customer_360", "fct_orders", "fct_feedback", "sync_files__customer_scores"} <= held["releases"][0][
        "tables"
    ].keys()
    assert [row["external_id"] for row in held["sync_log"]] == [ID]


@pytest.mark.parametrize("command", ["erase", "export"])
def test_an_unknown_id_is_one_line(erased: dict[str, Any], command: str) -> None:
    done = erased["company"].run("--customer", "nobody-knows", *(["--yes"] if command == "erase" else []), command=command)
    assert (done.returncode, done.stderr) == (2, "rapport: nobody-knows: no customer has this id, in any source or as customer_key\n")


def test_everything_below_the_home_is_for_its_owner_only(erased: dict[str, Any]) -> None:
    home = erased["company"].home
    assert [str(path) for path in home.rglob("*") if not path.is_symlink() and path.stat().st_mode & 0o077] == []


@pytest.mark.skipif(not os.environ.get("RAPPORT_LONG_TESTS"), reason="takes a minute; set RAPPORT_LONG_TESTS=1")
def test_the_next_night_goes_on_as_usual(erased: dict[str, Any]) -> None:
    assert "Published" in erased["company"].night(NEXT)
