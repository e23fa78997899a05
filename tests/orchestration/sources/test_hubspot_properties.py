"""Properties of contacts that the configuration names: what HubSpot says of them decides, before any contact is read."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from examples.fakes.hubspot import HubspotAccount
from examples.fakes.vendor import serving
from orchestration.configuration.sources import HubspotSource
from orchestration.sources.hubspot import Hubspot
from tests.fakes.hubspot import small_account
from tests.orchestration.sources.nights import Nights, landed, without_waiting

DEFINITIONS = ("GET", "/crm/v3/properties/contacts")


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[HubspotAccount]:
    with without_waiting(monkeypatch), serving(small_account()) as vendor:
        assert isinstance(vendor, HubspotAccount)
        vendor.put("contacts", "2", membership_tier="gold")
        yield vendor


def _settings(account: HubspotAccount, **properties: str) -> HubspotSource:
    settings = HubspotSource(type="hubspot", token="${KEY}", base_url=account.url, properties=properties)
    return settings.model_copy(update={"token": account.token})


@pytest.fixture
def nights(account: HubspotAccount, tmp_path: Path) -> Nights:
    return Nights(tmp_path, _settings(account, tier="membership_tier"))


def _error(nights: Nights) -> str | None:
    return nights.night("crm_customers")["crm_customers"].error


def test_one_that_is_misspelt_is_named_in_the_first_night(account: HubspotAccount, nights: Nights) -> None:
    account.removed.add("membership_tier")
    loads = nights.night("crm_customers", "crm_tickets")
    assert "HubSpot has no property membership_tier of contacts" in str(loads["crm_customers"].error)
    assert (nights.rows("crm_customers"), loads["crm_tickets"].error) == ({}, None)


def test_one_that_is_removed_is_named_and_takes_nothing_away(account: HubspotAccount, nights: Nights) -> None:
    account.put("contacts", "3", membership_tier="silver")  # an archived one
    nights.night("crm_customers")
    account.removed.add("membership_tier")
    account.clock += 60_000
    account.put("contacts", "2", firstname="Bob")
    assert "membership_tier" in str(_error(nights))
    rows = nights.rows("crm_customers")
    assert (rows["2"]["tier"], rows["2"]["full_name"], rows["3"]["tier"]) == ("gold", "Bo", "silver")
    account.removed.clear()
    assert _error(nights) is None
    assert nights.rows("crm_customers")["2"]["full_name"] == "Bob"


def test_one_that_no_contact_has_is_there(account: HubspotAccount, nights: Nights, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also in a night that reads one contact, of which HubSpot tells null of something else and nothing of this."""
    nights.night("crm_customers")
    account.clock += 60_000
    account.put("contacts", "1", firstname="Anna")
    shown = HubspotAccount._shown

    def told(self: HubspotAccount, *asked: Any) -> dict[str, dict[str, object]]:
        one = shown(self, *asked)
        one["properties"].pop("membership_tier", None)
        return one

    monkeypatch.setattr(HubspotAccount, "_shown", told)
    assert _error(nights) is None


@pytest.mark.parametrize(("before", "now", "is_other"), [("number", "string", True), ("enumeration", "string", False)])
def test_one_that_holds_something_else_now_is_named(account: HubspotAccount, nights: Nights, before: str, now: str, is_other: bool) -> None:
    account.types["membership_tier"] = before
    nights.night("crm_customers")
    account.types["membership_tier"] = now
    account.clock += 60_000
    account.put("contacts", "2", membership_tier="the best")
    error = _error(nights)
    assert (error is not None) is is_other
    assert nights.rows("crm_customers")["2"]["tier"] == ("gold" if is_other else "the best")
    if is_other:
        assert "the property membership_tier of contacts is of the type string now, and was number when it was read last" in str(error)
        nights.settings = _settings(account, standing="membership_tier")  # somebody says that it is meant
        assert _error(nights) is None
        assert nights.rows("crm_customers")["2"]["standing"] == "the best"


@pytest.mark.parametrize("kind", ["sensitive", "highly_sensitive"])
def test_one_that_hubspot_keeps_apart_is_there(account: HubspotAccount, nights: Nights, kind: str) -> None:
    account.apart["membership_tier"] = kind
    assert _error(nights) is None
    assert nights.rows("crm_customers")["2"]["tier"] == "gold"


def test_the_scope_that_is_missing_is_named(account: HubspotAccount, nights: Nights) -> None:
    account.forbidden.add("properties")
    loads = nights.night("crm_customers", "crm_tickets")
    assert "most likely crm.schemas.contacts.read); a source without `properties` does not ask" in str(loads["crm_customers"].error)
    assert loads["crm_tickets"].error is None


def test_an_account_that_tells_of_no_property_is_said_to(account: HubspotAccount, nights: Nights) -> None:
    account.tells_of_properties = False
    load = nights.night("crm_customers")["crm_customers"]
    assert (load.error, nights.rows("crm_customers")["2"]["tier"]) == (None, "gold")
    assert any("whether HubSpot has what `properties` names is not known" in line for line in load.warnings)


def test_it_is_asked_once_a_night_and_only_where_a_property_is_named(account: HubspotAccount, nights: Nights, tmp_path: Path) -> None:
    nights.night()
    assert account.asked.count(DEFINITIONS) == 1
    assert landed(nights.night()) == {}
    assert account.asked.count(DEFINITIONS) == 2
    Nights(tmp_path / "unnamed", _settings(account)).night("crm_customers")
    assert account.asked.count(DEFINITIONS) == 2


def test_a_dated_version_has_its_own_address(account: HubspotAccount) -> None:
    settings = _settings(account, tier="membership_tier").model_copy(update={"api_version": "2026-03"})
    Hubspot.from_settings(settings)._named.types({})
    assert account.asked == [("GET", "/crm/properties/2026-03/contacts")]


def test_what_was_read_for_others_while_it_was_missing_is_not_read_again_for_it(account: HubspotAccount, nights: Nights) -> None:
    """Opt-outs are told by the same list of contacts, which a first night that is not whole keeps for the next one."""
    account.removed.add("membership_tier")
    nights.night()
    account.removed.clear()
    assert {load.error for load in nights.night().values()} == {None}
    assert nights.rows("crm_customers")["2"]["tier"] == "gold"
