"""`sync` and `check-destination` from the command line, over a release that a test made."""

from contextlib import contextmanager
from datetime import UTC, date, datetime

import duckdb
import pytest

from orchestration import releases
from orchestration.__main__ import main
from orchestration.activation import forget, orders
from tests.fakes.hubspot_destination import TOKEN, Hubspot
from tests.fakes.receiver import serving
from tests.fakes.salesforce_destination import TOKEN as SF_TOKEN
from tests.fakes.salesforce_destination import Salesforce


class Release:
    """Three customers for HubSpot."""

    source, newest, busy_days, first = "files", "2026-01-30", 28, 0
    id, created_at, tables = "r1", datetime(2026, 2, 1, tzinfo=UTC), ("sync_hubspot__customer_scores",)

    def __init__(self, file):
        self._file = file
        duckdb.execute(f"""COPY (
            SELECT 'x' || i AS external_id, 'k' || i AS customer_key, 'secret' || i || '@example.com' AS email,
                0.5 + i / 10 AS churn_probability, false AS is_erased, true AS can_profile FROM range({self.first}, 3) AS t(i)
        ) TO '{file}' (FORMAT parquet)""")

    def table_file(self, _):
        return self._file

    as_of = date(2026, 1, 31)

    @property
    def manifest(self):
        return {
            "sources": [
                {
                    "source": self.source,
                    "table_name": "billing_payments",
                    "last_event_at": f"{self.newest} 10:00:00",
                    "busy_days": self.busy_days,
                }
            ]
        }

    @contextmanager
    def pinned(self):
        yield self


@pytest.fixture
def hubspot():
    with serving(Hubspot()) as vendor:
        yield vendor


@pytest.fixture
def command(tmp_path, monkeypatch, capsys, hubspot):
    """Arguments → exit code, what was printed, what was complained."""
    monkeypatch.setenv("RAPPORT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TOKEN", TOKEN)
    (tmp_path / "home" / "state").mkdir(parents=True)
    monkeypatch.setattr(releases, "current", lambda _: Release(tmp_path / "audience.parquet"))
    (tmp_path / "config.yaml").write_text(
        "company: {name: A, business_model: contractual, reporting_currency: USD}\nsources: [{type: files, path: exports}]\n"
        f"destinations: [{{name: crm, type: hubspot, token: '${{TOKEN}}', base_url: '{hubspot.url}', live: true}}]\n"
    )

    def run(*arguments):
        code = main([*arguments, "--config", str(tmp_path / "config.yaml")])
        return code, *capsys.readouterr()

    return run


def test_a_dry_run_tells_and_touches_nothing(command, hubspot):
    code, said, _ = command("sync", "crm", "--dry-run")
    assert code == 0
    assert "crm/customer_scores, release r1: 3 upsert" in said
    assert "dry run, nothing was sent: 1 call, 0 seconds at the destination's limits" in said
    assert "secret0" not in said
    assert hubspot.requests == []


def test_a_sync_sends_what_changed_and_then_nothing(command, hubspot):
    assert command("sync", "crm", "--only", "k2")[0] == 0
    assert [one["email"] for one in hubspot.contacts.values()] == ["secret2@example.com"]
    code, said, _ = command("sync", "crm", "--limit", "1")
    assert (code, len(hubspot.contacts)) == (0, 2)
    assert "1 unchanged" in said
    assert "1 acknowledged" in command("sync", "crm")[1]
    assert len(hubspot.contacts) == 3
    before = len(hubspot.requests)
    assert "3 unchanged" in command("sync", "crm")[1]
    assert len(hubspot.requests) == before


def test_a_source_that_stopped_is_refused_until_a_person_lets_it_through(command, hubspot, monkeypatch):
    monkeypatch.setattr(Release, "newest", "2026-01-20")
    code, _, complaint = command("sync", "crm")
    assert (code, hubspot.requests) == (1, [])
    assert "source files has no news for 11 days, more than max_days_behind 7: did the export stop? (if it is meant: `" in complaint
    assert command(*complaint.split("`")[1].removeprefix("python -m orchestration ").split())[0] == 0, "as it says"
    assert len(hubspot.contacts) == 3


