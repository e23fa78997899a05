"""What campaigns sent, cost and brought, from raw rows, as metrics.md and the documentation of the mart define it.

Only orders of one line, in the reporting currency, are told here: money has an oracle of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt

import pandas as pd

from tests.oracle.engagement import MESSAGES, rates
from tests.oracle.intervals import Z95, ratio
from tests.oracle.people import Night, People

Tables = Mapping[str, pd.DataFrame]
WINDOW, CREDIT = pd.Timedelta(days=90), pd.Timedelta(days=30)
NO_CONTACT = ("sent", "opened", "bounced", "unsubscribed", "complained")  # these say by themselves of nothing that reached the customer
CREDITED = ("attributed_orders", "attributed_revenue_first", "attributed_revenue_last", "attributed_revenue_linear")
NUMBERS = (
    "incremental_margin",
    "incremental_margin_low",
    "incremental_margin_high",
    "return_on_cost",
    "return_on_cost_low",
    "return_on_cost_high",
)


def campaign_performance(tables: Tables, known: People, night: Night) -> pd.DataFrame:
    """`metric_campaign_performance`: one row per campaign that is described or has interactions."""
    campaigns = tables["crm_campaigns"].set_index("campaign_id")
    interactions = _with_customers(tables["crm_interactions"], known)
    orders = tables["billing_invoice_lines"].query("amount_minor > 0")
    orders = orders.assign(customer=orders["billing_customer_id"].map(known.of_record), amount=orders["amount_minor"] / 100)
    credit = _credit(interactions, orders)
    found = []
    for name in sorted({*campaigns.index, *interactions["campaign_id"].dropna()}):
        described = campaigns.loc[name] if name in campaigns.index else pd.Series(index=campaigns.columns, dtype=object)
        row = {"campaign_id": name} | described[["name", "channel", "action", "started_at", "ended_at"]].to_dict()
        row |= _messages(interactions[interactions["campaign_id"] == name], interactions)
        found.append(row | _worth(name, described, campaigns, tables, known, night, orders, credit.get(name, {})))
    return pd.DataFrame(found)


def _with_customers(rows: pd.DataFrame, known: People) -> pd.DataFrame:
    return rows.assign(customer=pd.Series([known.customer(record) for record in rows["customer_id"]], index=rows.index, dtype=object))


def _messages(part: pd.DataFrame, everything: pd.DataFrame) -> dict:
    row = {name: int((part["kind"] == kind).sum()) for name, kind in MESSAGES.items()}
    reported = set(everything.loc[everything["kind"] == "delivered", "channel"])
    others = part[~part["channel"].isin(reported)]
    balance = (others["kind"] == "sent").sum() - (others["kind"] == "bounced").sum()
    row["delivered"] = int((part["kind"] == "delivered").sum() + max(balance, 0))
    row |= {
        f"unique_{name}": part.loc[part["kind"] == kind, "customer"].nunique()
        for name, kind in (("opens", "opened"), ("clicks", "clicked"))
    }
    over = rates(row)
    return row | {name: over[name] for name in ("open_rate", "click_rate", "click_to_open_rate")}


def _contacts(rows: pd.DataFrame) -> pd.DataFrame:
    """What reached a customer for a campaign; opens do not say so. Where no deliveries are reported, what was sent and did not bounce.

    Choice: several contacts of a campaign on one day are one; `times` holds when they were.
    """
    reported = rows["channel"].isin(rows.loc[rows["kind"] == "delivered", "channel"])
    rows = rows[rows["campaign_id"].notna()].assign(day=rows["occurred_at"].dt.normalize())
    balance = rows["kind"].map({"sent": 1, "bounced": -1}).fillna(0).where(~reported, 0)
    rows = rows.assign(balance=balance, is_contact=~rows["kind"].isin(NO_CONTACT))
    found = []
    for (customer, name, _), day in rows.groupby(["customer", "campaign_id", "day"]):
        if day["is_contact"].any() or day["balance"].sum() > 0:
            found.append(
                {
                    "customer": customer,
                    "campaign_id": name,
                    "times": sorted(day.loc[day["is_contact"] | (day["balance"] > 0), "occurred_at"]),
                }
            )
    return pd.DataFrame(found, columns=["customer", "campaign_id", "times"])


def _credit(interactions: pd.DataFrame, orders: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Campaign → orders and revenue credited: every order's to the campaigns' contacts with the customer in the 30 days before."""
    contacts, credit = _contacts(interactions), {}
    for order in orders.itertuples():
        path = []
        for contact in contacts[contacts["customer"] == order.customer].itertuples():
            times = [time for time in contact.times if time < order.issued_at]
            if times and _last(contact.times, order.issued_at) >= order.issued_at - CREDIT:
                path.append((times[0], _last(contact.times, order.issued_at), contact.campaign_id))
        for name in sorted({name for *_, name in path}):
            row = credit.setdefault(name, dict.fromkeys(CREDITED, 0.0))
            row["attributed_orders"] += 1
            row["attributed_revenue_linear"] += order.amount * sum(of == name for *_, of in path) / len(path)
            row["attributed_revenue_first"] += order.amount * (min((first, of) for first, _, of in path)[1] == name)
            row["attributed_revenue_last"] += order.amount * (max((last, of) for _, last, of in path)[1] == name)
    return credit


