"""Braze, Customer.io, Klaviyo and Mailchimp: what is particular to each."""

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from orchestration.destinations import DestinationError, RefusedError
from orchestration.destinations.base import Job
from orchestration.destinations.mailchimp_answers import tag_of
from tests.fakes.mailchimp_destination import LIST, hashed
from tests.orchestration.destinations.conftest import batch_of, cleared, counted, sent

FAKES = Path(__file__).parents[2] / "fakes"


def test_braze_updates_users_it_has_and_names_who_it_refuses_by_position(place):
    destination, vendor = place("braze")
    vendor.users, vendor.refuses = {"c1": {}, "c3": {}}, {"c2"}
    assert sent(destination, batch_of(3)) == {"c1": ("acknowledged", ""), "c2": ("rejected", "unspecified"), "c3": ("acknowledged", "")}
    assert vendor.users == {"c1": {"crmp_nps": 1}, "c3": {"crmp_nps": 3}}
    assert vendor.requests[0].body.keys() == {"attributes"}


def test_what_users_hold_braze_tells_of_those_whom_it_has_and_by_a_right_of_its_own(place):
    destination, vendor = place("braze")
    vendor.users = {f"c{number}": {"crmp_nps": number, "crmp_vip": number == 1} for number in range(1, 71)}
    records = [record._replace(fields={"nps": record.fields["nps"], "vip": False}) for record in batch_of(120).records]
    found = destination.held("scores", records)
    assert (len(found.told), found.calls, found.lacks) == (70, 3, "")
    assert found.told["c2"] == {"crmp_nps": 2}
    assert destination.as_held(records[1]) == {"crmp_nps": 2, "crmp_vip": None}
    assert found.told["c1"]["crmp_vip"] is True
    assert {len(call.body["external_ids"]) for call in vendor.calls("/users/export/ids")} == {50, 20}
    vendor.may_export = False
    with pytest.raises(RefusedError, match=r"needs users\.export\.ids"):
        destination.check_reading()
    refused = destination.held("scores", records)
    assert (refused.told, refused.refused) == ({}, True)
    destination.preflight()
    assert destination.forecast_reading(100_000) == (2_000, 600.0)


def test_a_wrong_address_of_a_vendor_is_told_when_it_is_asked(place):
    for kind in ("braze", "customerio"):
        destination, vendor = place(kind)
        destination.preflight()
        vendor.faults = [(404, {}, {})]
        with pytest.raises(DestinationError, match="answers 404"):
            destination.preflight()


def test_braze_waits_until_the_moment_its_server_names(place):
    naps = []
    destination, vendor = place("braze", sleep=naps.append)
    # The server's clock is a day ahead of ours: what counts is the difference between its own two.
    skewed = {"x-ratelimit-reset": "1900000007", "date": "Sun, 17 Mar 2030 17:46:40 GMT"}
    vendor.faults = [(429, skewed, {})]
    sent(destination, batch_of(1))
    assert naps[0] == 7.0


def test_customerio_keeps_below_its_bytes_and_reads_positions(place):
    destination, vendor = place("customerio")
    vendor.refuses = {"c5"}
    results = sent(destination, batch_of(800, plan="p" * 350))
    assert counted(results) == {"acknowledged": 799, "rejected": 1}
    assert results["c5"] == ("rejected", "invalid")
    assert vendor.requests[0].size < 500_000


def test_customerio_makes_nobody_where_it_shall_not(place):
    destination, vendor = place("customerio", mode="update_only", region="eu")
    sent(destination, batch_of(1))
    sent(destination, cleared("c2"))
    assert vendor.people == {}
    assert vendor.requests[1].body["batch"][0]["attributes"] == {"crmp_nps": "", "_update": True}


def test_customerio_is_told_days_and_times_in_seconds_by_which_its_conditions_compare(place):
    destination, vendor = place("customerio")
    destination.kinds = {"nps": "number", "ordered_on": "date", "seen_at": "time", "left_on": "date", "note": "text"}
    sent(destination, batch_of(1, ordered_on="2016-04-28", seen_at="2016-04-28T18:00:00Z", left_on=None, note="2016-04-28"))
    assert vendor.people["c1"] == {
        "crmp_nps": 1, "crmp_ordered_on": 1_461_801_600, "crmp_seen_at": 1_461_866_400, "crmp_left_on": "", "crmp_note": "2016-04-28",
    }  # fmt: skip
    sent(destination, cleared("c1"))
    assert vendor.people["c1"]["crmp_nps"] == ""


