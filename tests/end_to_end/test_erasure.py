"""A person is erased from a whole home, comes back with the next export, and is still nowhere; the numbers of the past reconcile."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration import landing, releases, settings, warehouse
from orchestration.contract import INPUT_TABLES
from orchestration.home import Home
from orchestration.privacy import remainder, verification
from orchestration.redaction import Needles
from tests.end_to_end.conftest import AS_OF
from tests.long_tests import long_test
from tests.oracle import harness
from tests.person import ACCOUNT, CANARIES, EMAIL, GONE_EMAIL, GONE_ID, GONE_NAME, HEADERS, ID, long_gone, plant, rows

pytestmark = pytest.mark.thorough


# What the tests look at of the night after; only this of it is built, by dbt's own SQL: a whole night takes a minute more.
WANTED = (
    "metric_mrr_movements", "fct_subscription_months", "fct_orders", "fct_tickets", "fct_survey_responses",
    "customer_identities", "data_erasures", "data_reconciliation",
)  # fmt: skip
RETURNED = {"crm_customers": [f"EXPIRED-0002,2026-10-01,{GONE_EMAIL},,{GONE_NAME},,DE,1970,f,high,Kim,"]}


@pytest.fixture(scope="module")
def erased(published: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A company with a canary; what it published before, what `erase` said, and what it builds from a re-import."""
    company = published.copy(tmp_path_factory.mktemp("erased") / "company")
    before = releases.current(company.home)
    with before.connect() as marts:
        numbers = months(marts)
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
    synced = company.run("crm_file", command="sync")
    assert synced.returncode == 0, synced.stdout + synced.stderr
    not_landed = build(company)
    return {
        "company": company,
        "expired": expired,
        "numbers": numbers,
        "held": held,
        "said": done.stdout,
        "after_erasure": after_erasure,
        "kept_release": verified,
        "not_landed": not_landed,
    }


def build(company: Any) -> dict[str, int]:
    """Land the exports anew, and build the wanted marts of it in the warehouse; returns table → rows that did not land."""
    loaded, home = settings.load(company.config, {}), Home(company.home)
    (source,) = loaded.sources
    home.prepare()
    gone, scratch = landing.Tombstones(home.erasures), home.state / "dlt"
    loads = list(landing.extract(loaded.ready(source), INPUT_TABLES.values(), home.landing, scratch, tombstones=gone))
    assert [load.error for load in loads if load.error] == []
    with warehouse.connect(home.warehouse) as connection:
        warehouse.prepare(connection)
        warehouse.load_hash_key(connection, home.salt())
        warehouse.expose_landing(connection, landing.completed_files(home.landing))
        warehouse.load_erasures(connection, landing.erased_rows(home.landing), remainder.total(home.erasures))
        harness.project("contractual").build(connection, WANTED, AS_OF)
    return {load.table: load.erased for load in loads}


def built(erased: dict[str, Any], query: str) -> list[tuple[Any, ...]]:
    """Rows of what was built after the erasure."""
    with duckdb.connect(str(Home(erased["company"].home).warehouse), read_only=True) as marts:
        return marts.execute(query).fetchall()


def retained(company: Any) -> dict[str, Any]:
    """What `erase --expired` did: its answer, and where the person was found before and afterwards."""
    needles = Needles.of([GONE_ID, GONE_EMAIL, GONE_NAME])
    before = verification.found(Home(company.home), needles)
    unset = company.run("--expired", command="erase")
    text = company.config.read_text()
    company.config.write_text(text.replace("settings: {", "settings: {deleted_people_days: 180, "))
    done = company.run("--expired", command="erase")
    return {"before": before, "unset": unset, "done": done, "after": verification.found(Home(company.home), needles)}


def months(marts: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], Decimal]:
    """(month, measure) → amount, of what `data_erasures` speaks of."""
    names = ("opening", "new", "reactivation", "expansion", "contraction", "churned", "closing")
    queries = [f"SELECT month, '{name}_mrr', {name}_mrr FROM marts.metric_mrr_movements" for name in names]
    queries += [
        "SELECT date_trunc('month', ordered_at)::DATE, 'orders', count(*) FROM marts.fct_orders GROUP BY 1",
        "SELECT date_trunc('month', ordered_at)::DATE, 'net_amount_reporting', sum(net_amount_reporting) FROM marts.fct_orders GROUP BY 1",
        "SELECT date_trunc('month', opened_at)::DATE, 'tickets', count(*) FROM marts.fct_tickets GROUP BY 1",
        "SELECT date_trunc('month', responded_at)::DATE, 'nps_responses', count(*) FROM marts.fct_survey_responses"
        " WHERE metric = 'nps' GROUP BY 1",
        "SELECT month, 'paying_customers', count(*) FROM marts.fct_subscription_months WHERE mrr > 0 GROUP BY 1",
    ]
    found = [row for query in queries for row in marts.execute(query).fetchall()]
    return {(str(month), measure): Decimal(amount) for month, measure, amount in found if amount}


