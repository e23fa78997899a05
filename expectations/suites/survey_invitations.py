"""Landing gate: invitations, the denominator of response rates."""

from expectations.base import Owner, Suite
from expectations.contract import key

_ASK = Owner("the owner of the survey export")

SUITE = Suite(
    gate="landing",
    table_name="survey_invitations",
    key=key("survey_invitations"),
    expectations=(
        _ASK.filled("invitation_id", "Versions of an invitation are told apart by it."),
        _ASK.filled("sent_at", "Response rates are counted by month."),
        _ASK.since(
            "sent_at", 1971, "A first instant of 1970 is a missing time written as zero; it would stretch every series back to then."
        ),
    ),
)
