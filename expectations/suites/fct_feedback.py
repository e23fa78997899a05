"""Mart gate: what people wrote."""

from expectations.base import Owner, Suite

_ASK = Owner("the owner of customer feedback")

SUITE = Suite(
    gate="mart",
    table_name="fct_feedback",
    key=("feedback_id",),
    expectations=(
        _ASK.filled("feedback_id", "Feedback is followed up by it."),
        _ASK.between("sentiment", -1, 1, "From all bad words to all good ones."),
        _ASK.no_less("closed_loop_due_at", "said_at", "A follow-up is due after the complaint."),
    ),
)
