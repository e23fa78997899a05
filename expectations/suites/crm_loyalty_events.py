"""Landing gate: events of the loyalty programme."""

from expectations.base import Owner, Suite
from expectations.contract import allowed, key

_ASK = Owner("the owner of the CRM export")

SUITE = Suite(
    gate="landing",
    table_name="crm_loyalty_events",
    key=key("crm_loyalty_events"),
    expectations=(
        _ASK.filled("loyalty_event_id", "Versions of an event are told apart by it."),
        _ASK.filled("customer_id", "A row without its customer counts for nobody."),
        _ASK.one_of("kind", allowed("crm_loyalty_events", "kind"), "Points are added or taken by kind; an unknown one would be neither."),
        _ASK.filled("occurred_at", "Points are counted by month."),
        _ASK.since(
            "occurred_at", 1971, "A first instant of 1970 is a missing time written as zero; it would stretch every series back to then."
        ),
    ),
)
