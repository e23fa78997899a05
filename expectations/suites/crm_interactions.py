"""Landing gate: what happened between a customer and the company."""

from expectations.base import Owner, Suite
from expectations.contract import allowed, key

_ASK = Owner("the owner of the CRM export")

SUITE = Suite(
    gate="landing",
    table_name="crm_interactions",
    key=key("crm_interactions"),
    expectations=(
        _ASK.filled("interaction_id", "Versions of a row are told apart by it."),
        _ASK.filled("customer_id", "A row without its customer counts for nobody."),
        _ASK.filled("occurred_at", "Engagement is counted by month."),
        _ASK.one_of("channel", allowed("crm_interactions", "channel"), "Engagement by channel has to add up."),
        _ASK.filled("kind", "Opens, clicks and complaints are told apart by it."),
        _ASK.since(
            "occurred_at", 1971, "A first instant of 1970 is a missing time written as zero; it would stretch every series back to then."
        ),
    ),
)
