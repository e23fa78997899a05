"""What one run asks of a Salesforce organisation.

Comes in: the API. Goes out: records as columns, deleted and merged ones included: only `queryAll` tells those. Salesforce
does not say when to come back; a quota that is used up is a 403, and waiting within a night would not help. What is more than a page comes
by Bulk API 2.0, as far as the organisation lets us order it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import chain, groupby

import pyarrow as pa

from orchestration.sources.base import Bench
from orchestration.sources.http import Api, Onward, RefusedError
from orchestration.sources.reading.pages import Page, Pages
from orchestration.sources.reading.records import as_batches
from orchestration.sources.salesforce.bulk import ordered, results
from orchestration.sources.salesforce.columns import flattened, from_csv

STAMP = "SystemModstamp"
MOST_BY_REST = 2000  # a page; above it a job and its results take fewer calls
_ORDER = f" ORDER BY {STAMP}, Id"


class Org:
    """The records of one organisation."""

    def __init__(self, api: Api, pages: Pages, version: str) -> None:
        self._api, self._kept = api, pages
        self._data = f"/services/data/v{version}"
        self.without_bulk = False

    def probe(self) -> None:
        """Ask for nearly nothing; raises what stands in the way."""
        self._api.get(f"{self._data}/query", {"q": "SELECT Id FROM Contact LIMIT 1"}, holds="records")

    def records(self, kind: str, fields: Sequence[str], since: int | None, bench: Bench) -> Iterator[pa.RecordBatch]:
        """The records of a kind, or those changed since `since` (in milliseconds), in the order of their changes."""
        changed = f" WHERE {STAMP} >= {_soql_time(since)}" if since else ""
        asked = list(dict.fromkeys(fields))
        query = f"SELECT {', '.join(asked)} FROM {kind}{changed}{_ORDER}"
        pages = self._kept.of(query, lambda last: self._pages(query, last), bench, goes_on=not since, are_large=True)
        for is_csv, some in groupby(pages, lambda page: "csv" in page):
            if is_csv:
                yield from (from_csv(page["csv"], asked) for page in some)
            else:
                found = chain.from_iterable(page["records"] for page in some)
                yield from as_batches(self._api.odd.each(kind, found, flattened(asked)), asked)

    def types(self, kind: str) -> dict[str, str] | None:
        """Field of a kind → its type, of all that the credential may see; None where the organisation does not tell."""
        try:
            told = self._api.get(f"{self._data}/sobjects/{kind}/describe", holds="fields", each=("name", "type"))
        except RefusedError as error:
            if error.status not in (403, 404):
                raise
            return None
        return {str(one["name"]): str(one["type"]) for one in told["fields"]}

    def count(self, kind: str) -> int:
        """How many records of a kind there are."""
        return int(self._api.get(f"{self._data}/query", {"q": f"SELECT COUNT() FROM {kind}"}, holds="totalSize")["totalSize"])

    def _pages(self, query: str, last: Page | None) -> Iterator[Page]:
        if last is not None and "job" in last:
            yield from results(self._api, last["job"], last["locator"])
            return
        page = last or self._api.get(f"{self._data}/queryAll", {"q": query}, holds="records", each=("Id",))
        if last is None:
            # A first look has seen enough with this page: a job finds everything before it shows any of it.
            is_much = self._kept.most is None and not page.get("done", True) and page["totalSize"] > MOST_BY_REST
            if is_much and (job := self._ordered(query)):
                yield from results(self._api, job)
                return
            yield page
        onward = Onward(query.partition(" FROM ")[2].split()[0])
        while not page.get("done", True) and page.get("nextRecordsUrl"):
            page = self._api.get(onward.to(page["nextRecordsUrl"]), holds="records", each=("Id",))
            yield page

    def _ordered(self, query: str) -> str | None:
        """A job for `query`; None where they may not be ordered."""
        try:
            # An order of records would keep Salesforce from dividing the work.
            return ordered(self._api, self._data, query.removesuffix(_ORDER))
        except RefusedError as error:
            if error.status not in (400, 403, 404):
                raise
            self.without_bulk = True
            return None


def _soql_time(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
