"""Mart gate: Net Promoter Score."""

from expectations.base import Owner, Suite

_ASK = Owner("the owner of customer feedback")

SUITE = Suite(
    gate="mart",
    table_name="metric_nps_monthly",
    key=("month", "view", "dimension", "dimension_value"),
    expectations=(
        _ASK.unique_together(("month", "view", "dimension", "dimension_value"), "Two rows of one grain make every sum over it wrong."),
        _ASK.filled("month", "A score belongs to a month, a view and a part."),
        _ASK.filled("view", "A score belongs to a month, a view and a part."),
        _ASK.filled("dimension", "A score belongs to a month, a view and a part."),
        _ASK.filled("dimension_value", "A score belongs to a month, a view and a part."),
        _ASK.between("nps", -100, 100, "The score runs from everyone a detractor to everyone a promoter."),
        _ASK.between("nps_low", -100, 100, "The score runs from everyone a detractor to everyone a promoter."),
        _ASK.between("nps_high", -100, 100, "The score runs from everyone a detractor to everyone a promoter."),
        _ASK.between("nps_weighted", -100, 100, "The score runs from everyone a detractor to everyone a promoter."),
        # Not that the score lies inside: the adjusted Wald interval of a handful of equal answers is centred nearer to zero than they are.
        _ASK.no_less("nps_high", "nps_low", "An interval runs from low to high."),
        _ASK.between("response_rate", 0, 1, "More cannot answer than were asked.", severity="warn"),
        _ASK.filled("is_reliable", "A score from a handful of answers must say so."),
    ),
)
