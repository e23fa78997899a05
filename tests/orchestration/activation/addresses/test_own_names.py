"""Fields under names of the company's own, a choice of them, and what becomes of names that are written no more."""

import json
import sqlite3
from contextlib import closing

import duckdb
import pytest

from orchestration.activation import forget, synchronise
from orchestration.configuration.field_names import refused
from orchestration.destinations import DestinationError, make
from tests.orchestration.activation.addresses.by_address import USUAL, Release

PEOPLE = {1: ("ann", "pro"), 2: ("bo", "free")}


@pytest.fixture
def sync(tmp_path):
    """A destination, its names, people → report."""
    nights = iter(range(1, 100))

    def run(destination, names, people=PEOPLE, **options):
        destination.__dict__.pop("_called", None)  # as made anew, which every sync does
        destination.names, destination.channels = names, ("email", "sms", "push")  # so that consent is no field
        release = Release(tmp_path, people, next(nights), destination.type)
        return synchronise(release, destination, "scores", state_folder=tmp_path / "state", **{**USUAL, **options})

    return run


def contacts(vendor):
    return {
        one["email"].partition("@")[0]: {name: value for name, value in one.items() if name != "email"} for one in vendor.contacts.values()
    }


@pytest.mark.parametrize(("names", "kind", "why"), [
    ({"nps": "crmp_other"}, "hubspot", "names that begin with crmp_ are ours"),
    ({"customer_key": "our_key"}, "braze", "customer_key keeps its name"),
    ({"nps": "NPS Score"}, "customerio", "it takes letters, digits and _"),
    ({"nps": "NPS"}, "hubspot", "small letters"),
    ({"nps": "customer_nps"}, "mailchimp", "at most ten capitals"),
    ({"nps": "NPS"}, "salesforce", "ends in __c"),
    ({"nps": "score", "clv_predicted": "Score"}, "klaviyo", "is the name of another field already"),
    ({"nps": "my_id"}, "hubspot", "or identifies records"),
    *(({"nps": name}, kind, "who somebody is or whether they may be written to") for kind, name in [
        ("hubspot", "hs_email_optout"), ("hubspot", "hs_marketable_status"), ("hubspot", "email"), ("salesforce", "HasOptedOutOfEmail__c"),
        ("salesforce", "DoNotCall__c"), ("braze", "email_subscribe"), ("braze", "push_subscribe"), ("mailchimp", "STATUS"),
        ("mailchimp", "FNAME"), ("klaviyo", "Consent"), ("customerio", "unsubscribed"), ("customerio", "cio_subscription_preferences"),
        ("webhook", "suppress_email"), ("sql", "external_id"),
    ]),
])  # fmt: skip
def test_names_that_are_not_ours_to_write_are_refused(names, kind, why):
    assert why in refused(names, kind, ["my_id"])
    assert (
        refused({"nps": "Loyalty__c" if kind == "salesforce" else "LOYALTY" if kind == "mailchimp" else "loyalty", "plan": ""}, kind) == ""
    )


@pytest.mark.parametrize("kind", ["hubspot", "braze", "klaviyo", "customerio", "mailchimp", "salesforce"])
def test_every_vendor_is_sent_the_chosen_fields_by_the_companys_names(place, sync, kind):
    destination, vendor = place(kind)
    ours = {"mailchimp": "LEVEL", "salesforce": "Level__c"}.get(kind, "our_level")
    heard = []
    usual = vendor.answer
    vendor.answer = lambda request: heard.append(json.dumps(request.body)) or usual(request)
    if kind == "salesforce":
        vendor.fields |= {ours: "string"}
    assert sync(destination, {"plan": ours}, {1: ("ann", "pro")}).outcomes["acknowledged"] == 1
    sent = "".join(heard)
    assert f'"{ours}": "pro"' in sent
    assert "crmp_plan" not in sent
    assert destination.name_of("customer_key") in sent, "by which a record is found again"


def test_a_name_that_is_written_no_more_is_cleared_with_everybody_and_then_forgotten(place, sync):
    destination, vendor = place("hubspot")
    sync(destination, {})
    before = sync(destination, {"plan": "level"}, live=False)
    assert (before.decisions, before.names, before.no_more) == (
        {"upsert": 2}, {"customer_key": "crmp_customer_key", "plan": "level"}, ["crmp_plan"],
    )  # fmt: skip
    assert before.change_share == 0, "a value under another name is no change to be afraid of"
    assert sync(destination, {"plan": "level"}).ok
    assert contacts(vendor)["ann"] == {"crmp_customer_key": "k1", "crmp_plan": "", "level": "pro"}
    again = sync(destination, {"plan": "level"})
    assert (again.decisions, again.no_more) == ({"unchanged": 2}, [])
    assert sync(destination, {}).ok, "and back"
    assert contacts(vendor)["ann"] == {"crmp_customer_key": "k1", "crmp_plan": "pro", "level": ""}


