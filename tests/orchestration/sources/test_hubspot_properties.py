"""A property of contacts that the configuration names and HubSpot does not have: HubSpot answers as if nobody had asked for it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from examples.fakes.hubspot import HubspotAccount
from examples.fakes.vendor import serving
from orchestration.configuration.sources import HubspotSource
from tests.fakes.hubspot import small_account
from tests.orchestration.sources.nights import Nights, without_waiting


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[HubspotAccount]:
    with without_waiting(monkeypatch), serving(small_account()) as vendor:
        assert isinstance(vendor, HubspotAccount)
        vendor.put("contacts", "2", membership_tier="gold")
        yield vendor


@pytest.fixture
def nights(account: HubspotAccount, tmp_path: Path) -> Nights:
    settings = HubspotSource(type="hubspot", token="${KEY}", base_url=account.url, properties={"tier": "membership_tier"})
    return Nights(tmp_path, settings.model_copy(update={"token": account.token}))


def test_one_that_is_misspelt_is_named_in_the_first_night(account: HubspotAccount, nights: Nights) -> None:
    account.removed.add("membership_tier")
    loads = nights.night("crm_customers", "crm_tickets")
    assert "HubSpot has no property membership_tier of contacts; correct `properties`" in str(loads["crm_customers"].error)
    assert (sorted(nights.rows("crm_customers")), loads["crm_tickets"].error) == (["3"], None)  # the archived one


def test_one_that_is_removed_is_named_and_takes_nothing_away(account: HubspotAccount, nights: Nights) -> None:
    nights.night("crm_customers")
    account.removed.add("membership_tier")
    account.clock += 60_000
    account.put("contacts", "2", firstname="Bob")
    assert "membership_tier" in str(nights.night("crm_customers")["crm_customers"].error)
    assert (nights.rows("crm_customers")["2"]["tier"], nights.rows("crm_customers")["2"]["full_name"]) == ("gold", "Bo")
    account.removed.clear()
    assert nights.night("crm_customers")["crm_customers"].error is None
    assert nights.rows("crm_customers")["2"]["full_name"] == "Bob"


def test_one_that_is_empty_is_there(account: HubspotAccount, nights: Nights) -> None:
    del account.objects["contacts"]["2"]["properties"]["membership_tier"]
    assert nights.night("crm_customers")["crm_customers"].error is None


def test_who_tells_nothing_of_empty_ones_is_not_taken_at_their_word(
    account: HubspotAccount, nights: Nights, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = HubspotAccount._shown

    def without_nulls(self: HubspotAccount, kind: str, one: dict[str, Any], params: dict[str, str]) -> dict[str, Any]:
        told = shown(self, kind, one, params)
        return {**told, "properties": {name: value for name, value in told["properties"].items() if value is not None}}

    monkeypatch.setattr(HubspotAccount, "_shown", without_nulls)
    account.removed.add("membership_tier")
    assert nights.night("crm_customers")["crm_customers"].error is None
