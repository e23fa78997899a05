"""HubSpot: searches that cannot lose a record, deletes and merges, what the token may not read, rows of every kind."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from examples.fakes.hubspot import HubspotAccount, iso
from examples.fakes.vendor import serving
from orchestration import landing
from orchestration.configuration.sources import HubspotSource
from orchestration.landing import Tombstones
from orchestration.redaction import Needles
from orchestration.sources.http import Api
from orchestration.sources.hubspot import activities, consents, contacts
from orchestration.sources.hubspot.crm import Crm
from orchestration.sources.reading.pages import Pages
from tests.fakes.hubspot import small_account
from tests.orchestration.sources.nights import Nights, landed, without_waiting

HOUR = 3_600_000


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[HubspotAccount]:
    with without_waiting(monkeypatch), serving(small_account()) as vendor:
        assert isinstance(vendor, HubspotAccount)
        yield vendor


def _nights(folder: Path, account: HubspotAccount, **options: Any) -> Nights:
    settings = HubspotSource(type="hubspot", token="${KEY}", base_url=account.url, **options)
    return Nights(folder, settings.model_copy(update={"token": account.token}))


def test_a_search_finds_more_than_it_may_show_though_all_changed_at_once(account: HubspotAccount, tmp_path: Path) -> None:
    nights = _nights(tmp_path, account, objects=["contacts"])
    nights.night("crm_customers")
    account.clock += 24 * HOUR
    for number in range(100, 100 + 3 * HubspotAccount.most_results):
        account.put("contacts", str(number), email=f"{number}@example.org")
    assert landed(nights.night("crm_customers")) == {"crm_customers": 3 * HubspotAccount.most_results}


def test_a_record_that_leaves_while_pages_are_read_hides_no_other(account: HubspotAccount) -> None:
    for number in range(100, 120):
        account.put("contacts", str(number))
    account.between_requests = lambda: account.objects["contacts"].pop(str(99 + len(account.asked)), None)  # type: ignore[method-assign]
    api = Api("hubspot", account.url, headers={"authorization": f"Bearer {account.token}"})
    crm = Crm(api, Pages("hubspot", None, datetime.now), "v3")
    found = {one["id"] for one in crm.searched("contacts", [], ["email"])}
    assert found >= account.objects["contacts"].keys() - {"3"}


def test_a_search_goes_on_behind_a_page_of_which_nothing_is_left(
    account: HubspotAccount, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nights = _nights(tmp_path, account, objects=["contacts"])
    nights.night("crm_customers")
    account.clock += 24 * HOUR
    for number in range(100, 109):
        account.put("contacts", str(number), email=f"{number}@example.org")
    usual, gone = account._page, {"100", "101", "102"}

    def page(objects: list[dict[str, Any]], params: dict[str, str]) -> dict[str, Any]:
        told = usual(objects, params)
        return {**told, "results": [one for one in told["results"] if one["id"] not in gone]}

    monkeypatch.setattr(account, "_page", page)
    nights.night("crm_customers")
    assert nights.rows("crm_customers").keys() >= {str(number) for number in range(103, 109)}


def test_ids_that_come_as_numbers_are_those_that_come_as_texts(
    account: HubspotAccount, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts, numbers = _nights(tmp_path / "texts", account), _nights(tmp_path / "numbers", account)
    shown = account._shown

    def two_nights(nights: Nights) -> dict[str, Any]:
        nights.night()
        account.clock += 24 * HOUR
        account.put("contacts", "1", firstname="Anna")
        account.put("tickets", "20", subject="Still broken")
        loads = nights.night()
        assert {load.error for load in loads.values()} == {None}
        return {table: nights.rows(table) for table in ("crm_customers", "crm_consents", "crm_tickets", "survey_responses")}

    wanted = two_nights(texts)
    monkeypatch.setattr(account, "_shown", lambda *asked: {**(told := shown(*asked)), "id": int(told["id"])})
    account.owners = [{**one, "id": int(one["id"])} for one in account.owners]
    assert {table: rows.keys() for table, rows in two_nights(numbers).items()} == {table: rows.keys() for table, rows in wanted.items()}
    told = numbers.rows("crm_customers")["1"]
    assert (told["company_name"], told["owner"]) == ("Acme", "Olga Owner")
    assert numbers.rows("crm_tickets")["20"]["text"] == "Still broken"


def test_what_the_index_shows_late_is_found_the_next_night(account: HubspotAccount, tmp_path: Path) -> None:
    nights = _nights(tmp_path, account, objects=["contacts"])
    nights.night("crm_customers")
    account.clock += 24 * HOUR
    account.put("contacts", "8", email="late@example.org")
    account.unsearchable.add("8")
    account.clock += HOUR // 2
    account.put("contacts", "9", email="soon@example.org")
    nights.night("crm_customers")
    assert {"8", "9"} & nights.rows("crm_customers").keys() == {"9"}
    account.unsearchable.clear()
    nights.night("crm_customers")
    assert {"8", "9"} <= nights.rows("crm_customers").keys()


def test_deletes_merges_and_returns_arrive(account: HubspotAccount, tmp_path: Path) -> None:
    nights = _nights(tmp_path, account)
    nights.night("crm_customers", "crm_tickets")
    account.clock += 24 * HOUR
    account.put("contacts", "5", email="eve@example.org")
    nights.night("crm_customers", "crm_tickets")
    account.clock += 24 * HOUR
    account.merge("5", into="2")
    account.archive("contacts", "1")
    account.archive("tickets", "20")
    nights.night("crm_customers", "crm_tickets")
    people = nights.rows("crm_customers")
    assert people["5"]["merged_into_customer_id"] == "2"
    assert people["1"]["deleted_at"] == datetime.fromisoformat(iso(account.clock)).replace(tzinfo=None)
    assert people["1"]["email"] == "ann@example.org"
    assert list(nights.rows("crm_tickets")) == ["21"]
    account.objects["contacts"]["1"]["archived"] = False
    account.clock += HOUR
    account.put("contacts", "1", phone="5")
    nights.night("crm_customers", "crm_tickets")
    assert "deleted_at" not in nights.rows("crm_customers")["1"]


def test_a_call_with_two_people_leaves_both(account: HubspotAccount, tmp_path: Path) -> None:
    nights = _nights(tmp_path, account, objects=["contacts", "calls"])
    nights.night("crm_interactions")
    assert {"calls:10", "calls:10:2"} <= set(nights.rows("crm_interactions"))
    account.clock += 1000
    account.put("calls", "10", links={"contacts": ["2"]})
    nights.night("crm_interactions")
    told = {key: row["customer_id"] for key, row in nights.rows("crm_interactions").items() if key.startswith("calls")}
    assert told == {"calls:10": "2"}
    account.put("calls", "10", links={"contacts": ["2", "1"]})
    nights.night("crm_interactions")
    assert "calls:10:1" in nights.rows("crm_interactions")
    account.archive("calls", "10")
    nights.night("crm_interactions")
    assert not [key for key in nights.rows("crm_interactions") if key.startswith("calls")]


def test_an_archived_contact_is_deleted_though_nobody_says_since_when() -> None:
    told = {"id": "1", "archived": True, "updatedAt": "2026-01-03T10:00:00Z", "properties": {"createdate": "2026-01-01T10:00:00Z"}}
    (row,) = contacts.rows(told, contacts.MAPPED, {}, {})
    assert row["deleted_at"] == "2026-01-03T10:00:00Z"


def test_a_company_that_changes_is_seen_with_all_its_contacts_the_next_night(account: HubspotAccount, tmp_path: Path) -> None:
    for number in range(100, 105):
        account.put("contacts", str(number), links={"companies": ["50"]}, email=f"{number}@example.org")
    nights = _nights(tmp_path, account, objects=["contacts"])
    nights.night()
    account.clock += 24 * HOUR
    account.put("companies", "50", industry="BANKING")
    assert landed(nights.night()) == {"crm_customers": 6}
    industries = {key: row.get("industry") for key, row in nights.rows("crm_customers").items()}
    assert industries == {**dict.fromkeys(("1", *map(str, range(100, 105))), "BANKING"), "2": None, "3": None, "4": None}
    assert landed(nights.night()) == {}
    account.clock += 24 * HOUR
    account.forbidden.add("companies")
    assert any("without their companies" in note for load in nights.night().values() for note in load.warnings)


def test_a_scope_that_hubspot_does_not_name_is_named(account: HubspotAccount, tmp_path: Path) -> None:
    account.mute.add("feedback_submissions")
    loads = _nights(tmp_path, account).night("crm_customers", "survey_responses")
    error = loads["survey_responses"].error or ""
    assert "(most likely crm.objects.feedback_submissions.read); `objects` without feedback_submissions does not ask for it" in error
    assert loads["crm_customers"].error is None


def test_a_contact_that_is_archived_stays_of_its_company(account: HubspotAccount, tmp_path: Path) -> None:
    account.put("contacts", "1", associatedcompanyid="50")
    nights = _nights(tmp_path, account, objects=["contacts"])
    nights.night()
    account.archive("contacts", "1")
    nights.night()
    assert {"company_name": "Acme", "industry": "SOFTWARE"}.items() <= nights.rows("crm_customers")["1"].items()


def test_what_the_token_may_not_read_is_named_and_the_rest_lands(account: HubspotAccount, tmp_path: Path) -> None:
    account.forbidden |= {"tickets", "companies"}
    nights = _nights(tmp_path, account)
    loads = nights.night("crm_customers", "crm_tickets")
    assert "the credential lacks the scope crm.objects.tickets.read" in (loads["crm_tickets"].error or "")
    assert loads["crm_customers"].error is None
    assert any("without their companies" in note for load in loads.values() for note in load.warnings)
    assert _nights(tmp_path / "b", account, objects=["contacts", "calls"]).night("crm_tickets")["crm_tickets"].error is None


def test_everything_is_listed_again_after_a_month_and_finds_what_is_gone_for_good(account: HubspotAccount, tmp_path: Path) -> None:
    nights = _nights(tmp_path, account, objects=["contacts"])
    nights.night("crm_customers")
    del account.objects["contacts"]["2"]
    nights.night("crm_customers")
    assert "2" in nights.rows("crm_customers")
    nights.settings = nights.settings.model_copy(update={"full_every_days": 0})
    nights.night("crm_customers")
    assert "2" not in nights.rows("crm_customers")


def test_columns_come_from_the_properties_that_the_configuration_names(account: HubspotAccount, tmp_path: Path) -> None:
    account.put("contacts", "1", tier="gold", birthday="1980-05-01")
    nights = _nights(tmp_path, account, properties={"birth_year": "birthday", "tier": "tier"}, objects=["contacts"])
    load = nights.night("crm_customers")["crm_customers"]
    row = nights.rows("crm_customers")["1"]
    assert (row["birth_year"], row["tier"], load.unknown_columns) == (1980, "gold", ("tier",))


def test_somebody_who_was_erased_does_not_come_back_with_a_change(account: HubspotAccount, tmp_path: Path) -> None:
    nights = _nights(tmp_path, account)
    nights.night()
    gone = Tombstones(tmp_path / "erasures")
    gone.begin()
    pairs = [("crm", "hubspot", "2"), ("crm", "*", "2"), ("email", "", "bo@example.org"), ("phone", "", "+4930123456")]
    gone.add(gone.hashed(*pair) for pair in pairs)
    landing.forget(tmp_path / "landing", gone, Needles.of([]), landing.plan(tmp_path / "landing", gone, {}), lambda *_: None)
    nights.tombstones = gone
    account.clock += 24 * HOUR
    for kind, identifier in (("contacts", "2"), ("contacts", "1"), ("tickets", "21"), ("emails", "11")):
        account.put(kind, identifier, firstname="Anew", subject="Anew")
    # The first, the contact merged into it, and nothing of the one who was erased.
    assert landed(nights.night()) == {"crm_customers": 2}
    assert landing.remaining(tmp_path / "landing", gone) == {}
    assert "2" not in nights.rows("crm_customers")
    held = {row["table"]: row["held_now"] for row in landing.summary(tmp_path / "landing")}
    assert (held["crm_customers"], held["crm_tickets"]) == (3, 1)
    erased = {table: rows for _, table, rows in landing.erased_rows(tmp_path / "landing")}
    assert (erased["crm_customers"], erased["crm_tickets"]) == (1, 1)


def _contact(**said: str) -> dict[str, Any]:
    return {"id": "1", "properties": {"createdate": iso(0), "lastmodifieddate": iso(1000), **said}, "archived": False}


@pytest.mark.parametrize("said", [{"hs_merged_object_ids": "7;8"}, {"hs_calculated_merged_vids": "7:1600000000;1:1600000000;8:1"}])
def test_merged_contacts_say_into_whom(said: dict[str, str]) -> None:
    _, *merged = contacts.rows(_contact(**said), contacts.MAPPED, {}, {})
    assert [(row["customer_id"], row["merged_into_customer_id"]) for row in merged] == [("7", "1"), ("8", "1")]


def test_consent_is_what_was_stated_and_nothing_else() -> None:
    history = [{"value": "true", "timestamp": iso(5000)}, {"value": "false", "timestamp": iso(3000)}]
    (row,) = consents.opt_outs({**_contact(), "propertiesWithHistory": {"hs_email_optout": history}})
    assert (row["status"], row["recorded_at"]) == ("withdrawn", iso(5000))
    assert list(consents.opt_outs(_contact(hs_email_optout="false"))) == []
    left, joined = ({"status": status, "timestamp": iso(9000)} for status in ("UNSUBSCRIBED", "SUBSCRIBED"))
    assert [row["status"] for row in consents.subscriptions("1", [left, joined])] == ["granted"]
    assert [row["status"] for row in consents.subscriptions("1", [left])] == ["withdrawn"]
    assert list(consents.subscriptions("1", [{"status": "NOT_SPECIFIED"}])) == []


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        ({"type": "CLICK"}, "clicked"),
        ({"type": "SPAMREPORT"}, "complained"),
        ({"type": "STATUSCHANGE", "portalSubscriptionStatus": "UNSUBSCRIBED"}, "unsubscribed"),
        ({"type": "STATUSCHANGE", "portalSubscriptionStatus": "SUBSCRIBED"}, None),
        ({"type": "PROCESSED"}, None),
    ],
)
def test_email_events_are_named_as_the_contract_has_them(event: dict[str, str], kind: str | None) -> None:
    rows = list(activities.email_event({"id": "e", "recipient": "A@x.org", "created": 0, **event}, {"a@x.org": "1"}))
    assert [row["kind"] for row in rows] == ([kind] if kind else [])


def test_feedback_without_a_score_or_a_person_is_no_answer() -> None:
    one = {"id": "3", "properties": {"hs_survey_type": "CSAT", "hs_value": "2", "hs_contact_email_rollup": "a@x.org"}}
    (row,) = activities.feedback(one, {"csat": (0, 2)})
    assert (row["metric"], row["score"], row["scale_max"], row["email"]) == ("csat", "2", 2, "a@x.org")
    assert list(activities.feedback({"id": "3", "properties": {"hs_survey_type": "CSAT", "hs_value": ""}}, {"csat": (0, 2)})) == []
