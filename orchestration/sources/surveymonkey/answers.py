"""Responses to a SurveyMonkey survey as rows of survey_responses.

Comes in: the survey's details, what is measured, responses. Goes out: a row for each scored answer, as columns. The score of a choice is
the number its text begins with, else its weight: the weights of NPS questions are -100, 0 and 100. A survey tells only the choices that it
has now, so those that it had when it was read before are remembered with their scores.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orchestration.sources.base import Position, SourceError
from orchestration.sources.reading.columns import Columns, reached, values_of
from orchestration.sources.reading.scales import Scale, with_past
from orchestration.sources.reading.values import first_filled

Object = Mapping[str, Any]


@dataclass(frozen=True)
class Question:
    """A scored question: its name in the configuration, id and row (None: its only one), what it measures, scores of choices, scale.

    unscored  choices that are no score, such as "not applicable"
    """

    name: str
    id: str
    row: str | None
    metric: str
    scores: Mapping[str, float]
    scale: Scale
    unscored: tuple[str, ...] = ()


def questions_of(survey: Any, details: Object, position: Position) -> list[Question]:
    """The scored questions as configured, each with the scales that it had before.

    Raises SourceError for one that is not there, or whose choices have no scores.
    """
    known = {str(question["id"]): question for page in details.get("pages") or [] for question in page.get("questions") or []}
    found = []
    for wanted, metric in survey.questions.items():
        question, _, row = wanted.partition(":")
        answers = _answers(known.get(question), survey, wanted)
        # Whoever ticks "not applicable" gives no score, whatever weight that has.
        scores = {str(choice["id"]): None if choice.get("is_na") else _score(choice) for choice in answers.get("choices") or []}
        told = {choice: score for choice, score in scores.items() if score is not None}
        if len(set(told.values())) < 2:
            raise SourceError(
                f"the choices of the question {wanted} of the survey {survey.id} have no numbers, so its answers are no scores"
            )
        low, high = (0.0, 10.0) if metric == "nps" else (min(told.values()), max(told.values()))
        scale = with_past(Scale(low, high), wanted, position, details.get("date_modified"))
        removed = {choice: score for choice, score in position.get("choices", {}).get(wanted, {}).items() if choice not in scores}
        found.append(
            Question(wanted, question, row or None, metric, {**removed, **told}, scale, tuple(sorted(scores.keys() - told.keys())))
        )
    return found


def _answers(question: Object | None, survey: Any, wanted: str) -> Object:
    """What may be answered. Raises SourceError where there is no such question or row, or several rows and none is named."""
    if question is None:
        raise SourceError(f"the survey {survey.id} has no question {wanted.partition(':')[0]}; correct `questions` of the survey")
    answers: Object = question.get("answers") or {}
    lines, (_, _, named) = [str(row["id"]) for row in answers.get("rows") or []], wanted.partition(":")
    if (named and named not in lines) or (not named and len(lines) > 1):
        raise SourceError(
            f"the question {wanted} of the survey {survey.id} asks {len(lines)} things; name one as `question:row`, a row being one of"
            f" {', '.join(lines)}"
        )
    return answers


def columns(survey: Any, questions: list[Question], lost: Counter[str], responses: Sequence[Object]) -> Iterator[Columns]:
    """What responses answer, question by question. One that was begun and not finished has no row; `lost` counts answers whose choice
    nobody knows any more.
    """
    completed = [one for one in responses if one.get("response_status", "completed") == "completed"]
    told, unknown = list(map(_by_question, completed)), Counter[str]()
    for place, question in enumerate(questions):
        scores = [_chosen(question, answers, unknown) for answers in told]
        own = [number for number, score in enumerate(scores) if score is not None]
        if own:
            of, answers = [completed[number] for number in own], [told[number] for number in own]
            # The first of the configuration goes by the response's id, so that one more question renames no answer.
            identifiers = [str(one["id"]) + (f":{question.name}" if place else "") for one in of]
            yield _answered(survey, question, identifiers, of, answers, [scores[number] for number in own])
    lost.update(unknown)  # only now: responses of which one is not understood are mapped once more, each by itself


def _by_question(response: Object) -> dict[str, list[Object]]:
    return {str(one["id"]): one.get("answers") or [] for page in response.get("pages") or [] for one in page.get("questions") or []}


def _chosen(question: Question, answers: Mapping[str, list[Object]], unknown: Counter[str]) -> float | None:
    """The score of the choice that somebody took; None for no score."""
    score, is_lost = None, False
    for one in answers.get(question.id, ()):
        if question.row in (None, str(one.get("row_id"))) and (named := one.get("choice_id")):
            choice = str(named)
            score = question.scores.get(choice) if score is None else score
            is_lost = is_lost or choice not in question.unscored
    if score is None and is_lost:
        unknown[question.name] += 1
    return score


def _answered(
    survey: Any,
    question: Question,
    identifiers: list[str],
    responses: list[Object],
    answers: list[dict[str, list[Object]]],
    scores: list[Any],
) -> Columns:
    at = list(map(first_filled, values_of(responses, "date_modified"), values_of(responses, "date_created")))
    addresses = reached(responses, "metadata", "contact", "email", "value")
    own, comment = question.id, survey.comments.get(question.name, "")
    return {
        "response_id": identifiers,
        "customer_id": [value or None for value in reached(responses, "custom_variables", survey.customer_id_variable)],
        "email": list(map(first_filled, addresses, values_of(responses, "email_address"))),
        "survey_id": survey.id,
        "metric": question.metric,
        "score": scores,
        **question.scale.columns(at, scores),
        "responded_at": at,
        "touchpoint": survey.touchpoint,
        "comment": [_written(one.get(own, [])) or _written(one.get(comment, [])) for one in answers],
    }


def _score(choice: Object) -> float | None:
    number = re.match(r"\s*(\d+)", str(choice.get("text") or ""))
    weight = choice.get("weight")
    return float(number[1]) if number else None if weight is None else float(weight)


def _written(answers: list[Object]) -> str | None:
    for answer in answers:
        if text := answer.get("text"):
            return str(text)
    return None
