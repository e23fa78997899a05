"""HubSpot: identification, properties, answers in any order and any shape."""

import pytest

from orchestration.destinations import DestinationError
from tests.orchestration.destinations.conftest import batch_of, cleared, counted, sent


@pytest.fixture
def hubspot(place):
    destination, vendor = place("hubspot")
    destination.prepare({"nps": "number"})
    return destination, vendor


def test_inputs_are_texts_under_our_prefix_and_known_by_address(hubspot):
    destination, vendor = hubspot
    assert counted(sent(destination, batch_of(2))) == {"acknowledged": 2}
    inputs = vendor.calls("/batch/upsert")[0].body["inputs"]
    assert {**inputs[0], "objectWriteTraceId": ""} == {
        "idProperty": "email", "id": "c1@example.com", "objectWriteTraceId": "", "properties": {"crmp_nps": "1"},
    }  # fmt: skip
    assert len({one["objectWriteTraceId"] for one in inputs}) == 2


def test_missing_properties_are_made_once_with_their_types(place):
    destination, vendor = place("hubspot")
    destination.prepare({"nps": "number", "at_risk": "boolean", "reasons": "list", "as_of_date": "date", "plan": "text"})
    destination.prepare({"nps": "number"})
    made = {call.body["name"]: (call.body["type"], call.body["fieldType"]) for call in vendor.calls("POST")}
    assert made == {
        "crmp_nps": ("number", "number"), "crmp_at_risk": ("bool", "booleancheckbox"), "crmp_reasons": ("string", "textarea"),
        "crmp_as_of_date": ("date", "date"), "crmp_plan": ("string", "text"),
    }  # fmt: skip


def test_a_property_of_another_type_stops_before_anything_is_sent(place):
    destination, vendor = place("hubspot")
    vendor.properties["crmp_nps"] = "string"
    with pytest.raises(DestinationError, match="of another type are there already: crmp_nps"):
        destination.prepare({"nps": "number"})


def test_shuffled_errors_find_their_records(hubspot):
    destination, vendor = hubspot
    vendor.refuses = {"c3@example.com": "VALIDATION_ERROR", "c7@example.com": "RATE_LIMITS"}
    results = sent(destination, batch_of(10))
    assert results["c3"] == ("rejected", "validation_error")
    assert results["c7"] == ("retryable", "rate_limits")
    assert counted(results) == {"acknowledged": 8, "rejected": 1, "retryable": 1}


def test_a_record_that_spoils_its_batch_is_found(hubspot):
    destination, vendor = hubspot
    results = sent(destination, batch_of(50, first=51))
    assert counted(results) == {"acknowledged": 50}
    before = len(vendor.requests)
    spoilt = batch_of(64, nps=3)
    spoilt.records[40].fields["nope"] = "x"  # a property that HubSpot does not have
    results = sent(destination, spoilt)
    assert [key for key, (result, _) in results.items() if result == "rejected"] == ["c41"]
    assert len(vendor.requests) - before <= 2 * 6 + 1


def test_results_without_traces_are_told_by_what_identifies_them(hubspot):
    destination, vendor = hubspot
    taken = [{"id": str(number), "properties": {"email": f"C{number}@example.com"}} for number in (2, 1)]
    vendor.faults = [(201, {}, {"status": "COMPLETE", "results": taken})]
    assert counted(sent(destination, batch_of(3))) == {"acknowledged": 2, "unknown": 1}


def test_update_only_makes_nobody(place):
    destination, vendor = place("hubspot", mode="update_only")
    destination.prepare({"nps": "number"})
    vendor.know("c1@example.com")
    assert sent(destination, batch_of(2)) == {"c1": ("acknowledged", ""), "c2": ("suppressed", "not_there")}
    assert len(vendor.contacts) == 1
    assert not vendor.calls("/upsert")


def test_a_contact_is_cleared_by_its_own_id_and_never_made_for_it(hubspot):
    destination, vendor = hubspot
    known = vendor.know("c1@example.com", crmp_nps="9")
    assert sent(destination, cleared("c1", known)) == {"c1": ("acknowledged", "")}
    assert vendor.contacts[known]["crmp_nps"] == ""
    assert sent(destination, cleared("c9", "999")) == {"c9": ("acknowledged", "not_there")}
    assert sent(destination, cleared("c8")) == {"c8": ("rejected", "no_address")}
    assert len(vendor.contacts) == 1


