"""Salesforce: collections for few, a Bulk job for many, and who is there."""

from dataclasses import replace
from xml.etree import ElementTree

import pytest

from orchestration.destinations import DestinationError
from orchestration.destinations.salesforce_answers import quoted
from orchestration.destinations.salesforce_fields import amiss
from tests.orchestration.destinations.conftest import batch_of, cleared, counted, sent

SPACE = "{http://soap.sforce.com/2006/04/metadata}"
DESCRIBED = {  # a type of the metadata as the description of an object tells it
    "Number": "double", "Checkbox": "boolean", "Date": "date", "DateTime": "datetime", "LongTextArea": "textarea", "Text": "string",
}  # fmt: skip


def test_collections_answer_in_order(place):
    destination, vendor = place("salesforce")
    vendor.refuses = {"c2": "REQUIRED_FIELD_MISSING", "c3": "UNABLE_TO_LOCK_ROW"}
    results = sent(destination, batch_of(4))
    assert results["c2"] == ("rejected", "required_field_missing")
    assert results["c3"] == ("retryable", "unable_to_lock_row")
    assert vendor.contacts == {"c1": {"crmp_nps__c": 1}, "c4": {"crmp_nps__c": 4}}


def test_many_go_as_a_bulk_job_whose_rows_come_back_in_any_order(place):
    destination, vendor = place("salesforce")
    vendor.refuses, vendor.polls = {"c7": "INVALID_FIELD", "c9": "UNABLE_TO_LOCK_ROW"}, 2
    results = sent(destination, batch_of(250, plan=None))
    assert counted(results) == {"acknowledged": 248, "rejected": 1, "retryable": 1}
    assert (results["c7"], vendor.contacts["c1"]) == (("rejected", "invalid_field"), {"crmp_nps__c": "1", "crmp_plan__c": None})
    assert [destination.limits_for(count).max_records for count in (1_999, 2_000)] == [200, 20_000]


def test_many_jobs_go_side_by_side_and_a_forecast_knows_that_each_takes_five_calls(place):
    destination, _ = place("salesforce")
    assert [destination.width(count) for count in (1_999, 2_000)] == [1, 5]
    assert [destination.forecast(*asked) for asked in ((1_000, 5), (20_000, 1), (200_000, 10))] == [
        (5, pytest.approx(1.5)), (5, pytest.approx(1.5)), (50, pytest.approx(3.0)),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("refuses", "asked"), [({}, ["successfulResults"]), ({"c7": "INVALID_FIELD"}, ["successfulResults", "failedResults"])]
)
def test_what_a_job_refused_is_asked_for_only_where_it_refused_any(place, refuses, asked):
    destination, vendor = place("salesforce")
    vendor.refuses = refuses
    assert counted(sent(destination, batch_of(250)))["acknowledged"] == 250 - len(refuses)
    assert [request.path.rpartition("/")[2] for request in vendor.requests if request.path.endswith("Results")] == asked


def test_a_day_whose_calls_are_used_up_is_no_missing_right(place):
    destination, vendor = place("salesforce")
    used_up = (403, {}, [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}])
    vendor.faults = [used_up] * 3
    answer = destination.send(batch_of(2))
    assert answer.stop == "the day's calls to Salesforce are used up (REQUEST_LIMIT_EXCEEDED); the next sync goes on"
    assert {str(one.result) for one in answer.outcomes} == {"retryable"}
    with pytest.raises(DestinationError, match="calls to Salesforce are used up"):
        destination.preflight()
    assert not destination.held("scores", batch_of(2).records).refused, "the next night may ask"


def test_nobody_is_made_to_be_cleared_or_with_update_only(place):
    destination, vendor = place("salesforce", mode="update_only")
    vendor.contacts = {"c1": {"crmp_nps__c": 3}}
    assert sent(destination, batch_of(2)) == {"c1": ("acknowledged", ""), "c2": ("suppressed", "not_there")}
    assert sent(destination, cleared("c1")) == {"c1": ("acknowledged", "")}
    assert sent(destination, cleared("c5")) == {"c5": ("acknowledged", "not_there")}
    assert vendor.contacts == {"c1": {"crmp_nps__c": None}}


