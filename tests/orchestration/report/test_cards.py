"""The cards of models: complete, self-contained, and as the numbers of `model_quality` have it."""

import re
from datetime import date

import pytest

from ml.cards import Compared, Facts
from ml.promotions import Duel, Promotion
from orchestration import releases, report
from tests.fakes.marts_of_acme import make_marts
from tests.orchestration.report.test_page import FACTS, Outline, text_of

CHURN = Facts(
    "churn", "churn-2026-01-02-abc", "2026-01-02", ("2025-01-01", "2025-10-04"), "f" * 64, "4", ("mrr", "plan"),
    [("rows (customers at past moments)", 4321), ("share of them that left", 0.071)],
    [("closed_on", "it knows the label")],
    [("learner", "logistic"), ("strength", 0.3)],
    (
        Compared("base_rate", 0.25, 0.05, 0.004, False),
        Compared("logistic", 0.201, 0.001, 0.002, True),
        Compared("boosting", 0.2, 0.0, 0.0, False),
    ),
    (
        Promotion("2025-12-31", "churn-a", None, "first"),
        Promotion("2026-01-30", "churn-b", "churn-a", "kept", Duel("log_loss", 900, -0.01, -0.02, -0.003, 0.2)),
    ),
)  # fmt: skip
CURVES = """
ALTER TABLE marts.model_quality ALTER value TYPE DOUBLE;
ALTER TABLE marts.model_quality ALTER low TYPE DOUBLE;
ALTER TABLE marts.model_quality ALTER high TYPE DOUBLE;
CREATE TABLE more AS SELECT 'churn' AS model, DATE '2026-01-31' AS as_of_date, 'published' AS status, NULL AS reason,
    'logistic' AS candidate, 'v' AS model_version, DATE '2026-01-02' AS trained_as_of, metric, value, low, high
FROM (VALUES ('decile_1_expected', 0.01, NULL, NULL), ('decile_1_left', 0.02, 0.01, 0.04), ('decile_10_expected', 0.3, NULL, NULL),
    ('decile_10_left', 0.28, 0.2, 0.35), ('gap_where_plan=team', 0.013, -0.011, 0.036),
    ('brier_where_plan=team', 0.071, 0.06, 0.08), ('out_of_time_2025-10-04_roc_auc', 0.813, 0.78, 0.84), ('psi', 0.4, NULL, NULL),
    ('share_of_score', 0.37, NULL, NULL), ('out_of_time_2025-07-06_expected', 0.06, NULL, NULL),
    ('out_of_time_2025-07-06_left', 0.07, NULL, NULL),
    ('out_of_time_2025-10-04_expected', 0.08, NULL, NULL),
    ('out_of_time_2025-10-04_left', 0.05, NULL, NULL)) AS t(metric, value, low, high);
INSERT INTO marts.model_quality FROM more;
INSERT INTO marts.model_quality SELECT 'clv', DATE '2026-01-31', 'refused', 'correlation of frequency and value is above its threshold',
    candidate, 'v', DATE '2026-01-31', metric, value, NULL, NULL
FROM (VALUES ('judgement', 'holdout_days', 28), ('repeat_purchases', 'tracking_2026-01-03_expected', 10),
    ('repeat_purchases', 'tracking_2026-01-03_actual', 11), ('repeat_purchases', 'tracking_2026-01-17_expected', 40),
    ('repeat_purchases', 'tracking_2026-01-17_actual', 44), ('repeat_purchases', 'tracking_2026-01-31_expected', 80),
    ('repeat_purchases', 'tracking_2026-01-31_actual', 90)) AS t(candidate, metric, value);
INSERT INTO marts.model_quality SELECT 'next_best_action', DATE '2026-01-31', 'published', NULL, candidate, 'v', DATE '2026-01-31', metric,
    value, low, high
FROM (VALUES ('everyone_not_held_out', 'holdout_lift_2025-09', 0.021, -0.011, 0.053),
    ('call', 'holdout_lift_2025-09', 0.052, 0.011, 0.093), ('everyone_not_held_out', 'holdout_lift_all_months', 0.018, 0.006, 0.03),
    ('call', 'customers_decided', 5, NULL, NULL), ('call', 'is_personal', 1, NULL, NULL),
    ('policy', 'may_claim_to_beat_nothing', 0, NULL, NULL)) AS t(candidate, metric, value, low, high);
ALTER TABLE marts.model_quality ADD COLUMN age_days INTEGER;
UPDATE marts.model_quality SET age_days = 29
"""


