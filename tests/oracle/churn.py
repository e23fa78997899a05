"""Why revenue was lost: voluntary (cancelled by the customer), involuntary (payment failure) or expired (a fixed term ended).

The stated reason decides; without one the course of events. A cancellation of which nothing else is known is the customer's
(decision 13).
"""

from __future__ import annotations

import csv
import re
from typing import Any

import pandas as pd
from facts import Facts, Row

from orchestration import dbt

STATED = {row["reason"]: row["churn_kind"] for row in csv.DictReader((dbt.PROJECT / "seeds" / "churn_reasons.csv").open(encoding="utf-8"))}
DUNNING = pd.Timedelta(days=60)
DAY = pd.Timedelta(days=1)  # the last attempt may be noted just after the end that it caused


def kinds(live: pd.DataFrame, rows: list[Row], months: pd.DataFrame, facts: Facts) -> dict[tuple[Any, pd.Timestamp], str]:
    """(customer, month) of every churn → its kind: that of the largest subscription that was lost."""
    by_id, attempts, found = {row["subscription_id"]: row for row in rows}, _attempts(facts), {}
    for customer, month in months.loc[months["movement"] == "churn", ["customer", "month"]].itertuples(index=False):
        before = live[(live["customer"] == customer) & (live["month"] == month - pd.DateOffset(months=1))]
        lost = min(before.to_dict("records"), key=lambda row: (-row["mrr"], row["subscription"]))
        found[customer, month] = kind(by_id[lost["subscription"]], attempts)
    return found


def kind(subscription: Row, attempts: dict[str, list[tuple[pd.Timestamp, bool]]]) -> str:
    """What ended a subscription. `attempts`: account → (moment, whether it failed) of its payments, in order."""
    reason = re.sub(r"[^a-z0-9]+", "_", (subscription["cancellation_reason"] or "").lower()).strip("_")
    if reason in STATED:
        return STATED[reason]
    if subscription["status"] == "unpaid":
        return "involuntary"
    if subscription["cancel_requested_at"] is not None:
        return "voluntary"
    end = subscription["ended_at"]
    last = [failed for at, failed in attempts.get(subscription["billing_customer_id"], []) if end and end - DUNNING <= at < end + DAY]
    if last and last[-1] and not reason:
        return "involuntary"
    return "expired" if subscription["status"] == "expired" and not reason else "voluntary"


def _attempts(facts: Facts) -> dict[str, list[tuple[pd.Timestamp, bool]]]:
    attempts: dict[str, list[tuple[pd.Timestamp, bool]]] = {}
    payments = facts.rows("billing_payments")
    for row in sorted(payments, key=lambda row: (row["occurred_at"], row["payment_id"])):
        if row["kind"] == "payment" and row["status"] in ("succeeded", "failed"):
            attempts.setdefault(row["billing_customer_id"], []).append((row["occurred_at"], row["status"] == "failed"))
    return attempts