def test_klaviyo_reads_the_errors_of_a_job_page_by_page(place):
    destination, vendor = place("klaviyo")
    vendor.refuses = {f"c{number}@example.com" for number in (2, 4, 6, 8, 9)}
    vendor.polls = 3
    results = sent(destination, batch_of(10))
    assert {key for key, (result, _) in results.items() if result == "rejected"} == {"c2", "c4", "c6", "c8", "c9"}
    assert len(vendor.calls("/import-errors")) == 3
    assert all(call.headers["revision"] == "2026-07-15" for call in vendor.requests)


def test_klaviyo_starts_a_job_without_the_profiles_that_it_calls_malformed(place):
    destination, vendor = place("klaviyo")
    vendor.malformed = {"c2@example.com", "c3@example.com"}
    assert counted(sent(destination, batch_of(4))) == {"acknowledged": 2, "rejected": 2}
    assert len(vendor.profiles) == 2


def test_klaviyos_own_schema_takes_our_jobs_and_our_fakes_answers(place):
    schemas = json.loads((FAKES / "klaviyo_bulk_import.json").read_text())
    destination, vendor = place("klaviyo")
    vendor.refuses = {"c2@example.com"}
    sent(destination, batch_of(2, at_risk=True, reasons=["a", "b"], plan=None))
    sent(destination, cleared("c1", "01P0"))
    started = vendor.calls("POST /api/profile-bulk-import-jobs")
    assert len(started) == 2
    for request in started:
        jsonschema.Draft4Validator(schemas["request"]).validate(request.body)
        _, _, answer = vendor.answer(request)
        jsonschema.Draft4Validator(schemas["accepted"]).validate(answer)
    _, _, errors = vendor.answer(vendor.calls("/import-errors")[0])
    jsonschema.Draft4Validator(schemas["import_errors"]).validate(errors)


def test_klaviyo_clears_by_its_own_id_which_it_was_asked_for(place):
    destination, vendor = place("klaviyo")
    batch = batch_of(1)
    answer = destination.finish(Job(destination.send(batch).job, batch.records))
    assert sent(destination, cleared("c1", answer.outcomes[0].remote_id)) == {"c1": ("acknowledged", "")}
    assert next(iter(vendor.profiles.values()))["properties"] == {"crmp_nps": None}


def test_klaviyo_makes_nobody_with_update_only(place):
    destination, vendor = place("klaviyo")
    sent(destination, batch_of(1))
    updating, _ = place("klaviyo", vendor, mode="update_only")
    assert sent(updating, batch_of(3)) == {"c1": ("acknowledged", ""), "c2": ("suppressed", "not_there"), "c3": ("suppressed", "not_there")}
    assert len(vendor.profiles) == 1


def test_klaviyo_is_asked_for_our_ids_in_the_letters_they_are_written_in(place):
    destination, vendor = place("klaviyo", identify_by="external_id", mode="update_only")
    vendor.profiles = {f"01P{key}": {"key": key, "properties": {}} for key in ("Ab", "aB")}
    batch = batch_of(3)
    records = [one._replace(external_id=key, email="") for one, key in zip(batch.records, ("Ab", "aB", "AB"), strict=True)]
    told = sent(destination, replace(batch, records=records))
    assert told == {"Ab": ("acknowledged", ""), "aB": ("acknowledged", ""), "AB": ("suppressed", "not_there")}
    assert destination.ids_of(records) == {"Ab": "01PAb", "aB": "01PaB"}


def test_of_ids_that_differ_in_capitals_only_klaviyo_refuses_the_one_it_means(place):
    destination, vendor = place("klaviyo", identify_by="external_id")
    vendor.refuses = {"Ab"}
    batch = batch_of(2)
    records = [one._replace(external_id=key, email="") for one, key in zip(batch.records, ("Ab", "aB"), strict=True)]
    assert sent(destination, replace(batch, records=records)) == {"Ab": ("rejected", "invalid"), "aB": ("acknowledged", "")}


def test_a_job_that_still_runs_is_not_given_up_and_one_that_is_gone_is_unknown(place):
    for kind in ("klaviyo", "mailchimp", "salesforce"):
        destination, vendor = place(kind)
        vendor.polls = 10_000
        destination.prepare({"nps": "number"})
        batch = batch_of(201)
        job = Job(destination.send(batch).job, batch.records)
        assert destination.finish(job) is None, kind
        gone = destination.finish(Job("another", batch.records))
        assert {str(one.result) for one in gone.outcomes} == {"unknown"}, kind


