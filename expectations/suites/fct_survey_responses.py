"""Mart gate: answers."""

from expectations.base import Owner, Suite

_ASK = Owner("the owner of customer feedback")

SUITE = Suite(
    gate="mart",
    table_name="fct_survey_responses",
    key=("response_id",),
    expectations=(
        _ASK.filled("response_id", "Answers are counted by it."),
        _ASK.one_of("metric", ("nps", "csat", "ces"), "NPS, CSAT and CES are never mixed."),
        _ASK.filled("score", "An answer without its score thins out the denominator."),
        _ASK.between("score_0_100", 0, 100, "The common scale."),
        _ASK.one_of("group", ("promoter", "passive", "detractor"), "The three groups sum to the answers."),
        _ASK.filled("responded_at", "Answers are counted by month."),
    ),
)
