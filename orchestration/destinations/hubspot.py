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
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Any, ClassVar

import httpx

from orchestration.destinations.base import Answer, Batch, Holdings, Outcome, Record, Sought
from orchestration.destinations.delivery import divided
from orchestration.destinations.fields import as_text
from orchestration.destinations.holdings import Named, in_parts, together
from orchestration.destinations.http import Caller
from orchestration.destinations.hubspot_answers import MERGED, holdings, read, refused, traced
from orchestration.destinations.hubspot_properties import ContactProperties
from orchestration.destinations.hubspot_search import SEARCHES, found
from orchestration.destinations.limits import Limits, limits_of
from orchestration.destinations.pacing import Pacer
from orchestration.destinations.reading import as_json, code_of

RECORD_ID = "hs_object_id"
_READS = "to compare what contacts hold its token needs crm.objects.contacts.read"


class HubspotDestination(ContactProperties):
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
        self._search, self._searches = f"{self._contacts.removesuffix('/batch')}/search", Pacer(SEARCHES.windows, sleep=sleep)
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

    def find(self, customer_keys: Sequence[str], since: datetime | None = None) -> Sought:
        """Contacts by the property that holds our key; a token that may not read contacts finds none."""
        return found(self.caller, self._search, customer_keys, self._searches.wait)

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


def _is_daily(response: httpx.Response) -> bool:
    """Whether the limit of the day is used up: waiting for it would take until midnight."""
    return response.status_code == 429 and code_of(as_json(response), "policyName") == "daily"
