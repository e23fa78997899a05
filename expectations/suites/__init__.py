"""SUITES: what is asked of every table at a gate. A suite is one file and one line here; `sync_*` tables share one."""

from __future__ import annotations

from types import ModuleType

from expectations.base import Gate, Suite
from expectations.suites import (
    billing_customers,
    billing_invoice_lines,
    billing_payments,
    billing_subscriptions,
    crm_actions,
    crm_campaigns,
    crm_consents,
    crm_customers,
    crm_interactions,
    crm_loyalty_events,
    crm_referrals,
    crm_tickets,
    customer_360,
    customer_identities,
    data_erasures,
    data_quality,
    data_reconciliation,
    data_sources,
    dim_customer_key_redirects,
    dim_customer_segments,
    dim_customers,
    dim_dates,
    exchange_rates,
    fct_action_candidates,
    fct_churn_scores,
    fct_feedback,
    fct_next_best_actions,
    fct_orders,
    fct_subscription_months,
    fct_survey_responses,
    fct_tickets,
    metric_campaign_performance,
    metric_ces_monthly,
    metric_cohort_retention,
    metric_csat_monthly,
    metric_customer_clv,
    metric_customer_health,
    metric_engagement_monthly,
    metric_feedback_themes_monthly,
    metric_lifecycle_monthly,
    metric_loyalty_monthly,
    metric_mrr_movements,
    metric_nps_monthly,
    metric_referrals_monthly,
    metric_retention_monthly,
    metric_tickets_monthly,
    model_quality,
    survey_invitations,
    survey_responses,
    sync_log,
)
from expectations.suites.sync import audience_suite

_MODULES: tuple[ModuleType, ...] = (
    billing_customers,
    billing_invoice_lines,
    billing_payments,
    billing_subscriptions,
    crm_actions,
    crm_campaigns,
    crm_consents,
    crm_customers,
    crm_interactions,
    crm_loyalty_events,
    crm_referrals,
    crm_tickets,
    customer_360,
    customer_identities,
    data_erasures,
    data_quality,
    data_reconciliation,
    data_sources,
    dim_customer_key_redirects,
    dim_customer_segments,
    dim_customers,
    dim_dates,
    exchange_rates,
    fct_action_candidates,
    fct_churn_scores,
    fct_feedback,
    fct_next_best_actions,
    fct_orders,
    fct_subscription_months,
    fct_survey_responses,
    fct_tickets,
    metric_campaign_performance,
    metric_ces_monthly,
    metric_cohort_retention,
    metric_csat_monthly,
    metric_customer_clv,
    metric_customer_health,
    metric_engagement_monthly,
    metric_feedback_themes_monthly,
    metric_lifecycle_monthly,
    metric_loyalty_monthly,
    metric_mrr_movements,
    metric_nps_monthly,
    metric_referrals_monthly,
    metric_retention_monthly,
    metric_tickets_monthly,
    model_quality,
    survey_invitations,
    survey_responses,
    sync_log,
)

SUITES: dict[str, Suite] = {module.SUITE.table_name: module.SUITE for module in _MODULES}


def suite_for(table_name: str) -> Suite:
    """The suite of a table, that of an audience included. Raises KeyError when nobody has said what must hold of it."""
    if table_name in SUITES:
        return SUITES[table_name]
    if table_name.startswith("sync_"):
        return audience_suite(table_name)
    raise KeyError(f"{table_name} has no suite; add expectations/suites/{table_name}.py and its line in expectations/suites/__init__.py")


def suites_of(gate: Gate) -> list[Suite]:
    """The suites of one gate by table name, audiences left out (their tables are known only when they are built)."""
    return sorted((suite for suite in SUITES.values() if suite.gate == gate), key=lambda suite: suite.table_name)
