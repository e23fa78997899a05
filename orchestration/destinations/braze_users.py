"""What users of Braze's hold (https://www.braze.com/docs/api/endpoints/export/user_data/post_users_identifier).

Comes in: records that Braze acknowledged. Goes out: their custom attributes, read by `POST /users/export/ids`, 50 users a call:

    {"external_ids": ["c1"], "fields_to_export": ["external_id", "custom_attributes"]}

A user whom it does not have is named under `invalid_user_ids` and is none who was deleted: scores make no users, and Braze says success to
those of strangers, too. Nothing is said of them. What is missing of a user is null, false or empty.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from orchestration.destinations.base import Fields, Holdings, Record
from orchestration.destinations.delivery import HttpDestination
from orchestration.destinations.holdings import Named, in_parts
from orchestration.destinations.limits import Limits, limits_of
from orchestration.destinations.reading import listed, text_of

EXPORT = "/users/export/ids"
USERS = limits_of("braze_users")
AT_ONCE = 4  # our choice: as many as are under way at 80 % of 250 calls a minute, each answered within a second
_WANTS = "to compare what users hold its API key needs users.export.ids"
_LONGEST = 255  # characters of a text that Braze keeps


class Users(HttpDestination):
    """The users of a workspace, as far as they are read; with a pace of its own, since exports have a limit of their own."""

    type: ClassVar[str] = "braze"
    channels: tuple[str, ...] = ()
    limits: ClassVar[Limits] = USERS

    def preflight(self) -> None:
        """Ask for nobody: who may not export is told so before that is found wrong."""
        self._asked("POST", EXPORT, _WANTS, json={"external_ids": [], "fields_to_export": ["external_id"]})

    def read(self, records: Sequence[Record]) -> Holdings:
        """What they hold, of those whom Braze has."""
        return in_parts(records, USERS.max_records, AT_ONCE, self._page)

    def _page(self, records: Sequence[Record]) -> Holdings:
        wanted, told = Named(records, lambda record: record.external_id), dict[str, Fields | None]()
        asked = {"external_ids": list(wanted.ids), "fields_to_export": ["external_id", "custom_attributes"]}
        body = self._must("POST", EXPORT, _WANTS, json=asked)
        for one in listed(body, "users"):
            held = one.get("custom_attributes")
            told |= wanted.holding(text_of(one, "external_id"), as_kept(held if isinstance(held, Mapping) else {}))
        answered = isinstance(body, Mapping) and isinstance(body.get("users"), list)
        return Holdings(told, lacks="" if answered else "braze did not tell what users hold")


def as_kept(fields: Fields) -> dict[str, Any]:
    """Values as they can be told apart there: no false from nothing, and of a long text its beginning."""
    short = {name: value[:_LONGEST] if isinstance(value, str) else value for name, value in fields.items()}
    return {name: None if value is False else value for name, value in short.items()}
