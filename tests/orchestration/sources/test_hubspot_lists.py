"""What a list of HubSpot tells in part, or twice."""

from collections.abc import Iterator
from pathlib import Path

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
        yield vendor


@pytest.fixture
def nights(account: HubspotAccount, tmp_path: Path) -> Nights:
    settings = HubspotSource(type="hubspot", token="${KEY}", base_url=account.url, objects=["contacts", "meetings"])
    return Nights(tmp_path, settings.model_copy(update={"token": account.token}))


def test_whatever_is_beside_a_record_lands_though_a_list_does_not_tell_all_of_it(account: HubspotAccount, nights: Nights) -> None:
    guests = [str(number) for number in range(100, 100 + 2 * HubspotAccount.most_links + 1)]
    for guest in guests:
        account.put("contacts", guest)
    account.put("meetings", "500", links={"contacts": guests})
    nights.night("crm_interactions")
    rows = nights.rows("crm_interactions").items()
    assert [row["customer_id"] for key, row in rows if key.startswith("meetings:500")] == guests


def test_a_contact_that_was_merged_is_so_though_it_is_listed_as_archived_too(account: HubspotAccount, nights: Nights) -> None:
    nights.night("crm_customers")
    account.clock += 86_400_000
    account.archive("contacts", "2")
    account.put("contacts", "1", hs_merged_object_ids="2")
    for _ in range(2):
        nights.night("crm_customers")
        assert nights.rows("crm_customers")["2"]["merged_into_customer_id"] == "1"
