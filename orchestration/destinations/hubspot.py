"""HubSpot: scores as properties of contacts (https://developers.hubspot.com/docs/api-reference/crm-contacts-v3).

Comes in: batches. Goes out: `POST …/contacts/batch/upsert` with at most 100 inputs, every value a string:

    {"inputs": [{"idProperty": "email", "id": "ann@example.com", "objectWriteTraceId": "…", "properties": {"crmp_nps": "9"}}]}

and `POST …/contacts/batch/update`, which never makes a contact, with mode `update_only`, for whatever is cleared or shall stay gone, and
for whoever has another address since (by the record's id that HubSpot told when it took the record). A property that is missing is made
before the first record. A record whose first delivery was not answered, and whose address is gone, is found by `POST …/contacts/search`;
what contacts hold is read by `POST …/contacts/batch/read`.

Never called: anything that subscribes, archives, merges or deletes. Never written: a property that is not ours.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, ClassVar

import httpx

from orchestration.destinations.base import Answer, Batch, DestinationError, Found, Holdings, Outcome, Record
from orchestration.destinations.delivery import HttpDestination, divided
from orchestration.destinations.fields import PREFIX, as_text, labelled, shortened
from orchestration.destinations.holdings import Named, in_parts, together
from orchestration.destinations.http import Caller
from orchestration.destinations.hubspot_answers import MERGED, holdings, read, refused, traced
from orchestration.destinations.hubspot_search import found
from orchestration.destinations.limits import Limits, limits_of
from orchestration.destinations.reading import as_json, code_of, listed

RECORD_ID = "hs_object_id"
_READS = "to compare what contacts hold its token needs crm.objects.contacts.read"
_SCOPES = "its token needs crm.objects.contacts.write, crm.schemas.contacts.read and crm.schemas.contacts.write"
# kind of a field → HubSpot's type and field type
_TYPES = {"number": ("number", "number"), "boolean": ("bool", "booleancheckbox"), "date": ("date", "date"), "time": ("datetime", "date")}
_TEXT, _LIST = ("string", "text"), ("string", "textarea")
_YES_NO: list[dict[str, Any]] = [
    {"label": label, "value": value, "displayOrder": -1, "hidden": False} for label, value in (("Yes", "true"), ("No", "false"))
]


class HubspotDestination(HttpDestination):
    """An account of HubSpot's."""

    type: ClassVar[str] = "hubspot"
    channels: tuple[str, ...] = ()
    limits: ClassVar[Limits] = limits_of("hubspot")
    reading: ClassVar[Limits | None] = limits  # of which sending takes its share: the windows are one account's
    side_by_side = 6

    def __init__(
        self,
        *,
        name: str,
        token: str,
        base_url: str | None = None,
        mode: str = "upsert",
        api_version: str = "v3",
        id_property: str = "email",
        property_group: str = "contactinformation",
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        dated = api_version != "v3"
        self._contacts = f"/crm/objects/{api_version}/contacts/batch" if dated else "/crm/v3/objects/contacts/batch"
        self._properties = f"/crm/properties/{api_version}/contacts" if dated else "/crm/v3/properties/contacts"
        self._id_property, self._group, self._creates = id_property, property_group, mode != "update_only" and id_property != RECORD_ID
        self.needs_email = id_property == "email"
        self._search = f"{self._contacts.removesuffix('/batch')}/search"
        allowed = (f"POST {self._contacts}/(upsert|update|read)", f"(GET|POST) {self._properties}", f"POST {self._search}")
        super().__init__(
            name,
            Caller(
                "https://api.hubapi.com", base_url=base_url, allowed=allowed, headers={"authorization": f"Bearer {token}"},
                windows=self.limits.windows, hopeless=_is_daily, sleep=sleep,
            ),
        )  # fmt: skip

    def preflight(self) -> None:
        """Check that the token may read and write properties of contacts."""
        self._existing()

    def prepare(self, kinds: Mapping[str, str]) -> None:
        """Make the properties that are missing. One that is there with another type is refused: values would be rejected one by one."""
        wanted, there = self._wanted(kinds), self._existing()
        self._refuse_others(wanted, there)
        if self._id_property.startswith(PREFIX):
            wanted[self._id_property] = _TEXT
        missing = sorted(set(wanted) - set(there))
        made = [self._make(name, *wanted[name]) for name in missing]
        if not all(made) and (absent := set(missing) - set(self._existing())):
            raise DestinationError(
                f"destination {self.name}: HubSpot keeps archived properties under the names {shortened(absent, 3)}; restore or delete them"
            )

    def check_fields(self, kinds: Mapping[str, str]) -> None:
        """Check that no property of another type is in the way of one that the first sync makes."""
        self._refuse_others(self._wanted(kinds), self._existing())

    def find(self, customer_keys: Sequence[str], since: datetime | None = None) -> dict[str, Found]:
        """Contacts by the property that holds our key; a token that may not read contacts finds none."""
        return found(self.caller, self._search, customer_keys)

    def held(self, audience: str, records: Sequence[Record]) -> Holdings:
        """What contacts hold, by HubSpot's own id where it told one, else by what identifies them."""
        known = [one for one in records if one.remote_id or self._id_property == RECORD_ID]
        others = [one for one in records if not one.remote_id and self._id_property != RECORD_ID]
        asked = ((known, ""), (others, self._id_property))
        return together([in_parts(some, self.limits.max_records, self.side_by_side, partial(self._holding, by)) for some, by in asked])

    def check_reading(self) -> None:
        """Ask what nobody holds: whether there is anything to answer, HubSpot looks at after our rights."""
        self._asked("POST", f"{self._contacts}/read", _READS, json={"inputs": [], "properties": [], "propertiesWithHistory": []})

    def _holding(self, by: str, records: Sequence[Record]) -> Holdings:
        wanted = Named(records, self._identifier if by else lambda record: record.remote_id or record.external_id)
        content = {"inputs": [{"id": one} for one in wanted.ids], "propertiesWithHistory": [], **({"idProperty": by} if by else {})}
        properties = sorted({*self.as_held(records[0]), MERGED, *([by] if by else ())})
        body = self._must("POST", f"{self._contacts}/read", _READS, json={**content, "properties": properties})
        return holdings(wanted, body, by)

    def _refuse_others(self, wanted: Mapping[str, tuple[str, str]], there: Mapping[str, Mapping[str, Any]]) -> None:
        known = {name: there[name] for name in wanted if name in there}
        other = [name for name, told in known.items() if not _takes(str(told.get("type")), wanted[name][0])]
        if other:
            raise DestinationError(
                f"destination {self.name}: properties of another type are there already: {shortened(other, 3)}; rename them"
            )
        if not_ours := [name for name, told in known.items() if told.get("hubspotDefined") or _is_read_only(told)]:
            raise DestinationError(
                f"destination {self.name}: {shortened(not_ours, 3)} are HubSpot's own properties or read-only; give `fields` other names"
            )

    def _wanted(self, kinds: Mapping[str, str]) -> dict[str, tuple[str, str]]:
        """Property → HubSpot's type and field type."""
        return {self.name_of(field): _LIST if kind == "list" else _TYPES.get(kind, _TEXT) for field, kind in kinds.items()}

    def there(self, names: Collection[str]) -> set[str]:
        """Those that are properties of contacts."""
        return set(names) & set(self._existing())

    def _existing(self) -> dict[str, dict[str, Any]]:
        body = self._must("GET", self._properties, _SCOPES)
        return {str(one.get("name")): one for one in listed(body, "results")}

    def _make(self, name: str, kind: str, field: str) -> bool:
        """Make a property; false where HubSpot says that there is one: somebody made it since we looked, or it is archived."""
        content: dict[str, Any] = {
            "name": name,
            "label": f"Rapport: {labelled(name)}",
            "groupName": self._group,
            "type": kind,
            "fieldType": field,
        }
        content |= {"options": _YES_NO} if kind == "bool" else {}
        content |= {"hasUniqueValue": True} if name == self._id_property else {}  # cannot be changed later
        response = self._asked("POST", self._properties, _SCOPES, json=content)
        if not response.is_success and response.status_code != 409:
            raise DestinationError(
                f"destination {self.name}: HubSpot answers {response.status_code} to making the property {name}; make it there"
            )
        return response.is_success

    def _parts(self, batch: Batch) -> Iterator[Batch]:
        return divided(batch, [self._updates(record) for record in batch.records])

    def _post(self, batch: Batch) -> httpx.Response:
        inputs = [self._input(record, trace) for trace, record in traced(batch).items()]
        return self.caller.call(
            "POST", f"{self._contacts}/{'update' if self._updates(batch.records[0]) else 'upsert'}", json={"inputs": inputs}
        )

    def _updates(self, record: Record) -> bool:
        return not self._creates or record.makes_nobody or record.moved

    def _input(self, record: Record, trace: str) -> dict[str, Any]:
        properties = {name: value if type(value) is str else as_text(value) for name, value in self.named(record.fields).items()}
        content: dict[str, Any] = {"objectWriteTraceId": trace, "properties": properties}
        by_record = self._id_property == RECORD_ID or record.by_remote_id
        return {"id": self._identifier(record), **({} if by_record else {"idProperty": self._id_property}), **content}

    def _identifier(self, record: Record) -> str:
        if record.by_remote_id:
            return record.remote_id
        return record.email if self.needs_email else record.external_id

    def _refuses_whole(self, response: httpx.Response) -> bool:
        return super()._refuses_whole(response) or (
            response.status_code == 404 and code_of(as_json(response), "category") == "object_not_found"
        )

    def _alone(self, record: Record, response: httpx.Response) -> Outcome:
        return refused(record, code_of(as_json(response), "category"))

    def _read(self, batch: Batch, response: httpx.Response) -> Answer:
        return Answer(read(batch, as_json(response), self._id_property))


def _is_read_only(told: Mapping[str, Any]) -> bool:
    rights = told.get("modificationMetadata")
    return bool(told.get("calculated") or (isinstance(rights, Mapping) and rights.get("readOnlyValue")))


def _takes(there: str, wanted: str) -> bool:
    return there == wanted or (there, wanted) == ("enumeration", "bool")


def _is_daily(response: httpx.Response) -> bool:
    """Whether the limit of the day is used up: waiting for it would take until midnight."""
    return response.status_code == 429 and code_of(as_json(response), "policyName") == "daily"
