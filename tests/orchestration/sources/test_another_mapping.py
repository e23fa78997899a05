"""A vendor's records that are mapped otherwise than last night: none of them changed, so each is read again at once."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from examples.fakes.vendor import Vendor, serving
from orchestration.configuration.sources import HubspotSource, SalesforceSource, StripeSource
from tests.fakes import hubspot, salesforce, stripe
from tests.orchestration.sources.nights import Nights, landed, without_waiting


def _hubspot(vendor: Vendor, said: dict[str, Any]) -> Any:
    return HubspotSource(type="hubspot", token="${KEY}", base_url=vendor.url, **said).model_copy(update={"token": vendor.token})


def _salesforce(vendor: Vendor, said: dict[str, Any]) -> Any:
    place = {"instance_url": "https://acme.my.salesforce.com", "base_url": vendor.url}
    made = SalesforceSource.model_validate({"type": "salesforce", "access_token": "${KEY}", **place, **said})
    return made.model_copy(update={"access_token": vendor.token})


def _stripe(vendor: Vendor, said: dict[str, Any]) -> Any:
    return StripeSource(type="stripe", api_key="${KEY}", base_url=vendor.url, **said).model_copy(update={"api_key": vendor.token})


def _later(vendor: Any, kind: str) -> None:
    """A day later something else changes, so that what is looked for has not changed since the newest."""
    if kind == "salesforce":
        vendor.clock = "2026-01-09T10:00:00.000+0000"
        vendor.put("Contact", "003B", LastName="Later")
    elif kind == "hubspot":
        vendor.clock += 24 * 3_600_000
        vendor.put("contacts", "2", firstname="Later")
        vendor.put("companies", "51", name="Later")
        vendor.put("feedback_submissions", "31", links={"contacts": ["2"]}, hs_survey_type="NPS", hs_value="3")
    else:
        vendor.clock += 24 * 3_600
        vendor.put("customer", "cus_2", email="later@example.org")


VENDORS: dict[str, Any] = {"hubspot": (hubspot, _hubspot), "salesforce": (salesforce, _salesforce), "stripe": (stripe, _stripe)}


@pytest.fixture
def vendor(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Vendor]:
    with without_waiting(monkeypatch), serving(VENDORS[request.param][0].small_account()) as running:
        yield running


@pytest.mark.parametrize(
    ("vendor", "kind", "table", "key", "said", "expected"),
    [
        ("hubspot", "hubspot", "crm_customers", "1", {"properties": {"tier": "country"}}, {"tier": "DE"}),
        ("hubspot", "hubspot", "survey_responses", "30", {"feedback_scales": {"nps": (0, 9)}}, {"scale_max": 9}),
        ("salesforce", "salesforce", "crm_customers", "003A", {"properties": {"known_as": "Email"}}, {"known_as": "ann@example.org"}),
        ("stripe", "stripe", "billing_customers", "cus_1", {"customer_id_metadata": "other"}, {"customer_id": None}),
    ],
    indirect=["vendor"],
)
def test_what_is_mapped_otherwise_is_read_of_all(
    vendor: Vendor, tmp_path: Path, kind: str, table: str, key: str, said: dict[str, Any], expected: dict[str, Any]
) -> None:
    made = VENDORS[kind][1]
    nights = Nights(tmp_path, made(vendor, {}))
    nights.night(table)
    _later(vendor, kind)
    nights.night(table)
    before = set(nights.rows(table))
    assert landed(nights.night(table)) == {}
    nights.settings = made(vendor, said)
    assert landed(nights.night(table))
    (row,) = (row for name, row in nights.rows(table).items() if name.startswith(key))
    assert {name: row.get(name) for name in expected} == expected
    assert set(nights.rows(table)) == before
    assert landed(nights.night(table)) == {}
