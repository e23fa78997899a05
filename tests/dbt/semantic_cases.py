"""Every metric of the semantic layer beside the rows of a mart that say the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

MONTH = {"metric_time__month": "month"}
OVER_EVERYONE = "dimension = 'all'"
PARTS = ("sum_of_", "number_of_")


@dataclass(frozen=True)
class Case:
    """Metrics (name → SQL over the mart), what they are split by (name → SQL), and the rows of the mart that say the same."""

    metrics: Mapping[str, str]
    rows: str
    by: Mapping[str, str] = field(default_factory=lambda: MONTH)
    where: tuple[str, ...] = ()


def same(*names: str, **other: str) -> dict[str, str]:
    """Metrics that bear the name of their column, and `other` ones."""
    return {name: name for name in names} | other


def side_by_side(model: str, mart: str, metrics: Mapping[str, str], **only: str) -> dict[str, Case]:
    """Two cases of a mart that holds every dimension side by side: everyone, and every value of every dimension."""
    split = MONTH | {f"{model}__dimension": "dimension", f"{model}__dimension_value": "dimension_value"}
    kept = " AND ".join(only.values()) or "true"
    return {
        f"{mart} over everyone": Case(metrics, f"marts.{mart} WHERE {OVER_EVERYONE}"),
        f"{mart} by dimension": Case(metrics, f"marts.{mart} WHERE {kept}", split),
    }


COUNTS = ("customers_at_start", "customers_new", "customers_reactivated", "customers_churned", "customers_retained", "customers_at_end")
RATES = ("customer_retention_rate", "logo_churn_rate", "gross_revenue_retention", "net_revenue_retention")
MOVEMENTS = ("opening_mrr", "new_mrr", "reactivation_mrr", "expansion_mrr", "contraction_mrr", "churned_mrr")
MESSAGES = ("open_rate", "click_rate", "click_to_open_rate", "unsubscribe_rate", "complaint_rate")
REFERRALS = ("referral_rate", "referral_rate_in_month", "referred_share_of_new", "referrals_per_active_customer", "k_factor")
SURVEY = {"nps_responses": "responses", "nps_promoters": "promoters", "nps_detractors": "detractors"} | same("nps", "nps_low", "nps_high")
TICKETS = {"tickets_opened": "opened", "tickets_solved": "solved"} | same("median_first_reply_hours", "median_resolution_hours")
BY_COUNTRY = MONTH | {"customer__country": "dimension_value"}
COUNTRIES = "dimension = 'country'"
STAGE = ("stage_customers_at_start", "stage_customers_in", "stage_customers_out", "stage_customers_at_end")
FIRST_QUARTER = "date_trunc('quarter', month)"
CASES = {
    **side_by_side("retention", "metric_retention_monthly", same(*COUNTS, *RATES)),
    **side_by_side("engagement", "metric_engagement_monthly", same("interactions", *MESSAGES, messages_delivered="delivered")),
    **side_by_side("referral", "metric_referrals_monthly", same(*REFERRALS, referral_conversion_rate="conversion_rate")),
    **side_by_side("ticket_month", "metric_tickets_monthly", {"ticket_backlog": "backlog"}),
    "people reached": Case(
        same("interactions_per_active_customer", "omnichannel_share"),
        "marts.metric_engagement_monthly WHERE dimension <> 'channel'",
        MONTH | {"engagement__dimension": "dimension", "engagement__dimension_value": "dimension_value"},
        ("{{ Dimension('engagement__dimension') }} <> 'channel'",),
    ),
    "interactions within a channel": Case(
        {"channel_interactions_per_active_customer": "interactions_per_active_customer"},
        "marts.metric_engagement_monthly WHERE dimension = 'channel'",
        MONTH | {"engagement__dimension_value": "dimension_value"},
        ("{{ Dimension('engagement__dimension') }} = 'channel'",),
    ),
    "recurring revenue": Case(same(*MOVEMENTS, mrr="closing_mrr"), "marts.metric_mrr_movements"),
    "recurring revenue by country": Case(
        {"mrr": "closing_mrr", "opening_mrr": "opening_mrr"}, f"marts.metric_retention_monthly WHERE {COUNTRIES}", BY_COUNTRY
    ),
    "recurring revenue by plan": Case(
        {
            "churned_mrr": "sum(CASE WHEN movement = 'churn' THEN -movement_amount ELSE 0 END)",
            "expansion_mrr": "sum(CASE WHEN movement = 'expansion' THEN movement_amount ELSE 0 END)",
        },
        "marts.fct_subscription_months GROUP BY ALL",
        {f"subscription_month__{name}": name for name in ("plan", "opening_plan", "movement")},
    ),
    "recurring revenue of a quarter": Case(
        {"opening_mrr": "arg_min(opening_mrr, month)", "mrr": "arg_max(closing_mrr, month)", "new_mrr": "sum(new_mrr)"},
        "marts.metric_mrr_movements GROUP BY ALL",
        {"metric_time__quarter": FIRST_QUARTER},
    ),
    "customers of a quarter": Case(
        {
            "customers_at_start": "arg_min(customers_at_start, month)",
            "customers_at_end": "arg_max(customers_at_end, month)",
            "customers_new": "sum(customers_new)",
        },
        f"marts.metric_retention_monthly WHERE {OVER_EVERYONE} GROUP BY ALL",
        {"metric_time__quarter": FIRST_QUARTER},
    ),
    "kinds of churn": Case(
        {"churned_mrr": "amount"},
        "(UNPIVOT marts.metric_mrr_movements ON COLUMNS('churned_.+_mrr') INTO NAME kind VALUE amount)",
        MONTH | {"subscription_month__churn_kind": "replace(replace(kind, 'churned_', ''), '_mrr', '')"},
        ("{{ Dimension('subscription_month__churn_kind') }} is not null",),
    ),
    "customers of a cohort": Case(
        {"cohort_customer_retention": "retention_rate"},
        "marts.metric_cohort_retention WHERE basis = 'customers'",
        {"metric_time__month": "cohort_month", "cohort__months_since": "months_since"},
    ),
    "revenue of a cohort": Case(
        {"cohort_revenue_retention": "retention_rate"},
        "marts.metric_cohort_retention WHERE basis = 'revenue'",
        {"metric_time__month": "cohort_month", "cohort__months_since": "months_since"},
    ),
    "moves between stages": Case(
        {"lifecycle_moves": "customers"},
        "marts.metric_lifecycle_monthly",
        MONTH | {"lifecycle__from_stage": "from_stage", "lifecycle__to_stage": "to_stage"},
    ),
    "stages": Case(same(*STAGE), "marts.metric_lifecycle_monthly WHERE from_stage = to_stage", MONTH | {"lifecycle__to_stage": "to_stage"}),
    "stages of a quarter": Case(
        {STAGE[0]: f"arg_min({STAGE[0]}, month)", STAGE[1]: f"sum({STAGE[1]})", STAGE[3]: f"arg_max({STAGE[3]}, month)"},
        "marts.metric_lifecycle_monthly WHERE from_stage = to_stage GROUP BY ALL",
        {"metric_time__quarter": FIRST_QUARTER, "lifecycle__to_stage": "to_stage"},
    ),
    "nps": Case(SURVEY, f"marts.metric_nps_monthly WHERE view = 'period' AND {OVER_EVERYONE}"),
    "nps by country": Case(SURVEY, f"marts.metric_nps_monthly WHERE view = 'period' AND {COUNTRIES}", BY_COUNTRY),
    "nps by channel": Case(
        SURVEY,
        "marts.metric_nps_monthly WHERE view = 'period' AND dimension = 'channel'",
        MONTH | {"response__channel": "dimension_value"},
    ),
    "answers by survey and touchpoint": Case(
        {"nps_responses": "count(*)", "nps_promoters": "count_if(score >= 9)"},
        "marts.fct_survey_responses WHERE metric = 'nps' GROUP BY ALL",
        {f"response__{name}": name for name in ("survey_id", "touchpoint", "metric")},
    ),
    "nps that only the mart knows": Case(
        same("nps_weighted", nps_response_rate="response_rate"), f"marts.metric_nps_monthly WHERE view = 'period' AND {OVER_EVERYONE}"
    ),
    "nps of the last 90 days": Case(
        {"nps_rolling_90d": "nps"},
        "marts.metric_nps_monthly WHERE view = 'rolling_90d'",
        MONTH | {"nps_month__dimension": "dimension", "nps_month__dimension_value": "dimension_value"},
    ),
    "nps of the last 90 days over everyone": Case(
        {"nps_rolling_90d": "nps"}, f"marts.metric_nps_monthly WHERE view = 'rolling_90d' AND {OVER_EVERYONE}"
    ),
    "csat": Case(same("csat", csat_responses="responses", csat_satisfied="satisfied"), f"marts.metric_csat_monthly WHERE {OVER_EVERYONE}"),
    "csat by country": Case(same("csat"), f"marts.metric_csat_monthly WHERE {COUNTRIES}", BY_COUNTRY),
    "ces": Case(same("ces", ces_responses="responses", ces_easy="easy"), f"marts.metric_ces_monthly WHERE {OVER_EVERYONE}"),
    "feedback": Case(
        {"sentiment": "avg(sentiment)", "followed_up_in_time": "avg(followed_up_in_time::int)"},
        "marts.fct_feedback GROUP BY ALL",
        {"metric_time__month": "date_trunc('month', said_at)"},
    ),
    "feedback by where it was said": Case(
        {"sentiment": "avg(sentiment)"},
        "marts.fct_feedback GROUP BY ALL",
        {f"feedback__{name}": name for name in ("metric", "origin", "language")},
    ),
    "themes": Case(
        {
            "theme_mentions": "mentions",
            "theme_mention_share": "mention_share",
            "theme_score_with": "mean_score_with",
            "theme_score_without": "mean_score_without",
            "theme_score_difference": "score_difference",
        },
        "marts.metric_feedback_themes_monthly",
        MONTH | {"feedback_theme__metric": "metric", "feedback_theme__theme": "theme"},
    ),
    "tickets": Case(TICKETS, f"marts.metric_tickets_monthly WHERE {OVER_EVERYONE}"),
    "tickets by priority": Case(
        TICKETS, "marts.metric_tickets_monthly WHERE dimension = 'priority'", MONTH | {"ticket__priority": "dimension_value"}
    ),
    "tickets by channel": Case(
        TICKETS, "marts.metric_tickets_monthly WHERE dimension = 'channel'", MONTH | {"ticket__channel": "dimension_value"}
    ),
    "tickets by topic": Case(
        TICKETS, "marts.metric_tickets_monthly WHERE dimension = 'topic'", MONTH | {"ticket__topic": "dimension_value"}
    ),
    "campaigns": Case(
        same(
            "incremental_margin",
            "attributed_revenue_first",
            "attributed_revenue_last",
            "attributed_revenue_linear",
            campaign_cost="cost",
            campaign_return_by_holdout="CASE WHEN return_method = 'holdout' THEN return_on_cost END",
            campaign_return_by_attribution="CASE WHEN return_method = 'attribution_linear' THEN return_on_cost END",
        ),
        "marts.metric_campaign_performance",
        {"campaign__campaign_id": "campaign_id", "campaign__source": "source"},
    ),
    "campaigns by what they do": Case(
        {"campaign_cost": "sum(cost)"},
        "marts.metric_campaign_performance GROUP BY ALL",
        {f"campaign__{name}": name for name in ("channel", "action", "return_method")},
    ),
    "loyalty": Case(
        same(
            "redemption_rate",
            loyalty_members="members",
            loyalty_points_outstanding="points_outstanding",
            loyalty_points_earned="points_earned",
            loyalty_points_redeemed="points_redeemed",
        ),
        "marts.metric_loyalty_monthly",
    ),
    "orders": Case(
        {"net_amount": "sum(net_amount_reporting)", "purchases": "count_if(is_purchase)"},
        "marts.fct_orders GROUP BY ALL",
        {"metric_time__month": "date_trunc('month', ordered_at)"},
    ),
    "orders by kind and currency": Case(
        {"net_amount": "sum(net_amount_reporting)"},
        "marts.fct_orders GROUP BY ALL",
        {"order__currency": "currency", "order__order_kind": "order_kind"},
    ),
    "purchases of a segment": Case(
        {"purchases": "sum(frequency)"},
        "marts.dim_customer_segments GROUP BY ALL",
        {"customer__rfm_segment": "rfm_segment"},
    ),
    "purchases by use and channel": Case(
        {"purchases": "sum(frequency)"},
        "marts.dim_customer_segments GROUP BY ALL",
        {"customer__usage_segment": "usage_segment", "customer__main_channel": "main_channel"},
    ),
    "value by who they are": Case(
        {"clv_total": "sum(clv_total)"},
        "marts.metric_customer_clv INNER JOIN marts.dim_customers USING (customer_key) GROUP BY ALL",
        {f"customer__{name}": name for name in ("region", "industry", "company_size", "acquisition_channel", "plan", "is_active")},
    ),
    "value": Case(
        {name: f"sum({name})" for name in ("clv_historic", "clv_predicted", "clv_total", "expected_purchases")},
        "marts.metric_customer_clv INNER JOIN marts.dim_customers USING (customer_key) GROUP BY ALL",
        {"customer__lifecycle_stage": "lifecycle_stage"},
    ),
    "health": Case(
        {"churn_probability": "avg(churn_probability)", "value_at_risk": "sum(value_at_risk)"},
        "marts.metric_customer_health GROUP BY ALL",
        {"customer__churn_risk_band": "churn_risk_band"},
    ),
    "next best actions": Case(
        {"expected_value": "sum(expected_value)"},
        "marts.fct_next_best_actions GROUP BY ALL",
        {"decision__action": "action", "decision__is_holdout": "is_holdout"},
    ),
}
