"""Members of a list that hold a customer's key (https://mailchimp.com/developer/marketing/api/list-members/list-members-info).

Comes in: keys. Goes out: the ids of members. Mailchimp searches by address and name only, so the members that have changed are read,
oldest change first.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime

from orchestration.destinations.base import Found, only_ones
from orchestration.destinations.http import Caller, NoAnswerError, NoConnectionError
from orchestration.destinations.mailchimp_answers import tag_of
from orchestration.destinations.reading import as_json, listed, text_of

_PAGE, _MOST_PAGES = 1000, 100  # members a page, which is the most that Mailchimp gives; pages read for who is looked for
_FIELDS = "members.id,members.contact_id,members.email_address,members.merge_fields"


def holding(caller: Caller, path: str, keys: Collection[str], since: datetime | None) -> dict[str, Found]:
    """Key → member, by the id that stays when the address changes; a key that several members hold says nothing."""
    return only_ones(_told(caller, path, since), keys)


def _told(caller: Caller, path: str, since: datetime | None) -> Iterator[tuple[str, Found]]:
    query = {"count": str(_PAGE), "sort_field": "last_changed", "sort_dir": "ASC", "fields": _FIELDS}
    query |= {"since_last_changed": f"{since.isoformat(timespec='seconds')}+00:00"} if since else {}
    for page in range(_MOST_PAGES):
        try:
            response = caller.call("GET", path, params={**query, "offset": str(page * _PAGE)})
        except (NoAnswerError, NoConnectionError):
            return  # asked again by the next sync: the doubt stays
        members = listed(as_json(response), "members") if response.is_success else []
        for one in members:
            found = Found(text_of(one, "contact_id") or text_of(one, "id"), text_of(one, "email_address"))
            yield text_of(one, "merge_fields", tag_of("customer_key")), found
        if len(members) < _PAGE:
            return
