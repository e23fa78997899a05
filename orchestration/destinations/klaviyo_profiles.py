"""Which profiles Klaviyo has, and under which ids (https://developers.klaviyo.com/en/reference/get_profiles).

Comes in: records; keys of customers. Goes out: Klaviyo's ids. Reading profiles has limits of its own, wider than those of jobs.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from typing import Any

import httpx

from orchestration.destinations.base import DestinationError, Found, Holdings, Record, Sought, sought
from orchestration.destinations.fields import KEY_FIELD
from orchestration.destinations.holdings import Named, in_parts, together
from orchestration.destinations.http import Caller, NoAnswerError, NoConnectionError
from orchestration.destinations.klaviyo_answers import ids_of
from orchestration.destinations.limits import limits_of
from orchestration.destinations.reading import as_json, listed, next_cursor, text_of

LIMITS = limits_of("klaviyo_profiles")
_PAGE, _SIDE_BY_SIDE = LIMITS.max_records, 4  # profiles a page, pages at once
_MOST_PAGES = 300  # of profiles changed since, read for who is looked for: half a minute


class Profiles:
    """Profiles by `key`: email or external_id."""

    def __init__(self, key: str, **own: Any) -> None:
        self.caller = Caller("https://a.klaviyo.com", allowed=("GET /api/profiles",), windows=LIMITS.windows, **own)
        self._key = key

    def close(self) -> None:
        """Close the connections."""
        self.caller.close()

    def known(self, records: Sequence[Record], *, required: bool = False) -> dict[str, str]:
        """External id → Klaviyo's id, of the profiles that it has.

        One whose id could not be read can be cleared by its address only. Raises DestinationError where the answer is `required`.
        """
        wanted = Named([record for record in records if self._identifier(record)], self._identifier)
        told = self._told(self._key, list(wanted.ids))
        if required and None in told:
            raise DestinationError("klaviyo does not say which profiles it has; its private key needs the scope profiles:read")
        return {external_id: profile for body in told for external_id, profile in ids_of(body, self._key, wanted).items()}

    def gone(self, records: Sequence[Record]) -> set[str]:
        """External ids of those whose profile, named by Klaviyo's id, is not there any more; nobody where it does not tell."""
        told = self._told("id", [record.remote_id for record in records])
        there = {text_of(one, "id") for body in told for one in listed(body, "data")}
        return set() if None in told else {record.external_id for record in records if record.remote_id not in there}

    def held(self, records: Sequence[Record]) -> Holdings:
        """The properties of profiles, by Klaviyo's id where it told one, else by the key."""
        known, others = [one for one in records if one.remote_id], [one for one in records if not one.remote_id]
        asked = ((known, "id", lambda one: one.remote_id), (others, self._key, self._identifier))
        return together([in_parts(some, _PAGE, _SIDE_BY_SIDE, partial(self._properties, key, name)) for some, key, name in asked])

    def _properties(self, key: str, identifier: Callable[[Record], str], records: Sequence[Record]) -> Holdings:
        wanted = Named(records, identifier)
        body = self._page({**_any(key, list(wanted.ids)), "fields[profile]": "properties" if key == "id" else f"{key},properties"})
        if body is None:
            return Holdings({}, lacks="klaviyo does not tell what profiles hold; its private key needs the scope profiles:read")
        told = wanted.missing()
        for one in listed(body, "data"):
            attributes = one.get("attributes") or {}
            told |= wanted.holding(text_of(one, "id") if key == "id" else text_of(attributes, key), attributes.get("properties") or {})
        return Holdings(told)

    def _identifier(self, record: Record) -> str:
        return record.email if self._key == "email" else record.external_id

    def holding(self, customer_keys: Collection[str], since: datetime | None) -> Sought:
        """The profiles whose property says so, among those changed `since`.

        Klaviyo filters by no property: they are read, oldest change first.
        """
        told, is_end = list[tuple[str, Found]](), False
        for page, is_last in self._changed(since):
            told += [
                (text_of(one, "attributes", "properties", KEY_FIELD), Found(text_of(one, "id"), text_of(one, "attributes", "email")))
                for one in page
            ]
            is_end = is_last
        return sought(told, customer_keys, is_all=is_end and since is None)

    def _changed(self, since: datetime | None) -> Iterator[tuple[list[dict[str, Any]], bool]]:
        """Profiles page by page, and whether they are the last."""
        query = {"sort": "updated", "fields[profile]": "email,properties", "page[size]": str(_PAGE)}
        query |= {"filter": f"greater-than(updated,{since.isoformat(timespec='seconds')}Z)"} if since else {}
        for _ in range(_MOST_PAGES):
            body = self._page(query)
            following = next_cursor(body)
            yield listed(body, "data"), body is not None and not following
            if not following or following == query.get("page[cursor]"):
                return
            query |= {"page[cursor]": following}

    def _told(self, key: str, identifiers: Sequence[str]) -> list[Any]:
        """What Klaviyo says of the profiles with these identifiers, page by page, None for one that it does not give."""
        parts = [identifiers[start : start + _PAGE] for start in range(0, len(identifiers), _PAGE)]
        fields = () if key == "id" else (("fields[profile]", key),)
        queries = [_any(key, part) | dict(fields) for part in parts]
        with ThreadPoolExecutor(_SIDE_BY_SIDE) as side_by_side:
            return list(side_by_side.map(self._page, queries))

    def _page(self, query: dict[str, str]) -> Any:
        try:
            response: httpx.Response | None = self.caller.call("GET", "/api/profiles", params=query)
        except (NoAnswerError, NoConnectionError):
            response = None
        body = as_json(response) if response is not None and response.is_success else None
        profiles = body.get("data") if isinstance(body, Mapping) else None
        is_told = isinstance(profiles, list) and all(text_of(one, "id") for one in profiles)
        return body if is_told else None  # nothing said is nobody missed


def _any(key: str, identifiers: Sequence[str]) -> dict[str, str]:
    """The question for the profiles with these identifiers."""
    return {"filter": f"any({key},{json.dumps(identifiers)})", "page[size]": str(_PAGE)}
