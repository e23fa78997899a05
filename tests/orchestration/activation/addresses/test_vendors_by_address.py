"""Vendors that know people by their addresses: one record for each, found again by the key or by what changed since."""

from datetime import datetime, timedelta

import pytest

from orchestration.activation import forget, orders, state, synchronise
from orchestration.destinations.base import Answer, Result
from tests.orchestration.activation.addresses.by_address import USUAL, Release


@pytest.mark.parametrize(("may_read", "last", "arrived"), [
    (True, {1: ("ann2", "new")}, {"ann": "new"}), (False, {1: ("ann2", "new")}, {"ann": "old", "ann2": "new"}),
    (True, {2: ("bob", "pro")}, {"ann": "", "bob": "pro"}),
])  # fmt: skip
def test_a_record_whose_first_delivery_was_not_answered_is_found_by_the_key(place, tmp_path, may_read, last, arrived):
    destination, vendor = place("hubspot")
    vendor.may_read, usual = may_read, vendor.answer

    def loses(request):
        told = usual(request)
        return (502, {}, b"") if "/batch/" in request.path else told

    vendor.answer = loses
    assert not synchronise(Release(tmp_path, {1: ("ann", "old")}, 1, "hubspot"), destination, "scores", state_folder=tmp_path, **USUAL).ok
    vendor.answer = usual
    report = synchronise(
        Release(tmp_path, last, 2, "hubspot"), destination, "scores", state_folder=tmp_path, **{**USUAL, "max_change_share": 0}
    )
    assert report.ok, report.refused
    assert {name: fields["plan"] for name, fields in vendor.arrived().items()} == arrived


@pytest.mark.parametrize(("kind", "last", "arrived"), [
    ("klaviyo", {1: ("ann2", "new")}, {"ann": "new"}), ("mailchimp", {2: ("ann", "pro")}, {"ann": "pro"}),
    ("klaviyo", {3: ("cy", "pro")}, {"ann": None, "cy": "pro"}), ("mailchimp", {3: ("cy", "pro")}, {"ann": None, "cy": "pro"}),
])  # fmt: skip
def test_a_vendor_that_searches_by_no_field_of_ours_is_read_for_who_has_changed_since(place, tmp_path, kind, last, arrived):
    """One whose first delivery was taken and not answered, and who then has another address, hands it on, or leaves."""
    destination, vendor = place(kind)
    usual = vendor.answer
    vendor.answer = lambda request: (usual(request), (502, {}, b""))[request.method in ("POST", "PUT") and "merge" not in request.path]
    assert not synchronise(Release(tmp_path, {1: ("ann", "old")}, 1, kind), destination, "scores", state_folder=tmp_path, **USUAL).ok
    vendor.answer = usual
    report = synchronise(Release(tmp_path, last, 2, kind), destination, "scores", state_folder=tmp_path, **USUAL)
    assert report.ok, report
    assert {name: fields["plan"] or None for name, fields in vendor.arrived().items()} == arrived


def test_what_a_job_did_whose_process_died_is_named_by_klaviyos_id_all_the_same(place, tmp_path):
    destination, vendor = place("klaviyo")

    def dies(_):
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(destination, "finish", dies)
        with pytest.raises(KeyboardInterrupt):
            synchronise(
                Release(tmp_path, {1: ("ann", "a"), 2: ("bo", "a")}, 1, "klaviyo"), destination, "scores", state_folder=tmp_path, **USUAL
            )
    people = {1: ("ann2", "b"), 2: ("bo", "a")}
    assert synchronise(Release(tmp_path, people, 2, "klaviyo"), destination, "scores", state_folder=tmp_path, **USUAL).ok
    assert {name: fields["plan"] for name, fields in vendor.arrived().items()} == {"ann": "b", "bo": "a"}
    assert synchronise(Release(tmp_path, {1: ("ann2", "b")}, 3, "klaviyo"), destination, "scores", state_folder=tmp_path, **USUAL).ok
    assert {name: fields["plan"] for name, fields in vendor.arrived().items()} == {"ann": "b", "bo": None}


def test_a_profile_that_klaviyo_has_no_more_is_no_refusal(place, tmp_path):
    destination, vendor = place("klaviyo")
    synchronise(Release(tmp_path, {1: ("ann", "a"), 2: ("bo", "a")}, 1, "klaviyo"), destination, "scores", state_folder=tmp_path, **USUAL)
    vendor.profiles.clear()
    report = synchronise(Release(tmp_path, {1: ("ann2", "b")}, 2, "klaviyo"), destination, "scores", state_folder=tmp_path, **USUAL)
    assert report.outcomes == {"suppressed": 0, "acknowledged": 1, "retryable": 1}, (
        "nothing is left to clear; the other one goes by address"
    )
    assert synchronise(Release(tmp_path, {1: ("ann2", "b")}, 3, "klaviyo"), destination, "scores", state_folder=tmp_path, **USUAL).ok
    assert {name: fields["plan"] for name, fields in vendor.arrived().items()} == {"ann2": "b"}


