"""Landing gate: campaigns and what they cost."""

from expectations.base import Owner, Suite
from expectations.contract import key

_ASK = Owner("the owner of the CRM export")

SUITE = Suite(
    gate="landing",
    table_name="crm_campaigns",
    key=key("crm_campaigns"),
    expectations=(
        _ASK.filled("campaign_id", "Responses are joined to their campaign by it."),
        _ASK.no_less("ended_at", "started_at", "A campaign that ends before it starts has no time to have an effect in."),
        _ASK.between("cost_amount", 0, None, "A negative cost turns every return on it upside down."),
        _ASK.since(
            "started_at", 1971, "A first instant of 1970 is a missing time written as zero; it would stretch every series back to then."
        ),
    ),
)
