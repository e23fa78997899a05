"""Where customers are companies, a contact leaves and the company stays: its key, its accounts and what they paid."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration import landing, releases, settings, warehouse
from orchestration.__main__ import main
from orchestration.contract import INPUT_TABLES
from orchestration.home import Home
from orchestration.privacy import remainder, verification
from orchestration.redaction import Needles
from tests.oracle import harness
from tests.orchestration.serving.conftest import published

pytestmark = pytest.mark.thorough


CONFIG = """company: {name: Acme, business_model: contractual, reporting_currency: USD, customer_level: company}
sources: [{type: files, path: exports}]
home: home
"""
ANN, BOB = "ann.canary@globex.example", "bob@globex.example"
EXPORTS = {
    "crm_customers": "customer_id,created_at,email,phone,full_name,company_name,country,birth_year,job_title\n"
    f"g-ann,2025-01-01,{ANN},+49 170 5550123,Ann Canary,Globex,DE,1970,Canary in Chief\n"
    f"g-bob,2025-02-01,{BOB},,Bob Other,Globex,DE,1980,Clerk\ni-cid,2025-03-01,cid@x.example,,Cid Else,Initech,FR,,\n",
    "crm_consents": "customer_id,channel,purpose,status,recorded_at\ng-ann,email,marketing,granted,2025-01-02\n"
    "g-bob,email,marketing,granted,2025-02-02\n",
    "crm_tickets": f"ticket_id,customer_id,opened_at,status,text\nt-ann,g-ann,2025-03-01,open,Ann Canary asks\n"
    f"t-bob,g-bob,2025-03-02,open,please ask {ANN}\n",
    "survey_responses": "response_id,customer_id,email,survey_id,metric,score,scale_min,scale_max,responded_at,comment\n"
    f"r-id,g-ann,,s,nps,9,0,10,2025-04-01,good\nr-mail,,{ANN.upper()},s,nps,2,0,10,2025-04-02,a canary comment\n"
    f"r-bob,,{BOB},s,nps,7,0,10,2025-04-03,\n",
    "billing_customers": "billing_customer_id,customer_id,email,created_at,currency\ncus_1,g-ann,accounts@globex.example,2025-01-01,USD\n",
    "billing_subscriptions": "subscription_id,billing_customer_id,status,started_at,plan,quantity,unit_amount,currency,interval\n"
    "s1,cus_1,active,2025-02-01,pro,1,77.13,USD,month\n",
    "billing_invoice_lines": "invoice_line_id,invoice_id,billing_customer_id,subscription_id,kind,issued_at,period_start,period_end,amount,"
    "currency\nl1,i1,cus_1,s1,recurring,2025-02-01,2025-02-01,2025-03-01,77.13,USD\n",
}
COMPANYS = ("dim_customers", "fct_subscription_months", "metric_mrr_movements", "int_customer_identities")


@pytest.fixture(scope="module")
def landed_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a company whose exports have landed."""
    folder = tmp_path_factory.mktemp("contacts")
    (folder / "config.yaml").write_text(CONFIG)
    (folder / "exports").mkdir()
    export(folder, EXPORTS)
    made = Home(folder / "home")
    made.prepare()
    land(made)
    return folder


@pytest.fixture
def home(landed_once: Path, tmp_path: Path) -> Home:
    shutil.copytree(landed_once, tmp_path, symlinks=True, dirs_exist_ok=True)
    return Home(tmp_path / "home")


def export(folder: Path, files: dict[str, str]) -> None:
    for table, text in files.items():
        (folder / "exports" / f"{table}.csv").write_text(text)


def land(home: Home) -> None:
    loaded = settings.load(home.root.parent / "config.yaml", {})
    gone = landing.Tombstones(home.erasures)
    loads = landing.extract(loaded.ready(loaded.sources[0]), INPUT_TABLES.values(), home.landing, home.state / "dlt", tombstones=gone)
    assert [load.error for load in loads if load.error] == []


def command(home: Home, *arguments: str) -> int:
    return main([*arguments, "--config", str(home.root.parent / "config.yaml")])


def landed(home: Home, table: str) -> list[dict[str, Any]]:
    files = [path for *_, path in landing.completed_files(home.landing)[table]]
    query = f"SELECT * FROM read_parquet({files}, union_by_name = true) WHERE NOT _is_deleted ORDER BY ALL"
    return duckdb.execute(query).to_arrow_table().to_pylist()


