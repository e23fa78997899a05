"""What a survey tool tells: whom it asked, and what they answered."""

from __future__ import annotations

from orchestration.contract.columns import decimal, moment, text
from orchestration.contract.model import Table

TABLES = (
    Table(
        name="survey_invitations",
        grain="One row per invitation to a survey",
        key=("invitation_id",),
        event_time="sent_at",
        any_of=(("customer_id", "email"),),
        columns=(
            text("invitation_id*", "Id of the invitation"),
            text("customer_id", "The CRM's id of the invited"),
            text("email", "E-mail address of the invited", personal=True),
            text("survey_id", "The survey"),
            moment("sent_at*", "When it was sent"),
            text("channel", "Channel it was sent on"),
        ),
    ),
    Table(
        name="survey_responses",
        grain="One row per answered question that is scored",
        key=("response_id",),
        event_time="responded_at",
        any_of=(("customer_id", "email"),),
        periods=(("sent_at", "responded_at"),),
        columns=(
            text("response_id*", "Id of the response"),
            text("customer_id", "The CRM's id of the respondent"),
            text("email", "E-mail address of the respondent", personal=True),
            text("survey_id", "The survey"),
            text("metric*", "What the question measures", "nps", "csat", "ces"),
            decimal("score*", "The answer, on the scale of this response"),
            decimal("scale_min*", "Lowest answer possible"),
            decimal("scale_max*", "Highest answer possible"),
            moment("responded_at*", "When it was answered"),
            moment("sent_at", "When it was asked"),
            text("channel", "Channel it was asked on"),
            text("touchpoint", "Occasion it was asked on"),
            text("comment", "What was written", personal=True),
            text("language", "ISO-639-1 language of the comment"),
        ),
    ),
)
