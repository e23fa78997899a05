"""Who is who, who is active and what they are like, told from raw rows: the common ground of the feedback and relationship oracle.

Written from the definitions (metrics.md, contract.md), without looking at the SQL. Grain of `People.described`: one row per customer.
Only plain cases are told here (one price per subscription; one line per order): identity and revenue have an oracle of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pandas as pd

from tests.oracle.sources import bare

DIMENSIONS = ["country", "region", "industry", "company_size", "acquisition_channel", "plan"]
ACTIVE_STATUSES = ("active", "past_due", "paused", "canceled")  # a cancelled one was paying until it ended
ACTIVITY_WINDOW = pd.Timedelta(days=90)

# The time by which a row is known.
KNOWN_BY = {
    "crm_customers": "created_at", "crm_interactions": "occurred_at", "crm_campaigns": "started_at", "crm_actions": "decided_at",
    "crm_referrals": "referred_at", "crm_loyalty_events": "occurred_at", "crm_tickets": "opened_at", "billing_customers": "created_at",
    "billing_subscriptions": "started_at", "billing_invoice_lines": "issued_at", "survey_invitations": "sent_at",
    "survey_responses": "responded_at",
}  # fmt: skip
# What becomes known later than the row itself: empty while it lies ahead.
KNOWN_LATER = {
    "crm_customers": ["deleted_at"], "billing_customers": ["deleted_at"],
    "crm_campaigns": ["ended_at"], "crm_referrals": ["converted_at"], "crm_tickets": ["first_replied_at", "solved_at"],
    "billing_subscriptions": ["ended_at"],
}  # fmt: skip


@dataclass(frozen=True)
class Night:
    """The as-of date, the company's business model and who its customers are."""

    as_of: pd.Timestamp
    business_model: str
    level: str = "contact"

    @property
    def end(self) -> pd.Timestamp:
        """The first instant that is not known."""
        return self.as_of + pd.Timedelta(days=1)

    def months(self, first: pd.Timestamp) -> Iterator[tuple[pd.Timestamp, pd.Timestamp, bool]]:
        """Every month from that of `first` to that of the as-of date: start, end (exclusive, never past the night), whether it is over."""
        for month in pd.date_range(first.to_period("M").start_time, self.as_of, freq="MS"):
            over = month + pd.offsets.MonthBegin(1)
            yield month, min(over, self.end), over <= self.end


def known(name: str, rows: pd.DataFrame, night: Night) -> pd.DataFrame:
    """The rows of an input table that are known on the night, with what is known of them."""
    kept = rows[rows[KNOWN_BY[name]].isna() | (rows[KNOWN_BY[name]] < night.end)].copy()
    for column in KNOWN_LATER.get(name, []):
        kept[column] = kept[column].where(kept[column] < night.end)
    return kept


def first_event(tables: Mapping[str, pd.DataFrame]) -> pd.Timestamp:
    """When anything is first heard of the company: months are measured from then on."""
    return min(time for name, column in KNOWN_BY.items() for time in tables[name][column].dropna())


def email(value: object) -> str | None:
    """An address as it is compared."""
    return str(value).strip().lower() or None if pd.notna(value) else None


@dataclass(frozen=True)
class People:
    """Customers by every name they have, with their dimensions and their active months."""

    of_record: Mapping[str, str]  # id of a CRM or billing record → customer
    of_email: Mapping[str, str]
    described: Mapping[str, Mapping[str, str]]  # dimension → customer → value, where it is known
    active: pd.DataFrame  # customer, month
    of_bare_id: Mapping[str, str] = field(default_factory=dict)  # id of CRM records as written, where it is one customer's in all sources

    def customer(self, record: object) -> str | None:
        """The customer whom a record's id belongs to; None for an unknown person."""
        return self.of_record.get(str(record))

    def respondent(self, record: object, address: object) -> str | None:
        """The customer who answered a survey: by the id in its source, by one that is one customer's in all CRMs, by the e-mail address."""
        return self.customer(record) or self.of_bare_id.get(bare(record)) or self.of_email.get(email(address) or "")

    def values(self, customers: pd.Series, dimension: str) -> pd.Series:
        """The value of a dimension for each customer; an unknown person's is `unknown`, and so is one that is not stated."""
        known = self.described.get(dimension, {})
        values = ["all" if dimension == "all" else known.get(customer, "unknown") for customer in customers]
        return pd.Series(values, index=customers.index, dtype=object)

    def active_in(self, month: pd.Timestamp) -> pd.Series:
        """The customers active in a month."""
        return self.active.loc[self.active["month"] == month, "customer"]

    @property
    def first_active(self) -> pd.Series:
        """First active month by customer."""
        return self.active.groupby("customer")["month"].min()


