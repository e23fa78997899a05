"""A night that is killed at any of its calls, the first one or one that reads what changed: the night after it lands what it would have."""

import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from orchestration.sources.salesforce import org
from tests.contracts.test_every_vendor import VENDORS, _rows
from tests.fakes.accounts import ACCOUNTS, Account
from tests.long_tests import long_test
from tests.orchestration.sources.nights import Nights, killed_after, landed, without_waiting

pytestmark = long_test


def _of_hubspot(vendor: Any) -> None:
    vendor.clock += 24 * 3_600_000
    vendor.put("companies", "50", industry="BANKING")
    vendor.put("contacts", "2", phone="1", hs_email_optout="true")
    vendor.put("contacts", "9", email="new@example.org")
    vendor.put("tickets", "21", subject="Slower")
    vendor.archive("calls", "10")


def _of_stripe(vendor: Any) -> None:
    vendor.clock += 3_600
    vendor.put("invoice", "in_1", description="changed")
    vendor.put("charge", "ch_1", description="changed")
    vendor.put("customer", "cus_9", email="new@example.org")
    vendor.delete("customer", "cus_2")


def _of_salesforce(vendor: Any) -> None:
    vendor.clock = "2026-01-09T10:00:00.000+0000"
    vendor.put("Contact", "003B", LastName="Later")
    vendor.put("Contact", "003Z", LastName="New", Email="new@example.org")


def _of_typeform(vendor: Any) -> None:
    vendor.clock += timedelta(hours=3)
    vendor.respond("later", {"customer_id": "C1"}, ("recommend", "number", 2))


def _of_surveymonkey(vendor: Any) -> None:
    vendor.respond("99", "2026-01-19T10:00:00+00:00", {"1": "n9"}, custom_variables={"customer_id": "C1"})


def _of_qualtrics(vendor: Any) -> None:
    vendor.respond("R_9", "2026-01-19T10:00:00Z", QID1=10, recipientEmail="eve@example.org")


def _of_zendesk(vendor: Any) -> None:
    vendor.put(2, status="deleted")
    vendor.put(9, requester_id=7, subject="New")


CHANGES: dict[str, Callable[[Any], None]] = {
    "hubspot": _of_hubspot,
    "qualtrics": _of_qualtrics,
    "salesforce": _of_salesforce,
    "stripe": _of_stripe,
    "surveymonkey": _of_surveymonkey,
    "typeform": _of_typeform,
    "zendesk": _of_zendesk,
}


@pytest.fixture(params=VENDORS)
def account(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Account, Callable[[Any], None]]]:
    kind, *in_bulk = request.param.split()
    if in_bulk:
        monkeypatch.setattr(org, "MOST_BY_REST", 0)
    with without_waiting(monkeypatch), ACCOUNTS[kind]() as opened:
        yield opened, CHANGES[kind]


def _killed_at_each(account: Account, before: Path, calls: int, whole: Nights, tables: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """`before`: where a night stands that is killed at its first call, its second, up to its last; `whole` was not."""
    expected = _rows(whole, tables)
    for number in range(1, calls + 1):
        folder = before.with_name(f"killed at {number}")
        shutil.copytree(before, folder)
        nights = Nights(folder, account.settings)
        with monkeypatch.context() as patched:
            killed_after(number, patched)
            with pytest.raises(KeyboardInterrupt):
                nights.night()
        assert {load.error for load in nights.night().values()} == {None}
        assert _rows(nights, tables) == expected, f"killed at call {number} of {calls}"
        assert landed(nights.night()) == {}, f"killed at call {number} of {calls}"
        shutil.rmtree(folder)


def test_a_night_after_one_that_was_killed_at_any_call_lands_what_it_would_have(
    account: tuple[Account, Callable[[Any], None]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened, change = account
    asked = opened.vendor.asked
    (tmp_path / "nothing").mkdir()
    whole = Nights(tmp_path / "whole", opened.settings)
    tables = list(landed(whole.night()))
    _killed_at_each(opened, tmp_path / "nothing", len(asked), whole, tables, monkeypatch)
    shutil.copytree(tmp_path / "whole", tmp_path / "first")
    change(opened.vendor)
    calls = len(asked)
    assert landed(whole.night())
    _killed_at_each(opened, tmp_path / "first", len(asked) - calls, whole, tables, monkeypatch)