@pytest.mark.parametrize("count", [2, 250])
def test_a_checkbox_knows_no_null_and_is_cleared_by_not_being_ticked(place, count):
    destination, vendor = place("salesforce")
    destination.kinds = {"nps": "number", "is_vip": "boolean"}
    sent(destination, batch_of(count, is_vip=True))
    assert vendor.contacts["c1"]["crmp_is_vip__c"] in (True, "true")
    batch = batch_of(count)
    left = replace(batch, records=[one._replace(operation="clear", fields={"nps": None, "is_vip": None}) for one in batch.records])
    assert counted(sent(destination, left)) == {"acknowledged": count}
    assert vendor.contacts["c1"]["crmp_is_vip__c"] in (False, "false")
    assert vendor.contacts["c1"]["crmp_nps__c"] is None


def test_it_stops_before_the_days_calls_are_used_up(place):
    destination, vendor = place("salesforce")
    vendor.usage = "api-usage=81/100"
    answer = destination.send(batch_of(1))
    assert answer.stop == "81% of the day's calls to Salesforce are used"
    assert {str(one.result) for one in answer.outcomes} == {"acknowledged"}


def test_credentials_of_an_app_are_exchanged_for_a_token(place):
    destination, vendor = place("salesforce", access_token=None, client_id="id", client_secret="secret")
    assert counted(sent(destination, batch_of(1))) == {"acknowledged": 1}
    assert vendor.requests[0].path == "/services/oauth2/token"


def expiring(vendor, tokens=99):
    """The vendor gives out so many tokens and takes each for one call."""
    usual, fresh = vendor.answer, []

    def answer(request):
        if request.path == "/services/oauth2/token":
            fresh.append(f"token {len(fresh)}")
            return (200, {}, {"access_token": fresh[-1]}) if len(fresh) <= tokens else (400, {}, {"error": "invalid_client"})
        if request.headers["authorization"].removeprefix("Bearer ") not in fresh:
            return 401, {}, [{"errorCode": "INVALID_SESSION_ID"}]
        fresh[:] = [""] * len(fresh)
        request.headers["authorization"] = f"Bearer {vendor.secret}"
        return usual(request)

    vendor.answer = answer


APP = {"access_token": None, "client_id": "id", "client_secret": "secret"}


@pytest.mark.parametrize("count", [150, 250])
def test_a_token_that_expires_in_the_middle_is_replaced_by_a_new_one(place, count):
    destination, vendor = place("salesforce", **APP)
    expiring(vendor)
    assert counted(sent(destination, batch_of(count))) == {"acknowledged": count}
    assert counted(sent(destination, batch_of(2))) == {"acknowledged": 2}
    assert len(vendor.contacts) == count


def test_a_token_that_was_given_is_replaced_only_by_who_has_credentials(place):
    destination, vendor = place("salesforce", access_token="old")
    assert destination.send(batch_of(1)).stop == "the receiver answers 401; `check-destination v` says what it needs"
    assert not vendor.calls("/token")
    destination, vendor = place("salesforce", **{**APP, "access_token": "old"})
    assert counted(sent(destination, batch_of(1))) == {"acknowledged": 1}


def test_no_new_token_leaves_what_is_known_of_the_try_before(place):
    destination, vendor = place("salesforce", **APP)
    expiring(vendor, tokens=1)
    usual = vendor.answer

    def fails_after_the_work(request):
        told = usual(request)
        return (502, {}, b"") if told[0] == 200 and request.method == "PATCH" else told

    vendor.answer = fails_after_the_work
    answer = destination.send(batch_of(1))
    assert ({str(one.result) for one in answer.outcomes}, answer.stop[:26]) == ({"unknown"}, "the receiver answers 401; ")


