"""Queries by Bulk API 2.0: ordered, waited for, fetched as CSV, which takes one call for fifty thousand records instead of two thousand.

Comes in: the API, a query. Goes out: records as the other API sends them: what is of another record nested, nothing where a cell is empty.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import httpx

from orchestration.sources.base import SourceError
from orchestration.sources.http import Api, Onward
from orchestration.sources.reading.pages import Page

Object = Mapping[str, Any]
_PAGE, _POLL, _MOST_POLLS = 50_000, 5.0, 720  # records; seconds; an hour
_TRUTHS = frozenset({"IsDeleted", "HasOptedOutOfEmail", "DoNotCall", "HasResponded", "IsChild"})
_END = ("", "null")  # what the locator says behind the last page


def ordered(api: Api, data: str, query: str) -> str:
    """The path of a job that carries out `query`, deleted records included. Raises RefusedError when jobs may not be ordered."""
    told = api.post(f"{data}/jobs/query", {"operation": "queryAll", "query": query, "contentType": "CSV", "lineEnding": "LF"}, holds="id")
    return f"{data}/jobs/query/{told['id']}"


def results(api: Api, job: str, locator: str | None = "") -> Iterator[Page]:
    """Pages of `records` that a job finds, behind the one that told `locator`; each tells how to go on: `job` and its own `locator`."""
    onward = Onward(job)
    if locator is not None:
        _wait_for(api, job)
    while locator is not None:
        asked: dict[str, Any] = {"maxRecords": _PAGE, **({"locator": onward.to(locator)} if locator else {})}
        records, told = api.get_answer(f"{job}/results", asked, _page)
        locator = None if told in _END else told
        yield {"records": records, "job": job, "locator": locator}


def _wait_for(api: Api, job: str) -> None:
    for _ in range(_MOST_POLLS):
        told = api.get(job, holds="state")
        if told["state"] == "JobComplete":
            return
        if told["state"] in ("Failed", "Aborted"):
            raise SourceError(f"Salesforce could not carry out the query of {job} ({told['state']}); the next run asks again")
        api.pause(_POLL)
    raise SourceError(f"Salesforce has not carried out the query of {job} within an hour; the next run asks again")


def _page(answer: httpx.Response) -> tuple[list[Object], str]:
    """(records, locator of the next page). Raises ValueError when the page is not whole."""
    lines = csv.reader(io.StringIO(answer.content.decode("utf-8", "replace"), newline=""))
    names, told = next(lines, []), answer.headers.get("sforce-numberofrecords", "")
    if "Id" not in names and told != "0":  # every query asks for it; a page for signing in has one column and no end that is told
        raise ValueError("no page of records")
    record = _reader(names)
    records = [record(line) for line in lines if line]
    if told.isdigit() and int(told) != len(records):
        raise ValueError("no whole page")
    return records, answer.headers.get("sforce-locator", "")


def _reader(names: Sequence[str]) -> Callable[[Sequence[str]], Object]:
    """What makes records of lines with these columns."""
    plain = [(name, place, name in _TRUTHS) for place, name in enumerate(names) if "." not in name]
    nested = [(place, name.split(".")) for place, name in enumerate(names) if "." in name]

    def record(line: Sequence[str]) -> Object:
        if len(line) < len(names):
            raise ValueError("no whole record")
        made: dict[str, Any] = {name: line[place] == "true" if is_truth else line[place] or None for name, place, is_truth in plain}
        for place, path in nested:
            found = made
            for step in path[:-1]:
                found = found.setdefault(step, {})
            found[path[-1]] = line[place] or None
        return made

    return record
