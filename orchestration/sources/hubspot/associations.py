"""What objects of HubSpot are associated with: a list may tell it, or its beginning; a search never does.

Comes in: the API. Goes out: ids. They are asked for in batches; of an object with more than one answer holds, page by page.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from orchestration.sources.http import Api, Onward, RefusedError
from orchestration.sources.reading.values import below

Object = Mapping[str, Any]
_BATCH = 100


class Associations:
    """Those of one account; `objects` is the path below which its objects are."""

    def __init__(self, api: Api, objects: str) -> None:
        self._api, self._objects = api, objects

    def beside(self, kind: str, associated: str, objects: Iterator[Object]) -> Iterator[Object]:
        """The objects with the ids of what they are associated with."""
        for some in chunks(objects, _BATCH):
            ids = self._associated(kind, associated, [one["id"] for one in some])
            for one in some:
                yield {**one, "associations": {associated: {"results": [{"id": other} for other in ids.get(one["id"], [])]}}}

    def completed(self, kind: str, associated: str, objects: Sequence[Object]) -> list[Object]:
        """The objects of a list; of one that more is associated with than came beside it all of that is asked for."""
        short = [one for one in objects if below(one, "associations", associated, "paging", "next", "after")]
        whole = {one["id"]: one for one in self.beside(kind, associated, iter(short))}
        return [whole.get(one["id"], one) for one in objects]

    def _associated(self, kind: str, associated: str, ids: Sequence[str]) -> dict[str, list[str]]:
        path = f"/crm/v4/associations/{kind}/{associated}/batch/read"
        found: dict[str, list[str]] = {}
        asked, onward = [{"id": one} for one in ids], Onward(f"the {associated} of {kind}")
        while asked:
            try:
                results = self._api.post(path, {"inputs": asked}, holds="results", each=("from", "to"))["results"]
            except RefusedError as error:
                if error.status != 404:
                    raise
                return {one: self._associated_of_one(kind, associated, one) for one in ids}
            told = list(self._api.odd.each(path, results, _told))
            for one, others, _ in told:
                found.setdefault(one, []).extend(others)
            whose = [onward.to((one, after)) for one, _, after in told if after]  # a company may have thousands of contacts
            asked = [{"id": one, "after": after} for one, after in whose]
        return found

    def _associated_of_one(self, kind: str, associated: str, identifier: str) -> list[str]:
        one = self._api.get(f"{self._objects}/{kind}/{identifier}", {"associations": associated}, holds="id")
        return associated_ids(one, associated)

    def of(self, kind: str, other: str, ids: Iterable[str]) -> Iterator[str]:
        """The ids of the objects of kind `other` that these objects are associated with."""
        for some in chunks(ids, _BATCH):
            for found in self._associated(kind, other, some).values():
                yield from found


def _told(one: Object) -> list[tuple[str, list[str], Any]]:
    """Of what, the ids of what it is associated with, and behind which place are more."""
    return [(str(one["from"]["id"]), [str(other["toObjectId"]) for other in one["to"]], below(one, "paging", "next", "after"))]


def associated_ids(one: Object, kind: str) -> list[str]:
    """The ids of the objects of a kind that an object is associated with, in their order, each once."""
    results = below(one, "associations", kind, "results") or []
    return list(dict.fromkeys(str(other["id"]) for other in results))


def chunks(values: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """The values in lists of at most `size`."""
    source = iter(values)
    while some := list(islice(source, size)):
        yield some