@pytest.mark.parametrize("count", [3, 900])
@pytest.mark.parametrize("body", [b"", b"Forbidden", b"<html>Access Denied</html>"])
def test_a_bare_403_of_mailchimps_is_too_many_calls_and_tried_again(place, count, body):
    """At high volume what stands before it answers so; its own refusals are JSON, and stop the sync."""
    destination, vendor = place("mailchimp")
    destination.prepare({"nps": "number"})
    vendor.faults = [(403, {}, body)] * 3
    assert counted(sent(destination, batch_of(count))) == {"acknowledged": count}
    vendor.faults = [(403, {}, {"title": "Forbidden", "status": 403})]
    answer = destination.send(batch_of(1))
    assert ([str(one.result) for one in answer.outcomes], "403" in answer.stop) == (["retryable"], True)


def test_mailchimp_never_says_who_is_subscribed(place):
    destination, vendor = place("mailchimp")
    destination.prepare({"nps": "number"})
    vendor.members[hashed("c1@example.com")] = {"email": "c1@example.com", "status": "unsubscribed", "contact_id": "x", "fields": {}}
    assert counted(sent(destination, batch_of(2))) == {"acknowledged": 2}
    assert [member["status"] for member in vendor.members.values()] == ["unsubscribed", "transactional"]


def test_mailchimp_sends_many_as_jobs(place):
    destination, vendor = place("mailchimp")
    destination.prepare({"nps": "number"})
    vendor.refuses = {hashed("c150@example.com"): "Member In Compliance State"}
    results = sent(destination, batch_of(201))
    assert results["c150"] == ("rejected", "member_in_compliance_state")
    assert counted(results) == {"acknowledged": 200, "rejected": 1}
    assert [destination.limits_for(count).max_records for count in (2_000, 2_001)] == [100, 1_000]
    operation = vendor.calls("POST /3.0/batches")[0].body["operations"][0]
    assert "status" not in json.loads(operation["body"])


def test_mailchimp_updates_only_members_it_has_and_clears_by_contact(place):
    destination, vendor = place("mailchimp", mode="update_only")
    destination.prepare({"nps": "number"})
    vendor.members[hashed("c1@example.com")] = {
        "email": "c1@example.com",
        "status": "cleaned",
        "contact_id": "x7",
        "fields": {"CRMP_NPS": 9},
    }
    assert sent(destination, batch_of(2)) == {"c1": ("acknowledged", ""), "c2": ("suppressed", "not_there")}
    assert sent(destination, cleared("c1", "x7")) == {"c1": ("acknowledged", "")}
    assert vendor.members[hashed("c1@example.com")]["fields"] == {"CRMP_NPS": ""}


def test_merge_tags_are_short_ours_and_distinct():
    names = [
        "customer_key",
        "churn_probability",
        "nps",
        "at_risk",
        "at_risk_reasons",
        "win_back",
        "win_back_value",
        "suppress_email",
        "suppress_sms",
    ]
    tags = [tag_of(name) for name in names]
    assert all(tag.startswith("CRMP_") and len(tag) <= 10 for tag in tags)
    assert len(set(tags)) == len(names)


def test_a_mailchimp_key_without_its_data_center_is_told(place):
    with pytest.raises(DestinationError, match="data center, such as -us6"):
        place("mailchimp", api_key="nothing", base_url=None)


def test_of_many_members_mailchimps_list_is_read_and_whom_it_leaves_out_is_asked_about_alone(place):
    destination, vendor = place("mailchimp")
    destination.prepare({"nps": "number"})
    few = batch_of(4)
    for part in (batch_of(500, first=number) for number in range(1, 2_001, 500)):
        sent(destination, part)
    sent(destination, batch_of(1, first=2_001))
    vendor.members[hashed("c2@example.com")]["status"] = "archived"
    del vendor.members[hashed("c3@example.com")]
    vendor.requests.clear()
    told = destination.held("scores", batch_of(2_001).records).told
    listings, alone = vendor.calls(f"GET {LIST}/members"), vendor.calls("members/")
    assert (len(told), told["c3"], told["c1"][tag_of("nps")], told["c2"][tag_of("nps")]) == (2_001, None, 1, 2)
    assert (len(listings) - len(alone), len(alone)) == (2, 2)
    vendor.requests.clear()
    assert destination.held("scores", few.records).told["c2"][tag_of("nps")] == 2
    assert {call.path for call in vendor.requests} == {f"{LIST}/members/{hashed(one.email)}" for one in few.records}
    for one in vendor.members.values():
        one["status"] = "archived"
    vendor.requests.clear()
    told = destination.held("scores", batch_of(2_001).records)
    assert (len(told.told), told.lacks, len(vendor.calls("members/"))) == (2_001, "", 1), "what the list leaves out is listed by itself"
    assert destination.forecast_reading(2_000) == (2_000, 120.0)
    assert destination.forecast_reading(100_000)[0] == 100
