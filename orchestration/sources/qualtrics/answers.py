"""Responses to a Qualtrics survey as rows of survey_responses.

Comes in: what is measured, responses with coded values (labels would change the numbers). Goes out: a row for each scored answer, as
columns.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from orchestration.sources.reading.columns import Columns, filled, required, values_of

Object = Mapping[str, Any]
# Lowest and highest code, where the configuration says nothing else.
SCALES = {"nps": (0.0, 10.0), "csat": (1.0, 5.0), "ces": (1.0, 7.0)}
# A status is a sum: 1 a preview, 2 a test, 4 imported, 8 spam, 16 offline, 32 of an employee. What was imported was said by somebody.
_NOBODY = 1 | 2 | 8
_NOT_FINISHED = ("0", "false")
# What Qualtrics itself knows of a response and columns need; its address on the network, say, is not asked for.
_OF_RESPONSES = ("recordedDate", "endDate", "finished", "status", "distributionChannel", "userLanguage")
_OF_PEOPLE = frozenset({"externalDataReference", "recipientEmail", "recipientFirstName", "recipientLastName", "_recordId"})
_QUESTION = re.compile(r"(?:\d+_)?(QID\d+)(?:[_#].*)?")  # in a loop behind its number; before a row, a choice or a text


def questions_of(survey: Any) -> list[str]:
    """The ids of all questions that are read, whoever answers included."""
    names = (*survey.questions, *survey.comments.values(), survey.customer_id_field, survey.email_field)
    return list(dict.fromkeys(match[1] for match in map(_QUESTION.fullmatch, names) if match))


def asked(survey: Any) -> dict[str, list[str]]:
    """What an export is to hold: as much as columns need. All of it where a name is none of a question, such as that of a score."""
    said = {name: _QUESTION.fullmatch(name) for name in (*survey.questions, *survey.comments.values())}
    who = {name: _QUESTION.fullmatch(name) for name in (survey.customer_id_field, survey.email_field)}
    wanted = {"surveyMetadataIds": [*_OF_RESPONSES, *sorted(who.keys() & _OF_PEOPLE)]}
    if None in said.values():
        return wanted
    questions = dict.fromkeys(match[1] for match in (said | who).values() if match)
    embedded = sorted(name for name, match in who.items() if match is None and name not in _OF_PEOPLE)
    return {**wanted, "questionIds": list(questions), "embeddedDataIds": embedded}


def columns(survey: Any, responses: Sequence[Object]) -> Iterator[Columns]:
    """What responses answer, question by question. One that is unfinished, a preview, a test or spam has no row."""
    said = required(responses, "values")
    answered = [(one, values) for one, values, is_one in zip(responses, said, _are_answers(said), strict=True) if is_one]
    for place, (question, metric) in enumerate(survey.questions.items()):
        own = [(one, values) for one, values in answered if values.get(question) not in (None, "")]
        if own:
            # The first of the configuration goes by the response's id, so that one more question renames no answer.
            identifiers = [one["responseId"] + (f":{question}" if place else "") for one, _ in own]
            yield _answered(survey, question, metric, identifiers, [values for _, values in own])


def _are_answers(said: Sequence[Object]) -> Iterator[bool]:
    statuses = [str(status or 0) for status in values_of(said, "status")]
    nobodys = {status for status in set(statuses) if status.isdigit() and int(status) & _NOBODY}
    finished = (str(told).lower() not in _NOT_FINISHED for told in values_of(said, "finished"))
    return (is_finished and status not in nobodys for is_finished, status in zip(finished, statuses, strict=True))


def _answered(survey: Any, question: str, metric: str, identifiers: list[str], said: list[Object]) -> Columns:
    low, high = survey.scales.get(question, SCALES[metric])
    return {
        "response_id": identifiers,
        "customer_id": filled(said, survey.customer_id_field),
        "email": filled(said, survey.email_field),
        "survey_id": survey.id,
        "metric": metric,
        "score": values_of(said, question),
        "scale_min": low,
        "scale_max": high,
        "responded_at": [recorded or values.get("endDate") for recorded, values in zip(values_of(said, "recordedDate"), said, strict=True)],
        "channel": values_of(said, "distributionChannel"),
        "touchpoint": survey.touchpoint,
        "comment": values_of(said, survey.comments.get(question, "")),
        "language": [str(language or "").lower()[:2] or None for language in values_of(said, "userLanguage")],
    }