def marts(home: Home) -> dict[str, list[tuple[Any, ...]]]:
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH ':memory:' AS {harness.DATABASE}; USE {harness.DATABASE}; SET TimeZone = 'UTC'")
        warehouse.prepare(connection)
        warehouse.expose_landing(connection, landing.completed_files(home.landing))
        warehouse.load_erasures(connection, landing.erased_rows(home.landing), remainder.total(home.erasures))
        project = harness.project("contractual", customer_level="company")
        wanted = (*COMPANYS, "fct_tickets", "fct_survey_responses", "int_contact_consents")
        project.build(connection, wanted, "2025-12-31")
        return {name: connection.sql(f"FROM {project.nodes[name].relation} ORDER BY ALL").fetchall() for name in wanted}


def nothing_of_ann(home: Home) -> None:
    needles = Needles.of([ANN, "+49 170 5550123", "Ann Canary", "Canary in Chief", "a canary comment"])
    assert verification.found(home, needles) == []


def test_the_contact_is_nowhere_and_the_company_is_what_it_was(home: Home) -> None:
    before = marts(home)
    assert len(before["int_contact_consents"]) == 2
    assert command(home, "erase", "--contact", "g-ann", "--yes") == 0
    nothing_of_ann(home)
    after = marts(home)
    hashed = [column for column, *_ in before["dim_customers"]]
    assert hashed == [column for column, *_ in after["dim_customers"]]
    for mart in COMPANYS[1:]:
        assert after[mart] == before[mart], mart
    assert len(after["int_contact_consents"]) == 1
    assert [len(after[mart]) for mart in ("fct_tickets", "fct_survey_responses")] == [1, 1]


def test_others_of_the_company_and_its_accounts_stay(home: Home) -> None:
    command(home, "erase", "--contact", ANN, "--yes")
    ann, bob, cid = landed(home, "crm_customers")
    assert {name for name, value in ann.items() if value is not None and not name.startswith("_")} == {
        "load_id", "customer_id", "created_at", "company_name", "country",
    }  # fmt: skip
    assert (bob["email"], bob["full_name"], cid["email"]) == (BOB, "Bob Other", "cid@x.example")
    assert [(row["billing_customer_id"], row["customer_id"]) for row in landed(home, "billing_customers")] == [("cus_1", "g-ann")]
    assert [row["text"] for row in landed(home, "crm_tickets")] == ["please ask [erased]"]
    assert [row["response_id"] for row in landed(home, "survey_responses")] == ["r-bob"]


def test_what_the_source_says_later_lands_without_what_is_theirs(home: Home) -> None:
    command(home, "erase", "--contact", "g-ann", "--yes")
    renamed = EXPORTS["crm_customers"].replace("Ann Canary,Globex", "Ann Canary,Globex International").replace("Canary in Chief", "Canary")
    again = f"g-ann2,2025-11-01,{ANN},,Ann Canary,Globex,DE,1970,Canary in Chief\n"  # known again by the address
    tickets = EXPORTS["crm_tickets"] + "t-new,g-ann2,2025-12-01,open,Ann Canary again\n"
    export(home.root.parent, {"crm_customers": renamed + again, "crm_tickets": tickets})
    land(home)
    nothing_of_ann(home)
    rows = {row["company_name"] for row in landed(home, "crm_customers") if row["customer_id"] == "g-ann"}
    assert rows == {"Globex", "Globex International"}
    assert landing.summary(home.landing)[0]["held_now"] == 4
    assert [row["ticket_id"] for row in landed(home, "crm_tickets")] == ["t-bob"]
    held = landed(home, "crm_customers")
    land(home)
    assert landed(home, "crm_customers") == held


def test_a_release_loses_what_they_said_and_keeps_the_company(home: Home) -> None:
    hashed = duckdb.execute("SELECT sha256($1 || '|' || $2)", [home.salt(), ANN]).fetchall()[0][0]
    published(
        home.root,
        f"""CREATE TABLE marts.dim_customers AS SELECT 'globex' AS customer_key, '{hashed}' AS primary_email_hash;
        CREATE TABLE marts.customer_identities AS SELECT 'files' AS source, 'crm' AS record_type, 'g-ann' AS source_customer_id,
            'globex' AS customer_key, NULL::TIMESTAMP AS valid_to;
        CREATE TABLE marts.fct_feedback AS FROM (VALUES (NULL, 't-ann', 'globex', 'Ann Canary asks'), (NULL, 't-bob', 'globex', 'to {ANN}'),
            ('r-mail', NULL, 'globex', 'a canary comment')) AS said (response_id, ticket_id, customer_key, comment);
        CREATE TABLE marts.fct_tickets AS FROM (VALUES ('t-ann', 'globex', TIMESTAMP '2025-03-01'),
            ('t-bob', 'globex', TIMESTAMP '2025-03-02')) AS opened (ticket_id, customer_key, opened_at);
        CREATE TABLE marts.sync_files__customer_scores AS SELECT 'globex' AS customer_key, 'g-ann' AS external_id, '{ANN}' AS email""",
    )
    (home.root / "warehouse.duckdb").unlink()
    assert command(home, "erase", "--contact", "g-ann", "--yes") == 0
    nothing_of_ann(home)
    release = releases.current(home.root)
    release.verify()
    assert release.table("dim_customers").to_pylist() == [{"customer_key": "globex", "primary_email_hash": "[erased]"}]
    assert release.table("customer_identities").num_rows == 1
    assert release.table("fct_feedback").column("comment").to_pylist() == ["to [erased]"]
    assert release.table("sync_files__customer_scores").to_pylist() == [
        {"customer_key": "globex", "external_id": "g-ann", "email": "[erased]"}
    ]
    assert remainder.total(home.erasures) == [("2025-03-01", "tickets", "1")]


