"""Interactions, campaigns, referrals and loyalty of made-up companies: every mart beside an oracle written from the definitions alone."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracle import harness
from tests.oracle.expected import disagreements
from tests.oracle.made_up import NIGHTS, company
from tests.oracle.made_up_facts import ACTIONS, CAMPAIGNS, INTERACTIONS, LOYALTY, ORDERS, REFERRALS
from tests.oracle.test_feedback_marts import MODELS, thorough

pytestmark = pytest.mark.thorough


TOGETHER = ["metric_engagement_monthly", "metric_referrals_monthly", "metric_loyalty_monthly", "int_customer_behaviour"]
CAMPAIGN = ["metric_campaign_performance"]


@settings(thorough, max_examples=6)
@given(company(crm_interactions=INTERACTIONS, crm_referrals=REFERRALS, crm_loyalty_events=LOYALTY), st.sampled_from(NIGHTS), MODELS)
def test_relationships_are_what_the_definitions_say(tables: harness.Tables, as_of: str, business_model: str) -> None:
    assert disagreements(tables, as_of, business_model, TOGETHER) == []


CAMPAIGNS_AND_ORDERS = company(
    crm_interactions=INTERACTIONS, crm_campaigns=CAMPAIGNS, crm_actions=ACTIONS, billing_invoice_lines=ORDERS
)  # fmt: skip


@settings(thorough, max_examples=6)
@given(CAMPAIGNS_AND_ORDERS, st.sampled_from(["2025-06-30", "2025-06-17"]), MODELS)
def test_campaigns_are_what_the_definitions_say(tables: harness.Tables, as_of: str, business_model: str) -> None:
    assert disagreements(tables, as_of, business_model, CAMPAIGN) == []


@pytest.mark.parametrize("business_model", ["contractual", "non_contractual"])
def test_a_company_of_which_nothing_is_known(business_model: str) -> None:
    assert disagreements({}, "2025-06-30", business_model, [*TOGETHER, *CAMPAIGN]) == []


def test_opens_without_deliveries_give_no_rate() -> None:
    customer = {"customer_id": "c1", "created_at": datetime(2025, 1, 1)}
    opened = {"interaction_id": "i1", "customer_id": "c1", "occurred_at": datetime(2025, 6, 2), "channel": "email", "kind": "opened"}
    tables = {"crm_customers": [customer], "crm_interactions": [opened]}
    assert disagreements(tables, "2025-06-30", "contractual", TOGETHER) == []
    engagement = harness.project("contractual").marts(["metric_engagement_monthly"], tables, "2025-06-30")["metric_engagement_monthly"]
    assert list(engagement["unique_opens"]) == [1] * len(engagement)
    assert engagement["open_rate"].isna().all()