@pytest.mark.parametrize("kind", ["hubspot", "klaviyo"])
def test_who_has_moved_and_is_refused_for_what_they_shall_hold_makes_no_second_record(place, tmp_path, kind):
    destination, vendor = place(kind)
    synchronise(Release(tmp_path, {1: ("ann", "a")}, 1, kind), destination, "scores", state_folder=tmp_path, **USUAL)
    (remote,) = vendor.contacts if kind == "hubspot" else vendor.profiles
    vendor.refuses = {remote: "VALIDATION_ERROR"}
    report = synchronise(Release(tmp_path, {1: ("ann2", "b")}, 2, kind), destination, "scores", state_folder=tmp_path, **USUAL)
    assert report.outcomes["rejected"] == 1, report
    vendor.refuses = {}
    assert synchronise(Release(tmp_path, {1: ("ann2", "c")}, 3, kind), destination, "scores", state_folder=tmp_path, **USUAL).ok
    assert {name: fields["plan"] for name, fields in vendor.arrived().items()} == {"ann": "c"}


@pytest.mark.parametrize("kind", ["hubspot", "klaviyo", "mailchimp"])
def test_each_vendor_that_knows_addresses_keeps_one_record(kind, place, tmp_path):
    destination, vendor = place(kind)
    for night, address in enumerate(("ann", "ann2", "ann2"), start=1):
        release = Release(tmp_path, {1: (address, f"plan{night}")}, night, kind)
        assert synchronise(release, destination, "scores", state_folder=tmp_path / "state", **USUAL).ok
    assert {name: fields["plan"] for name, fields in vendor.arrived().items()} == {"ann": "plan3"}
    assert synchronise(release, destination, "scores", state_folder=tmp_path / "state", **USUAL).decisions == {"unchanged": 1}


@pytest.mark.parametrize("kind", ["hubspot", "klaviyo", "mailchimp"])
def test_each_vendor_that_knows_addresses_hands_one_over_within_a_sync(kind, place, tmp_path):
    destination, vendor = place(kind)
    for night, people in enumerate(({1: ("ann", "pro")}, {1: ("ann2", "pro"), 2: ("ann", "free")}), start=1):
        release = Release(tmp_path, people, night, kind)
        assert synchronise(release, destination, "scores", state_folder=tmp_path / "state", **USUAL).ok
    assert {name: fields["plan"] for name, fields in vendor.arrived().items()} == {"ann": "free", "ann2": "pro"}
    assert synchronise(release, destination, "scores", state_folder=tmp_path / "state", **USUAL).decisions == {"unchanged": 2}


@pytest.mark.parametrize("kind", ["hubspot", "klaviyo", "mailchimp"])
@pytest.mark.parametrize("is_told", [True, False])
def test_of_whom_nothing_ever_arrived_nothing_is_owed_once_all_records_were_looked_at(kind, is_told, place, tmp_path, monkeypatch):
    destination, vendor = place(kind)
    began, usual = datetime(2026, 3, 1, 4), destination.send
    monkeypatch.setattr(state, "now", lambda: began)
    destination.send = lambda batch: Answer(batch.outcomes(Result.UNKNOWN, "no_answer"))  # and it has not arrived
    folder, rest = tmp_path / "state", {2: ("bo", "pro")}

    def night(number, people):
        return synchronise(Release(tmp_path, people, number, kind), destination, "scores", state_folder=folder, **USUAL)

    night(1, {1: ("ann", "pro"), **rest})
    destination.send = usual
    forget(folder, ["k1"], ["x1"], lambda *_: None)
    report = night(2, rest)
    assert (report.codes["rejected: no_address"], report.forgotten) == (1, 0), "it may still arrive"
    monkeypatch.setattr(state, "now", lambda: began + timedelta(days=11))
    if not is_told:
        answer = vendor.answer
        vendor.answer = lambda one: (403, {}, {}) if one.path.endswith(("/search", "/profiles", "/members")) else answer(one)
    report = night(3, rest)
    assert (report.forgotten, orders(folder)) == ((1, {}) if is_told else (0, {destination.name: ["x1"]}))
    assert {name: fields["plan"] for name, fields in vendor.arrived().items()} == {"bo": "pro"}
    assert night(4, rest).decisions == {"unchanged": 1, **({} if is_told else {"dead": 1})}


def test_a_list_that_changes_while_it_is_read_does_not_tell_who_is_nowhere(place):
    destination, vendor = place("mailchimp")
    destination.prepare({"customer_key": "text"})
    vendor.most_listed, number = 1_000, len(vendor.members)
    assert destination.find(["k1"]).nowhere == ["k1"]
    listing = vendor.listing
    vendor.listing = lambda request: (200, {}, {**listing(request)[2], "total_items": number + 1})
    assert destination.find(["k1"]) == ({}, ())


@pytest.mark.parametrize("kind", ["hubspot", "klaviyo", "mailchimp", "salesforce"])
def test_whom_a_vendor_does_not_have_no_vendor_is_asked_for_twice_a_day(kind, place, tmp_path, monkeypatch):
    destination, vendor, began = *place(kind, mode="update_only"), datetime(2026, 3, 1, 4)
    monkeypatch.setattr(state, "now", lambda: began)
    if kind == "salesforce":
        destination.prepare = lambda _: None  # an administrator has made the fields

    def night(number):
        vendor.requests.clear()
        release = Release(tmp_path, {1: ("ann", "pro")}, number, kind)
        return synchronise(release, destination, "scores", state_folder=tmp_path / "state", mode="update_only", **USUAL)

    assert night(1).outcomes["suppressed"] == 1
    report = night(2)
    assert (report.decisions, report.ok, vendor.requests) == ({"absent": 1}, True, [])
    monkeypatch.setattr(state, "now", lambda: began + timedelta(days=1))
    assert (night(3).outcomes["suppressed"], bool(vendor.requests), vendor.arrived()) == (1, True, {})