def test_a_source_that_seldom_has_news_is_not_late(command, hubspot, monkeypatch):
    monkeypatch.setattr(Release, "newest", "2026-01-20")
    monkeypatch.setattr(Release, "busy_days", 5)
    assert command("sync", "crm")[0] == 0
    assert len(hubspot.contacts) == 3


def test_a_source_that_is_configured_no_more_is_not_late(command, hubspot, monkeypatch):
    monkeypatch.setattr(Release, "newest", "2026-01-20")
    monkeypatch.setattr(Release, "source", "the_crm_of_before")
    assert command("sync", "crm")[0] == 0
    assert len(hubspot.contacts) == 3


def test_who_has_withdrawn_since_the_served_release_is_not_sent(command, hubspot, monkeypatch, tmp_path):
    later = Release(tmp_path / "later.parquet")
    later.id, later.as_of, later.tables = "r2", date(2026, 2, 28), ("dim_customers",)
    known = "SELECT 'k' || i AS customer_key, false AS is_erased, i <> 1 AS can_profile FROM range(3) AS t(i)"
    duckdb.execute(f"COPY ({known}) TO '{tmp_path / 'later.parquet'}' (FORMAT parquet)")
    monkeypatch.setattr(releases, "newest_known", lambda _: later)
    code, said, _ = command("sync", "crm")
    assert (code, len(hubspot.contacts)) == (0, 2)
    assert "not sent: 1 profiling_withdrawn" in said


def test_from_a_release_that_a_refused_night_left_standing_nothing_is_sent_unasked(command, hubspot, tmp_path):
    releases.record_refusal(tmp_path / "home", as_of=date(2026, 2, 1), stage="mart_gate", reasons=["a key twice"])
    code, _, complaint = command("sync", "crm")
    assert (code, hubspot.requests) == (1, [])
    assert "the night of 2026-02-01 was refused at mart_gate, so release r1 is older than it should be (if it is" in complaint
    assert command("sync", "crm", "--override", "release_refused")[0] == 0
    assert len(hubspot.contacts) == 3


def test_what_was_rejected_waits_for_a_person(command, hubspot):
    hubspot.refuses = {"secret1@example.com": "VALIDATION_ERROR"}
    code, said, _ = command("sync", "crm")
    assert (code, "1 rejected: validation_error" in said) == (1, True)
    hubspot.refuses = {}
    assert "1 dead, 2 unchanged" in command("sync", "crm")[1]
    code, said, _ = command("sync", "crm", "--retry-dead")
    assert (code, "1 acknowledged" in said) == (0, True)


def test_a_vendor_that_refuses_us_is_one_line(command, hubspot, monkeypatch):
    monkeypatch.setenv("TOKEN", "another")
    for arguments in (("sync", "crm"), ("check-destination", "crm")):
        code, _, complaint = command(*arguments)
        assert code == 1
        assert "hubspot refuses us (401); its token needs crm.objects.contacts.write" in complaint
        assert complaint.count("\n") == 1


def test_a_destination_is_asked_whether_it_lets_us_in(command, hubspot):
    code, said, _ = command("check-destination", "crm")
    fields = "churn_probability as crmp_churn_probability, customer_key as crmp_customer_key"
    assert (code, said) == (0, f"crm: hubspot at {hubspot.url} lets us in; live.\n  customer_scores: {fields}\n")
    assert hubspot.contacts == {}
    hubspot.may_read = False
    code, said, _ = command("check-destination", "crm")
    assert (code, said.splitlines()[2]) == (
        0,
        "  What somebody changes there will not be found: destination crm: hubspot refuses us (403); to compare what contacts hold its"
        " token needs crm.objects.contacts.read, or set reconcile_every_days: 0.",
    )


