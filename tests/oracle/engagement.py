"""Engagement from raw rows, as metrics.md and the documentation of the marts define them."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from tests.oracle.intervals import ratio
from tests.oracle.people import DIMENSIONS, Night, People
from tests.oracle.sources import source_of

Tables = Mapping[str, pd.DataFrame]
MESSAGES = {"sent": "sent", "bounced": "bounced", "unsubscribes": "unsubscribed", "complaints": "complained"}


def engagement_monthly(tables: Tables, known: People, night: Night) -> pd.DataFrame:
    """`metric_engagement_monthly`: one row per month, dimension (channel included) and value with interactions or active customers."""
    rows = with_months(tables["crm_interactions"], "occurred_at", known)
    rows["is_presumed"], rows["recipient"] = presumes_deliveries(rows), recipients(rows, night)
    found = []
    for month, _, is_complete in night.months(rows["occurred_at"].min()) if len(rows) else ():
        for dimension, value, part, active in _parts(rows[rows["month"] == month], month, known, ["channel"]):
            row = {"month": month, "dimension": dimension, "dimension_value": value, "is_complete": is_complete}
            found.append(row | _messages(part) | _reach(part, active, dimension))
    return pd.DataFrame(found)


def with_months(rows: pd.DataFrame, time: str, known: People) -> pd.DataFrame:
    """Rows with the customer and the month they belong to."""
    rows = rows.assign(month=rows[time].dt.to_period("M").dt.start_time.astype("datetime64[us]"))
    rows["customer"] = pd.Series([known.customer(record) for record in rows["customer_id"]], index=rows.index, dtype=object)
    return rows


def _parts(rows: pd.DataFrame, month: pd.Timestamp, known: People, own: list[str]) -> list[tuple]:
    """Dimension, value, its rows and its active customers. The base of a value of an `own` column is everyone who is active."""
    active = known.active_in(month).reset_index(drop=True)
    found = []
    for dimension in ["all", *DIMENSIONS, *own]:
        values = rows[dimension] if dimension in own else known.values(rows["customer"], dimension)
        of_active = pd.Series(dtype=object) if dimension in own else known.values(active, dimension)
        for value in sorted({*values, *of_active, *(["all"] if dimension == "all" else [])}):
            found.append((dimension, value, rows[values == value], active if dimension in own else active[of_active == value]))
    return found


def presumes_deliveries(rows: pd.DataFrame) -> pd.Series:
    """Whether the source of each row never reports deliveries on its channel, so that what was sent stands for them."""
    places = pd.Series(list(zip(rows["interaction_id"].map(source_of), rows["channel"], strict=True)), index=rows.index, dtype=object)
    return ~places.isin(places[rows["kind"] == "delivered"])


def recipients(rows: pd.DataFrame, night: Night) -> pd.Series:
    """Who gets a message of their own: the customer, or each contact of a company."""
    return rows["customer_id"] if night.level == "company" else rows["customer"]


def _delivered(part: pd.DataFrame) -> int:
    """Messages delivered; on a channel where deliveries are never reported, what was sent and did not bounce."""
    others = part[part["is_presumed"].astype(bool) & part["kind"].isin(["sent", "bounced"])]
    signs = others["kind"].map({"sent": 1, "bounced": -1}).astype(float)
    balance = signs.groupby([others["customer"], others["month"], others["channel"]]).sum()
    return int((part["kind"] == "delivered").sum() + balance.clip(lower=0).sum())  # what was sent last month may bounce in this


def unique(part: pd.DataFrame, kind: str) -> int:
    """Once per recipient, channel, campaign and month; without a campaign once per recipient, channel, source and day."""
    rows = part[part["kind"] == kind]
    day = rows["interaction_id"].map(source_of) + rows["occurred_at"].dt.strftime(" %F")
    message = rows["campaign_id"].where(rows["campaign_id"].notna(), day)
    return len(set(zip(rows["recipient"], rows["channel"], rows["month"], rows["campaign_id"].isna(), message, strict=True)))


def _messages(part: pd.DataFrame) -> dict:
    row = {name: int((part["kind"] == kind).sum()) for name, kind in MESSAGES.items()}
    row |= {"interactions": len(part), "delivered": _delivered(part)}
    row |= {"unique_opens": unique(part, "opened"), "unique_clicks": unique(part, "clicked")}
    return row | rates(row) | {"is_open_rate_reliable": _is_reliable(part, row["unique_opens"])}


def rates(row: dict) -> dict:
    """Rates over delivered, and clicks over opens."""
    over = {"open_rate": "unique_opens", "click_rate": "unique_clicks", "unsubscribe_rate": "unsubscribes", "complaint_rate": "complaints"}
    found = {name: ratio(row[count], row["delivered"]) for name, count in over.items()}
    return found | {"click_to_open_rate": ratio(row["unique_clicks"], row["unique_opens"])}


def _is_reliable(part: pd.DataFrame, opens: int) -> bool | None:
    return not ((part["kind"] == "opened") & (part["channel"] == "email")).any() if opens else None


def _reach(part: pd.DataFrame, active: pd.Series, dimension: str) -> dict:
    of_active = int(part["customer"].isin(active).sum())
    reached = _reached(part).groupby("customer")["channel"].nunique()
    row = {"active_customers": len(active), "interactions_of_active": of_active, "customers_reached": len(reached)}
    row["interactions_per_active_customer"] = ratio(of_active, len(active))
    omnichannel = None if dimension == "channel" else int((reached >= 2).sum())
    return row | {
        "omnichannel_customers": omnichannel,
        "omnichannel_share": omnichannel if omnichannel is None else ratio(omnichannel, len(reached)),
    }


def _reached(part: pd.DataFrame) -> pd.DataFrame:
    """Customer and channel where anything arrived: an interaction other than a message that bounced."""
    counts = part.groupby(["customer", "channel"])["kind"].value_counts().unstack(fill_value=0)
    counts = counts.reindex(columns=sorted({*counts.columns, "sent", "bounced"}), fill_value=0)
    others = counts.drop(columns=["sent", "bounced"]).sum(axis="columns")
    return counts[(others > 0) | (counts["sent"] > counts["bounced"])].reset_index()


USAGE = ("usage", "login", "visit")
NOT_THEIR_DOING = ("sent", "delivered", "bounced", "opened", "unsubscribed", "complained")


def behaviour(tables: Tables, known: People, night: Night) -> pd.DataFrame:
    """Usage and main channel of every customer, as `dim_customer_segments` has them: what they did in the last 90 and 365 days."""
    rows = with_months(tables["crm_interactions"], "occurred_at", known)
    age = (night.as_of - rows["occurred_at"].dt.normalize()).dt.days
    is_usage = rows["kind"].isin(USAGE)
    recent = rows[is_usage & (age < 90)].groupby("customer")["occurred_at"]
    days = pd.Series({one: times.dt.normalize().nunique() for one, times in recent}, dtype=float)
    own = rows[~rows["kind"].isin(NOT_THEIR_DOING) & (rows["direction"] != "outbound") & (age < 365)]
    thirds, main = _thirds(days), {one: _main(part) for one, part in own.groupby("customer")}
    found = []
    for customer in sorted(set(known.of_record.values())):
        usage = (days.get(customer, 0), thirds.get(customer, "none")) if is_usage.any() else (None, None)
        found.append({"customer": customer, "usage_days": usage[0], "usage_segment": usage[1], "main_channel": main.get(customer)})
    return pd.DataFrame(found)


def _thirds(days: pd.Series) -> dict[str, str]:
    """Third of the rank; equal values share the middle of their places, and on a border they go to the upper part (choice)."""
    places = 3 * (days.rank(method="average") - 0.5) / max(len(days), 1)
    return {one: ("light", "medium", "heavy")[int(place)] for one, place in places.items()}


def _main(part: pd.DataFrame) -> str:
    counted = part.groupby("channel")["occurred_at"].agg(["size", "max"]).sort_index()
    return counted.sort_values(["size", "max"], ascending=False, kind="stable").index[0]