def test_an_account_that_only_the_address_ties_to_the_company_is_told(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    export(home.root.parent, {"billing_customers": f"billing_customer_id,email,created_at\ncus_9,{ANN},2025-01-01\n"})
    land(home)
    assert command(home, "erase", "--contact", "g-ann", "--yes") == 2
    assert "only this contact's address ties 1 account of billing (cus_9) to the company" in capsys.readouterr().err
    assert landed(home, "crm_customers")[0]["email"] == ANN


def test_contacts_whom_the_source_has_deleted_for_long_are_emptied_once(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    config = home.root.parent / "config.yaml"
    config.write_text(f"{CONFIG}settings: {{deleted_people_days: 30}}\n")
    header, ann, *others = EXPORTS["crm_customers"].splitlines()
    gone = "\n".join([f"{header},deleted_at", f"{ann},2025-06-01", f"{others[0]},2025-12-20", f"{others[1]},", ""])
    export(home.root.parent, {"crm_customers": gone})
    land(home)
    wanted = ("int_identity_spans", "stg_files__crm_customers", "stg_files__billing_customers")
    for told in ("last night: 1 person.", "last night: 0 people."):
        with warehouse.connect(home.warehouse) as connection:
            warehouse.prepare(connection)
            warehouse.expose_landing(connection, landing.completed_files(home.landing))
            warehouse.begin(connection, date(2025, 12, 31))
            for schema in ("staging", "intermediate", "seeds"):
                connection.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
            harness.project("contractual", customer_level="company").build(connection, wanted, "2025-12-31")
        assert command(home, "erase", "--expired") == 0
        assert told in capsys.readouterr().out
    nothing_of_ann(home)
    assert {row["email"] for row in landed(home, "crm_customers") if row["customer_id"] == "g-bob"} == {BOB}


def test_an_export_holds_one_contact_and_nobody_else(home: Home, tmp_path: Path) -> None:
    out = tmp_path / "held.json"
    assert command(home, "export", "--contact", ANN, "--out", str(out)) == 0
    held = json.loads(out.read_text())
    assert {table: len(rows) for table, rows in held["landing"].items()} == {
        "crm_customers": 1, "crm_consents": 1, "crm_tickets": 1, "survey_responses": 2,
    }  # fmt: skip
    assert "Bob Other" not in out.read_text()
    assert command(home, "export", "--customer", "g-ann") == 2


def test_names_of_nobody_and_of_the_company_are_one_line(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(home, "erase", "--contact", "Globex", "--yes") == 2
    assert capsys.readouterr().err == "rapport: Globex: no contact has this id in a CRM, or this e-mail address\n"
    config = home.root.parent / "config.yaml"
    config.write_text(CONFIG.replace("customer_level: company", "customer_level: contact"))
    assert command(home, "erase", "--contact", "g-ann", "--yes") == 2
    assert "the customers here are people (customer_level: contact); name the person with --customer" in capsys.readouterr().err


def test_a_contact_can_be_lifted(home: Home) -> None:
    command(home, "erase", "--contact", "g-ann", "--yes")
    assert command(home, "erase", "--contact", "g-ann", "--yes") == 0
    assert len([*home.erasures.glob("2*.json")]) == 1
    assert command(home, "erase", "--lift", "--contact", "g-ann", "--yes") == 0
    before = marts(home)
    land(home)
    assert sorted(row["ticket_id"] for row in landed(home, "crm_tickets")) == ["t-ann", "t-bob"]
    assert [row["email"] for row in landed(home, "crm_customers") if row["customer_id"] == "g-ann"] == [ANN, None]
    after = marts(home)
    assert after["int_customer_identities"] == before["int_customer_identities"]
    assert [len(one["fct_survey_responses"]) for one in (before, after)] == [1, 3]
