"""Objects of Zendesk as rows of crm_tickets, crm_customers and survey_responses.

Comes in: tickets with their metrics and requesters, ratings of both generations. Goes out: rows. Ratings are brought to one scale of 1 to
5: an account has had scales of two, three and five answers, and a mean over them would mean nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from orchestration.sources.reading.records import Row
from orchestration.sources.reading.values import below, first_filled, from_seconds

Object = Mapping[str, Any]

LOW, HIGH = 1, 5
_SOLVED = ("solved", "closed")
_GOOD_OR_BAD = {"good": HIGH, "good_with_comment": HIGH, "bad": LOW, "bad_with_comment": LOW}


def ticket(one: Object, metrics: Object) -> Row:
    """A ticket; when it was first answered its metrics tell, in minutes after it was opened."""
    opened_at, replies, tags = one.get("created_at"), metrics.get("reply_time_in_minutes") or {}, one.get("tags")
    return {
        "ticket_id": one["id"],
        "customer_id": one.get("requester_id"),
        "opened_at": opened_at,
        "first_replied_at": _first_reply(opened_at, replies.get("calendar")),
        # One that was opened again is not solved, whatever its metrics tell of the time before.
        "solved_at": metrics.get("solved_at") if one.get("status") in _SOLVED else None,
        "status": one.get("status"),
        "priority": one.get("priority"),
        "channel": (one.get("via") or {}).get("channel"),
        "topic": one.get("type") or (tags[0] if tags else None),
        "text": one.get("description") or one.get("subject"),
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


def _first_reply(opened_at: Any, minutes: Any) -> Any:
    """So many minutes after a ticket was opened; of a moment that is no time, which waits in quarantine itself, nobody can tell."""
    if minutes is None or not isinstance(opened_at, str):
        return None
    try:
        return from_seconds(_second_of(opened_at) + (60 * minutes if type(minutes) is int else round(60 * float(minutes))))
    except (ValueError, TypeError, OverflowError):
        return None


def _second_of(moment: str) -> int:
    """Seconds since 1970. Of a time as Zendesk writes them day and time are looked up: there are few of either."""
    if len(moment) == len("2026-01-05T10:00:00Z") and moment[-1] == "Z":
        return _midnight(moment[:10]) + _time_of_day(moment[10:])
    time = datetime.fromisoformat(moment)
    return int((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp())


@lru_cache(10_000)
def _midnight(day: str) -> int:
    return int(datetime.fromisoformat(f"{day}T00:00:00+00:00").timestamp())


@lru_cache(86_400)
def _time_of_day(time: str) -> int:
    return int(datetime.fromisoformat(f"1970-01-01{time}").timestamp())
