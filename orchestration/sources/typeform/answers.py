"""Responses to a Typeform form as rows of survey_responses.

Comes in: the form's definition, what is measured, responses. Goes out: a row for each scored question that was answered. The scale is the
one of the question; a comment is what was written after a scored question and before the next one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from orchestration.sources.base import Position, SourceError
from orchestration.sources.reading.records import Row
from orchestration.sources.reading.scales import Scale, remembered, with_past
from orchestration.sources.reading.values import below

Object = Mapping[str, Any]
# Lowest and highest answer where the definition of the form may not be read.
_SCALES = {"nps": (0, 10), "csat": (1, 5), "ces": (1, 7)}
_WRITTEN = ("long_text", "short_text")


@dataclass(frozen=True)
class Question:
    """A scored question: what it measures, on which scale, and the reference of the question for its comment."""

    ref: str
    metric: str
    scale: Scale
    comment: str | None


@dataclass(frozen=True)
class Form:
    """What is known of a form before its responses are read."""

    id: str
    questions: tuple[Question, ...]
    first: str
    language: str | None
    touchpoint: str | None
    customer_id_field: str
    email_field: str


def undefined_questions(measured: Mapping[str, str], known: Position) -> tuple[Question, ...]:
    """The scored questions of a form whose definition may not be read: as they were last told, else on usual scales without comments."""
    scales = {ref: remembered(ref, known) or Scale(*_SCALES[metric]) for ref, metric in measured.items()}
    comments = known.get("comments", {})
    return tuple(Question(ref, metric, scales[ref], comments.get(ref)) for ref, metric in measured.items())


def questions_of(form_id: str, definition: Object, measured: Mapping[str, str], position: Position) -> tuple[Question, ...]:
    """The scored questions in the order of the form, each with the scales that it had before.

    Raises SourceError for one that is not there, or that has no scale.
    """
    fields = list(_fields(definition.get("fields") or []))
    known = {name for field in fields for name in _names(field)}
    absent = next((ref for ref in measured if ref not in known), None)
    if absent is not None:
        raise SourceError(f"the form {form_id} has no question {absent}; correct `questions` of the form")
    found, comments = [], _comments(fields, measured)
    for field in fields:
        ref = next((name for name in _names(field) if name in measured), None)
        if ref is not None:
            scale = with_past(Scale(*_scale(form_id, ref, field, measured[ref])), ref, position, definition.get("last_updated_at"))
            found.append(Question(ref, measured[ref], scale, comments.get(ref)))
    return tuple(found)


def rows(form: Form, response: Object) -> Iterator[Row]:
    """The rows of one response. One that was begun and not sent, which Typeform may stamp with the year 1, has none."""
    sent = response.get("submitted_at")
    if not sent or sent.startswith("0001-") or response.get("response_type") not in (None, "completed"):
        return
    answers = _by_name(response.get("answers") or ())
    who: dict[str, Any] | None = None
    for question in form.questions:
        answer = answers.get(question.ref)
        score = None if answer is None else answer.get("number")
        if score is not None:
            who = who or _who(form, response)
            low, high = question.scale.at(sent, score)
            yield {
                **who,
                # The first of the configuration goes by the token, so that one more question renames no answer.
                "response_id": response["token"] if question.ref == form.first else f"{response['token']}:{question.ref}",
                "survey_id": form.id,
                "metric": question.metric,
                "score": score,
                "scale_min": low,
                "scale_max": high,
                "responded_at": sent,
                "touchpoint": form.touchpoint,
                "comment": below(answers.get(question.comment), "text") if question.comment else None,
            }


def _by_name(answers: Iterable[Object]) -> dict[Any, Object]:
    """Answers by both names of their question."""
    found: dict[Any, Object] = {}
    for answer in answers:
        field = answer.get("field")
        if field:
            found[field.get("ref")] = found[field.get("id")] = answer
    return found


def _who(form: Form, response: Object) -> dict[str, Any]:
    hidden = response.get("hidden") or {}
    return {
        "customer_id": hidden.get(form.customer_id_field) or None,
        "email": hidden.get(form.email_field) or _written(response.get("answers") or ()),
        "channel": hidden.get("channel") or None,
        "language": hidden.get("language") or form.language,
    }


def _written(answers: Iterable[Object]) -> Any:
    """The address that somebody wrote."""
    for answer in answers:
        if answer.get("type") == "email":
            return answer["email"]
    return None


def _fields(fields: list[Object]) -> Iterator[Object]:
    """All questions, those inside groups in their place."""
    for field in fields:
        yield field
        yield from _fields(below(field, "properties", "fields") or [])


def _names(field: Object) -> list[str]:
    return [str(name) for name in (field.get("ref"), field.get("id")) if name]


def _scale(form_id: str, ref: str, field: Object, metric: str) -> tuple[int, int]:
    steps = below(field, "properties", "steps")
    match field.get("type"):
        case "nps":
            return 0, 10
        case "opinion_scale":
            low = 1 if below(field, "properties", "start_at_one") else 0
            return low, low + (steps or 11) - 1
        case "rating":
            return 1, steps or 3
    if metric == "nps":
        return 0, 10
    raise SourceError(f"the question {ref} of the form {form_id} is no opinion scale or rating, so its answers are no scores")


def _comments(fields: list[Object], measured: Mapping[str, str]) -> dict[str, str]:
    """Scored question → the first written one behind it; a single scored question takes one that stands before it, too."""
    found: dict[str, str] = {}
    scored = None
    for field in fields:
        ref = next((name for name in _names(field) if name in measured), None)
        scored = ref or scored
        if scored and field.get("type") in _WRITTEN:
            found.setdefault(scored, _names(field)[0])
    if not found and len(measured) == 1:
        written = next((_names(field)[0] for field in fields if field.get("type") in _WRITTEN), None)
        found = {next(iter(measured)): written} if written else {}
    return found
