"""Salesforce: what comes as CSV by a job and what comes as JSON by pages lands alike, whatever is in a cell."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any

import duckdb
import httpx
import pyarrow as pa
import pytest

from examples.fakes.vendor import serving
from orchestration.configuration.sources import SalesforceSource
from orchestration.sources import Bench
from orchestration.sources.http import Api
from orchestration.sources.reading.newest import Newest
from orchestration.sources.reading.pages import Pages
from orchestration.sources.salesforce import Salesforce, bulk, rows
from orchestration.sources.salesforce import org as bulk_org
from orchestration.sources.salesforce.columns import from_csv
from tests.fakes.salesforce import SalesforceOrg, small_account
from tests.orchestration.sources.nights import Nights, landed, without_waiting

CELLS = (None, "Ann", 'A "q", b', "x\ny", "x\r\ny", "Zoë 漢字 🙂", " padded ", "null", "NULL", "NaN", "#N/A", '"', "'", "true", "0", "\t")
TIMES = (None, "2026-01-02T09:00:00.000+0000", "2026-01-02", "soon")
STAMPS = ("2026-01-01T10:00:00Z", "2026-01-01T10:00:00.500Z", "2026-01-01T12:00:00.000+0100", None)
KINDS = ["contacts", "leads", "tasks", "events", "cases", "campaigns"]


@pytest.fixture
def org(monkeypatch: pytest.MonkeyPatch) -> Iterator[SalesforceOrg]:
    with without_waiting(monkeypatch), serving(small_account()) as vendor:
        assert isinstance(vendor, SalesforceOrg)
        yield vendor


def _settings(org: SalesforceOrg, objects: list[str]) -> Any:
    given: dict[str, Any] = {"instance_url": "https://acme.my.salesforce.com", "access_token": "${KEY}", "base_url": org.url}
    settings = SalesforceSource(type="salesforce", objects=objects, properties={"tier": "Tier__c", "owner": "Account.Region__c"}, **given)
    return settings.model_copy(update={"access_token": org.token})


def _fill(org: SalesforceOrg) -> None:
    """A record of every kind for each cell, with truths, numbers and times beside it."""
    for number, cell in enumerate(CELLS):
        is_odd, at, size = number % 2 == 1, TIMES[number % 4], (None, 12, 12.5, 0)[number % 4]
        stated = {"Name": cell, "Email": cell, "Phone": None if is_odd else cell, "MobilePhone": cell, "LeadSource": cell}
        stated |= {"HasOptedOutOfEmail": is_odd, "DoNotCall": number % 3 == 0, "IsDeleted": number % 5 == 0, "Owner": {"Name": cell}}
        account = None if number % 3 == 1 else {"Name": cell, "Industry": cell, "NumberOfEmployees": size, "Region__c": cell}
        merged = "003A" if number % 7 == 0 else None
        org.put("Contact", f"003{number}", **stated, MasterRecordId=merged, Account=account, MailingCountry=cell, Tier__c=size)
        org.put("Lead", f"00Q{number}", **stated, ConvertedContactId=merged, Company=cell, NumberOfEmployees=size, Country=cell)
        who = ("003A", "00Q1", None, "001X")[number % 4]
        org.put("Task", f"00T{number}", WhoId=who, TaskSubtype=("Call", "Email", "Other", None)[number // 4 % 4], ActivityDate=at)
        org.put("Event", f"00U{number}", WhoId=who, StartDateTime=at, IsChild=number % 3 == 0)
        org.put("Case", f"500{number}", ContactId=who, Subject=cell, Description=CELLS[-number], Status=cell, ClosedDate=at)
        org.put("Campaign", f"701{number}", Name=cell, Type=cell, StartDate=at, IsDeleted=is_odd)
        asked = {"Type": ("Email", "WEBINAR", cell, None)[number % 4]}
        org.put("CampaignMember", f"00v{number}", CampaignId="7011", ContactId=who, LeadId="00Q1", Campaign=asked, HasResponded=is_odd)


def test_what_a_cell_holds_lands_alike_by_pages_and_by_jobs(org: SalesforceOrg, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _fill(org)
    by_pages = Nights(tmp_path / "pages", _settings(org, KINDS))
    told = landed(by_pages.night())
    monkeypatch.setattr(bulk_org, "MOST_BY_REST", 0)
    by_jobs = Nights(tmp_path / "jobs", _settings(org, KINDS))
    assert landed(by_jobs.night()) == told
    assert len(org.jobs) == 7
    for table in told:
        assert by_jobs.rows(table) == by_pages.rows(table)
    names = {row["full_name"] for row in by_jobs.rows("crm_customers").values() if "full_name" in row}
    assert names >= {'A "q", b', "x\ny", "x\r\ny", "Zoë 漢字 🙂", "null", "NaN", "#N/A", '"'}


def test_a_case_says_what_it_is_about_as_far_as_it_is_told() -> None:
    told = [("Slow", "It is slow"), ("Slow", None), (None, "It is slow"), (None, None)]
    cases = [{"Id": f"500{n}", "ContactId": "003A", "Subject": subject, "Description": text} for n, (subject, text) in enumerate(told)]
    schema = pa.schema([(field, pa.string()) for field in dict.fromkeys(rows.CASE)])
    (found,) = rows.case(pa.RecordBatch.from_pylist(cases, schema))
    assert found["text"].to_pylist() == ["Slow\nIt is slow", "Slow", "It is slow", None]


def test_of_lines_the_fields_asked_for_are_read() -> None:
    found = from_csv('Id,More,Name\n1,x,"a, ""b""\nc"\n2,,""\n', ["Name", "Id", "Absent"])
    assert found.to_pylist() == [{"Name": 'a, "b"\nc', "Id": "1", "Absent": None}, {"Name": None, "Id": "2", "Absent": None}]
    assert from_csv("", ["Id"]).num_rows == from_csv("Id\n", ["Id"]).num_rows == 0


@pytest.mark.parametrize(
    ("content", "count"),
    [("Id,Name\n1,Ann\n2", "2"), ("Id,Name\n1,Ann\n", "2"), ("<html>sign in</html>", ""), ("", "1")],
)
def test_a_page_that_is_not_whole_is_none(content: str, count: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        bulk._page(httpx.Response(200, content=content.encode(), headers={"sforce-numberofrecords": count}))


def test_bytes_that_are_no_text_are_replaced() -> None:
    lines, _ = bulk._page(httpx.Response(200, content=b"Id,Name\n1,An\xff\n", headers={"sforce-numberofrecords": "1"}))
    assert from_csv(lines, ["Name"])["Name"].to_pylist() == ["An\ufffd"]


def test_pages_that_were_kept_as_records_go_on_as_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As of a run that was killed before its version was replaced."""
    page = {"records": [{"Id": "1", "IsDeleted": True, "Account": {"Name": "Acme"}}], "job": "j", "locator": "1"}
    pages = Pages("salesforce", None, lambda: datetime.now(UTC))
    monkeypatch.setattr(pages, "of", lambda *_, **__: iter([page, {"csv": "Id,Account.Name\n2,Beta\n", "job": "j", "locator": None}]))
    org = bulk_org.Org(Api("salesforce", "https://a.example"), pages, "62.0")
    found = org.records("Contact", ("Id", "IsDeleted", "Account.Name"), None, Bench(duckdb.connect(), tmp_path))
    told = [row for batch in found for row in batch.to_pylist()]
    assert [tuple(row.values()) for row in told] == [("1", "true", "Acme"), ("2", None, "Beta")]


def test_a_first_look_orders_no_job(org: SalesforceOrg, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_org, "MOST_BY_REST", 0)
    org.put("Contact", "003D", Name="Dee")
    source = Salesforce.from_settings(_settings(org, ["contacts"]))
    assert len(source.sample("crm_customers", 2, Bench(duckdb.connect(), tmp_path))) == 2
    assert org.jobs == []


@pytest.mark.parametrize(
    "stamps", product(("2026-01-01T10:00:00Z", "2026-01-01T10:00:00.500Z", "2026-01-01T12:00:00.000+0100", None), repeat=2)
)
def test_the_newest_of_a_column_is_the_newest_of_its_stamps(stamps: tuple[str | None, ...]) -> None:
    by_column, one_by_one = Newest(None), Newest(None)
    by_column.see(pa.array(stamps, pa.string()))
    list(one_by_one.watched(stamps, lambda one: one))
    assert by_column.until(datetime(2027, 1, 1, tzinfo=UTC)) == one_by_one.until(datetime(2027, 1, 1, tzinfo=UTC))
