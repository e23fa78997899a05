"""Mart gate, after the models: what destinations answered."""

from expectations.base import Owner, Suite

_ASK = Owner("the owner of activation")

SUITE = Suite(
    gate="mart",
    table_name="sync_log",
    key=("destination", "audience", "customer_key"),
    expectations=(
        _ASK.filled("destination", "An answer of nobody."),
        _ASK.filled("customer_key", "An answer about nobody cannot be taken up again."),
        _ASK.filled("attempted_at", "The latest answer decides."),
        _ASK.filled("outcome", "A delivery whose outcome is unknown says so in a word."),
        _ASK.one_of(
            "outcome",
            ("acknowledged", "retryable", "rejected", "unknown", "suppressed"),
            "What was acknowledged is not sent again; an unread outcome would be.",
        ),
    ),
)
