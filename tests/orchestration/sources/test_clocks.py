"""A vendor whose clock is ahead of ours or behind it, and is then set right: nothing is lost, nothing is told twice, nothing ends never."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from examples.fakes.hubspot import HubspotAccount
from examples.fakes.stripe import StripeAccount
from examples.fakes.vendor import RefusalError, serving
from orchestration.configuration.sources import HubspotSource, StripeSource, ZendeskSource
from tests.fakes.hubspot import small_account as hubspot_account
from tests.fakes.stripe import small_account as stripe_account
from tests.fakes.zendesk import ZendeskAccount
from tests.fakes.zendesk import small_account as zendesk_account
from tests.orchestration.sources.nights import Nights, landed, without_waiting

MINUTES = (20, -20)
Put = Callable[[datetime, str], Any]


class Desk(ZendeskAccount):
    """Gives ratings from a moment on, and refuses a moment of its own last minute, as Zendesk does."""

    now = datetime.now(UTC)

    def answer(self, method: str, path: str, params: dict[str, str], body: Any) -> Any:
        began = datetime.fromtimestamp(int(params.get("start_time", 0)), UTC)
        if began > self.now - timedelta(minutes=1):
            raise RefusalError(400, {"error": "StartTimeTooRecent"})
        told = super().answer(method, path, params, body)
        if "satisfaction_ratings" in told:
            told["satisfaction_ratings"] = [
                one for one in told["satisfaction_ratings"] if datetime.fromisoformat(one["updated_at"]) >= began
            ]
        return told

    def rate(self, moment: datetime, identifier: str) -> None:
        self.now, stamp = moment, moment.strftime("%Y-%m-%dT%H:%M:%SZ")
        rating = {"id": int(identifier), "score": "good", "requester_id": 7, "ticket_id": 1, "created_at": stamp, "updated_at": stamp}
        self.ratings = [*(self.ratings or []), rating]


@pytest.fixture(params=["hubspot", "zendesk", "zendesk tickets", "stripe"])
def vendor(request: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Nights, str, Put]]:
    """Nights of a vendor, a table, and what puts a record that the vendor stamps with a moment."""
    with without_waiting(monkeypatch):
        match request.param:
            case "hubspot":
                with serving(hubspot_account()) as account:
                    assert isinstance(account, HubspotAccount)

                    def put(moment: datetime, identifier: str) -> None:
                        account.clock = int(moment.timestamp() * 1000)
                        account.put("contacts", identifier, email=f"{identifier}@example.org")

                    hubspot = HubspotSource(type="hubspot", token="${KEY}", base_url=account.url, objects=["contacts"])
                    yield Nights(tmp_path, hubspot.model_copy(update={"token": account.token})), "crm_customers", put
            case "stripe":
                with serving(stripe_account()) as billing:
                    assert isinstance(billing, StripeAccount)

                    def bill(moment: datetime, identifier: str) -> None:
                        billing.clock = int(moment.timestamp())
                        billing.put("customer", identifier, email=f"{identifier}@example.org")

                    stripe = StripeSource(type="stripe", api_key="${KEY}", base_url=billing.url)
                    yield Nights(tmp_path, stripe.model_copy(update={"api_key": billing.token})), "billing_customers", bill
            case name:
                desk = Desk()
                desk.changes, desk.users = zendesk_account().changes, zendesk_account().users
                table = "crm_tickets" if "tickets" in name else "survey_responses"
                rate: Put = lambda moment, one: desk.put(int(one), requester_id=7, updated_at=moment.isoformat())  # noqa: E731
                with serving(desk):
                    zendesk = ZendeskSource(type="zendesk", subdomain="acme", email=desk.email, api_token="${KEY}", base_url=desk.url)
                    nights = Nights(tmp_path, zendesk.model_copy(update={"api_token": desk.token}))
                    yield nights, table, rate if "tickets" in name else desk.rate


@pytest.mark.parametrize("minutes", MINUTES)
def test_a_clock_of_theirs_that_is_wrong_loses_nothing_and_tells_nothing_twice(vendor: tuple[Nights, str, Put], minutes: int) -> None:
    nights, table, put = vendor
    wrong = datetime.now(UTC) + timedelta(minutes=minutes)
    put(wrong - timedelta(seconds=1), "901")
    nights.night(table)
    put(wrong, "902")
    nights.night(table)
    assert landed(nights.night(table)) == {}, "what is stamped later than we have it is read again, and is no news"
    put(wrong + timedelta(seconds=1), "903")
    assert landed(nights.night(table)) == {table: 1}
    put(datetime.now(UTC) + timedelta(seconds=2), "904")  # set right, which for a clock that was ahead is back
    assert landed(nights.night(table)) == {table: 1}
    assert landed(nights.night(table)) == {}
    assert {"901", "902", "903", "904"} <= nights.rows(table).keys()