def test_the_companys_own_names_are_told_and_a_field_that_nobody_has_is_refused(command, hubspot, tmp_path):
    config = tmp_path / "config.yaml"
    usual = config.read_text()
    config.write_text(usual.replace("live: true", "fields: {churn_probability: churn_score}, live: true"))
    assert "customer_scores: churn_probability as churn_score, customer_key as crmp_customer_key" in command("check-destination", "crm")[1]
    _, said, _ = command("sync", "crm", "--dry-run")
    assert "fields: customer_key as crmp_customer_key, churn_probability as churn_score; no others" in said
    config.write_text(usual.replace("live: true", "fields: {churn_probabilty: churn_score}, live: true"))
    for arguments in (("sync", "crm"), ("check-destination", "crm")):
        code, _, complaint = command(*arguments)
        assert (code, hubspot.contacts) == (2 if arguments[0] == "check-destination" else 1, {})
        assert "fields of destination crm names churn_probabilty, which none of its audiences has; they have churn_probability" in complaint


def test_a_destination_under_a_new_name_asks_for_the_state_of_the_old_one(command, hubspot, tmp_path):
    config, folder = tmp_path / "config.yaml", tmp_path / "home" / "state" / "activation"
    command("sync", "crm")
    made = len(hubspot.requests)
    config.write_text(config.read_text().replace("name: crm", "name: sales"))
    command("sync", "sales")
    code, _, complaint = command("sync", "sales")
    assert (code, len(hubspot.requests)) == (1, made), "also the second time"
    assert "crm, which is configured no more, sent to" in complaint
    assert "[renamed]" in complaint
    (folder / "crm.duckdb").replace(folder / "sales.duckdb")
    code, said, _ = command("sync", "sales")
    assert (code, "3 unchanged" in said, len(hubspot.requests)) == (0, True, made)


def test_live_and_dry_and_live_again_sends_the_difference_and_clears_first(command, hubspot, tmp_path, monkeypatch):
    config, usual = tmp_path / "config.yaml", (tmp_path / "config.yaml").read_text()
    command("sync", "crm", "--limit", "2")
    forget(tmp_path / "home" / "state", ["k0"], ["x0"], lambda *_: None)
    monkeypatch.setattr(Release, "first", 1)
    made = len(hubspot.requests)
    config.write_text(usual.replace("live: true", "live: false"))
    _, said, _ = command("sync", "crm")
    assert "1 clear, 1 unchanged, 1 upsert" in said
    assert (len(hubspot.requests), list(orders(tmp_path / "home" / "state"))) == (made, ["crm"])
    config.write_text(usual)
    assert "2 acknowledged" in command("sync", "crm")[1]
    assert [one["inputs"][0]["id"] for one in (request.body for request in hubspot.requests[made:]) if one and "inputs" in one] == [
        "101", "secret2@example.com",
    ]  # fmt: skip
    assert orders(tmp_path / "home" / "state") == {}


def test_where_we_make_fields_ourselves_there_is_nothing_to_deploy(command, hubspot, tmp_path):
    code, _, complaint = command("check-destination", "crm", "--write-fields", str(tmp_path / "fields"))
    assert (code, hubspot.requests, (tmp_path / "fields").exists()) == (1, [], False)
    assert "its fields are made by the first sync" in complaint


