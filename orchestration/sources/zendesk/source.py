"""What is read of a Zendesk account, and when.

Comes in: settings. Goes out: streams. The export of tickets goes on behind the cursor of the last night; it tells deleted tickets, too.
A user who changes, is redacted or merged changes no ticket, so every so often all tickets are read again with those who wrote them; so are
all ratings, since nobody tells of one that was deleted. They are of one of two generations, never both: whichever there is is read.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import chain, islice
from typing import Any, ClassVar

from orchestration.plain_words import counted
from orchestration.sources.base import Bench, Position
from orchestration.sources.http import Api, RefusedError
from orchestration.sources.reading.columns import Columns, as_arrow, values_of
from orchestration.sources.reading.newest import Newest
from orchestration.sources.reading.records import Row
from orchestration.sources.streams import Extent, Reading, Stream, StreamSource, is_due
from orchestration.sources.zendesk import rows
from orchestration.sources.zendesk.support import Object, Support

_LAG = timedelta(hours=1)
_AT_ONCE = 100  # answers whose tickets are asked for together
_WITHOUT = {
    "ticket_metrics": "tickets have no metrics here (404): when they were first answered and solved is not known",
    "tickets": "tickets cannot be asked for by their ids here (404): whose an answer is that does not say so is not known",
    "users": "nobody is told of here (404): who wrote a ticket has no name and no address",
}


class Zendesk(StreamSource):
    """One account."""

    type: ClassVar[str] = "zendesk"

    def __init__(self, api: Api, *, csat_answers: int, read_again: timedelta, told: Any = None, now: Callable[[], datetime]) -> None:
        super().__init__(told, now)
        self.api, self._csat_answers, self._read_again = api, csat_answers, read_again
        self._support = Support(api, self.pages)
        self._requester_of: dict[str, Any] = {}
        self._told: list[tuple[list[Any], list[Any]]] = []  # tickets and their requesters as they were told
        self._about_nothing = 0
        self._of_staff: set[str] = set()

    @classmethod
    def from_settings(cls, settings: Any, *, sleep: Callable[[float], None] = time.sleep) -> Zendesk:
        """The account that one `{type: zendesk, subdomain: …, email: …, api_token: …}` describes."""
        address = f"https://{settings.subdomain}.zendesk.com"
        auth = (f"{settings.email}/token", settings.api_token)
        api = Api("zendesk", address, base_url=settings.base_url, auth=auth, sleep=sleep)
        read_again = timedelta(days=settings.full_every_days)
        return cls(api, csat_answers=settings.csat_answers, read_again=read_again, told=settings, now=lambda: datetime.now(UTC))

    def check(self) -> None:
        """Raise SourceError when the credentials are refused."""
        self._support.probe()

    def notes(self) -> list[str]:
        """What was left out, one line each."""
        about = f"{counted(self._about_nothing, 'answer')} about a ticket that is gone: left as last landed until all is read again"
        staff = f"{counted(len(self._of_staff), 'ticket')} of agents left out: whoever works for the account is no customer of it"
        told = ((about, self._about_nothing), (staff, self._of_staff))
        return [*super().notes(), *(_WITHOUT[key] for key in self._support.absent), *(line for line, count in told if count)]

    def extents(self) -> list[Extent]:
        """The tickets; requesters come beside them."""
        return [Extent("tickets", self._support.count(), 1000, "zendesk_incremental")]

    def streams(self, table: str) -> list[Stream]:
        """What feeds `table`."""
        return {
            "crm_customers": [Stream("requesters", self._requesters)],
            "crm_tickets": [Stream("tickets", self._tickets)],
            "survey_responses": [Stream("satisfaction", self._satisfaction)],
        }.get(table, [])

    def _tickets(self, known: Position, bench: Bench) -> Reading:
        ever_gone: list[str] = []
        gone: dict[str, bool] = {}

        def told(page: Object) -> Iterator[Columns]:
            metrics, staff = self._support.metrics(page), self._support.staff(page)

            def made(some: Sequence[Object]) -> list[Columns]:
                are_out = [status == "deleted" for status in values_of(some, "status")]
                if staff:
                    are_out = [is_out or self._is_of(staff, one) for one, is_out in zip(some, are_out, strict=True)]
                living = [one for one, is_out in zip(some, are_out, strict=True) if not is_out]
                for one, is_out in zip(some, are_out, strict=True) if gone or any(are_out) else ():
                    identifier = str(one["id"])
                    if is_out:
                        gone[identifier] = True
                        ever_gone.append(identifier)
                    else:
                        gone.pop(identifier, None)
                return [rows.tickets(living, [metrics.get(str(one["id"])) or {} for one in living])]

            return self.odd.together("tickets", [page["tickets"]], made)

        pages, position, is_full = self._export(known, bench)
        batches = as_arrow(chain.from_iterable(map(told, pages)))
        return Reading((), position, is_full, ("ticket_id", ever_gone), batches, ("ticket_id", gone))

    def _is_of(self, staff: Collection[str], ticket: Object) -> bool:
        """Whether somebody who works for the account wrote a ticket, which is counted."""
        if str(ticket.get("requester_id")) not in staff:
            return False
        self._of_staff.add(str(ticket["id"]))
        return True

    def _requesters(self, known: Position, bench: Bench) -> Reading:
        def told(page: Object) -> Iterator[Row]:
            living = {
                str(one["requester_id"]): one for one in page["tickets"] if one.get("status") != "deleted" and one.get("requester_id")
            }
            users, staff = self._support.users(page, living), self._support.staff(page)
            sought_at = None if "users" in self._support.absent else self._now().isoformat(timespec="seconds")
            return (
                rows.requester(who, users.get(who) or {}, one.get("created_at"), sought_at)
                for who, one in living.items()
                if who not in staff
            )

        pages, position, is_full = self._export(known, bench)
        return Reading(chain.from_iterable(map(told, pages)), position, is_full)

    def _export(self, known: Position, bench: Bench) -> tuple[Iterator[Object], Callable[[], Position], bool]:
        """The export behind the cursor, page by page; all of it at first, every so often, and when the account has forgotten the cursor."""
        cursor = None if is_due(known, self._read_again, self._now()) else known.get("cursor")
        cursor = cursor if cursor and self._support.is_known(cursor) else None
        read_at = known["full_at"] if cursor else self.pages.began(bench).isoformat(timespec="seconds")
        stands = {"cursor": cursor, "full_at": read_at}

        def pages() -> Iterator[Object]:
            for page in self._support.tickets(cursor, bench):
                stands["cursor"] = page.get("after_cursor") or stands["cursor"]
                self._told.append((values_of(page["tickets"], "id"), values_of(page["tickets"], "requester_id")))
                yield page

        return pages(), lambda: dict(stands), cursor is None

    def _satisfaction(self, known: Position, _: Bench) -> Reading:
        is_full = is_due(known, self._read_again, self._now())
        newest, began = Newest(None if is_full else known.get("since")), self._now()
        generation, answers = self._first_allowed(
            {"new": self._survey_responses, "old": lambda: self._support.ratings(newest.before(_LAG) // 1000)}
        )
        # An account that has changed to the newer kind tells nothing more of what the older one holds.
        generations = sorted({*known.get("generations", ["unknown"] if known else []), *([generation] if generation else [])})
        found = newest.watched(answers, lambda one: one.get("updated_at") or one.get("created_at"))
        answered = self.odd.each("satisfaction", found, lambda one: self._answer(generation, one, is_full=is_full))
        stands = {"full_at": began.isoformat(timespec="seconds") if is_full else known["full_at"], "generations": generations}
        return Reading(answered, lambda: {"since": newest.until(began), **stands}, not known or (is_full and generations == [generation]))

    def _survey_responses(self) -> Iterator[Object]:
        """Answers of the newer kind. Where one does not say whose it is, its ticket does: also one that was read in another night."""
        found = self._support.survey_responses()
        for tickets, whose in self._told:
            self._requester_of |= zip(map(str, tickets), whose, strict=True)
        while some := list(islice(found, _AT_ONCE)):
            nobodys = {ticket_id for one in some if one.get("responder_id") is None for ticket_id in rows.tickets_of(one)}
            self._requester_of |= self._support.requesters(nobodys - self._requester_of.keys())
            yield from some

    def _answer(self, generation: str | None, one: Object, *, is_full: bool) -> Iterable[Row]:
        if generation == "old":
            return rows.rating(one)
        answered = list(rows.survey_response(one, self._csat_answers, self._requester_of))
        # Whose it is was known while its ticket was; a reading of everything has the deleted ones, too.
        if not is_full and rows.tickets_of(one) and any(row["customer_id"] is None for row in answered):
            self._about_nothing += 1
            return ()
        return answered

    def _first_allowed(self, asked: Mapping[str, Callable[[], Iterator[Object]]]) -> tuple[str | None, Iterator[Object]]:
        """Which generation the account has answers of, and these."""
        refusals = []
        for generation, ask in asked.items():
            answers = ask()
            try:
                first = next(answers, None)
            except RefusedError as error:
                if error.status not in (403, 404):
                    raise
                refusals.append(str(error))
                continue
            if first is not None:
                return generation, chain([first], answers)
        if len(refusals) == len(asked) and not self._support.asks_nobody():
            self.note(f"no satisfaction ratings: {'; '.join(refusals)}")
        return None, iter(())
