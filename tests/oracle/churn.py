"""Why revenue was lost: voluntary (cancelled by the customer), involuntary (payment failure) or expired (a fixed term ended).

The stated reason decides; without one the course of events, of which an attempt to collect for something else is no part. A
cancellation of which nothing else is known is the customer's (decision 13).
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from typing import Any

import pandas as pd
from facts import Facts, Row

from orchestration import dbt

STATED = {row["reason"]: row["churn_kind"] for row in csv.DictReader((dbt.PROJECT / "seeds" / "churn_reasons.csv").open(encoding="utf-8"))}
DUNNING = pd.Timedelta(days=60)
DAY = pd.Timedelta(days=1)  # the last attempt may be noted just after the end that it caused


@dataclass(frozen=True)
class Attempt:
    """An attempt to collect, and the lines of its invoice as far as they are known."""

    at: pd.Timestamp
    failed: bool
    lines: list[Row]

    def may_be_for(self, subscription: str) -> bool:
        """Whether the invoice bills it, or something recurring that it does not name; of an unknown invoice nobody knows."""
        named = any(line["subscription_id"] == subscription for line in self.lines)
        unnamed = any(line["subscription_id"] is None and line["kind"] in ("recurring", "proration") for line in self.lines)
        return named or unnamed or not self.lines


def kinds(live: pd.DataFrame, rows: list[Row], months: pd.DataFrame, facts: Facts) -> dict[tuple[Any, pd.Timestamp], str]:
    """(customer, month) of every churn → its kind: that of the largest subscription that was lost."""
    by_id, attempts, found = {row["subscription_id"]: row for row in rows}, _attempts(facts), {}
    for customer, month in months.loc[months["movement"] == "churn", ["customer", "month"]].itertuples(index=False):
        before = live[(live["customer"] == customer) & (live["month"] == month - pd.DateOffset(months=1))]
        lost = min(before.to_dict("records"), key=lambda row: (-row["mrr"], row["subscription"]))
        found[customer, month] = kind(by_id[lost["subscription"]], attempts)
    return found


def kind(subscription: Row, attempts: dict[str, list[Attempt]]) -> str:
    """What ended a subscription. `attempts`: account → its payments, in order."""
    reason = re.sub(r"[^a-z0-9]+", "_", (subscription["cancellation_reason"] or "").lower()).strip("_")
    if reason in STATED:
        return STATED[reason]
    if subscription["status"] == "unpaid":
        return "involuntary"
    if subscription["cancel_requested_at"] is not None:
        return "voluntary"
    end = subscription["ended_at"]
    made = [one for one in attempts.get(subscription["billing_customer_id"], []) if end and end - DUNNING <= one.at < end + DAY]
    last = [one for one in made if one.may_be_for(subscription["subscription_id"])][-1:]
    if last and last[0].failed and not reason:
        return "involuntary"
    return "expired" if subscription["status"] == "expired" and not reason else "voluntary"


def _attempts(facts: Facts) -> dict[str, list[Attempt]]:
    billed: dict[str, list[Row]] = {}
    for row in facts.rows("billing_invoice_lines"):
        billed.setdefault(row["invoice_id"], []).append(row)
    attempts: dict[str, list[Attempt]] = {}
    payments = facts.rows("billing_payments")
    for row in sorted(payments, key=lambda row: (row["occurred_at"], row["payment_id"])):
        if row["kind"] == "payment" and row["status"] in ("succeeded", "failed"):
            attempt = Attempt(row["occurred_at"], row["status"] == "failed", billed.get(row["invoice_id"], []))
            attempts.setdefault(row["billing_customer_id"], []).append(attempt)
    return attempts
