"""Landing gate: answers that are scored."""

from expectations.base import Owner, Suite
from expectations.contract import allowed, key

_ASK = Owner("the owner of the survey export")

SUITE = Suite(
    gate="landing",
    table_name="survey_responses",
    key=key("survey_responses"),
    expectations=(
        _ASK.filled("response_id", "Versions of an answer are told apart by it."),
        _ASK.one_of("metric", allowed("survey_responses", "metric"), "NPS, CSAT and CES are never mixed."),
        _ASK.filled("score", "An answer without a score would thin out the denominator."),
        _ASK.no_less("score", "scale_min", "A score below its scale is no answer to this question."),
        _ASK.no_less("scale_max", "score", "A score above its scale is no answer to this question."),
        _ASK.filled("responded_at", "Scores are counted by month."),
        _ASK.no_less("responded_at", "sent_at", "Nobody answers before being asked."),
        _ASK.since(
            "responded_at", 1971, "A first instant of 1970 is a missing time written as zero; it would stretch every series back to then."
        ),
    ),
)
