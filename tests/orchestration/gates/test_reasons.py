"""Why a night was refused is a sentence with who is asked, not the name of a class of Great Expectations."""

from __future__ import annotations

from dataclasses import replace

from expectations.base import CheckResult
from orchestration.gates.reasons import reason

BROKEN = CheckResult(
    suite="mart:fct_subscription_months",
    expectation="ColumnValuesToBeBetween(mrr)",
    table_name="fct_subscription_months",
    status="failed",
    success=False,
    observed="6 of 900 values",
    unexpected_count=6,
    severity="block",
    description="Negative recurring revenue is a defect of normalisation. Ask the owner of the revenue metrics.",
    examples=["k1 | 2026-05-01", "k1 | 2026-06-01", "k1 | 2026-07-01", "k1 | 2026-08-01"],
)


def test_a_refusal_says_what_does_not_hold_where_why_and_whom_to_ask() -> None:
    assert reason(BROKEN) == (
        "fct_subscription_months: 'mrr is in its range' failed: 6 of 900 values, such as k1 | 2026-05-01, k1 | 2026-06-01, k1 | 2026-07-01."
        " Negative recurring revenue is a defect of normalisation. Ask the owner of the revenue metrics."
    )


def test_what_could_not_be_evaluated_says_so_in_the_same_words() -> None:
    errored = replace(BROKEN, status="errored", observed="could not be evaluated (TypeError); does it fit the type?", examples=[])
    assert "'mrr is in its range' errored: could not be evaluated (TypeError); does it fit the type. Negative" in reason(errored)
    nothing_said = replace(BROKEN, expectation="TableColumnsToMatchSet()", observed="", examples=[], description="It would leave.")
    assert reason(nothing_said) == "fct_subscription_months: 'there are no other columns' failed. It would leave."


def test_what_a_command_or_a_setting_answers_names_that() -> None:
    share = replace(BROKEN, suite="landing:quarantined_share", table_name="crm_tickets", observed="200 of 9,000 rows are bad")
    assert reason(share) == (
        "crm_tickets: 200 of 9,000 rows are bad; `python -m orchestration quarantine --table crm_tickets` names them; mend the source, or,"
        " if so many may step aside, raise `settings: {max_quarantined_share: …}`"
    )
    past = replace(BROKEN, suite="mart:rewritten", expectation="Rewritten(mrr)", observed="91.00% say otherwise")
    assert reason(past).endswith("if it is right, `settings: {accept_rewritten: [fct_subscription_months.mrr]}`")
