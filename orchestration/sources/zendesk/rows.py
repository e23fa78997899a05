"""Objects of Zendesk as rows of crm_tickets, crm_customers and survey_responses.

Comes in: tickets with their metrics and requesters, ratings of both generations. Goes out: rows. Ratings are brought to one scale of 1 to
5: an account has had scales of two, three and five answers, and a mean over them would mean nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from orchestration.sources.reading.columns import Columns, objects_of, values_of
from orchestration.sources.reading.records import Row
from orchestration.sources.reading.values import HIGHEST_SECOND, below, first_filled, from_seconds

Object = Mapping[str, Any]

LOW, HIGH = 1, 5
_SOLVED = ("solved", "closed")
_NOT_ALIKE = (ValueError, TypeError, OverflowError)  # what working on a value of another kind raises
_GOOD_OR_BAD = {"good": HIGH, "good_with_comment": HIGH, "bad": LOW, "bad_with_comment": LOW}


def tickets(some: Sequence[Object], metrics: Sequence[Object]) -> Columns:
    """Tickets with their metrics, which tell in minutes after it was opened when one was first answered."""
    statuses, opened_at = values_of(some, "status"), values_of(some, "created_at")
    minutes = values_of(objects_of(metrics, "reply_time_in_minutes"), "calendar")
    return {
        "ticket_id": values_of(some, "id"),
        "customer_id": values_of(some, "requester_id"),
        "opened_at": opened_at,
        "first_replied_at": _first_replies(opened_at, minutes),
        # One that was opened again is not solved, whatever its metrics tell of the time before.
        "solved_at": [at if status in _SOLVED else None for at, status in zip(values_of(metrics, "solved_at"), statuses, strict=True)],
        "status": statuses,
        "priority": values_of(some, "priority"),
        "channel": values_of(objects_of(some, "via"), "channel"),
        "topic": [kind or (tags[0] if tags else None) for kind, tags in zip(values_of(some, "type"), values_of(some, "tags"), strict=True)],
        "text": [text or subject for text, subject in zip(values_of(some, "description"), values_of(some, "subject"), strict=True)],
    }


def requester(identifier: str, user: Object, ticket_opened_at: Any, sought_at: str | None) -> Row:
    """Whoever wrote a ticket; of one who is no longer known, only that they wrote it, which is newer than all that was known before:
    `sought_at`, where anybody is told of.
    """
    return {
        "customer_id": identifier,
        "created_at": first_filled(user.get("created_at"), ticket_opened_at),
        "updated_at": user.get("updated_at") if user else sought_at,
        "email": user.get("email"),
        "phone": user.get("phone"),
        "full_name": user.get("name"),
    }


def rating(one: Object) -> Iterator[Row]:
    """A rating of the older kind; one that was only offered is no answer."""
    score = _GOOD_OR_BAD.get(str(one.get("score")))
    if score is not None:
        yield _answer(one["id"], one.get("requester_id"), score, one.get("created_at"), _written(one.get("comment")))


def survey_response(one: Object, answers_by_default: int, requester_of: Mapping[str, Any]) -> Iterator[Row]:
    """An answer of the newer kind, with what was written beside it."""
    answers = one.get("answers") or []
    written = next((answer.get("value") for answer in answers if answer.get("type") == "open_ended"), None)
    who = first_filled(one.get("responder_id"), *(requester_of.get(ticket_id) for ticket_id in tickets_of(one)))
    for place, answer in enumerate(
        answer for answer in answers if answer.get("type") == "rating_scale" and answer.get("rating") is not None
    ):
        options = first_filled(below(answer, "question", "options"), answer.get("options")) or []
        ratings = [option["rating"] for option in options if option.get("rating") is not None] or [1, answers_by_default]
        score = LOW + (HIGH - LOW) * (answer["rating"] - min(ratings)) / (max(ratings) - min(ratings))
        at = first_filled(answer.get("created_at"), one.get("created_at"), answer.get("updated_at"))
        yield _answer(one["id"] if not place else f"{one['id']}:{place}", who, score, at, written)


def tickets_of(one: Object) -> list[str]:
    """Ids of the tickets that an answer of the newer kind is about."""
    told = one.get("subject_zrns")
    found = [re.search(r"ticket:(\d+)$", str(subject)) for subject in (told if isinstance(told, list) else [])]
    return [match[1] for match in found if match]


def _answer(identifier: Any, who: Any, score: float, at: Any, comment: Any) -> Row:
    return {
        "response_id": identifier,
        "customer_id": who,
        "metric": "csat",
        "score": score,
        "scale_min": LOW,
        "scale_max": HIGH,
        "responded_at": at,
        "touchpoint": "support",
        "comment": comment,
    }


def _written(comment: Any) -> Any:
    return comment.get("body") if isinstance(comment, Mapping) else comment


def _first_replies(opened_at: list[Any], minutes: list[Any]) -> list[Any] | pa.Array:
    """When tickets were first answered: so many minutes after they were opened. Nearly always all times are written as Zendesk writes them
    and all minutes are whole; then Arrow adds them up, in a quarter of the time that it takes ticket by ticket.
    """
    try:
        opened, whole = pa.array(opened_at, pa.string()).cast(pa.timestamp("s", "UTC")).cast(pa.int64()), pa.array(minutes)
        if pa.types.is_integer(whole.type) and _are_usual(opened):
            replied = pc.add_checked(opened, pc.multiply_checked(whole.cast(pa.int64()), 60))
            if _are_usual(replied):
                written = pc.binary_replace_slice(replied.cast(pa.timestamp("s")).cast(pa.string()), 10, 11, "T")
                return pc.binary_join_element_wise(written, "Z", "")
    except _NOT_ALIKE:
        pass
    return list(map(_first_reply, opened_at, minutes))


def _are_usual(seconds: pa.Array) -> bool:
    found = pc.min_max(seconds).as_py()
    return found["min"] is not None and 0 <= found["min"] <= found["max"] <= HIGHEST_SECOND


def _first_reply(opened_at: Any, minutes: Any) -> Any:
    """So many minutes after a ticket was opened; of a moment that is no time, which waits in quarantine itself, nobody can tell."""
    if minutes is None or not isinstance(opened_at, str):
        return None
    try:
        opened = datetime.fromisoformat(opened_at)
        second = int((opened if opened.tzinfo else opened.replace(tzinfo=UTC)).timestamp())
        return from_seconds(second + (60 * minutes if type(minutes) is int else round(60 * float(minutes))))
    except _NOT_ALIKE:
        return None
