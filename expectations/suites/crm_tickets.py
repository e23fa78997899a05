"""Landing gate: support tickets."""

from expectations.base import Owner, Suite
from expectations.contract import key

_ASK = Owner("the owner of the help desk export")

SUITE = Suite(
    gate="landing",
    table_name="crm_tickets",
    key=key("crm_tickets"),
    expectations=(
        _ASK.filled("ticket_id", "Versions of a ticket are told apart by it."),
        _ASK.filled("customer_id", "A row without its customer counts for nobody."),
        _ASK.filled("opened_at", "Waiting times are counted from here."),
        _ASK.no_less("first_replied_at", "opened_at", "A reply before the question gives a negative waiting time."),
        _ASK.no_less("solved_at", "opened_at", "A solution before the question gives a negative resolution time."),
        _ASK.since(
            "opened_at", 1971, "A first instant of 1970 is a missing time written as zero; it would stretch every series back to then."
        ),
    ),
)
