"""Mart gate: what campaigns brought."""

from expectations.base import Owner, Suite

_ASK = Owner("the owner of engagement")

SUITE = Suite(
    gate="mart",
    table_name="metric_campaign_performance",
    key=("campaign_id",),
    expectations=(
        _ASK.filled("campaign_id", "Costs are joined by it."),
        _ASK.between("cost", 0, None, "A negative cost turns every return on it upside down."),
        _ASK.between("open_rate", 0, 1, "More cannot open a message than received it.", severity="warn"),
        _ASK.no_less("incremental_margin_high", "incremental_margin_low", "The interval has a lower and an upper end."),
    ),
)
