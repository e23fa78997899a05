"""Mart gate: referrals by month and dimension."""

from expectations.base import Owner, Suite

_ASK = Owner("the owner of engagement")

SUITE = Suite(
    gate="mart",
    table_name="metric_referrals_monthly",
    key=("month", "dimension", "dimension_value"),
    expectations=(
        _ASK.unique_together(("month", "dimension", "dimension_value"), "Two rows of one grain make every sum over it wrong."),
        _ASK.between("referral_rate", 0, 1, "A share outside 0 to 1 has a numerator that its denominator does not hold."),
        _ASK.between("referred_share_of_new", 0, 1, "A share outside 0 to 1 has a numerator that its denominator does not hold."),
        _ASK.between("k_factor", 0, None, "A count over a count."),
    ),
)