def test_a_missing_external_id_field_is_told_before_anything_is_sent(place):
    destination, _ = place("salesforce", external_id_field="nope__c")
    with pytest.raises(DestinationError, match=r"Contact\.nope__c is missing or no external id"):
        destination.preflight()


def test_all_fields_that_are_missing_or_of_another_type_are_told_at_once_with_what_to_do(place):
    destination, vendor = place("salesforce")
    vendor.fields = {"crmp_plan__c": "string", "Crmp_NPS__c": "string", "crmp_clv__c": "double"}
    kinds = {"plan": "text", "nps": "number", "clv": "number", "as_of_date": "date", "reasons": "list"}
    with pytest.raises(DestinationError) as refused:
        destination.prepare(kinds)
    assert str(refused.value) == (
        "destination v: Contact lacks, or hides from our user, the custom fields"
        " crmp_as_of_date__c (Date), crmp_reasons__c (Long Text Area):"
        " an administrator makes them once under Setup, Object Manager, Contact, Fields & Relationships, and lets our user edit them;"
        " of another type are crmp_nps__c (is string, takes Number(14, 4))"
    )
    assert {request.method for request in vendor.requests} == {"GET"}
    destination.prepare({"plan": "text", "clv": "number"})


def test_a_field_that_our_user_may_not_edit_is_told():
    described = [{"name": "crmp_plan__c", "type": "string", "updateable": False}]
    assert amiss({"crmp_plan__c": "text"}, described, "Lead") == "our user may not edit crmp_plan__c"


def test_what_an_administrator_deploys_has_every_field_with_the_type_that_the_check_wants_and_the_right_to_edit_it(place):
    destination, vendor = place("salesforce", object="Lead", external_id_field="ours__c")
    kinds = {
        "nps": "number",
        "is_vip": "boolean",
        "as_of_date": "date",
        "seen_at": "time",
        "reasons": "list",
        "plan": "text",
        "a" * 30: "text",
    }
    files = {path: ElementTree.fromstring(text) for path, text in destination.deployment(kinds).items()}
    assert files.keys() == {"package.xml", "objects/Lead.object", "permissionsets/Rapport.permissionset"}
    assert vendor.requests == []
    fields = {
        one.find(f"{SPACE}fullName").text: {tag.tag.removeprefix(SPACE): tag.text for tag in one} for one in files["objects/Lead.object"]
    }
    described = [
        {"name": name, "type": DESCRIBED[said["type"]], "externalId": said.get("externalId") == "true"} for name, said in fields.items()
    ]
    assert amiss({destination.name_of(field): kind for field, kind in kinds.items()}, described, "Lead") == ""
    assert [one["name"] for one in described if one["externalId"]] == ["ours__c"]
    assert all(len(said["label"]) <= 40 for said in fields.values())
    members = {f"Lead.{name}" for name in fields}
    assert {one.text for one in files["package.xml"].iter(f"{SPACE}members")} == members | {"Rapport"}
    assert {one.text for one in files["permissionsets/Rapport.permissionset"].iter(f"{SPACE}field")} == members


def test_a_text_of_a_query_cannot_leave_it():
    assert quoted("o'neil\\") == "'o\\'neil\\\\'"


def test_asking_what_is_held_stops_before_the_days_calls_are_used_up_and_says_which_field_is_gone(place):
    destination, vendor = place("salesforce")
    sent(destination, batch_of(450))
    assert len(destination.held("scores", batch_of(450).records).told) == 450
    vendor.usage = "api-usage=81000/100000"
    before = len(vendor.calls("/query"))
    assert destination.held("scores", batch_of(2_000).records).lacks == "81% of the day's calls to Salesforce are used"
    assert len(vendor.calls("/query")) - before <= destination.side_by_side
    del vendor.fields["crmp_nps__c"]
    assert destination.held("scores", batch_of(1).records).lacks == "salesforce answers 400 (invalid_field) to a query of what is held"
