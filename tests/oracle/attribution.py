"""Revenue credited to campaigns whose contacts came before an order: what followed, not what was caused."""

from __future__ import annotations

import pandas as pd

WINDOW = pd.Timedelta(days=30)
NO_CONTACT = ("sent", "opened", "bounced", "unsubscribed", "complained")  # none of these by itself says that the customer was reached
CREDITED = ("attributed_orders", "attributed_revenue_first", "attributed_revenue_last", "attributed_revenue_linear")


def _contacts(rows: pd.DataFrame) -> pd.DataFrame:
    """What reached a customer for a campaign; opens do not say so. Where no deliveries are reported, what was sent and did not bounce.

    Choice: several contacts of a campaign on one day are one; `times` holds when they were.
    """
    rows = rows[rows["campaign_id"].notna()].assign(day=rows["occurred_at"].dt.normalize())
    balance = rows["kind"].map({"sent": 1, "bounced": -1}).fillna(0).where(rows["is_presumed"].astype(bool), 0)
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


def credit_of(interactions: pd.DataFrame, orders: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Campaign → orders and revenue credited: every order's to the campaigns' contacts with the customer in the 30 days before."""
    contacts, credit = dict(list(_contacts(interactions).groupby("customer"))), {}
    for order in orders[orders["amount"] > 0].itertuples():
        path = []
        for contact in contacts[order.customer].itertuples() if order.customer in contacts else ():
            times = [time for time in contact.times if time < order.issued_at]
            if times and _last(contact.times, order.issued_at) >= order.issued_at - WINDOW:
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
