"""Referrals and loyalty from raw rows, as metrics.md and the documentation of the marts define them."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from tests.oracle.engagement import with_months
from tests.oracle.intervals import Z95, ratio
from tests.oracle.people import DIMENSIONS, Night, People

Tables = Mapping[str, pd.DataFrame]


def referrals_monthly(tables: Tables, known: People, night: Night) -> pd.DataFrame:
    """`metric_referrals_monthly`: one row per month since the first referral, dimension and value with referrals or active customers."""
    rows = tables["crm_referrals"]
    rows = rows.assign(customer=[known.customer(record) for record in rows["referrer_customer_id"]])
    rows["referred"] = [known.customer(record) for record in rows["referred_customer_id"]]
    rows = rows[(rows["customer"] != rows["referred"]) | rows["referred"].isna()]
    found = []
    for month, end, is_complete in night.months(rows["referred_at"].min()) if len(rows) else ():
        for dimension in ["all", *DIMENSIONS]:
            of = {
                "active": known.active_in(month),
                "new": known.first_active.index[known.first_active == month].to_series(),
                "made": rows[(rows["referred_at"] >= month) & (rows["referred_at"] < end)],
                "converted": rows[rows["converted_at"] < end],
            }
            values = {name: known.values(part if name in ("active", "new") else part["customer"], dimension) for name, part in of.items()}
            everyone = {"all"} if dimension == "all" else set()
            for value in sorted(everyone.union(*(values[name] for name in ("active", "new", "made")))):
                part = {name: of[name][values[name] == value] for name in of}
                row = {"month": month, "dimension": dimension, "dimension_value": value, "is_complete": is_complete}
                found.append(row | _referral(part, rows, month, end))
    return pd.DataFrame(found)


def _referral(part: Mapping[str, pd.DataFrame], rows: pd.DataFrame, month: pd.Timestamp, end: pd.Timestamp) -> dict:
    active, new, made, converted = len(part["active"]), len(part["new"]), len(part["made"]), int(part["made"]["converted_at"].notna().sum())
    in_month = part["converted"][part["converted"]["converted_at"] >= month]
    referrers = {name: int(part["active"].isin(of["customer"]).sum()) for name, of in (("ever", part["converted"]), ("month", in_month))}
    won = rows.loc[(rows["referred_at"] < end) & rows["converted_at"].notna(), "referred"].dropna()
    referred = int(part["new"].isin(won).sum())
    return {
        "active_customers": active, "new_customers": new, "referrals": made, "referrals_converted": converted,
        "active_referrers": referrers["ever"], "active_referrers_in_month": referrers["month"], "new_referred_customers": referred,
        "referral_rate": ratio(referrers["ever"], active), "referral_rate_in_month": ratio(referrers["month"], active),
        "referred_share_of_new": ratio(referred, new), "referrals_per_active_customer": ratio(made, active),
        "conversion_rate": ratio(converted, made), "k_factor": None if not active or not made else made / active * converted / made,
    }  # fmt: skip


def loyalty_monthly(tables: Tables, known: People, night: Night) -> pd.DataFrame:
    """`metric_loyalty_monthly`: one row per month since the first event."""
    rows = with_months(tables["crm_loyalty_events"], "occurred_at", known).sort_values("occurred_at")
    rows["points"] = rows["points"].astype(float).abs().fillna(0)
    found = []
    for month, end, is_complete in night.months(rows["occurred_at"].min()) if len(rows) else ():
        in_month = rows[rows["month"] == month]
        before, now = (_members(rows[rows["occurred_at"] < instant]) for instant in (month, end))
        points = {kind: in_month.loc[in_month["kind"] == kind, "points"].sum() for kind in ("earned", "redeemed", "expired")}
        to_date = rows[rows["occurred_at"] < end].groupby("kind")["points"].sum()
        found.append({
            "month": month, "is_complete": is_complete, "members": len(now), **_moves(before, in_month),
            "active_members": in_month.loc[in_month["kind"].isin(["earned", "redeemed"]), "customer"].nunique(),
            **{f"points_{kind}": number for kind, number in points.items()},
            "points_outstanding": to_date.get("earned", 0) - to_date.get("redeemed", 0) - to_date.get("expired", 0),
            "redemption_rate": ratio(points["redeemed"], points["earned"]), **_beside_others(before, month, known, night),
        })  # fmt: skip
    return pd.DataFrame(found)


def _members(rows: pd.DataFrame) -> set[str]:
    """Customers whose latest event, expiries aside, is not `left`."""
    last = rows[rows["kind"] != "expired"].groupby("customer")["kind"].last()
    return set(last.index[last != "left"])


def _moves(members: set[str], in_month: pd.DataFrame) -> dict:
    """How often a customer became a member and a member left, event by event."""
    joined = left = 0
    members = set(members)
    for row in in_month[in_month["kind"] != "expired"].itertuples():
        joined += row.kind != "left" and row.customer not in members
        left += row.kind == "left" and row.customer in members
        (members.discard if row.kind == "left" else members.add)(row.customer)
    return {"joined": joined, "members_left": left}


def _beside_others(members: set[str], month: pd.Timestamp, known: People, night: Night) -> dict:
    """How many members stayed through the month, and how many of those like them; as in `loyalty_retention_difference`."""
    start = known.active_in(month - pd.offsets.MonthBegin(1))
    since = [month.to_period("M").ordinal - known.first_active[customer].to_period("M").ordinal for customer in start]
    stratum = known.values(start, "plan" if night.business_model == "contractual" else "country")
    rows = pd.DataFrame({"stratum": stratum, "tenure": [sum(months > most for most in (2, 11)) for months in since]})
    rows["is_member"], rows["stayed"] = start.isin(members), start.isin(known.active_in(month))
    count, stayed, expected, variance = 0, 0, 0.0, 0.0
    for _, alike in rows.groupby(["stratum", "tenure"]):
        (n, x), (others, y) = ((len(of), int(of["stayed"].sum())) for of in (alike[alike["is_member"]], alike[~alike["is_member"]]))
        if n and others:
            count, stayed, expected = count + n, stayed + x, expected + n * y / others
            shares = [((more + 1) / (of + 2), of + 2) for more, of in ((x, n), (y, others))]
            variance += n * n * sum(share * (1 - share) / of for share, of in shares)
    if not count:
        named = ("member_retention_rate", "comparison_retention_rate", *(f"retention_difference{end}" for end in ("", "_low", "_high")))
        return {"members_compared": 0, **dict.fromkeys(named)}
    difference, width = (stayed - expected) / count, Z95 * variance**0.5 / count
    return {
        "members_compared": count, "member_retention_rate": stayed / count, "comparison_retention_rate": expected / count,
        "retention_difference": difference,
        "retention_difference_low": max(-1.0, difference - width), "retention_difference_high": min(1.0, difference + width),
    }  # fmt: skip
