"""Mart gate: what feedback is about."""

from expectations.base import Owner, Suite

_ASK = Owner("the owner of customer feedback")

SUITE = Suite(
    gate="mart",
    table_name="metric_feedback_themes_monthly",
    key=("month", "metric", "theme"),
    expectations=(
        _ASK.unique_together(("month", "metric", "theme"), "Two rows of one grain make every sum over it wrong."),
        _ASK.no_less("comments", "mentions", "More cannot mention a theme than wrote."),
        _ASK.between("mention_share", 0, 1, "A share outside 0 to 1 has a numerator that its denominator does not hold."),
        _ASK.between("mean_sentiment", -1, 1, "From all bad words to all good ones."),
    ),
)
