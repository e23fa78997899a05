"""Queries by Bulk API 2.0: ordered, waited for, fetched as CSV, which takes one call for fifty thousand records instead of two thousand.

Comes in: the API, a query. Goes out: pages of CSV, whole ones. They are kept and read as they are: to make an object of every line takes
more than all that is done with its columns.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any

import httpx

from orchestration.sources.base import SourceError
from orchestration.sources.http import Api, Onward
from orchestration.sources.reading.pages import Page
from orchestration.sources.salesforce.columns import from_csv

_PAGE, _POLL, _MOST_POLLS = 50_000, 5.0, 720  # records; seconds; an hour
_END = ("", "null")  # what the locator says behind the last page


def ordered(api: Api, data: str, query: str) -> str:
    """The path of a job that carries out `query`, deleted records included. Raises RefusedError when jobs may not be ordered."""
    told = api.post(f"{data}/jobs/query", {"operation": "queryAll", "query": query, "contentType": "CSV", "lineEnding": "LF"}, holds="id")
    return f"{data}/jobs/query/{told['id']}"


def results(api: Api, job: str, locator: str | None = "") -> Iterator[Page]:
    """Pages, as `csv`, of what a job finds behind the one that told `locator`; each tells how to go on: `job` and its own `locator`."""
    onward = Onward(job)
    if locator is not None:
        _wait_for(api, job)
    while locator is not None:
        asked: dict[str, Any] = {"maxRecords": _PAGE, **({"locator": onward.to(locator)} if locator else {})}
        lines, told = api.get_answer(f"{job}/results", asked, _page)
        locator = None if told in _END else told
        yield {"csv": lines, "job": job, "locator": locator}


def _wait_for(api: Api, job: str) -> None:
    for _ in range(_MOST_POLLS):
        told = api.get(job, holds="state")
        if told["state"] == "JobComplete":
            return
        if told["state"] in ("Failed", "Aborted"):
            raise SourceError(f"Salesforce could not carry out the query of {job} ({told['state']}); the next run asks again")
        api.pause(_POLL)
    raise SourceError(f"Salesforce has not carried out the query of {job} within an hour; the next run asks again")


def _page(answer: httpx.Response) -> tuple[str, str]:
    """(lines, locator of the next page). Raises ValueError when the page is not whole."""
    lines, told = answer.content.decode("utf-8", "replace"), answer.headers.get("sforce-numberofrecords", "")
    names = next(csv.reader([lines.partition("\n")[0]]), [])
    if "Id" not in names and told != "0":  # every query asks for it; a page for signing in has one column and no end that is told
        raise ValueError("no page of records")
    count = from_csv(lines, ["Id"]).num_rows
    if told.isdigit() and int(told) != count:
        raise ValueError("no whole page")
    return lines, answer.headers.get("sforce-locator", "")
