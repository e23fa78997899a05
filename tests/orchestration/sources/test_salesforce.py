"""Salesforce: times, deletes and merges, activities of contacts alone, a token for a connected app."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from examples.fakes.vendor import serving
from orchestration.configuration.sources import SalesforceSource
from orchestration.sources import SourceError
from orchestration.sources.http.refusals import refused
from orchestration.sources.salesforce import org as bulk_org
from tests.fakes.salesforce import SalesforceOrg, small_account
from tests.orchestration.sources.nights import Nights, landed, without_waiting


@pytest.fixture
def org(monkeypatch: pytest.MonkeyPatch) -> Iterator[SalesforceOrg]:
    with without_waiting(monkeypatch), serving(small_account()) as vendor:
        assert isinstance(vendor, SalesforceOrg)
        yield vendor


def _nights(folder: Path, org: SalesforceOrg, objects: Any = None, **credentials: str) -> Nights:
    given: dict[str, Any] = dict.fromkeys(credentials or ["access_token"], "${KEY}") | ({"objects": objects} if objects else {})
    settings = SalesforceSource(type="salesforce", instance_url="https://acme.my.salesforce.com", base_url=org.url, **given)
    return Nights(folder, settings.model_copy(update=credentials or {"access_token": org.token}))


def test_every_kind_of_record_arrives_with_times_that_can_be_read(org: SalesforceOrg, tmp_path: Path) -> None:
    nights = _nights(tmp_path, org)
    loads = nights.night()
    assert landed(loads) == {"crm_customers": 3, "crm_consents": 2, "crm_interactions": 3, "crm_campaigns": 1, "crm_tickets": 1}
    people = nights.rows("crm_customers")
    assert people["003A"]["created_at"] == datetime(2026, 1, 1, 10)
    assert (people["003A"]["company_size"], people["003A"]["owner"]) == ("120", "Olga")
    assert people["003C"]["merged_into_customer_id"] == "003A"
    assert "deleted_at" not in people["003C"]
    assert {row["channel"] for row in nights.rows("crm_consents").values()} == {"email", "phone"}
    assert nights.rows("crm_tickets")["5001"]["solved_at"] == datetime(2026, 1, 3, 9)


def test_what_changes_and_what_is_deleted_arrives_the_next_night(org: SalesforceOrg, tmp_path: Path) -> None:
    nights = _nights(tmp_path, org)
    nights.night()
    org.clock = "2026-01-05T10:00:00.000+0000"
    org.put("Contact", "003B", IsDeleted=True)
    org.put("Task", "00T1", IsDeleted=True)
    org.put("Case", "5001", Status="Open", ClosedDate=None)
    assert landed(nights.night()) == {"crm_customers": 1, "crm_interactions": 1, "crm_tickets": 1}
    assert nights.rows("crm_customers")["003B"]["deleted_at"] == datetime(2026, 1, 5, 10)
    assert sorted(nights.rows("crm_interactions")) == ["00U1", "00v1"]
    assert nights.rows("crm_tickets")["5001"]["status"] == "Open"


def test_a_connected_app_gets_a_token_of_its_own(org: SalesforceOrg, tmp_path: Path) -> None:
    assert landed(_nights(tmp_path, org, client_id="app", client_secret="hush").night())
    assert org.asked[0] == ("POST", "/services/oauth2/token")


def test_a_secret_that_is_wrong_is_named_and_not_told(org: SalesforceOrg, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="client_id or client_secret is wrong") as caught:
        _nights(tmp_path, org, client_id="app", client_secret="s3cret").night()
    assert "s3cret" not in str(caught.value)


def test_a_token_that_ends_while_records_are_read_is_replaced(org: SalesforceOrg, tmp_path: Path) -> None:
    tokens = iter(("a-second-token", "a-third-token"))

    def ends() -> None:
        if len(org.asked) in (5, 9):
            org.token = next(tokens)

    org.between_requests = ends  # type: ignore[method-assign]
    loads = _nights(tmp_path, org, client_id="app", client_secret="hush").night()
    assert not [load.error for load in loads.values() if load.error]
    assert org.asked.count(("POST", "/services/oauth2/token")) == 3


def test_leads_are_customers_where_they_are_asked_for_and_become_contacts(org: SalesforceOrg, tmp_path: Path) -> None:
    org.put("Lead", "00Q1", Name="Cy", Email="cy@example.org", Company="Acme", Industry="Software", HasOptedOutOfEmail=True)
    org.put("CampaignMember", "00v3", CampaignId="7011", LeadId="00Q1", Campaign={"Type": "Email"})
    org.put("Event", "00U2", WhoId="00Q1", StartDateTime="2026-01-02T09:00:00.000+0000", IsChild=True)  # a colleague's copy
    assert "00Q1" not in _leads_of(_nights(tmp_path / "without", org))
    nights = _nights(tmp_path / "with", org, objects=["contacts", "leads", "consents", "tasks", "events", "campaigns"])
    assert _leads_of(nights)["00Q1"]["company_name"] == "Acme"
    assert {row["customer_id"] for row in nights.rows("crm_consents").values()} == {"003B", "00Q1"}
    with_leads = {key for key, row in nights.rows("crm_interactions").items() if row["customer_id"] == "00Q1"}
    assert with_leads == {"00T2", "00v3"}
    org.clock = "2026-01-05T10:00:00.000+0000"
    org.put("Lead", "00Q1", ConvertedContactId="003A")
    assert _leads_of(nights)["00Q1"]["merged_into_customer_id"] == "003A"


def _leads_of(nights: Nights) -> dict[str, dict[str, Any]]:
    nights.night()
    return nights.rows("crm_customers")


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ([{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}], 403, "may make in a day were made"),
        (
            [{"errorCode": "INVALID_FIELD", "message": "x\nNo such column 'DoNotCall' on entity 'Contact'. If"}],
            400,
            "Contact has no DoNotCall for",
        ),
        ([{"errorCode": "INVALID_TYPE", "message": "sObject type 'Campaign' is not supported."}], 400, "there is no Campaign for this"),
    ],
)
def test_a_refusal_says_what_is_missing(body: Any, status: int, said: str) -> None:
    assert said in str(refused("GET", "/x", httpx.Response(status, json=body)))


def test_what_comes_in_bulk_is_what_comes_page_by_page(org: SalesforceOrg, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    org.put("Contact", "003D", Name='Dee "the, first"\nof her name', Email="dee@example.org", HasOptedOutOfEmail=False)
    by_pages, by_jobs = _nights(tmp_path / "pages", org), _nights(tmp_path / "jobs", org)
    by_pages.night()
    monkeypatch.setattr(bulk_org, "MOST_BY_REST", 0)
    by_jobs.night()
    assert len(org.jobs) == 1  # of contacts there is more than a page
    for table in ("crm_customers", "crm_consents", "crm_interactions", "crm_tickets"):
        assert by_jobs.rows(table) == by_pages.rows(table)
    org.takes_jobs = False
    refused = _nights(tmp_path / "refused", org)
    warnings = [line for load in refused.night("crm_customers").values() for line in load.warnings]
    assert warnings == ["large lists come 2,000 at a time: jobs of Bulk API 2.0 may not be ordered here"]
    assert refused.rows("crm_customers") == by_pages.rows("crm_customers")


def test_whoever_responds_to_a_campaign_says_so_until_they_are_taken_out(org: SalesforceOrg, tmp_path: Path) -> None:
    nights = _nights(tmp_path, org)
    nights.night("crm_interactions")
    org.clock = "2026-01-05T10:00:00.000+0000"
    org.put("CampaignMember", "00v1", HasResponded=True, FirstRespondedDate="2026-01-04")
    nights.night("crm_interactions")
    told = {key: (row["kind"], row["campaign_id"]) for key, row in nights.rows("crm_interactions").items() if "v1" in key}
    assert told == {"00v1": ("sent", "7011"), "00v1:responded": ("replied", "7011")}
    org.clock = "2026-01-06T10:00:00.000+0000"
    org.put("CampaignMember", "00v1", IsDeleted=True)
    nights.night("crm_interactions")
    assert not [key for key in nights.rows("crm_interactions") if "v1" in key]


@pytest.mark.parametrize(("used", "is_said"), [(79_999, False), (80_000, True)])
def test_a_days_calls_that_are_nearly_used_up_are_said(org: SalesforceOrg, tmp_path: Path, used: int, is_said: bool) -> None:
    """By whomever: reports of others and their tools are refused together with us."""
    org.headers = {"Sforce-Limit-Info": f"per-app-api-usage=99/100(appName=ours); api-usage={used}/100000"}
    loads = _nights(tmp_path, org).night()
    said = "80,000 of the 100,000 calls that the organisation has in 24 hours are used, by everybody who works with it"
    assert any(said in load.warnings for load in loads.values()) is is_said


def test_without_credentials_it_is_no_source() -> None:
    with pytest.raises(ValueError, match="needs an `access_token`"):
        SalesforceSource(type="salesforce", instance_url="https://acme.my.salesforce.com")
