"""What is read of Typeform, and when.

Comes in: settings. Goes out: a stream for each form. Responses come newest first and are paged by the token of the last one; later nights
read those since an hour before the newest one seen. A response never changes, but it can be deleted, which nothing tells: so every thirty
days, and whenever something about the form has changed, all are read again.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, ClassVar

from orchestration.sources.base import Bench, Position
from orchestration.sources.http import Api, Onward, RefusedError, most_likely
from orchestration.sources.reading.columns import as_arrow, values_of
from orchestration.sources.reading.newest import Newest
from orchestration.sources.reading.pages import Page
from orchestration.sources.reading.records import in_lists
from orchestration.sources.reading.scales import as_told
from orchestration.sources.reading.values import below, from_milliseconds
from orchestration.sources.streams import Extent, Reading, Stream, StreamSource, is_due
from orchestration.sources.typeform import answers
from orchestration.sources.typeform.answers import Form, Object

_ADDRESS = "https://api.typeform.com"
_LAG = timedelta(hours=1)  # the newest responses may come late
_PAGE = 1000
_SCOPE = "responses:read"
# What is read of a response. Where somebody was, and with what, no column needs, and pages are kept where a run is killed.
_READ = ("token", "submitted_at", "response_type", "hidden", "answers")


class Typeform(StreamSource):
    """The forms of one account that are asked for."""

    type: ClassVar[str] = "typeform"

    def __init__(self, api: Api, forms: Sequence[Any], *, read_again: timedelta, told: Any = None, now: Callable[[], datetime]) -> None:
        super().__init__(told, now)
        self.api, self._forms, self._read_again = api, forms, read_again

    @classmethod
    def from_settings(cls, settings: Any, *, sleep: Callable[[float], None] = time.sleep) -> Typeform:
        """The account that one `{type: typeform, token: …, forms: […]}` describes."""
        headers = {"authorization": f"Bearer {settings.token}"}
        api = Api("typeform", _ADDRESS, base_url=settings.base_url, headers=headers, sleep=sleep)
        read_again = timedelta(days=settings.full_every_days)
        return cls(api, settings.forms, read_again=read_again, told=settings, now=lambda: datetime.now(UTC))

    def check(self) -> None:
        """Raise SourceError when the token is refused, or the first form is not there."""
        self._page(self._forms[0].id, {"page_size": 1})

    def extents(self) -> list[Extent]:
        """The responses of each form."""
        counted = ((form.id, self._page(form.id, {"page_size": 1})) for form in self._forms)
        return [Extent(f"responses to {form_id}", page.get("total_items"), _PAGE, "typeform") for form_id, page in counted]

    def streams(self, table: str) -> list[Stream]:
        """One for each form."""
        if table != "survey_responses":
            return []
        return [Stream(form.id, partial(self._read, form)) for form in self._forms]

    def _read(self, settings: Any, known: Position, bench: Bench) -> Reading:
        form = self._form(settings, known)
        scales = as_told({one.ref: one.scale for one in form.questions}, known, self._now())
        told = hashlib.sha256(repr(form).encode()).hexdigest()[:16]
        is_full = is_due(known, self._read_again, self._now()) or known.get("form") != told
        newest, began = Newest(None if is_full else known.get("since")), self.pages.began(bench) if is_full else self._now()
        since = {} if is_full or not known.get("since") else {"since": _second(newest.before(_LAG))}
        found = newest.all_watched(in_lists(self._responses(form.id, since, bench)), lambda some: values_of(some, "submitted_at"))
        full_at = began.isoformat(timespec="seconds") if is_full else known["full_at"]
        batches = as_arrow(self.odd.together(f"responses to {form.id}", found, partial(answers.columns, form)))
        comments = {one.ref: one.comment for one in form.questions}
        kept = {"full_at": full_at, "form": told, **scales, "comments": comments, "language": form.language}
        return Reading((), lambda: {"since": newest.until(began), **kept}, is_full, batches=batches)

    def _form(self, settings: Any, known: Position) -> Form:
        definition = self._definition(settings.id, known)
        measured = settings.questions
        questions, language = answers.undefined_questions(measured, known), known.get("language")
        if definition:
            language = below(definition, "settings", "language")
            what = f"the definition of the form {settings.id}"
            questions = self.odd.whole(what, lambda: answers.questions_of(settings.id, definition, measured, known))
        return Form(
            settings.id,
            questions,
            next(iter(settings.questions)),
            language,
            settings.touchpoint,
            settings.customer_id_field,
            settings.email_field,
        )

    def _definition(self, form_id: str, known: Position) -> Object:
        """What the form is; nothing where the token may read responses only, or may no longer read more."""
        try:
            found: Object = self.api.get(f"/forms/{form_id}", holds="fields")
            return found
        except RefusedError as error:
            if error.status not in (403, 404):
                raise
            usual, last = "scales are taken for the usual ones, and comments are not read", "its scales and comments are as it last told"
            self.note(f"the form {form_id} does not tell what it asks: {last if 'comments' in known else usual}: {error}")
            return {}

    def _responses(self, form_id: str, since: Mapping[str, str], bench: Bench) -> Iterator[Object]:
        def ask(page: Page | None) -> Iterator[Page]:
            return self._behind(form_id, since, page)

        return self.pages.objects(f"{form_id} since {since}", "items", ask, bench, goes_on=not since)

    def _behind(self, form_id: str, since: Mapping[str, str], page: Page | None) -> Iterator[Page]:
        """The pages behind `page`, until one is empty: `total_items` may count a page only, and a page may be smaller than asked for."""
        path, onward = f"/forms/{form_id}/responses", Onward(f"the responses to {form_id}")
        while page is None or page["items"]:
            last = onward.to(_last_token(page)) if page else None
            told = self._page(form_id, _asked(since, last))["items"]
            page = {"items": [{name: one[name] for name in _READ if name in one} for one in told]}
            if following := _last_token(page):
                self.api.foresee(path, _asked(since, following))
            yield page

    def _page(self, form_id: str, params: Mapping[str, Any]) -> Any:
        with most_likely(_SCOPE, _SCOPE):
            return self.api.get(f"/forms/{form_id}/responses", params, holds="items")


def _asked(since: Mapping[str, str], last: str | None) -> dict[str, Any]:
    return {"page_size": _PAGE, **since, **({"before": last} if last else {})}


def _last_token(page: Page) -> str | None:
    """Behind which the next page begins; responses that were not sent yet may have none."""
    return next((str(one["token"]) for one in reversed(page["items"]) if one.get("token")), None)


def _second(milliseconds: int) -> str:
    return str(from_milliseconds(milliseconds - milliseconds % 1000))