def test_who_is_erased_or_leaves_is_cleared_of_every_name_they_may_hold(place, sync, tmp_path):
    destination, vendor = place("hubspot")
    sync(destination, {}, {**PEOPLE, 3: ("cy", "pro")})
    forget(tmp_path / "state", ["k3"], ["x3"], lambda *_: None)
    vendor.refuses = {"ann@example.com": "RATE_LIMITS"}
    assert not sync(destination, {"plan": "level"}, {1: ("ann", "pro")}).ok
    assert contacts(vendor)["cy"] == {"crmp_customer_key": "", "crmp_plan": "", "level": ""}
    assert contacts(vendor)["bo"] == {"crmp_customer_key": "k2", "crmp_plan": "", "level": ""}
    vendor.refuses = {}
    assert sync(destination, {"plan": "level"}, {1: ("ann", "pro")}).no_more == ["crmp_plan"], "until it has arrived"
    assert contacts(vendor)["ann"] == {"crmp_customer_key": "k1", "crmp_plan": "", "level": "pro"}


def test_a_state_that_knows_no_names_yet_wrote_all_fields_by_ours(place, sync, tmp_path):
    destination, vendor = place("hubspot")
    sync(destination, {})
    with duckdb.connect(str(tmp_path / "state" / "activation" / "v.duckdb")) as connection:
        connection.execute("DROP TABLE written")
    assert sync(destination, {"plan": "level"}).no_more == ["crmp_plan"]
    assert contacts(vendor)["bo"]["crmp_plan"] == ""


def test_a_property_that_was_deleted_there_is_not_missed(place, sync):
    destination, vendor = place("hubspot")
    sync(destination, {})
    vendor.properties.pop("crmp_plan")
    assert sync(destination, {"plan": "level"}).ok
    assert "crmp_plan" not in vendor.properties


@pytest.mark.parametrize("told", [{"hubspotDefined": True}, {"modificationMetadata": {"readOnlyValue": True}}, {"calculated": True}])
def test_a_property_of_hubspots_own_or_that_nobody_can_write_is_refused_before_the_first_record(place, told):
    destination, vendor = place("hubspot")
    usual = vendor.answer
    destination.names = {"plan": "jobtitle"}
    there = {"name": "jobtitle", "type": "string", **told}
    vendor.answer = lambda request: (200, {}, {"results": [there]}) if request.method == "GET" else usual(request)
    with pytest.raises(DestinationError, match="jobtitle are HubSpot's own properties or read-only"):
        destination.prepare({"plan": "text"})


def test_tables_and_files_have_the_companys_columns(tmp_path, sync):
    table = make("sql", name="t", url=f"sqlite:///{tmp_path}/out.db")
    sync(table, {})
    assert sync(table, {"plan": "level"}).ok
    with closing(sqlite3.connect(tmp_path / "out.db")) as connection:
        assert connection.execute("SELECT external_id, plan, level FROM crmp_scores ORDER BY 1").fetchall() == [
            ("x1", None, "pro"), ("x2", None, "free"),
        ]  # fmt: skip
    table.close()
    files = make("files", name="f", path=str(tmp_path / "out"), format="jsonl")
    sync(files, {"plan": "level"}, {1: ("ann", "pro")})
    (written,) = (tmp_path / "out").rglob("*.jsonl")
    assert json.loads(written.read_text()) == {
        "external_id": "x1", "operation": "upsert", "release_id": "r3", "customer_key": "k1", "level": "pro",
    }  # fmt: skip


def test_an_audience_of_which_no_field_is_chosen_is_sent_by_its_key_and_left(sync, place):
    """A choice is made for all audiences of a destination: of one of them it may name nothing."""
    destination, vendor = place("hubspot")
    chosen = {"in_another_audience": ""}
    assert sync(destination, chosen).outcomes["acknowledged"] == 2
    assert set(contacts(vendor)["ann"]) == {"crmp_customer_key"}
    report = sync(destination, chosen, {1: PEOPLE[1]}, mode="mirror")
    assert (report.decisions, report.ok) == ({"clear": 1, "unchanged": 1}, True)
