"""Landing gate: the log of decisions that policies are judged by."""

from expectations.base import Owner, Suite
from expectations.contract import key

_ASK = Owner("the owner of the CRM export")

SUITE = Suite(
    gate="landing",
    table_name="crm_actions",
    key=key("crm_actions"),
    expectations=(
        _ASK.filled("action_id", "Versions of a decision are told apart by it."),
        _ASK.filled("customer_id", "A row without its customer counts for nobody."),
        _ASK.filled("action", "A decision without its action teaches nothing."),
        _ASK.filled("decided_at", "Outcomes are counted from this time."),
        _ASK.between("propensity", 0, 1, "Off-policy values divide by it.", open_low=True),
        _ASK.between("cost_amount", 0, None, "A negative cost makes an action look free.", severity="warn"),
        _ASK.since(
            "decided_at", 1971, "A first instant of 1970 is a missing time written as zero; it would stretch every series back to then."
        ),
    ),
)
