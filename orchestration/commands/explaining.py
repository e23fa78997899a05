"""What a release says of one customer: known, predicted, considered, decided, allowed and sent.

Comes in: a release and a customer_key. Goes out: one mapping, without addresses, names or free text; only columns listed here are in it.
"""

from __future__ import annotations

from typing import Any

import duckdb

from orchestration.releases import Release

_KNOWN = (
    "country", "region", "industry", "company_size", "acquisition_channel", "plan", "first_seen_at", "first_active_month",
    "lifecycle_stage", "is_active", "is_erased", "is_deleted", "mrr", "orders", "last_order_at", "last_interaction_at", "tickets_open",
    "last_nps", "nps_group", "last_nps_at", "last_csat",
)  # fmt: skip
_SEGMENTS = ("rfm_segment", "r_score", "f_score", "m_score", "usage_segment", "main_channel")
_RECORD = ("source", "record_type", "source_customer_id", "matched_by", "valid_from")
_VALUE = (
    "clv_historic", "clv_predicted", "clv_predicted_low", "clv_predicted_high", "clv_total", "expected_purchases", "p_alive",
    "horizon_days", "currency", "model", "model_version",
)  # fmt: skip
_CHURN = ("churn_probability", "risk_band", "horizon_days", "reasons", "model_version")
_CANDIDATE = ("action", "channel", "gate_removed_by", "score")
_DECISION = (
    "action", "channel", "aims_at", "expected_value", "expected_uplift", "propensity", "is_holdout", "reason", "policy_version",
    "model_version",
)  # fmt: skip
_SENT = ("destination", "audience", "operation", "outcome", "code", "attempted_at", "release_id")


def explained(release: Release, customer_key: str) -> dict[str, Any]:
    """Everything about one customer, by section; a section without a row is None, or an empty list."""
    with release.connect() as connection:
        marts = _Marts(release, connection, customer_key)
        wide = {**marts.first("dim_customers"), **marts.first("customer_360")}
        return {
            "customer_key": customer_key,
            "release_id": release.id,
            "as_of": release.as_of,
            "known": {**_only(_KNOWN, wide), **_only(_SEGMENTS, marts.first("dim_customer_segments"))},
            "records": _listed(_RECORD, [row for row in marts.rows("customer_identities", "source") if row["valid_to"] is None]),
            "value": _only(_VALUE, marts.first("metric_customer_clv")) or None,
            "churn": _only(_CHURN, marts.first("fct_churn_scores")) or None,
            # What passed the gates first, the best of it on top.
            "candidates": _listed(_CANDIDATE, marts.rows("fct_action_candidates", "gate_removed_by IS NOT NULL, score DESC, action")),
            "decision": _only(_DECISION, marts.first("fct_next_best_actions")) or None,
            "consent": {name: allowed for name, allowed in wide.items() if name.startswith("can_")},
            "audiences": [table for table in release.tables if _is_audience(table) and marts.rows(table, "ALL")],
            "synced": _listed(_SENT, marts.rows("sync_log", "attempted_at DESC, destination, audience")),
        }


class _Marts:
    """The rows of one customer in any mart; a mart that the release does not hold has none."""

    def __init__(self, release: Release, connection: duckdb.DuckDBPyConnection, customer_key: str) -> None:
        self._tables, self._connection, self._key = release.tables, connection, customer_key

    def rows(self, table: str, order: str) -> list[dict[str, Any]]:
        """Column → value of every row, in the order given."""
        if table not in self._tables:
            return []
        found = self._connection.execute(f"SELECT * FROM marts.{table} WHERE customer_key = ? ORDER BY {order}", [self._key])
        columns = [described[0] for described in found.description or []]
        return [dict(zip(columns, row, strict=True)) for row in found.fetchall()]

    def first(self, table: str) -> dict[str, Any]:
        """The one row of a mart of which a customer has at most one; empty without."""
        return next(iter(self.rows(table, "ALL")), {})


def _only(columns: tuple[str, ...], row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in columns if name in row}


def _listed(columns: tuple[str, ...], rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [_only(columns, row) for row in rows]


def _is_audience(table: str) -> bool:
    return table.startswith("sync_") and "__" in table
