"""A small warehouse with plausible marts, so that the page can be looked at without a nightly run."""

import duckdb

# ruff: noqa: E501 (one line per column of a made-up table reads better than wrapped SQL)

MODELS = """
CREATE SCHEMA marts;
CREATE TABLE marts.metric_mrr_movements AS
WITH RECURSIVE months(i, month, opening, closing) AS (
    SELECT 0, DATE '2024-01-01', CAST(0 AS DOUBLE), CAST(41200 AS DOUBLE)
    UNION ALL SELECT i + 1, CAST(month + INTERVAL 1 MONTH AS DATE), closing, closing + 2900 + 900 * sin(i) + 240 + 1100 + 300 * cos(i) - 620 - 1900 - 700 * sin(i * 2)
    FROM months WHERE i < 24
)
SELECT month, CAST(opening AS DECIMAL(28,6)) AS opening_mrr, CAST(CASE WHEN i = 0 THEN 41200 ELSE 2900 + 900 * sin(i - 1) END AS DECIMAL(28,6)) AS new_mrr,
    CAST(CASE WHEN i = 0 THEN 0 ELSE 240 END AS DECIMAL(28,6)) AS reactivation_mrr,
    CAST(CASE WHEN i = 0 THEN 0 ELSE 1100 + 300 * cos(i - 1) END AS DECIMAL(28,6)) AS expansion_mrr,
    CAST(CASE WHEN i = 0 THEN 0 ELSE 620 END AS DECIMAL(28,6)) AS contraction_mrr,
    CAST(CASE WHEN i = 0 THEN 0 ELSE 1900 + 700 * sin((i - 1) * 2) END AS DECIMAL(28,6)) AS churned_mrr,
    CAST(closing AS DECIMAL(28,6)) AS closing_mrr, i < 24 AS is_complete
FROM months WHERE i > 0;
CREATE TABLE marts.metric_retention_monthly AS
SELECT CAST(DATE '2024-02-01' + to_months(CAST(i AS INTEGER)) AS DATE) AS month, 'all' AS dimension, 'all' AS dimension_value,
    820 + i * 17 AS customers_at_start, 46 + i % 5 AS customers_new, 4 + i % 2 AS customers_reactivated, 33 + i % 7 AS customers_churned,
    820 + i * 17 + 17 AS customers_at_end, 1 - (33 + i % 7) / (820.0 + i * 17) AS customer_retention_rate,
    1 - (33 + i % 7) / (820.0 + i * 17) AS crr_formula, (33 + i % 7) / (820.0 + i * 17) AS logo_churn_rate,
    0.955 + 0.01 * sin(i) AS gross_revenue_retention, 0.992 + 0.02 * sin(i / 2) AS net_revenue_retention, i < 23 AS is_complete FROM range(24) AS t(i);
CREATE TABLE marts.metric_cohort_retention AS
SELECT CAST(DATE '2024-02-01' + to_months(CAST(c AS INTEGER)) AS DATE) AS cohort_month, CAST(s AS INTEGER) AS months_since, basis, 44.0 + c % 6 AS cohort_size,
    CASE WHEN c + s > 23 THEN NULL ELSE (44 + c % 6) * pow(0.9 + 0.005 * (c % 4), s) END AS retained,
    CASE WHEN c + s > 23 THEN NULL WHEN s = 0 THEN 1 ELSE pow(0.9 + 0.005 * (c % 4), s) END AS retention_rate, true AS is_complete
FROM range(24) AS a(c), range(14) AS b(s), (VALUES ('customers'), ('revenue')) AS v(basis);
CREATE TABLE marts.metric_lifecycle_monthly AS
WITH moves AS (
    SELECT CAST(month AS DATE) AS month, month < '2026-01-01' AS is_complete, from_stage, to_stage,
        CASE WHEN from_stage = 'not_yet_known' THEN CASE to_stage WHEN 'prospect' THEN 21 ELSE 0 END
            WHEN from_stage = to_stage THEN 300 + length(to_stage) ELSE length(from_stage) % 4 * (length(to_stage) % 3) END AS customers
    FROM (VALUES ('2025-12-01'), ('2026-01-01')) AS m(month),
        (VALUES ('prospect'), ('loyal'), ('at_risk'), ('lapsed'), ('not_yet_known')) AS f(from_stage),
        (VALUES ('prospect'), ('loyal'), ('at_risk'), ('lapsed')) AS t(to_stage)
)
SELECT month, from_stage, to_stage, customers, is_complete,
    CASE WHEN from_stage <> 'not_yet_known' THEN customers / sum(customers) OVER (PARTITION BY month, from_stage) END AS transition_rate,
    CASE WHEN from_stage = to_stage THEN sum(customers) OVER (PARTITION BY month, to_stage) END AS stage_customers_at_end
FROM moves;
CREATE TABLE marts.metric_nps_monthly AS
SELECT CAST(DATE '2024-08-01' + to_months(CAST(i AS INTEGER)) AS DATE) AS month, view, 'all' AS dimension, 'all' AS dimension_value, i < 17 AS is_complete,
    60 + i * 8 AS responses, 30 + i * 4 AS promoters, 18 + i * 2 AS passives, 12 + i * 2 AS detractors, 22 + 6 * sin(i / 2) + i / 3 AS nps,
    22 + 6 * sin(i / 2) + i / 3 - 120 / sqrt(60 + i * 8) AS nps_low, 22 + 6 * sin(i / 2) + i / 3 + 120 / sqrt(60 + i * 8) AS nps_high,
    true AS is_reliable, 300 + i * 30 AS invited, (60 + i * 8) / (300.0 + i * 30) AS response_rate, 20.0 AS nps_weighted, false AS nps_change_significant
FROM range(18) AS t(i), (VALUES ('period'), ('rolling_90d')) AS v(view);
CREATE TABLE marts.metric_csat_monthly AS
SELECT CAST(DATE '2024-08-01' + to_months(CAST(i AS INTEGER)) AS DATE) AS month, 'all' AS dimension, 'all' AS dimension_value, i < 17 AS is_complete,
    CASE WHEN i = 6 THEN 0 ELSE 90 END AS responses, 75 AS satisfied, 0.83 + 0.03 * sin(i) AS csat, 0.75 + 0.03 * sin(i) AS csat_low, 0.89 + 0.03 * sin(i) AS csat_high
FROM range(18) AS t(i);
CREATE TABLE marts.metric_feedback_themes_monthly AS
SELECT DATE '2026-01-01' AS month, 'nps' AS metric, theme, true AS is_complete, 200 AS comments, mentions, sentiment AS mean_sentiment, difference AS score_difference
FROM (VALUES ('price', 64, -0.31, -14.2), ('support', 51, 0.42, 9.1), ('ease_of_use', 38, 0.22, 4.0), ('reliability', 17, -0.5, -22.0)) AS t(theme, mentions, sentiment, difference);
CREATE TABLE marts.metric_customer_clv AS
SELECT 'c' || substr(md5(CAST(i AS VARCHAR)), 1, 24) AS customer_key, CAST(300 + i * 7 AS DECIMAL(18,6)) AS clv_historic,
    CAST(160 * exp(1.1 * sin(i * 12.9898) * 2) AS DECIMAL(18,6)) AS clv_predicted, 273 AS horizon_days, 'EUR' AS currency FROM range(1228) AS t(i);
CREATE TABLE marts.fct_churn_scores AS
SELECT customer_key, DATE '2026-01-31' AS as_of_date, 90 AS horizon_days, p AS churn_probability,
    CASE WHEN p > 0.4 THEN 'high' WHEN p > 0.15 THEN 'medium' ELSE 'low' END AS risk_band,
    CASE WHEN p > 0.3 THEN ['no login for 34 days', '2 open tickets', 'detractor in December'] ELSE ['usage is falling'] END AS reasons, 'churn-1' AS model_version
FROM (SELECT customer_key, 0.02 + 0.75 * pow(abs(sin(row_number() OVER (ORDER BY customer_key) * 1.7)), 5) AS p FROM marts.metric_customer_clv);
CREATE TABLE marts.fct_next_best_actions AS
SELECT customer_key, as_of_date, action, 'email' AS channel, CASE WHEN action = 'nothing' THEN 0 ELSE churn_probability * 180 - 8 END AS expected_value,
    CASE WHEN action = 'nothing' THEN 0 ELSE churn_probability * 0.2 END AS expected_uplift, 0.9 AS propensity, n % 10 = 0 AS is_holdout,
    CASE action WHEN 'nothing' THEN 'nothing pays' ELSE 'likely to leave; answers to calls' END AS reason, 'p1' AS policy_version, 'm1' AS model_version
FROM (SELECT *, row_number() OVER (ORDER BY customer_key) AS n, CASE WHEN n % 10 = 0 OR churn_probability < 0.1 THEN 'nothing'
    WHEN n % 3 = 0 THEN 'call_by_owner' WHEN n % 3 = 1 THEN 'discount_10_percent' ELSE 'onboarding_email' END AS action FROM marts.fct_churn_scores);
CREATE TABLE marts.fct_action_candidates AS
SELECT customer_key, as_of_date, action, channel, CASE WHEN hash(customer_key) % 3 = 0 THEN 'consent' WHEN hash(customer_key) % 7 = 0 THEN 'contact_pressure' END AS gate_removed_by,
    expected_value AS score FROM marts.fct_next_best_actions;
CREATE TABLE marts.metric_engagement_monthly AS
SELECT CAST(DATE '2024-08-01' + to_months(CAST(i AS INTEGER)) AS DATE) AS month, 'all' AS dimension, 'all' AS dimension_value, i < 17 AS is_complete, 9000 + i * 200 AS interactions,
    4000 + i * 100 AS delivered, 0.031 + 0.006 * sin(i) AS click_rate FROM range(18) AS t(i);
CREATE TABLE marts.metric_campaign_performance AS
FROM (VALUES ('cp1', 'Winter renewal', TIMESTAMP '2026-01-05', 4100, 0.034, 820.0, 'holdout', 3.4, 1.2, 5.6),
    ('cp2', 'Product tour', TIMESTAMP '2025-11-12', 2900, 0.051, 400.0, 'attribution_linear', 2.1, NULL, NULL), ('cp3', NULL, NULL, 0, NULL, NULL, 'none', NULL, NULL, NULL))
AS t(campaign_id, name, started_at, delivered, click_rate, cost, return_method, return_on_cost, return_on_cost_low, return_on_cost_high);
CREATE TABLE marts.data_quality AS
SELECT DATE '2026-01-31' AS as_of_date, 'run-1' AS run_id, suite, CASE i WHEN 4 THEN 'ColumnPairValuesAToBeGreaterThanB(solved_at, opened_at)' ELSE 'expectation_' || i END AS expectation, 'crm_tickets' AS table_name,
    CASE WHEN suite = 'landing:crm_tickets' AND i = 3 THEN 'failed' WHEN suite = 'landing:crm_tickets' AND i = 4 THEN 'errored' WHEN suite = 'audience:customer_360' AND i < 2 THEN 'not_run'
        ELSE 'passed' END AS status,
    CASE WHEN suite = 'landing:crm_tickets' AND i IN (3, 4) THEN false WHEN suite = 'audience:customer_360' AND i < 2 THEN NULL ELSE true END AS success,
    CASE WHEN suite = 'landing:crm_tickets' AND i = 3 THEN '41 of 90' END AS observed,
    CASE WHEN suite = 'landing:crm_tickets' AND i = 3 THEN 41 WHEN suite = 'landing:crm_tickets' AND i = 4 THEN NULL ELSE 0 END AS unexpected_count,
    'warn' AS severity, 'A reply precedes its question. Ask the support desk.' AS description
FROM (VALUES ('landing:crm_tickets'), ('mart:fct_orders'), ('dbt:before_models'), ('audience:customer_360')) AS v(suite), range(24) AS t(i);
CREATE TABLE marts.data_sources AS
FROM (VALUES ('files', 'crm_customers', 5210, TIMESTAMP '2026-02-01 02:04:11', TIMESTAMP '2026-01-31 21:12:00'), ('files', 'survey_responses', 1802, TIMESTAMP '2026-02-01 02:04:12', NULL))
AS t(source, table_name, landed_rows, last_landed_at, last_event_at);
CREATE TABLE marts.data_reconciliation AS
FROM (VALUES ('crm_customers', 5210, 5100, 98, 12, 0), ('survey_responses', 1802, 1790, 0, 9, 3)) AS t(table_name, landed, staged, deduplicated, quarantined, after_as_of);
CREATE TABLE marts.model_quality AS
SELECT model, DATE '2026-01-31' AS as_of_date, status, reason, candidate, 'v-20260131' AS model_version, DATE '2026-01-31' AS trained_as_of, metric, value, value - 0.03 AS low, value + 0.03 AS high
FROM (VALUES ('churn', 'published', NULL, 'gradient_boosting', 'pr_auc', 0.412), ('churn', 'published', NULL, 'logistic_regression', 'pr_auc', 0.377),
    ('churn', 'published', NULL, 'recency_rule', 'pr_auc', 0.21), ('churn', 'published', NULL, 'base_rate', 'pr_auc', 0.08),
    ('churn', 'published', NULL, 'gradient_boosting', 'roc_auc', 0.861), ('churn', 'published', NULL, 'logistic_regression', 'roc_auc', 0.845),
    ('clv', 'refused', 'correlation of frequency and value is above its threshold', 'bgnbd', 'holdout_rmse', 1.48), ('clv', 'refused', 'correlation of frequency and value is above its threshold', 'last_year', 'holdout_rmse', 1.92))
AS t(model, status, reason, candidate, metric, value);
CREATE TABLE marts.sync_files__customer_scores AS SELECT 'somebody@example.com' AS external_id, 'c1' AS customer_key;
CREATE TABLE marts.fct_feedback AS SELECT 'a comment by Jane Doe' AS comment;
"""


def make_marts(path, *, drop=(), empty=(), script="SELECT 1"):
    """Write the warehouse to `path`, without the tables `drop`, with those in `empty` emptied, and changed by `script`."""
    with duckdb.connect(str(path)) as connection:
        connection.execute(MODELS)
        for table in drop:
            connection.execute(f"DROP TABLE marts.{table}")
        for table in empty:
            connection.execute(f"DELETE FROM marts.{table}")
        connection.execute(script)
    return path
