"""Fields of contacts that the configuration names: one that holds something else now is named, before any contact is read."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from examples.fakes.vendor import serving
from orchestration.configuration.sources import SalesforceSource
from tests.fakes.salesforce import SalesforceOrg, small_account
from tests.orchestration.sources.nights import Nights, without_waiting

DESCRIBED = "/services/data/v62.0/sobjects/Contact/describe"


@pytest.fixture
def org(monkeypatch: pytest.MonkeyPatch) -> Iterator[SalesforceOrg]:
    with without_waiting(monkeypatch), serving(small_account()) as vendor:
        assert isinstance(vendor, SalesforceOrg)
        vendor.put("Contact", "003B", Tier__c="gold")
        yield vendor


def _settings(org: SalesforceOrg, **properties: str) -> Any:
    given: dict[str, Any] = {"instance_url": "https://acme.my.salesforce.com", "access_token": "${KEY}", "base_url": org.url}
    return SalesforceSource(type="salesforce", properties=properties, **given).model_copy(update={"access_token": org.token})


@pytest.fixture
def nights(org: SalesforceOrg, tmp_path: Path) -> Nights:
    return Nights(tmp_path, _settings(org, tier="Tier__c", region="Account.Region__c"))


def _changed(org: SalesforceOrg, now: str) -> None:
    org.types["Tier__c"] = now
    org.clock = "2026-01-05T10:00:00.000+0000"
    org.put("Contact", "003B", Tier__c="7")


@pytest.mark.parametrize(("before", "now"), [("string", "double"), ("boolean", "picklist"), ("date", "currency")])
def test_one_that_holds_something_else_is_named_and_takes_nothing_away(org: SalesforceOrg, nights: Nights, before: str, now: str) -> None:
    org.types["Tier__c"] = before
    nights.night()
    _changed(org, now)
    loads = nights.night()
    said = f"the property Tier__c of contacts is of the type {now} now, and was {before} when it was read last"
    assert said in str(loads["crm_customers"].error)
    assert loads["crm_tickets"].error is None
    assert nights.rows("crm_customers")["003B"]["tier"] == "gold"
    nights.settings = _settings(org, standing="Tier__c")  # somebody says that it is meant
    assert nights.night()["crm_customers"].error is None
    assert nights.rows("crm_customers")["003B"]["standing"] == "7"


@pytest.mark.parametrize(("before", "now"), [("string", "picklist"), ("int", "percent"), ("date", "datetime")])
def test_values_that_are_written_alike_are_no_change(org: SalesforceOrg, nights: Nights, before: str, now: str) -> None:
    org.types["Tier__c"] = before
    nights.night()
    _changed(org, now)
    assert nights.night()["crm_customers"].error is None
    assert nights.rows("crm_customers")["003B"]["tier"] == "7"


def test_an_organisation_that_does_not_describe_itself_is_read_and_said_to(org: SalesforceOrg, nights: Nights) -> None:
    org.describes = False
    loads = nights.night()
    assert any("whether what `properties` names holds what it held is not known" in line for line in loads["crm_customers"].warnings)
    assert nights.rows("crm_customers")["003B"]["tier"] == "gold"


def test_who_names_no_field_does_not_ask(org: SalesforceOrg, tmp_path: Path) -> None:
    Nights(tmp_path, _settings(org)).night()
    assert ("GET", DESCRIBED) not in org.asked