def people(tables: Mapping[str, pd.DataFrame], night: Night, of_record: Mapping[str, str]) -> People:
    """The customers of a company on a night. `of_record`: id of a record → customer, told by `identity`."""
    crm, billing = tables["crm_customers"], tables["billing_customers"]
    records = pd.concat([
        crm.assign(id=crm["customer_id"], is_gone=crm["deleted_at"].notna() | crm["merged_into_customer_id"].notna(), rank=1),
        billing.assign(id=billing["billing_customer_id"], is_gone=billing["deleted_at"].notna(), rank=2),
    ])  # fmt: skip
    records["customer"] = records["id"].map(of_record)
    holders = records.assign(address=records["email"].map(email)).dropna(subset="address").groupby("address")["customer"]
    of_email = {address: held.iloc[0] for address, held in holders if held.nunique() == 1}
    named = crm.assign(customer=crm["customer_id"].map(of_record), bare=crm["customer_id"].map(bare)).groupby("bare")["customer"]
    of_bare_id = {identity: held.iloc[0] for identity, held in named if held.nunique() == 1}
    # a record that still exists before one that was deleted or merged, a CRM's before billing's, the one that changed last
    records["changed"] = records["updated_at"].fillna(records["created_at"])
    records["order"] = [(gone, rank) for gone, rank in zip(records["is_gone"], records["rank"], strict=True)]
    best = records.sort_values("id").sort_values("changed", ascending=False, na_position="last", kind="stable")
    best = best.sort_values("order", kind="stable")
    described = {
        name: best.dropna(subset=name).drop_duplicates("customer").set_index("customer")[name].to_dict() for name in DIMENSIONS[:-1]
    }
    described["plan"] = _plans(tables["billing_subscriptions"], of_record)
    return People(of_record, of_email, described, _active(tables, of_record, night), of_bare_id)


def _plans(subscriptions: pd.DataFrame, of_record: Mapping[str, str]) -> dict[str, str]:
    """Customer → plan of the subscription that runs, else of the last that did; of several the one that started last."""
    rows = subscriptions.assign(customer=subscriptions["billing_customer_id"].map(of_record))
    rows["end"] = rows["ended_at"].fillna(pd.Timestamp.max)
    rows = rows.sort_values("subscription_id").sort_values(["end", "started_at"], ascending=False, kind="stable")
    rows = rows.drop_duplicates("customer")
    return rows.dropna(subset="plan").set_index("customer")["plan"].to_dict()


def _active(tables: Mapping[str, pd.DataFrame], of_record: Mapping[str, str], night: Night) -> pd.DataFrame:
    """Customer and month, one row per active month."""
    contracts = tables["billing_subscriptions"][tables["billing_subscriptions"]["status"].isin(ACTIVE_STATUSES)]
    orders = tables["billing_invoice_lines"]
    orders = orders[orders["amount_minor"] > 0]
    found = []
    for month, end, _ in night.months(first_event(tables)) if of_record else ():
        if night.business_model == "contractual":
            live = contracts[(contracts["started_at"] < end) & ~(contracts["ended_at"] < end)]
        else:
            live = orders[(orders["issued_at"] < end) & (orders["issued_at"] >= end - ACTIVITY_WINDOW)]
        found += [(of_record[account], month) for account in live["billing_customer_id"].unique()]
    return pd.DataFrame(found, columns=["customer", "month"]).drop_duplicates().astype({"customer": object, "month": "datetime64[us]"})
