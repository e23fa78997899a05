"""Responses to a Qualtrics survey as rows of survey_responses.

Comes in: what is measured, responses with coded values (labels would change the numbers). Goes out: a row for each scored answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from orchestration.sources.reading.records import Row

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


def rows(survey: Any, response: Object) -> Iterator[Row]:
    """The rows of one response. One that is unfinished, a preview, a test or spam has none."""
    values = response["values"]
    status = str(values.get("status") or 0)
    if str(values.get("finished")).lower() in _NOT_FINISHED or (status.isdigit() and int(status) & _NOBODY):
        return
    for place, (question, metric) in enumerate(survey.questions.items()):
        if values.get(question) not in (None, ""):
            low, high = survey.scales.get(question, SCALES[metric])
            yield {
                # The first of the configuration goes by the response's id, so that one more question renames no answer.
                "response_id": response["responseId"] + (f":{question}" if place else ""),
                "customer_id": values.get(survey.customer_id_field) or None,
                "email": values.get(survey.email_field) or None,
                "survey_id": survey.id,
                "metric": metric,
                "score": values[question],
                "scale_min": low,
                "scale_max": high,
                "responded_at": values.get("recordedDate") or values.get("endDate"),
                "channel": values.get("distributionChannel"),
                "touchpoint": survey.touchpoint,
                "comment": values.get(survey.comments.get(question, "")),
                "language": str(values.get("userLanguage") or "").lower()[:2] or None,
            }
