"""Members of a list: who holds a customer's key, and what is held (https://mailchimp.com/developer/marketing/api/list-members).

Comes in: keys, records. Goes out: the ids of members, their merge fields. Mailchimp searches by address and name only, so the members that
have changed are read, oldest change first; for many records the whole list is.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from orchestration.destinations.base import Fields, Found, Holdings, Record, Sought, sought
from orchestration.destinations.holdings import Named, in_parts, together
from orchestration.destinations.http import Caller, NoAnswerError, NoConnectionError
from orchestration.destinations.limits import limits_of
from orchestration.destinations.mailchimp_answers import tag_of
from orchestration.destinations.reading import as_json, listed, text_of

LISTING = limits_of("mailchimp_members")
_PAGE, _MOST_PAGES = LISTING.max_records, 100  # members a page; pages read for who is looked for
_FIELDS = "total_items,members.id,members.contact_id,members.email_address,members.merge_fields"


def holding(caller: Caller, path: str, keys: Collection[str], since: datetime | None) -> Sought:
    """Members by the id that stays when the address changes; a key that several members hold says nothing."""
    told, is_end = _told(caller, path, {"since_last_changed": f"{since.isoformat(timespec='seconds')}+00:00"} if since else {})
    if since is not None or not is_end:
        return sought(told, keys, is_all=False)
    archived, is_end = _told(caller, path, {"status": "archived"})  # they are listed by themselves only
    return sought([*told, *archived], keys, is_all=is_end)


def _told(caller: Caller, path: str, more: Mapping[str, str]) -> tuple[list[tuple[str, Found]], bool]:
    """Members by the key that they hold, and whether they are all: a list that changes while it is read passes some over."""
    query = {"count": str(_PAGE), "sort_field": "last_changed", "sort_dir": "ASC", "fields": _FIELDS, **more}
    told, totals = dict[str, tuple[str, Found]](), set[str]()
    for page in range(_MOST_PAGES):
        body = _answer(caller, path, params={**query, "offset": str(page * _PAGE)})
        if not isinstance(body, Mapping):
            break  # asked again by the next sync: the doubt stays
        totals.add(text_of(body, "total_items"))
        for one in (members := listed(body, "members")):
            found = Found(text_of(one, "contact_id") or text_of(one, "id"), text_of(one, "email_address"))
            told[text_of(one, "id")] = text_of(one, "merge_fields", tag_of("customer_key")), found
        if len(members) < _PAGE:
            return list(told.values()), totals == {str(len(told))}
    return list(told.values()), False


def holdings(caller: Caller, path: str, records: Sequence[Record], identifier: Callable[[Record], str], few: int, at_once: int) -> Holdings:
    """Merge fields of the members that `records` are: one by one where they are `few`, else as the list tells of them.

    Archived members are listed by themselves only, and a list that changes while it is read passes some over: who is not told of is asked
    about alone.
    """
    wanted, listing, rest = Named(records, identifier), Holdings({}, calls=0), records
    for more in ({}, {"status": "archived"}):
        if len(rest) > few and not listing.lacks:
            listing = together([listing, _listing(caller, path, wanted, more)])
            rest = [one for one in records if one.external_id not in listing.told]
    if listing.lacks or len(rest) > few:
        return listing._replace(lacks=listing.lacks or f"the list does not tell of {len(rest):,} members that it took")
    return together([listing, in_parts(rest, 1, at_once, lambda one: _single(caller, path, Named(one, identifier)))])


def _listing(caller: Caller, path: str, wanted: Named, more: Mapping[str, str]) -> Holdings:
    told: dict[str, Fields | None] = {}
    query, calls, is_last = {**more, "count": str(_PAGE), "fields": "members.id,members.contact_id,members.merge_fields"}, 0, False
    while not is_last:
        body, calls = _answer(caller, path, params={**query, "offset": str(calls * _PAGE)}), calls + 1
        if isinstance(body, str):
            return Holdings(told, calls, body)
        members = listed(body, "members")
        is_last = len(members) < _PAGE
        for one in members:
            for name in (text_of(one, "contact_id"), text_of(one, "id")):
                told |= wanted.holding(name, _fields_of(one))
    return Holdings(told, calls)


def _single(caller: Caller, path: str, wanted: Named) -> Holdings:
    (name,) = wanted.ids
    body = _answer(caller, f"{path}/{name}", params={"fields": "id,merge_fields"})
    if isinstance(body, str):
        return Holdings({}, lacks=body)
    return Holdings(wanted.holding(name, _fields_of(body)) if body is not None else wanted.missing())


def _answer(caller: Caller, path: str, **options: Any) -> Any:
    """What Mailchimp tells, None where there is no such member; a text says why nothing is known."""
    try:
        response = caller.call("GET", path, **options)
    except (NoAnswerError, NoConnectionError):
        return "mailchimp did not tell what members hold"
    body = as_json(response)
    if response.status_code == 404 and text_of(body, "title") == "Resource Not Found":
        return None
    usable = response.is_success and isinstance(body, Mapping) and ("members" in body or "merge_fields" in body)
    return body if usable else f"mailchimp answers {response.status_code} when it is asked what members hold"


def _fields_of(body: Any) -> Fields:
    found = body.get("merge_fields")
    return found if isinstance(found, Mapping) else {}