@pytest.fixture(scope="module")
def cards(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cards")
    release = releases.publish(releases.build(make_marts(folder / "w.duckdb", script=CURVES), folder / "home", **FACTS))
    made_of = {"code_version": "c0de", "packages": {"numpy": "2.4.6", "dagster": "1.13"}}
    return report.render_cards(release, company="Acme & Söhne", facts={"churn": CHURN}, made_of=made_of)


def test_every_model_of_the_night_has_one(cards):
    assert set(cards) == {"model_churn.html", "model_clv.html", "model_next_best_action.html"}
    for html in cards.values():
        assert Outline(html).open == []
        assert not re.search(r"https?://|@import|url\(", html)


def test_it_says_what_treating_brought_and_answers_yes_or_no(cards):
    told = text_of(cards["model_next_best_action.html"]).replace("\u202f", " ")
    lifts = "Of all months 2025-09 everyone not held out 1.8 % (0.6 % to 3.0 %) 2.1 % (−1.1 % to 5.3 %) call – 5.2 % (1.1 % to 9.3 %)"
    assert lifts in told
    assert "call is personal yes" in told
    assert "call customers decided 5 " in told
    assert "may claim to beat nothing no" in told


def test_it_says_what_was_learnt_compared_and_chosen(cards):
    text = text_of(cards["model_churn.html"])
    assert "Rows (customers at past moments) 4,321" in text
    assert "First moment 2025-01-01 Last moment 2025-10-04" in text
    assert "Column Why closed_on it knows the label" in text
    assert "base rate 0.2500 0.0500 (±0.0078) logistic (chosen) 0.2010 0.0010 (±0.0039)" in text
    assert "Boosting was the best; logistic is as good for all we know: it is 0.0010 behind" in text


def test_it_says_when_a_new_fit_took_over(cards):
    told = "2026-01-30 did not: worse churn-b churn-a "
    told += "gain in log loss -0.0100, from -0.0200 to -0.0030, on 900 rows that neither had learnt from"
    assert f"{told} 2025-12-31 first churn-a – nothing scored before it" in text_of(cards["model_churn.html"])


def test_it_says_how_far_to_trust_it(cards):
    text = text_of(cards["model_churn.html"])
    assert "1 1.0 % 2.0 % (1.0 % to 4.0 %) 10 30.0 % 28.0 % (20.0 % to 35.0 %)" in text
    assert "plan: team 1.3 % (−1.1 % to 3.6 %) 0.071 (0.060 to 0.080)" in text
    assert "2025-07-06 6.0 % 7.0 % 2025-10-04 8.0 % 5.0 %" in text
    assert "Metrics at earlier moments, with 95 % intervals Metric 2025-10-04 ROC AUC 0.813 (0.780 to 0.840)" in text
    assert "gap where" not in text
    assert "0.412 (0.382 to 0.442)" in text


def test_lifetime_value_is_drawn_beside_what_came(cards):
    text = text_of(cards["model_clv.html"])
    seen = "Expected by a fit that has seen nothing after 3 January 2026."
    assert f"Repeat purchases, all together {seen} Expected Actual" in text
    assert "17 January 2026 40 44 31 January 2026 80 90" in text
    assert f"Repeat purchases, step by step {seen} Each step is 14 days." in text
    assert "17 January 2026 30 33 31 January 2026 40 46" in text


def test_it_says_how_to_make_it_again(cards):
    text = text_of(cards["model_churn.html"])
    assert "Code of the release c0de Packages numpy 2.4.6 Again python -m orchestration run --as-of 2026-01-31" in text
    assert "Learner logistic Strength 0.3" in text
    assert "f" * 64 in text


def test_a_refused_model_has_a_card_that_says_why(cards):
    text = text_of(cards["model_clv.html"])
    assert "Tonight: correlation of frequency and value is above its threshold." in text
    assert "No stored model scores tonight" in text


def test_the_night_stands_in_the_card(cards):
    assert f"{date(2026, 1, 31).day} January 2026" in text_of(cards["model_churn.html"])
