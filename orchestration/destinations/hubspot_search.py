"""Contacts of HubSpot's that hold a customer's key (https://developers.hubspot.com/docs/api-reference/latest/crm/search-the-crm).

Comes in: keys. Goes out: the ids of contacts. The token needs `crm.objects.contacts.read`; without it nobody is found. The index that is
searched lags behind by less than a minute, and what is looked for was written a sync ago.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from orchestration.destinations.base import Found, Sought, sought
from orchestration.destinations.fields import KEY_FIELD
from orchestration.destinations.http import Caller, NoAnswerError, NoConnectionError
from orchestration.destinations.limits import limits_of
from orchestration.destinations.reading import as_json, listed, text_of

SEARCHES = limits_of("hubspot_search")
_MOST = SEARCHES.max_records  # values of one question, of which an answer names twice as many at most


def found(caller: Caller, path: str, keys: Sequence[str], pace: Callable[[], None]) -> Sought:
    """The contacts; a key that several contacts hold says nothing. `pace` waits for the turn of a search, which has a limit of its own."""
    pages = [_page(caller, path, keys[start : start + _MOST], pace) for start in range(0, len(keys), _MOST)]
    return Sought({key: one for page in pages for key, one in page.found.items()}, [key for page in pages for key in page.nowhere])


def _page(caller: Caller, path: str, keys: Sequence[str], pace: Callable[[], None]) -> Sought:
    pace()
    among = {"propertyName": KEY_FIELD, "operator": "IN", "values": list(keys)}
    content = {"filterGroups": [{"filters": [among]}], "properties": [KEY_FIELD, "email"], "limit": 2 * _MOST, "after": "0", "sorts": []}
    try:
        response = caller.call("POST", path, json=content)
    except (NoAnswerError, NoConnectionError):
        return Sought({})  # asked again by the next sync: the doubt stays
    body = as_json(response) if response.is_success else None
    results = listed(body, "results")
    told = ((text_of(one, "properties", KEY_FIELD), Found(text_of(one, "id"), text_of(one, "properties", "email"))) for one in results)
    return sought(told, keys, is_all=_is_whole(body))


def _is_whole(body: Any) -> bool:
    """Whether an answer names all contacts that were asked for, and there is none behind it."""
    return isinstance(body, Mapping) and isinstance(body.get("results"), list) and not text_of(body, "paging", "next", "after")
