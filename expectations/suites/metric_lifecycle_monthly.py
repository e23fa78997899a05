"""Mart gate: who went from which stage of the lifecycle to which."""

from expectations.base import Owner, Suite

_ASK = Owner("the owner of the customer model")

SUITE = Suite(
    gate="mart",
    table_name="metric_lifecycle_monthly",
    key=("month", "from_stage", "to_stage"),
    expectations=(
        _ASK.unique_together(("month", "from_stage", "to_stage"), "Two rows of one grain make every sum over it wrong."),
        _ASK.filled("month", "A metric belongs to a month and a pair of stages."),
        _ASK.filled("from_stage", "A metric belongs to a month and a pair of stages."),
        _ASK.filled("to_stage", "Who is known stands in some stage; a rule that fits nobody else loses them."),
        _ASK.between("customers", 0, None, "A count."),
        _ASK.between("transition_rate", 0, 1, "A share outside 0 to 1 has a numerator that its denominator does not hold."),
        _ASK.no_less("stage_customers_at_start", "stage_customers_out", "More cannot leave than were there."),
        _ASK.no_less("stage_customers_at_end", "stage_customers_in", "Who came in is there at the end."),
    ),
)
