"""The page of a company of which little is known: what is not known is not told as a number, and no more is said of it than is so."""

import re

from tests.orchestration.report.test_page import release_of, render, text_of


def test_where_no_action_is_allowed_none_is_said_to_be_worth_nothing(tmp_path):
    """A company without consents read that doing nothing was best for everyone."""
    gated = (
        "UPDATE marts.fct_next_best_actions SET action = 'nothing', expected_value = 0;"
        "UPDATE marts.fct_action_candidates SET gate_removed_by = CASE WHEN action <> 'nothing' THEN 'consent' END"
    )
    text = text_of(render(release_of(tmp_path / "gated", script=gated)))
    assert "Nobody may be treated tonight: every action was removed by a rule; the table below says by which." in text
    assert "Doing nothing is the best choice" not in text


def test_a_value_that_is_not_predicted_is_not_zero(tmp_path):
    html = render(release_of(tmp_path / "unvalued", script="UPDATE marts.metric_customer_clv SET clv_predicted = NULL"))
    section = text_of(html[html.index('id="risk"') : html.index('id="actions"')])
    assert "€0" not in section
    assert section.count(" % – – ") == 12
    assert "The 12 customers likeliest to leave; what that would cost is not known, for no value is predicted" in section
    assert "Customers by probability; no value is predicted" in section


def test_nobody_left_is_no_negative_number(tmp_path):
    stayed = "UPDATE marts.metric_retention_monthly SET customers_churned = 0"
    text = text_of(render(release_of(tmp_path / "stayed", script=stayed)))
    assert not re.search(r"−0(?![.\d])", text)
