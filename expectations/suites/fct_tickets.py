"""Mart gate: support tickets."""

from expectations.base import Owner, Suite

_ASK = Owner("the owner of customer feedback")

SUITE = Suite(
    gate="mart",
    table_name="fct_tickets",
    key=("ticket_id",),
    expectations=(
        _ASK.filled("ticket_id", "Tickets are counted by it."),
        _ASK.filled("opened_at", "Tickets are counted by month."),
        _ASK.no_less("first_replied_at", "opened_at", "A reply before the question gives a negative waiting time."),
        _ASK.no_less("solved_at", "opened_at", "A solution before the question gives a negative resolution time."),
    ),
)
