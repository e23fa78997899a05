"""What one run asks of a Salesforce organisation.

Comes in: the API. Goes out: records as Salesforce sends them, deleted and merged ones included: only `queryAll` tells those. Salesforce
does not say when to come back; a quota that is used up is a 403, and waiting within a night would not help.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from orchestration.sources.base import Bench
from orchestration.sources.http import Api
from orchestration.sources.reading.kept import Kept

Object = Mapping[str, Any]
STAMP = "SystemModstamp"


class Org:
    """The records of one organisation."""

    def __init__(self, api: Api, kept: Kept, version: str) -> None:
        self._api, self._kept = api, kept
        self._data = f"/services/data/v{version}"

    def probe(self) -> None:
        """Ask for nearly nothing; raises what stands in the way."""
        self._api.get(f"{self._data}/query", {"q": "SELECT Id FROM Contact LIMIT 1"})

    def records(self, kind: str, fields: Sequence[str], since: int | None, bench: Bench) -> Iterator[Object]:
        """The records of a kind, or those changed since `since` (in milliseconds), in the order of their changes."""
        changed = f" WHERE {STAMP} >= {_soql_time(since)}" if since else ""
        query = f"SELECT {', '.join(dict.fromkeys(fields))} FROM {kind}{changed} ORDER BY {STAMP}, Id"
        return self._kept.of((kind, since), lambda: self._pages(query), bench)

    def count(self, kind: str) -> int:
        """How many records of a kind there are."""
        return int(self._api.get(f"{self._data}/query", {"q": f"SELECT COUNT() FROM {kind}"})["totalSize"])

    def _pages(self, query: str) -> Iterator[Object]:
        page = self._api.get(f"{self._data}/queryAll", {"q": query})
        while True:
            yield from page["records"]
            if page.get("done", True) or not page.get("nextRecordsUrl"):
                return
            page = self._api.get(page["nextRecordsUrl"])


def _soql_time(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