def _last(times: list[pd.Timestamp], order: pd.Timestamp) -> pd.Timestamp:
    """Choice: the last contact of a day; its first, where the order came in between."""
    return times[-1] if times[-1] < order else times[0]


def _worth(name: str, described: pd.Series, campaigns: pd.DataFrame, tables: Tables, known: People, night: Night, orders: pd.DataFrame,
           credit: dict) -> dict:  # fmt: skip
    arms = _arms(name, campaigns, tables, known, night, orders)
    treated, held_out = (arms[arms["is_holdout"] == arm] for arm in (False, True))
    matured = treated[treated["is_mature"]], held_out[held_out["is_mature"]]
    cost = described["cost_amount"] if pd.notna(described["cost_amount"]) else arms["cost"].sum(min_count=1)
    row = (
        dict.fromkeys(NUMBERS)
        | dict.fromkeys(CREDITED, 0)
        | {"treated_customers": len(treated), "held_out_customers": len(held_out), "treated_matured": len(matured[0]), "cost": cost}
    )
    row |= {"return_method": "holdout" if len(held_out) else "attribution_linear" if credit else "none"} | credit
    if min(map(len, matured)) >= 2:
        (mean, error), (mean_before, error_before) = map(_weighted_mean, matured)
        lift, width = mean - mean_before, Z95 * sqrt(error**2 + error_before**2)
        bounds = {"": lift, "_low": lift - width, "_high": lift + width}
        of_matured = cost * len(matured[0]) / len(treated)
        row |= {"margin_per_treated": mean, "margin_per_held_out": mean_before}
        row |= {f"incremental_margin{end}": bound * len(matured[0]) for end, bound in bounds.items()}
        row |= {f"return_on_cost{end}": ratio(bound * len(matured[0]), of_matured) for end, bound in bounds.items()}
    elif credit and not len(held_out):
        row["return_on_cost"] = ratio(credit["attributed_revenue_linear"], cost)
    return row


def _arms(name: str, campaigns: pd.DataFrame, tables: Tables, known: People, night: Night, orders: pd.DataFrame) -> pd.DataFrame:
    """Treated and held-out customers of a campaign, once each, by their first decision while it ran."""
    decisions = _with_customers(tables["crm_actions"], known).sort_values(["decided_at", "action_id"])
    decisions["is_holdout"] = decisions["is_holdout"].astype(object).fillna(False).astype(bool)
    running = [_campaign_of(row, campaigns) for row in decisions.itertuples()]
    decisions = decisions[pd.Series([name in names for names in running], index=decisions.index, dtype=bool)]
    spent = decisions[~decisions["is_holdout"]].groupby("customer")["cost_amount"].sum(min_count=1)
    arms = decisions.drop_duplicates("customer")
    until = arms["decided_at"] + WINDOW
    margins = [
        orders.loc[
            (orders["customer"] == row.customer) & orders["issued_at"].between(row.decided_at, row.decided_at + WINDOW, "left"), "amount"
        ].sum()
        for row in arms.itertuples()
    ]
    margins = pd.Series(margins, index=arms.index, dtype=float)
    return arms.assign(is_mature=until <= night.end, margin=margins, cost=arms["customer"].map(spent).astype(float))


def _campaign_of(decision: object, campaigns: pd.DataFrame) -> list[str]:
    """The campaigns that a decision belongs to: of those with one action, the last to have started."""
    ran = campaigns[~(campaigns["started_at"] > decision.decided_at) & ~(campaigns["ended_at"] <= decision.decided_at)]
    held_out = decision.is_holdout and decision.action == "nothing"
    ran = ran[ran["action"].notna() & (held_out | (ran["action"] == decision.action))]
    return list(ran.sort_values("started_at", na_position="first").reset_index().drop_duplicates("action", keep="last")["campaign_id"])


def _weighted_mean(arm: pd.DataFrame) -> tuple[float, float]:
    """Hájek mean of the margin, weighted by 1 ÷ propensity, and its standard error."""
    weights = 1 / arm["propensity"].fillna(1)
    mean = (weights * arm["margin"]).sum() / weights.sum()
    squares = (weights**2 * (arm["margin"] - mean) ** 2).sum() / weights.sum() ** 2
    return mean, sqrt(squares * len(arm) / (len(arm) - 1))