def holding(home: Path) -> list[str]:
    """Files that hold a canary, by the search of the product and by a plain one of every byte."""
    plain = [one.lower().encode() for one in CANARIES]
    raw = [path.name for path in home.rglob("*") if path.is_file() and _holds(path.read_bytes().lower(), plain)]
    return verification.found(Home(home), Needles.of(CANARIES)) + raw


def _holds(content: bytes, wanted: list[bytes]) -> bool:
    return any(one in content for one in wanted)


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
    assert "Deleted at every source more than 180 days before the last night: 1 person." in told["done"].stdout
    assert {Path(name.split(":")[0].split(" ")[0]).parts[0] for name in told["before"]} >= {"landing", "warehouse", "releases"}
    assert waiting(told["after"]) == []


def test_whoever_comes_back_after_their_retention_is_a_new_customer(erased: dict[str, Any]) -> None:
    query = "SELECT source_customer_id FROM marts.customer_identities WHERE source_customer_id LIKE 'EXPIRED%'"
    assert built(erased, query) == [("EXPIRED-0002",)]


def test_two_names_of_one_person_are_one_erasure(erased: dict[str, Any]) -> None:
    assert erased["said"].count("Erased: ") == 1
    assert "Erased before" not in erased["said"]
    assert len(receipts(erased)) == 2  # and that of the retention before


def test_nothing_is_left_in_the_home(erased: dict[str, Any]) -> None:
    assert waiting(erased["after_erasure"]) == []


def test_a_reimport_brings_nobody_back_under_old_ids_or_new(erased: dict[str, Any]) -> None:
    assert built(erased, "SELECT count(*) FROM marts.customer_identities")[0][0] > 100
    assert holding(erased["company"].home) == []


def test_what_was_not_landed_is_counted(erased: dict[str, Any]) -> None:
    counted = dict(built(erased, "SELECT table_name, erased FROM marts.data_reconciliation"))
    planted, gone = rows(ID, ACCOUNT, ""), long_gone()
    assert {table: counted[table] for table in planted} == {
        table: 2 * len(lines) + len(gone.get(table, ())) for table, lines in planted.items()
    }
    assert counted["exchange_rates"] == 0
    assert {table for table, rows_of_them in erased["not_landed"].items() if rows_of_them} == set(planted)


def test_numbers_of_the_past_reconcile_to_the_cent(erased: dict[str, Any]) -> None:
    gone = {(str(month), measure): amount for month, measure, amount, _ in built(erased, "FROM marts.data_erasures")}
    assert gone["2026-03-01", "closing_mrr"] == Decimal("77.13")
    with duckdb.connect(str(Home(erased["company"].home).warehouse), read_only=True) as marts:
        now = months(marts)
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
    assert "2 clearing records to be sent with the next sync" in erased["said"]  # that of the retention waited


def test_somebody_elses_row_stays_without_the_mention(erased: dict[str, Any]) -> None:
    files = [path for _, _, path in landing.completed_files(erased["company"].home / "landing")["crm_tickets"]]
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


@long_test
def test_the_next_night_goes_on_as_usual_and_says_who_did_not_land(erased: dict[str, Any]) -> None:
    company = erased["company"]
    plant(company.exports, "canary", rows(ID, ACCOUNT, "TESTCANARY"))  # of files that did not change nothing is said
    screen = " ".join(company.night(AS_OF).split())
    assert "of crm_tickets of people who were erased: still at the source, not landed" in screen
    assert holding(company.home) == []
    release = releases.current(company.home)
    assert release.id != erased["kept_release"][0]
    with release.connect() as marts, duckdb.connect(str(Home(company.home).warehouse), read_only=True) as warehouse_of_the_night:
        assert months(marts) == months(warehouse_of_the_night)
        assert marts.execute("SELECT count(*) FROM marts.data_erasures").fetchone() != (0,)
