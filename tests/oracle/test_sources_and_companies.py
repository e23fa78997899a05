"""Surveys, tickets and engagement where records lie in several sources and where companies are customers, beside the same definitions."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracle import harness
from tests.oracle.expected import disagreements
from tests.oracle.made_up import NIGHTS, company, company_of_sources
from tests.oracle.made_up_facts import (
    ACTIONS,
    CAMPAIGNS,
    INTERACTIONS,
    INVITATIONS,
    LOYALTY,
    ORDERS,
    REFERRALS,
    RESPONSES,
    TICKETS,
)
from tests.oracle.test_feedback_marts import FEEDBACK, SURVEYS, thorough
from tests.oracle.test_relationship_marts import CAMPAIGN, TOGETHER

pytestmark = pytest.mark.thorough


FACTS = {
    "survey_responses": RESPONSES, "survey_invitations": INVITATIONS, "crm_tickets": TICKETS, "crm_interactions": INTERACTIONS,
    "crm_referrals": REFERRALS, "crm_loyalty_events": LOYALTY,
}  # fmt: skip
SENT = {"crm_interactions": INTERACTIONS, "crm_campaigns": CAMPAIGNS, "crm_actions": ACTIONS, "billing_invoice_lines": ORDERS}
MARTS = [*SURVEYS, *FEEDBACK, *TOGETHER]


@settings(thorough, max_examples=2)
@given(company_of_sources(**FACTS), st.sampled_from(NIGHTS))
def test_several_sources(tables: harness.Tables, as_of: str) -> None:
    assert disagreements(tables, as_of, "contractual", MARTS) == []


@settings(thorough, max_examples=2)
@given(company_of_sources(**FACTS), st.sampled_from(NIGHTS))
def test_several_sources_of_companies_that_buy(tables: harness.Tables, as_of: str) -> None:
    assert disagreements(tables, as_of, "non_contractual", MARTS, level="company") == []


@settings(thorough, max_examples=2)
@given(company_of_sources(**SENT), st.sampled_from(["2025-06-30", "2025-06-17"]))
def test_campaigns_of_several_sources(tables: harness.Tables, as_of: str) -> None:
    assert disagreements(tables, as_of, "non_contractual", CAMPAIGN) == []


@settings(thorough, max_examples=2)
@given(company_of_sources(**SENT), st.sampled_from(["2025-06-30", "2025-06-17"]))
def test_campaigns_of_several_sources_to_companies(tables: harness.Tables, as_of: str) -> None:
    assert disagreements(tables, as_of, "contractual", CAMPAIGN, level="company") == []


@settings(thorough, max_examples=2)
@given(company(**FACTS), st.sampled_from(NIGHTS))
def test_companies_as_customers(tables: harness.Tables, as_of: str) -> None:
    assert disagreements(tables, as_of, "contractual", MARTS, level="company") == []


@pytest.mark.parametrize(("level", "is_granted"), [("contact", [True, False]), ("company", [False])])
def test_a_colleague_cannot_take_a_refusal_back(level: str, is_granted: list[bool]) -> None:
    people = [{"customer_id": name, "created_at": datetime(2025, 1, 1), "company_name": "Acme"} for name in ("ann", "bob")]
    said = {"channel": "email", "purpose": "marketing"}
    consents = [
        said | {"customer_id": "ann", "status": "withdrawn", "recorded_at": datetime(2025, 2, 1)},
        said | {"customer_id": "bob", "status": "granted", "recorded_at": datetime(2025, 3, 1)},
    ]
    variables = {} if level == "contact" else {"customer_level": level}
    project = harness.project("contractual", **variables)
    consented = project.marts(["int_consents"], {"crm_customers": people, "crm_consents": consents}, "2025-06-30")["int_consents"]
    assert sorted(consented["is_granted"], reverse=True) == is_granted
