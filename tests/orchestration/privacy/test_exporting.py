"""What is held on one person: their rows that wait in quarantine, whatever their id; nothing of others; under keys of before, too."""

from __future__ import annotations

from datetime import date
from typing import Any

import duckdb
import pytest

from orchestration import landing, releases, settings, warehouse
from orchestration.activation.state_tables import TABLES
from orchestration.contract import INPUT_TABLES
from orchestration.gates import gatekeeping
from orchestration.home import Home
from orchestration.night import Night
from orchestration.privacy import contact, exporting
from orchestration.privacy.subject import UnknownPersonError
from orchestration.privacy.whom import find

CONFIG = """company: {name: Acme, business_model: contractual, reporting_currency: USD}
sources: [{type: files, path: exports}]
home: home
"""
EXPORTS = {
    "crm_customers": "customer_id,created_at,email\n7,2026-01-01,ann@gmail.com\n8,2026-01-02,bob@x.example\n",
    "crm_tickets": "ticket_id,customer_id,opened_at,text\nhers,7,the 31st,call me\nhis,8,the 31st,ask ann@gmail.com\n",
}
AS_OF = date(2026, 1, 31)
MARTS = {
    "customer_identities": "SELECT 'files' AS source, 'crm' AS record_type, '7' AS source_customer_id, 'new-key-of-ann' AS customer_key,"
    " NULL::DATE AS valid_to",
    "dim_customer_key_redirects": "SELECT 'old-key-of-ann' AS old_customer_key, 'new-key-of-ann' AS customer_key",
    "fct_tickets": "SELECT 'hers' AS ticket_id, 'key-of-the-company' AS customer_key",
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    folder = tmp_path_factory.mktemp("company")
    (folder / "config.yaml").write_text(CONFIG)
    (folder / "exports").mkdir()
    for table, text in EXPORTS.items():
        (folder / "exports" / f"{table}.csv").write_text(text)
    made, loaded = Home(folder / "home"), settings.load(folder / "config.yaml", {})
    made.prepare()
    landing.extract(loaded.ready(loaded.sources[0]), INPUT_TABLES.values(), made.landing, made.state / "dlt")
    with Night(loaded, made, AS_OF, "run").warehouse(begins=True) as connection:
        gatekeeping.examine(Night(loaded, made, AS_OF, "run"), connection)
    published = folder / "published.duckdb"
    with warehouse.connect(published) as connection:
        connection.execute("CREATE SCHEMA marts")
        for table, query in MARTS.items():
            connection.execute(f"CREATE TABLE marts.{table} AS {query}")
    judged: dict[str, Any] = {"run_id": "r", "code_version": "1", "config_hash": "c", "models": {}, "sources": [], "checks": []}
    releases.publish(releases.build(published, made.root, as_of=AS_OF, **judged))
    return made


def test_rows_in_quarantine_are_theirs_and_nobody_elses(home: Home) -> None:
    told = exporting.everything(home, find(home, "7"))
    assert [(row["row_key"], row["rule"]) for row in told["quarantine"]] == [("hers", "unparseable")]
    assert {row["ticket_id"] for row in told["landing"]["crm_tickets"]} == {"hers"}


def test_what_a_destination_rejected_of_them_is_told_with_its_reason(home: Home) -> None:
    (home.state / "activation").mkdir(exist_ok=True)
    with duckdb.connect(str(home.state / "activation" / "crm.duckdb")) as connection:
        connection.execute(TABLES.replace(" state.", " "))
        connection.execute(
            "INSERT INTO dead_letters (audience, external_id, code, attempts) VALUES ('s', '7', 'bad_mail', 3), ('s', '8', 'x', 1)"
        )
        connection.execute("INSERT INTO suppressed VALUES ('s', '7', 'no_consent')")
    told = exporting.everything(home, find(home, "7"))["activation_further"]
    assert {table: [row["code"] for row in rows] for table, rows in told["crm"].items()} == {
        "dead_letters": ["bad_mail"],
        "suppressed": ["no_consent"],
    }


def test_a_key_of_before_a_merge_means_whoever_has_the_key_of_now(home: Home) -> None:
    found = find(home, "old-key-of-ann")
    assert (found.keys, found.records) == (("new-key-of-ann",), (("files", "crm", "7"),))
    assert "old-key-of-ann" in found.needles.texts
    with pytest.raises(UnknownPersonError):
        find(home, "key-of-nobody")


def test_a_contact_is_told_of_tickets_that_are_published(home: Home) -> None:
    (published,) = exporting.everything(home, contact.find(home, "ann@gmail.com"))["releases"]
    assert [row["ticket_id"] for row in published["tables"]["fct_tickets"]] == ["hers"]


def test_who_is_meant_is_found_without_reading_what_they_did(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """A million customers have sixty million interactions, and none of them says who anybody is."""
    looked: set[str] = set()
    of = landing.finding.condition_of

    def watched(connection: Any, tombstones: Any, log: Any, table: Any, crm_ids: str) -> str:
        looked.add(table.name)
        return of(connection, tombstones, log, table, crm_ids)

    monkeypatch.setattr(landing.finding, "condition_of", watched)
    assert find(home, "7").records == find(home, "ann@gmail.com").records
    assert looked == {"crm_customers"}
    exporting.everything(home, find(home, "7"))
    assert looked == {"crm_customers", "crm_tickets"}
