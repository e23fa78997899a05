"""Revenue credited to campaigns whose contacts came before an order: what followed, not what was caused."""

from __future__ import annotations

import pandas as pd

WINDOW = pd.Timedelta(days=30)
NO_CONTACT = ("sent", "opened", "bounced", "unsubscribed", "complained")  # none of these by itself says that the customer was reached
CREDITED = ("attributed_orders", "attributed_revenue_first", "attributed_revenue_last", "attributed_revenue_linear")


def contacts_of(interactions: pd.DataFrame) -> pd.DataFrame:
    """What reached a customer for a campaign; opens do not say so. Where no deliveries are reported, what was sent and never came back.

    Choice: several contacts of a campaign on one day are one; `times` holds when they were.
    """
    rows = interactions[interactions["campaign_id"].notna()].assign(day=lambda known: known["occurred_at"].dt.normalize())
    balance = rows["kind"].map({"sent": 1, "bounced": -1}).fillna(0).where(rows["is_presumed"].astype(bool), 0)
    rows = rows.assign(balance=balance, is_contact=~rows["kind"].isin(NO_CONTACT))
    reached: dict[tuple, list[pd.Timestamp]] = {}
    for (customer, name, *_), part in rows.groupby(["customer", "campaign_id", "recipient", "channel"]):
        for day, messages in part.groupby(_counted_day(part)):
            if messages["is_contact"].any() or messages["balance"].sum() > 0:
                times = messages.loc[messages["is_contact"] | (messages["balance"] > 0), "occurred_at"]
                reached.setdefault((customer, name, day), []).extend(times)
    found = [{"customer": customer, "campaign_id": name, "times": sorted(times)} for (customer, name, _), times in reached.items()]
    return pd.DataFrame(found, columns=["customer", "campaign_id", "times"])


def _counted_day(part: pd.DataFrame) -> list[pd.Timestamp]:
    """The day of each row; of what bounced, the last day up to then on which something was sent."""
    sent = part.loc[part["kind"] == "sent", "day"]
    return [max(sent[sent <= row.day], default=row.day) if row.kind == "bounced" else row.day for row in part.itertuples()]


def credit_of(reached: pd.DataFrame, orders: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Campaign → orders and revenue credited: every order's to the campaigns' contacts with the customer in the 30 days before."""
    contacts, credit = dict(list(reached.groupby("customer"))), {}
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
