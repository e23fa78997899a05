"""Mart gate, after the models: the checks of the night themselves."""

from expectations.base import Owner, Suite

_ASK = Owner("the data team")

SUITE = Suite(
    gate="mart",
    table_name="data_quality",
    key=("suite", "expectation", "table_name"),
    expectations=(
        _ASK.rows("A night that was not checked must not look like one that passed."),
        _ASK.filled("suite", "A result of no check."),
        _ASK.one_of("severity", ("block", "warn"), "What stops the night is decided by it."),
        _ASK.one_of("status", ("passed", "failed", "errored", "not_run"), "A check that could not run is neither passed nor failed."),
    ),
)