def test_an_audience_without_a_model_or_a_night_is_told_by_the_check(command, hubspot, tmp_path):
    file = tmp_path / "config.yaml"
    file.write_text(file.read_text().replace("live: true", "live: true, audiences: [customer_scores, at_risk]"))
    code, said, _ = command("check-destination", "crm")
    assert (code, said.splitlines()[2]) == (0, "  at_risk: the served release does not have it yet; the next night makes it")
    file.write_text(file.read_text().replace("at_risk", "everyone"))
    code, said, complaint = command("check-destination", "crm")
    assert (code, said) == (2, "")
    assert "destination crm.audiences: there is no audience 'everyone' for hubspot; use at_risk, customer_scores" in complaint


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["sync", "nobody"], "there is no destination 'nobody'; configured: crm"),
        (["check-destination", "nobody"], "there is no destination 'nobody'; configured: crm"),
        (["sync", "crm", "--override", "luck"], "--override luck: there is no such breaker; known are: receiver_gone"),
        (["sync", "crm", "--limit", "0"], "--limit 0: send one record at least"),
    ],
)
def test_a_wrong_argument_is_one_line_and_code_two(command, hubspot, arguments, words):
    code, _, complaint = command(*arguments)
    assert (code, hubspot.requests) == (2, [])
    assert words in complaint


def test_fields_that_salesforce_lacks_are_told_by_the_check_before_a_night_finds_them(command, tmp_path, monkeypatch):
    monkeypatch.setattr(Release, "tables", ("sync_salesforce__customer_scores",))
    with serving(Salesforce()) as vendor:
        vendor.fields = {"crmp_customer_key__c": "string"}
        (tmp_path / "config.yaml").write_text(
            "company: {name: A, business_model: contractual, reporting_currency: USD}\nsources: [{type: files, path: exports}]\n"
            "destinations: [{name: crm, type: salesforce, instance_url: 'https://acme.my.salesforce.com', access_token: '${SF}',"
            f" base_url: '{vendor.url}'}}]\n"
        )
        monkeypatch.setenv("SF", SF_TOKEN)
        code, _, complaint = command("check-destination", "crm")
        assert (code, complaint.count("\n")) == (1, 1)
        assert "Contact lacks, or hides from our user, the custom fields crmp_churn_probability__c (Number(14, 4)):" in complaint
        asked = len(vendor.requests)
        code, said, _ = command("check-destination", "crm", "--write-fields", str(tmp_path / "fields"))
        assert (code, "sf project deploy start --metadata-dir" in said, len(vendor.requests)) == (0, True, asked)
        assert "<fullName>crmp_churn_probability__c</fullName>" in (tmp_path / "fields" / "objects" / "Contact.object").read_text()
        vendor.fields["crmp_churn_probability__c"] = "double"
        assert command("check-destination", "crm")[0] == 0


def test_a_webhook_that_nobody_has_asked_is_not_said_to_let_us_in(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("RAPPORT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SECRET", "s")
    (tmp_path / "config.yaml").write_text(
        "company: {name: A, business_model: contractual, reporting_currency: USD}\nsources: [{type: files, path: exports}]\n"
        "destinations: [{type: webhook, url: 'https://hooks.example.com/in', secret: '${SECRET}'}]\n"
    )
    assert main(["check-destination", "webhook", "--config", str(tmp_path / "config.yaml")]) == 0
    assert "was not asked, since it has no call that sends nothing" in capsys.readouterr().out


def test_what_somebody_changed_there_is_told_and_sent_again_as_often_as_the_configuration_says(command, hubspot, tmp_path):
    command("sync", "crm")
    hubspot.change("secret1", churn_probability="0.9")
    hubspot.change("secret2", gone=True)
    with duckdb.connect(str(tmp_path / "home" / "state" / "activation" / "crm.duckdb")) as state:
        state.execute("UPDATE acknowledged SET acknowledged_at = acknowledged_at - INTERVAL 7 DAY")
    dry = command("sync", "crm", "--dry-run")[1]
    assert "due: 3 records are compared with what it holds: 1 call, 0 seconds at its limits" in dry
    code, said, _ = command("sync", "crm")
    assert (code, "3 records in 1 call: 1 hold something else, 1 are not there any more" in said) == (0, True)
    assert [hubspot.arrived()[name]["churn_probability"] for name in ("secret1", "secret2")] == ["0.6", "0.7"]
    assert "compared" not in command("sync", "crm")[1]
