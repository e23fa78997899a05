"""A long first load that is killed goes on where it was, whatever changes meanwhile, and what changed is told by the night after."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from orchestration.sources.http import client
from orchestration.sources.salesforce import org
from tests.fakes.accounts import ACCOUNTS, Account
from tests.orchestration.sources.nights import Nights, killed_after, without_waiting

pytestmark = pytest.mark.thorough


MANY = range(100, 124)


class Long(NamedTuple):
    """`path` ends that of the long list, `fill` makes it long; `change` is made while nobody reads, and `told` is what is seen of it."""

    table: str
    path: str
    fill: Callable[[Any], None]
    change: Callable[[Any], None]
    told: Callable[[dict[str, Any]], Any]


def _hubspot(vendor: Any) -> None:
    for number in MANY:
        vendor.put("contacts", str(number), email=f"{number}@example.org")


def _changed_contact(vendor: Any) -> None:
    vendor.clock += 60_000
    vendor.put("contacts", "1", phone="555")


def _zendesk(vendor: Any) -> None:
    for number in MANY:
        vendor.put(number, requester_id=7, subject="Slow")


def _typeform(vendor: Any) -> None:
    for number in MANY:
        vendor.clock += timedelta(seconds=1)
        vendor.respond(f"t{number}", {"customer_id": "C1"}, ("recommend", "number", 9))


def _late_response(vendor: Any) -> None:
    vendor.clock += timedelta(seconds=60)
    vendor.respond("late", {"customer_id": "C1"}, ("recommend", "number", 2))


def _surveymonkey(vendor: Any) -> None:
    for number in MANY:
        vendor.respond(str(number), f"2026-01-12T10:{number % 60:02}:00+00:00", {"1": "n9"}, custom_variables={"customer_id": "C1"})


def _one_less_and_one_changed(vendor: Any) -> None:
    """Of those that were read: whoever went on by the number of the page would miss one."""
    del vendor.responses["118"]
    vendor.respond("119", "2026-01-12T11:30:00+00:00", {"1": "n2"}, custom_variables={"customer_id": "C1"})


def _salesforce(vendor: Any) -> None:
    for number in MANY:
        vendor.put("Contact", f"003{number}", Name="Ann")


def _renamed(vendor: Any) -> None:
    vendor.clock = "2026-01-01T10:05:00.000+0000"
    vendor.put("Contact", "003100", Name="Bea")


LONG = {
    "hubspot": Long("crm_customers", "/objects/contacts", _hubspot, _changed_contact, lambda rows: rows["1"].get("phone")),
    "zendesk": Long(
        "crm_tickets",
        "/tickets/cursor",
        _zendesk,
        lambda vendor: vendor.put(1, status="deleted"),
        lambda rows: None if "1" in rows else "no",
    ),
    "typeform": Long("survey_responses", "/responses", _typeform, _late_response, lambda rows: rows.get("late", {}).get("score")),
    "surveymonkey": Long(
        "survey_responses", "/bulk", _surveymonkey, _one_less_and_one_changed, lambda rows: rows["119"]["score"] == 2 or None
    ),
    "salesforce": Long(
        "crm_customers", "/results", _salesforce, _renamed, lambda rows: None if rows["003100"]["full_name"] == "Ann" else "Bea"
    ),
}


@pytest.fixture(params=list(LONG))
def account(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Account, Long]]:
    monkeypatch.setattr(org, "MOST_BY_REST", 0)
    with without_waiting(monkeypatch), ACCOUNTS[request.param]() as opened:
        LONG[request.param].fill(opened.vendor)
        yield opened, LONG[request.param]


def test_a_first_load_that_is_killed_goes_on_where_it_was(
    account: tuple[Account, Long], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened, long = account
    asked = opened.vendor.asked
    whole = Nights(tmp_path / "whole", opened.settings)
    whole.night(long.table)
    places = [place for place, (_, path) in enumerate(asked, 1) if path.endswith(long.path)]
    before = whole.rows(long.table)
    asked.clear()
    nights = Nights(tmp_path / "killed", opened.settings)
    with monkeypatch.context() as patched:
        killed_after(places[len(places) // 2], patched)
        with pytest.raises(KeyboardInterrupt):
            nights.night(long.table)
    long.change(opened.vendor)
    nights.night(long.table)
    assert sum(path.endswith(long.path) for _, path in asked) <= len(places) + 2  # the one whose answer was lost, and some that overlap
    assert before.keys() - nights.rows(long.table).keys() <= {"1"}  # the ticket that was deleted
    assert not list((tmp_path / "killed" / "landing").glob("_begun/*"))
    nights.night(long.table)
    whole.night(long.table)
    assert (long.told(before), long.told(nights.rows(long.table)) is not None) == (None, True)
    assert nights.rows(long.table) == whole.rows(long.table)


def test_a_list_whose_pages_come_again_is_given_up(account: tuple[Account, Long], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Something in between answers without looking at where the next page begins: nobody would ever see the end, nor the disk's."""
    opened, long = account
    asked, told = client.Api._asked, list[Any]()

    def again(self: Any, method: str, path: str, *others: Any) -> Any:
        if not path.endswith(long.path):
            return asked(self, method, path, *others)
        told.append(told[0] if told else asked(self, method, path, *others))
        assert len(told) < 20
        return told[-1]

    monkeypatch.setattr(client.Api, "_asked", again)
    monkeypatch.setattr(client.Api, "foresee", lambda *_: None)
    nights = Nights(tmp_path, opened.settings)
    assert "would never end" in str(nights.night(long.table)[long.table].error)
    assert nights.rows(long.table) == {}
