"""Landing gate: rates into the reporting currency."""

from expectations.base import Owner, Suite
from expectations.contract import key

_ASK = Owner("the treasury, or whoever keeps the rates")

SUITE = Suite(
    gate="landing",
    table_name="exchange_rates",
    key=key("exchange_rates"),
    expectations=(
        _ASK.filled("currency", "A rate of no currency converts nothing."),
        _ASK.filled("rate_date", "The latest rate before a date is used; without a date none is the latest."),
        _ASK.between("rate_to_reporting", 0, None, "A rate of zero makes money disappear; a negative one makes it a debt.", open_low=True),
    ),
)
