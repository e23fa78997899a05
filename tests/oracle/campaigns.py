"""What campaigns sent, cost and brought, from raw rows, as metrics.md and the documentation of the mart define it.

Only orders of one line, in the reporting currency, are told here: money has an oracle of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import nan, sqrt

import pandas as pd

from tests.oracle.attribution import CREDITED, contacts_of, credit_of
from tests.oracle.engagement import MESSAGES, presumes_deliveries, rates, recipients
from tests.oracle.intervals import ratio, welch_width
from tests.oracle.people import Night, People
from tests.oracle.sources import source_of

Tables = Mapping[str, pd.DataFrame]
WINDOW = pd.Timedelta(days=90)
NUMBERS = (
    "incremental_margin",
    "incremental_margin_low",
    "incremental_margin_high",
    "return_on_cost",
    "return_on_cost_low",
    "return_on_cost_high",
)


def campaign_performance(tables: Tables, known: People, night: Night) -> pd.DataFrame:
    """`metric_campaign_performance`: one row per campaign that is described or has interactions.

    Orders are lines of invoices, unless `tables` holds `orders` (customer, issued_at, amount).
    """
    campaigns = tables["crm_campaigns"].set_index("campaign_id")
    interactions = _with_customers(tables["crm_interactions"], known)
    interactions["is_presumed"], interactions["recipient"] = presumes_deliveries(interactions), recipients(interactions, night)
    orders = tables["orders"] if "orders" in tables else _orders(tables["billing_invoice_lines"], known)
    decisions = _decisions(tables["crm_actions"], campaigns, known)
    contacts = contacts_of(interactions)
    credit = credit_of(contacts, orders)
    found = []
    for name in sorted({*campaigns.index, *interactions["campaign_id"].dropna()}):
        described = campaigns.loc[name] if name in campaigns.index else pd.Series(index=campaigns.columns, dtype=object)
        row = {"campaign_id": name} | described[["name", "channel", "action", "started_at", "ended_at"]].to_dict()
        row |= _messages(interactions[interactions["campaign_id"] == name])
        arms = _arms(decisions[decisions["campaign_id"] == name], orders, night)
        row["held_out_contacted"] = _contacted(arms[arms["is_holdout"]], contacts[contacts["campaign_id"] == name])
        found.append(row | _worth(described["cost_amount"], arms, credit.get(name, {})))
    return pd.DataFrame(found)


def _orders(lines: pd.DataFrame, known: People) -> pd.DataFrame:
    lines = lines[lines["amount_minor"] > 0]
    return lines.assign(customer=lines["billing_customer_id"].map(known.of_record), amount=lines["amount_minor"] / 100)


def _with_customers(rows: pd.DataFrame, known: People) -> pd.DataFrame:
    return rows.assign(customer=pd.Series([known.customer(record) for record in rows["customer_id"]], index=rows.index, dtype=object))


def _messages(part: pd.DataFrame) -> dict:
    row = {name: int((part["kind"] == kind).sum()) for name, kind in MESSAGES.items()}
    presumed = part.loc[part["is_presumed"].astype(bool), "kind"]
    balance = (presumed == "sent").sum() - (presumed == "bounced").sum()
    row["delivered"] = int((part["kind"] == "delivered").sum() + max(balance, 0))
    row |= {
        f"unique_{name}": part.loc[part["kind"] == kind, "recipient"].nunique()
        for name, kind in (("opens", "opened"), ("clicks", "clicked"))
    }
    over = rates(row)
    on_mail = (part.loc[part["kind"] == "opened", "channel"] == "email").any()
    row["is_open_rate_reliable"] = not on_mail if row["unique_opens"] else None
    return row | {name: over[name] for name in ("open_rate", "click_rate", "click_to_open_rate")}


def _worth(stated_cost: float, arms: pd.DataFrame, credit: dict) -> dict:
    treated, held_out = (arms[arms["is_holdout"] == arm] for arm in (False, True))
    matured = treated[treated["is_mature"]], held_out[held_out["is_mature"]]
    cost = stated_cost if pd.notna(stated_cost) else arms["cost"].sum(min_count=1)
    row = dict.fromkeys(NUMBERS) | dict.fromkeys(CREDITED, 0) | {"cost": cost}
    row |= {"treated_customers": len(treated), "held_out_customers": len(held_out), "treated_matured": len(matured[0])}
    row |= {"return_method": "holdout" if len(held_out) else "attribution_linear" if credit else "none"} | credit
    means = [_weighted_mean(arm) for arm in matured]
    row |= {"margin_per_treated": means[0][0], "margin_per_held_out": means[1][0]}
    if min(map(len, matured)) >= 2:
        lift = means[0][0] - means[1][0]
        width = welch_width(means[0][1] ** 2, len(matured[0]), means[1][1] ** 2, len(matured[1]))
        of_matured = cost * len(matured[0]) / len(treated)
        for end, bound in (("", lift), ("_low", lift - width), ("_high", lift + width)):
            row[f"incremental_margin{end}"] = bound * len(matured[0])
            row[f"return_on_cost{end}"] = ratio(bound * len(matured[0]), of_matured)
    elif credit and not len(held_out):
        row["return_on_cost"] = ratio(credit["attributed_revenue_linear"], cost)
    return row


def _decisions(actions: pd.DataFrame, campaigns: pd.DataFrame, known: People) -> pd.DataFrame:
    """Every decision with the campaigns it belongs to, one row each, in the order they were made."""
    rows = _with_customers(actions, known).sort_values(["decided_at", "action_id"])
    rows["is_holdout"] = rows["is_holdout"].astype(object).fillna(False).astype(bool)
    rows["campaign_id"] = pd.Series([_campaigns_of(row, campaigns) for row in rows.itertuples()], index=rows.index, dtype=object)
    return rows.explode("campaign_id", ignore_index=True)


def _campaigns_of(decision: object, campaigns: pd.DataFrame) -> list[str]:
    """The campaigns of its source that a decision belongs to: of those with one action, the last to have started."""
    campaigns = campaigns.loc[[name for name in campaigns.index if source_of(name) == source_of(decision.action_id)]]
    ran = campaigns[~(campaigns["started_at"] > decision.decided_at) & ~(campaigns["ended_at"] <= decision.decided_at)]
    held_out = decision.is_holdout and decision.action == "nothing"
    ran = ran[ran["action"].notna() & (held_out | (ran["action"] == decision.action))]
    return list(ran.sort_values("started_at", na_position="first").reset_index().drop_duplicates("action", keep="last")["campaign_id"])


def _arms(decisions: pd.DataFrame, orders: pd.DataFrame, night: Night) -> pd.DataFrame:
    """Treated and held-out customers of a campaign, once each, by their first decision; the cost is that of all their treatments."""
    spent = decisions[~decisions["is_holdout"]].groupby("customer")["cost_amount"].sum(min_count=1)
    arms = decisions.drop_duplicates("customer")
    margins = [_margin(orders[orders["customer"] == row.customer], row.decided_at) for row in arms.itertuples()]
    return arms.assign(
        is_mature=arms["decided_at"] + WINDOW <= night.end,
        margin=pd.Series(margins, index=arms.index, dtype=float),
        cost=arms["customer"].map(spent).astype(float),
    )


def _contacted(held_out: pd.DataFrame, contacts: pd.DataFrame) -> int:
    """Held-out customers whom the campaign reached in the window after the decision all the same."""
    times = dict(list(contacts.groupby("customer")["times"]))
    return sum(
        any(of_day[-1] >= row.decided_at and of_day[0] < row.decided_at + WINDOW for of_day in times.get(row.customer, ()))
        for row in held_out.itertuples()
    )


def _margin(orders: pd.DataFrame, decided_at: pd.Timestamp) -> float:
    return orders.loc[orders["issued_at"].between(decided_at, decided_at + WINDOW, inclusive="left"), "amount"].sum()


def _weighted_mean(arm: pd.DataFrame) -> tuple[float, float]:
    """Hájek mean of the margin, weighted by 1 ÷ propensity, and its standard error; not a number where nothing can be said."""
    weights = 1 / arm["propensity"].fillna(1)
    if not len(arm):
        return nan, nan
    mean = (weights * arm["margin"]).sum() / weights.sum()
    squares = (weights**2 * (arm["margin"] - mean) ** 2).sum() / weights.sum() ** 2
    return mean, sqrt(squares * len(arm) / (len(arm) - 1)) if len(arm) > 1 else nan
