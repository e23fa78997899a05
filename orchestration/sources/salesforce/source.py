"""What is read of a Salesforce organisation, and when.

Comes in: settings. Goes out: streams. The first night reads everything; later nights what changed since an hour before the newest change
seen. Changes of formulas and of accounts do not change a contact's stamp, and what was purged is not told: every `full_every_days` all is
read again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, ClassVar

import pyarrow as pa

from orchestration.contract import INPUT_TABLES
from orchestration.sources.base import Bench, Position
from orchestration.sources.http import Api, RefusedError
from orchestration.sources.reading.kinds import same_kinds
from orchestration.sources.reading.newest import Newest
from orchestration.sources.salesforce import rows
from orchestration.sources.salesforce.org import STAMP, Org
from orchestration.sources.streams import Extent, Reading, Stream, StreamSource, how_of, is_due

Mapped = Callable[[pa.RecordBatch], Iterator[pa.RecordBatch]]
_TOKENS = "/services/oauth2/token"
_LAG = timedelta(hours=1)  # longer than a transaction may take
_MUCH = 0.8  # of a day's calls: what is left after them is refused to everybody
# Types of fields whose values are written alike.
_ALIKE = dict.fromkeys(("picklist", "textarea", "phone", "email", "url", "combobox", "multipicklist", "id", "reference"), "string")
_ALIKE |= dict.fromkeys(("int", "currency", "percent"), "double") | {"datetime": "date"}
_KINDS = {
    "contacts": ("Contact",),
    "leads": ("Lead",),
    "tasks": ("Task",),
    "events": ("Event",),
    "cases": ("Case",),
    "campaigns": ("Campaign", "CampaignMember"),
}


class Salesforce(StreamSource):
    """One organisation."""

    type: ClassVar[str] = "salesforce"

    def __init__(self, api: Api, settings: Any, *, now: Callable[[], datetime]) -> None:
        super().__init__(settings, now)
        self.api, self._wanted = api, frozenset(settings.objects)
        self._people = (rows.CONTACTS, rows.LEADS) if "leads" in self._wanted else (rows.CONTACTS,)
        self._settings = settings
        self._full_every = timedelta(days=settings.full_every_days)
        self._mapped = {**rows.MAPPED, **settings.properties}
        self._org = Org(api, self.pages, settings.api_version)

    @classmethod
    def from_settings(cls, settings: Any, *, sleep: Callable[[float], None] = time.sleep) -> Salesforce:
        """The organisation that one `{type: salesforce, instance_url: …}` describes."""
        api = Api("salesforce", settings.instance_url, base_url=settings.base_url, sleep=sleep)
        if settings.access_token:
            api.authorize(settings.access_token)
        else:
            api.authorize_later(partial(_token, api, settings.client_id, settings.client_secret))
        return cls(api, settings, now=lambda: datetime.now(UTC))

    def check(self) -> None:
        """Raise SourceError when the credentials are refused."""
        self._org.probe()

    def notes(self) -> list[str]:
        """What an operator could make faster, and what is left out."""
        slow = ["large lists come 2,000 at a time: jobs of Bulk API 2.0 may not be ordered here"] if self._org.without_bulk else []
        return [*super().notes(), *slow, *self._crowded()]

    def _crowded(self) -> list[str]:
        used, most = self.api.used or (0, 1)
        if used < _MUCH * most:
            return []
        return [f"{used:,} of the {most:,} calls that the organisation has in 24 hours are used, by everybody who works with it"]

    def extents(self) -> list[Extent]:
        """As many of each kind as there are."""
        kinds = [kind for wanted, kinds in _KINDS.items() if wanted in self._wanted for kind in kinds]
        return [Extent(kind, self._org.count(kind), 2000, "salesforce") for kind in kinds]

    def streams(self, table: str) -> list[Stream]:
        """The kinds of records that feed `table`, as far as they are wanted."""
        contact = (*rows.CONTACT, *self._mapped.values())
        extra = tuple(sorted(self._mapped.keys() - set(INPUT_TABLES["crm_customers"].column_names)))
        offered: dict[str, list[tuple[str, str, Callable[[Position, Bench], Reading]]]] = {
            "crm_customers": [
                ("leads", "leads", partial(self._read, "Lead", rows.LEAD, rows.lead, None)),
                ("contacts", "contacts", partial(self._contacts, contact)),
            ],
            "crm_consents": [
                ("consents", "opt-outs", partial(self._statements, "Contact", contact)),
                ("consents leads", "opt-outs of leads", partial(self._statements, "Lead", rows.LEAD)),
            ],
            "crm_interactions": [
                ("tasks", "tasks", partial(self._read, "Task", rows.TASK, partial(rows.task, self._people), "interaction_id")),
                (
                    "campaigns",
                    "campaign members",
                    partial(self._read, "CampaignMember", rows.MEMBER, partial(rows.member, self._people), "interaction_id"),
                ),
                ("events", "events", partial(self._read, "Event", rows.EVENT, partial(rows.event, self._people), "interaction_id")),
            ],
            "crm_campaigns": [("campaigns", "campaigns", partial(self._read, "Campaign", rows.CAMPAIGN, rows.campaign, "campaign_id"))],
            "crm_tickets": [("cases", "cases", partial(self._read, "Case", rows.CASE, rows.case, "ticket_id"))],
        }
        taken = [(part, read) for wanted, part, read in offered.get(table, []) if self._wanted.issuperset(wanted.split())]
        mapped = how_of(sorted(self._mapped.items()))
        return [Stream(part, read, *((extra, mapped) if table == "crm_customers" else ())) for part, read in taken]

    def _read(self, kind: str, fields: Sequence[str], mapped: Mapped, key: str | None, known: Position, bench: Bench) -> Reading:
        """`key` names the column of the record's id where a record may have no row: it is deleted, or not of a contact."""
        is_full = is_due(known, self._full_every, self._now())
        newest, began = Newest(None if is_full else known.get("since")), self.pages.began(bench) if is_full else self._now()
        spoken_of: list[str] = []

        def made() -> Iterator[pa.RecordBatch]:
            for records in self._org.records(kind, fields, None if is_full else newest.before(_LAG), bench):
                newest.see(records[STAMP])
                yield from (told for told in mapped(records) if told.num_rows)
                if key:
                    spoken_of.extend(rows.ids_of(records, deleted=is_full))

        stands = {"full_at": began.isoformat(timespec="seconds") if is_full else known["full_at"]}
        scope = (key, spoken_of) if key else None
        return Reading((), lambda: {"since": newest.until(began), **stands}, is_full, scope, made())

    def _contacts(self, fields: Sequence[str], known: Position, bench: Bench) -> Reading:
        types = self._types(known.get("types", {}))
        reading = self._read("Contact", fields, partial(rows.contact, self._mapped), None, known, bench)
        return replace(reading, position=lambda: {**reading.position(), "types": types})

    def _types(self, known: Mapping[str, str]) -> dict[str, str]:
        """Type of each field of a contact that the configuration names; those of its account are not asked for.

        Raises SourceError where one holds other values than were `known`. One that is not there is named by the refusal of the query.
        """
        named = {field for field in self._settings.properties.values() if "." not in field}
        if not named:
            return {}
        found = self._org.types("Contact")
        if found is None:
            self.note("contacts: whether what `properties` names holds what it held is not known; the organisation does not describe them")
            return dict(known)
        return same_kinds("contacts", named & found.keys(), found, known, _ALIKE)

    def _statements(self, kind: str, fields: Sequence[str], known: Position, bench: Bench) -> Reading:
        """What was stated once stays stated, so that this stream is complete but once."""
        reading = self._read(kind, fields, rows.opt_outs, None, known, bench)
        return replace(reading, complete=not known)


def _token(api: Api, client_id: str, client_secret: str) -> str:
    """An access token for the credentials of a connected app."""
    asked = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret}
    try:
        return str(api.form(_TOKENS, asked, holds="access_token")["access_token"])
    except RefusedError as error:
        if error.status not in (400, 401):  # which of the two an unknown app is depends on how it is unknown
            raise
        reason = "client_id or client_secret is wrong, or the app may not ask for tokens in its own name; correct them"
        raise RefusedError(f"POST {_TOKENS} is refused ({error.status}): {reason}", error.status) from None
