"""Responses to a Typeform form as rows of survey_responses.

Comes in: the form's definition, what is measured, responses. Goes out: a row for each scored question that was answered, as columns. The
scale is the one of the question; a comment is what was written after a scored question and before the next one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orchestration.sources.base import Position, SourceError
from orchestration.sources.reading.columns import Columns, filled, objects_of, required, values_of
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


def columns(form: Form, responses: Sequence[Object]) -> Iterator[Columns]:
    """What responses answer, question by question. One that was begun and not sent has no row; Typeform may stamp it with the year 1."""
    moments = zip(responses, values_of(responses, "submitted_at"), values_of(responses, "response_type"), strict=True)
    sent = [one for one, at, kind in moments if at and not at.startswith("0001-") and kind in (None, "completed")]
    told = [_by_name(answers or ()) for answers in values_of(sent, "answers")]
    for question in form.questions:
        scored = [answers[question.ref].get("number") if question.ref in answers else None for answers in told]
        place = [number for number, score in enumerate(scored) if score is not None]
        if place:
            of = [sent[number] for number in place]
            comments = [told[number].get(question.comment) for number in place] if question.comment else []
            yield _answered(form, question, of, [scored[number] for number in place], comments)


def _answered(form: Form, question: Question, responses: list[Object], scores: list[Any], comments: list[Any]) -> Columns:
    tokens, at, hidden = required(responses, "token"), values_of(responses, "submitted_at"), objects_of(responses, "hidden")
    return {
        # The first of the configuration goes by the token, so that one more question renames no answer.
        "response_id": tokens if question.ref == form.first else [f"{token}:{question.ref}" for token in tokens],
        "customer_id": filled(hidden, form.customer_id_field),
        "email": [
            address or _written(answers or ())
            for address, answers in zip(values_of(hidden, form.email_field), values_of(responses, "answers"), strict=True)
        ],
        "survey_id": form.id,
        "metric": question.metric,
        "score": scores,
        **question.scale.columns(at, scores),
        "responded_at": at,
        "channel": filled(hidden, "channel"),
        "touchpoint": form.touchpoint,
        "comment": [below(comment, "text") for comment in comments] if question.comment else None,
        "language": [told or form.language for told in values_of(hidden, "language")],
    }


def _by_name(answers: Iterable[Object]) -> dict[Any, Object]:
    """Answers by both names of their question."""
    found: dict[Any, Object] = {}
    for answer in answers:
        field = answer.get("field")
        if field:
            found[field.get("ref")] = found[field.get("id")] = answer
    return found


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
