"""What Python writes into the warehouse: the columns of landed rows that are ours, the tables of the gates and of the models."""

from __future__ import annotations

# What every landed row carries beside the contract's columns.
LANDING_COLUMNS: dict[str, str] = {
    "_source": "VARCHAR",
    "_load_id": "VARCHAR",
    "_row_number": "BIGINT",
    "_is_deleted": "BOOLEAN",
    "_bad_values": "VARCHAR",
    "_file": "VARCHAR",
}

OPS_TABLES: dict[str, str] = {
    "quarantined_rows": """source VARCHAR, table_name VARCHAR, load_id VARCHAR, row_number BIGINT, row_key VARCHAR,
        rule VARCHAR, column_name VARCHAR, reason VARCHAR, row_json VARCHAR, first_seen_as_of DATE""",
    "check_results": """as_of_date DATE, run_id VARCHAR, suite VARCHAR, expectation VARCHAR, table_name VARCHAR, status VARCHAR,
        success BOOLEAN, observed VARCHAR, unexpected_count BIGINT, severity VARCHAR, description VARCHAR, examples VARCHAR[]""",
    "steps_done": "step VARCHAR, as_of_date DATE",
    "source_freshness": """source VARCHAR, table_name VARCHAR, landed_rows BIGINT, last_landed_at TIMESTAMP, last_event_at TIMESTAMP,
        busy_days BIGINT""",
    "erased_rows": "source VARCHAR, table_name VARCHAR, rows BIGINT",
    "erased_amounts": "month DATE, measure VARCHAR, amount DECIMAL(28, 6)",
    "identity_proposals": """customer_key VARCHAR, other_customer_key VARCHAR, match_probability DOUBLE, match_weight DOUBLE,
        explanation VARCHAR, as_of_date DATE""",
}

# The view `ops.sync_log` of a home that has sent nothing yet, and so the columns that it always has.
NOTHING_SENT = """SELECT CAST(NULL AS VARCHAR) AS destination, CAST(NULL AS VARCHAR) AS audience, CAST(NULL AS VARCHAR) AS customer_key,
    CAST(NULL AS VARCHAR) AS external_id, CAST(NULL AS VARCHAR) AS operation, CAST(NULL AS VARCHAR) AS outcome,
    CAST(NULL AS VARCHAR) AS code, CAST(NULL AS VARCHAR) AS release_id, CAST(NULL AS TIMESTAMP) AS attempted_at WHERE false"""

SCORE_TABLES: dict[str, str] = {
    "comment_readings": "text_hash VARCHAR, reader_version VARCHAR, themes VARCHAR, tone DOUBLE",
    "churn_scores": """customer_key VARCHAR, as_of_date DATE, horizon_days INTEGER, churn_probability DOUBLE, risk_band VARCHAR,
        reasons VARCHAR[], model_version VARCHAR""",
    "clv_scores": """customer_key VARCHAR, as_of_date DATE, clv_predicted DOUBLE, clv_predicted_low DOUBLE, clv_predicted_high DOUBLE,
        expected_purchases DOUBLE, p_alive DOUBLE, expected_order_value DOUBLE, model VARCHAR, model_version VARCHAR""",
    "next_best_actions": """customer_key VARCHAR, as_of_date DATE, action VARCHAR, channel VARCHAR, aims_at VARCHAR,
        expected_value DOUBLE, expected_uplift DOUBLE, propensity DOUBLE, is_holdout BOOLEAN, reason VARCHAR, policy_version VARCHAR,
        model_version VARCHAR""",
    "action_candidates": """customer_key VARCHAR, as_of_date DATE, action VARCHAR, channel VARCHAR, gate_removed_by VARCHAR,
        score DOUBLE""",
    "model_runs": """model VARCHAR, as_of_date DATE, status VARCHAR, reason VARCHAR, candidate VARCHAR, model_version VARCHAR,
        trained_as_of DATE, metric VARCHAR, value DOUBLE, low DOUBLE, high DOUBLE""",
}
