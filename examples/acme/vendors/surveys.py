"""Acme's surveys in Typeform: one form a survey, a scored question and one for words. Pure.

Comes in: rows of survey_responses. Goes out: an account. Who answers, how they were asked and in which language is in hidden fields.
"""

from __future__ import annotations

from typing import Any

from examples.fakes.typeform import TypeformAccount

Row = dict[str, Any]

_SCALES: dict[str, Row] = {
    "nps": {"type": "nps", "properties": {"steps": 11}},
    "csat": {"type": "rating", "properties": {"steps": 5}},
    "ces": {"type": "opinion_scale", "properties": {"steps": 7, "start_at_one": True}},
}
_HIDDEN = ("customer_id", "email", "channel", "language")


def account(rows: list[Row]) -> TypeformAccount:
    """The account that holds all of survey_responses."""
    made = TypeformAccount()
    made.largest_page = 1000
    made.forms = {row["survey_id"]: _form(row["survey_id"], row["metric"]) for row in rows}
    for row in sorted(rows, key=lambda row: row["responded_at"]):
        made.clock = row["responded_at"]
        words = [("words", "text", row["comment"])] if row["comment"] else []
        hidden = {name: row[name] for name in _HIDDEN if row[name]}
        made.respond(row["response_id"], hidden, ("score", "number", int(row["score"])), *words, form=row["survey_id"])
    return made


def _form(survey: str, metric: str) -> Row:
    score = {"id": f"{survey}-1", "ref": "score", **_SCALES[metric]}
    return {"id": survey, "settings": {"language": "en"}, "fields": [score, {"id": f"{survey}-2", "ref": "words", "type": "long_text"}]}
