"""Responses to a SurveyMonkey survey as rows of survey_responses.

Comes in: the survey's details, what is measured, responses. Goes out: a row for each scored answer. The score of a choice is the number its
text begins with, else its weight: the weights of NPS questions are -100, 0 and 100.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from orchestration.sources.base import SourceError
from orchestration.sources.reading.records import Row
from orchestration.sources.reading.values import below, first_filled

Object = Mapping[str, Any]


@dataclass(frozen=True)
class Question:
    """A scored question: what it measures, the score of each of its choices, its scale."""

    id: str
    metric: str
    scores: Mapping[str, float]
    low: float
    high: float


def questions_of(survey: Any, details: Object) -> list[Question]:
    """The scored questions as configured. Raises SourceError for one that is not there, or whose choices have no scores."""
    known = {str(question["id"]): question for page in details.get("pages") or [] for question in page.get("questions") or []}
    found = []
    for wanted, metric in survey.questions.items():
        if wanted not in known:
            raise SourceError(f"the survey {survey.id} has no question {wanted}; correct `questions` of the survey")
        scores = {str(choice["id"]): _score(choice) for choice in below(known[wanted], "answers", "choices") or []}
        told = {choice: score for choice, score in scores.items() if score is not None}
        if len(set(told.values())) < 2:
            raise SourceError(
                f"the choices of the question {wanted} of the survey {survey.id} have no numbers, so its answers are no scores"
            )
        low, high = (0.0, 10.0) if metric == "nps" else (min(told.values()), max(told.values()))
        found.append(Question(wanted, metric, told, low, high))
    return found


def rows(survey: Any, questions: list[Question], response: Object) -> Iterator[Row]:
    """The rows of one response. One that was begun and not finished has none."""
    if response.get("response_status", "completed") != "completed":
        return
    answers = {str(one["id"]): one.get("answers") or [] for page in response.get("pages") or [] for one in page.get("questions") or []}
    for place, question in enumerate(questions):
        chosen = [
            question.scores[str(one["choice_id"])] for one in answers.get(question.id, []) if str(one.get("choice_id")) in question.scores
        ]
        if chosen:
            yield {
                # The first of the configuration goes by the response's id, so that one more question renames no answer.
                "response_id": str(response["id"]) + (f":{question.id}" if place else ""),
                "customer_id": below(response, "custom_variables", survey.customer_id_variable) or None,
                "email": first_filled(below(response, "metadata", "contact", "email", "value"), response.get("email_address")),
                "survey_id": survey.id,
                "metric": question.metric,
                "score": chosen[0],
                "scale_min": question.low,
                "scale_max": question.high,
                "responded_at": first_filled(response.get("date_modified"), response.get("date_created")),
                "touchpoint": survey.touchpoint,
                "comment": _written(answers.get(question.id, [])) or _written(answers.get(survey.comments.get(question.id, ""), [])),
            }


def _score(choice: Object) -> float | None:
    number = re.match(r"\s*(\d+)", str(choice.get("text") or ""))
    weight = choice.get("weight")
    return float(number[1]) if number else None if weight is None else float(weight)


def _written(answers: list[Object]) -> str | None:
    return next((str(answer["text"]) for answer in answers if answer.get("text")), None)
