"""Surveys, free text and tickets of made-up companies: every mart beside an oracle written from the definitions alone."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.oracle import harness
from tests.oracle.expected import THEMES, disagreements, value
from tests.oracle.intervals import nps_interval
from tests.oracle.made_up import NIGHTS, company
from tests.oracle.made_up_facts import INTERACTIONS, INVITATIONS, RESPONSES, TICKETS
from tests.published_intervals import ROCKS_2016

pytestmark = pytest.mark.thorough


SURVEYS = ["fct_survey_responses", "metric_nps_monthly", "metric_csat_monthly", "metric_ces_monthly"]
FEEDBACK = ["fct_feedback", THEMES, "fct_tickets", "metric_tickets_monthly", "customer_360"]
MODELS = st.sampled_from(["contractual", "non_contractual"])
# Shrinking would build hundreds of companies; one that fails is small enough to read.
thorough = settings(derandomize=True, deadline=None, phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize(("promoters", "detractors", "n", "low", "high"), ROCKS_2016)
def test_the_oracle_knows_the_interval_of_rocks_2016(promoters: int, detractors: int, n: int, low: float, high: float) -> None:
    assert nps_interval(promoters, detractors, n) == pytest.approx((low, high), abs=1e-4)


@settings(thorough, max_examples=8)
@given(company(survey_responses=RESPONSES, survey_invitations=INVITATIONS), st.sampled_from(NIGHTS), MODELS)
def test_surveys_are_what_the_definitions_say(tables: harness.Tables, as_of: str, business_model: str) -> None:
    assert disagreements(tables, as_of, business_model, SURVEYS) == []


FREE_TEXT = company(
    survey_responses=RESPONSES, survey_invitations=st.just([]), crm_tickets=TICKETS, crm_interactions=INTERACTIONS
)  # fmt: skip


@settings(thorough, max_examples=6)
@given(FREE_TEXT, st.sampled_from(NIGHTS), MODELS)
def test_feedback_and_tickets_are_what_the_definitions_say(tables: harness.Tables, as_of: str, business_model: str) -> None:
    assert disagreements(tables, as_of, business_model, FEEDBACK) == []


def answer(number: int, score: float, at: datetime, **more: Any) -> harness.Row:
    own = {"response_id": f"r{number}", "customer_id": f"c{number}", "metric": "nps", "score": score, "scale_min": 0, "scale_max": 10}
    return own | {"responded_at": at} | more


def asked(scores: list[float], at: datetime = datetime(2025, 6, 10), **more: Any) -> harness.Tables:
    """A company whose customers c0, c1 … give these scores."""
    customers = [{"customer_id": f"c{number}", "created_at": datetime(2025, 1, 1)} for number in range(len(scores))]
    return {"crm_customers": customers, "survey_responses": [answer(number, score, at, **more) for number, score in enumerate(scores)]}


@pytest.mark.parametrize("scores", [[], [7], [0, 3, 6], [9, 10, 10], [0, 6, 7, 8, 9, 10]])
def test_few_or_one_sided_answers(scores: list[float]) -> None:
    assert disagreements(asked(scores), "2025-06-30", "contractual", [*SURVEYS, *FEEDBACK]) == []


def test_only_detractors_is_minus_a_hundred_with_a_width() -> None:
    nps = nps_of(asked([0] * 10), view="period")
    assert nps("nps") == -100
    assert nps("nps_low") == -100
    assert nps("nps_high") == pytest.approx(-47.5036, abs=1e-4)
    assert not nps("is_reliable")


def test_a_change_is_significant_only_with_enough_answers() -> None:
    def changed(n: int) -> bool:
        before, now = asked([10, 0] * n, datetime(2025, 5, 10)), asked([10, 10] * n)
        later = [row | {"response_id": f"later{row['response_id']}"} for row in now["survey_responses"]]
        tables = {"crm_customers": now["crm_customers"], "survey_responses": [*before["survey_responses"], *later]}
        return bool(nps_of(tables, view="period")("nps_change_significant"))

    assert not changed(1)
    assert changed(20)


def test_the_rolling_window_takes_in_its_ninetieth_day_and_not_the_one_before() -> None:
    tables = asked([10, 0])
    tables["survey_responses"][0]["responded_at"] = datetime(2025, 4, 2)
    tables["survey_responses"][1]["responded_at"] = datetime(2025, 4, 1, 23, 59, 59, 999999)
    assert nps_of(tables, view="rolling_90d")("responses") == 1
    assert nps_of(tables, view="rolling_90d")("promoters") == 1


def nps_of(tables: harness.Tables, view: str) -> Any:
    """Column → value of June 2025 over everyone."""
    nps = harness.project("contractual").marts(["metric_nps_monthly"], tables, "2025-06-30")["metric_nps_monthly"]
    june = nps[nps["month"].astype(str).str.startswith("2025-06")]
    return lambda column: value(june, column, view=view, dimension="all")