def test_our_hubspots_own_ids_can_identify(place):
    destination, vendor = place("hubspot", id_property="hs_object_id")
    destination.prepare({"nps": "number"})
    vendor.contacts["c1"] = {"email": "somebody@example.com"}
    assert counted(sent(destination, batch_of(2))) == {"acknowledged": 1, "suppressed": 1}
    assert not destination.needs_email


def test_a_unique_property_of_ours_is_made_unique(place):
    destination, vendor = place("hubspot", id_property="crmp_customer_id")
    destination.prepare({"nps": "number"})
    made = {call.body["name"]: call.body.get("hasUniqueValue", False) for call in vendor.calls("POST")}
    assert made == {"crmp_customer_id": True, "crmp_nps": False}
    sent(destination, batch_of(1))
    assert vendor.calls("/upsert")[0].body["inputs"][0]["id"] == "c1"


def test_a_dated_version_has_its_own_paths(place):
    destination, vendor = place("hubspot", api_version="2026-09")
    destination.prepare({"nps": "number"})
    sent(destination, batch_of(1))
    assert [call.path for call in vendor.requests] == [
        "/crm/properties/2026-09/contacts", "/crm/properties/2026-09/contacts", "/crm/objects/2026-09/contacts/batch/upsert",
    ]  # fmt: skip


def test_a_day_that_is_used_up_is_not_waited_for(hubspot):
    destination, vendor = hubspot
    vendor.faults = [(429, {}, {"policyName": "DAILY"})] * 10
    answer = destination.send(batch_of(1))
    assert (answer.calls, answer.stop) == (1, "the receiver answers 429")


def test_a_window_that_others_have_used_up_is_waited_for(place):
    naps = []
    destination, vendor = place("hubspot", sleep=naps.append)
    used = {"x-hubspot-ratelimit-remaining": "0", "x-hubspot-ratelimit-interval-milliseconds": "10000"}
    vendor.faults = [(200, used, {"results": []})]
    destination.send(batch_of(1))
    destination.send(batch_of(1))
    assert [round(nap) for nap in naps] == [10]


def test_what_contacts_hold_is_asked_by_id_else_by_what_identifies_them_and_a_merged_one_is_found(hubspot):
    destination, vendor = hubspot
    destination.prepare({"nps": "number"})
    batch = batch_of(3)
    ids = {one.external_id: one.remote_id for one in destination.send(batch).outcomes}
    merged = vendor.contacts.pop(ids["c1"])
    vendor.contacts[ids["c2"]] |= merged | {"hs_merged_object_ids": f"99;{ids['c1']}", "email": "c2@example.com"}
    known = [record._replace(remote_id=ids[record.external_id]) for record in batch.records[:2]]
    told = destination.held("scores", [*known, batch.records[2]]).told
    assert {key: fields["crmp_nps"] for key, fields in told.items()} == {"c1": "1", "c2": "1", "c3": "3"}
    by_id, by_address = (call.body for call in vendor.calls("/read"))
    assert ("idProperty" not in by_id, by_address["idProperty"]) == (True, "email")
    assert by_id["inputs"] == [{"id": ids["c1"]}, {"id": ids["c2"]}]


def test_an_answer_that_names_nobody_says_nothing_and_one_that_fails_for_another_reason_neither(hubspot):
    destination, vendor = hubspot
    destination.prepare({"nps": "number"})
    destination.send(batch_of(2))
    vendor.silent = True
    assert destination.held("scores", batch_of(1, first=3).records).lacks == "HubSpot did not tell of all contacts"
    assert destination.held("scores", batch_of(2, first=2).records).told["c3"] is None, "passed over among others"
    error = {"category": "INTERNAL_ERROR", "context": {"ids": ["c1@example.com"]}}
    vendor.faults = [(207, {}, {"results": [{"id": "9", "properties": {"email": "c2@example.com"}}], "errors": [error]})]
    found = destination.held("scores", batch_of(2).records)
    assert (set(found.told), bool(found.lacks)) == ({"c2"}, True)


def test_searches_keep_to_a_limit_of_their_own(place):
    clock = [0.0]
    destination, vendor = place("hubspot", sleep=lambda seconds: clock.__setitem__(0, clock[0] + seconds))
    for pacer in (destination.caller._pacer, destination._searches):
        pacer._clock = lambda: clock[0]
    moments, usual = [], vendor.answer
    vendor.answer = lambda request: moments.append(clock[0]) or usual(request)
    destination.find([f"k{number}" for number in range(1_000)])
    assert len(moments) == 10
    assert all(later - earlier >= 1 for earlier, later in zip(moments, moments[4:], strict=False))
