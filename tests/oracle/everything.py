"""A made-up company that has rows in every input table: what `chance` makes up of people and bills, and all that they say and do.

Comes in: a source of chance. Goes out: rows of the input tables that no rule would quarantine, and the day of the night.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

import chance
from billing_by_chance import Tables, moment

Row = dict[str, Any]

SCALES = [("nps", 0, 10)] * 4 + [("csat", 1, 5), ("csat", 1, 5), ("csat", 0, 1), ("csat", 0, 10), ("ces", 1, 7)]
COMMENTS = [None, None, "", "support was slow", "great price", "teuer und langsam", "I love it, but invoices are wrong"]
MESSAGES = ["sent", "sent", "delivered", "opened", "clicked", "bounced", "unsubscribed", "replied"]
MEETINGS = ["call", "visit", "usage", "login", "meeting"]


def company(random: Random, customers: int = 8) -> tuple[Tables, date]:
    """A company of up to so many customers, and the day of its night."""
    tables, as_of = chance.company(random, customers, least=3)
    for row in tables["crm_customers"]:
        row.update(_described(random))
    known = [row["customer_id"] for row in tables["crm_customers"]]
    tables["crm_campaigns"] = list(_campaigns(random))
    tables.setdefault("crm_interactions", [])
    for one in known:
        for name, makes in _DOINGS.items():
            table = tables.setdefault(name, [])
            table += [makes(random, f"{name[4]}{len(table) + n}", one, known) for n in range(random.choice([0, 1, 2, 4]))]
    for number in range(3 * len(known)):
        _answer(random, tables, number, known)
    return {name: _from(rows, tables) for name, rows in tables.items()}, as_of


def _described(random: Random) -> Row:
    return {
        "owner": random.choice([None, "kim", "lee"]), "birth_year": random.choice([None, 1950, 1989, 1990, 2004]),
        "gender": random.choice([None, "f", "m"]), "income_band": random.choice([None, "high"]),
        "region": random.choice([None, "EMEA"]), "company_size": random.choice([None, "1-10"]),
        "acquisition_channel": random.choice([None, "web", "referral"]),
        "updated_at": random.choice([None, datetime(2024, 1, 1), datetime(2024, 2, 1)]),
    }  # fmt: skip


def _from(rows: list[Row], tables: Tables) -> list[Row]:
    """Rows of customers whom the CRM knew by then: a fact cannot be older than its record and yet wait for it."""
    created = {row["customer_id"]: row["created_at"] for row in tables["crm_customers"]}
    for row in rows:
        if row.get("updated_at") is not None:
            row["updated_at"] = max(row["updated_at"], row["created_at"])
        for name in ("occurred_at", "opened_at", "decided_at", "referred_at"):
            one = row.get("customer_id") or row.get("referrer_customer_id")
            if name in row and one in created:
                late = max(created[one] - row[name], timedelta(0))
                row.update({at: value + late for at, value in row.items() if isinstance(value, datetime)})
    return rows


def _campaigns(random: Random) -> Iterator[Row]:
    for number in range(2):
        yield {
            "campaign_id": f"k{number}", "name": "spring", "channel": "email", "action": random.choice([None, "offer", "call"]),
            "cost_amount": random.choice([None, 0, 80]), "currency": random.choice(["USD", "EUR"]),
            "started_at": datetime(2023, 1 + number, 1), "ended_at": random.choice([None, datetime(2024, 1, 15)]),
        }  # fmt: skip


def _interaction(random: Random, key: str, one: str, known: list[str]) -> Row:
    is_mail = random.random() < 0.6
    return {
        "interaction_id": key, "customer_id": one, "occurred_at": moment(random),
        "channel": "email" if is_mail else random.choice(["phone", "chat", "web", "community"]),
        "kind": random.choice(MESSAGES if is_mail else MEETINGS), "direction": random.choice([None, "inbound", "outbound"]),
        "campaign_id": random.choice([None, "k0", "k1", "k9"]) if is_mail else None,
    }  # fmt: skip


def _ticket(random: Random, key: str, one: str, known: list[str]) -> Row:
    opened = moment(random)
    after = [None, opened, opened + timedelta(hours=7), opened + timedelta(days=45)]
    return {
        "ticket_id": key, "customer_id": one, "opened_at": opened, "first_replied_at": random.choice(after),
        "solved_at": random.choice(after), "status": random.choice(["open", "solved"]), "priority": random.choice([None, "high", "low"]),
        "channel": random.choice([None, "email", "phone"]), "topic": random.choice([None, "billing"]), "text": random.choice(COMMENTS),
    }  # fmt: skip


def _action(random: Random, key: str, one: str, known: list[str]) -> Row:
    return {
        "action_id": key, "customer_id": one, "action": random.choice(["offer", "offer", "nothing", "call"]), "decided_at": moment(random),
        "propensity": random.choice([None, 0.25, 1]), "is_holdout": random.choice([True, False, None]),
        "cost_amount": random.choice([None, 3]), "currency": random.choice(["USD", "JPY"]),
    }  # fmt: skip


def _referral(random: Random, key: str, one: str, known: list[str]) -> Row:
    referred = moment(random)
    return {
        "referral_id": key, "referrer_customer_id": one, "referred_customer_id": random.choice([None, *known]), "referred_at": referred,
        "converted_at": random.choice([None, referred, referred + timedelta(days=40)]),
    }  # fmt: skip


def _loyalty(random: Random, key: str, one: str, known: list[str]) -> Row:
    return {
        "loyalty_event_id": key, "customer_id": one, "kind": random.choice(["joined", "earned", "earned", "redeemed", "expired", "left"]),
        "occurred_at": moment(random), "points": random.choice([None, 10, 25.5, 0]),
    }  # fmt: skip


_DOINGS = {
    "crm_interactions": _interaction, "crm_tickets": _ticket, "crm_actions": _action, "crm_referrals": _referral,
    "crm_loyalty_events": _loyalty,
}  # fmt: skip


def _answer(random: Random, tables: Tables, number: int, known: list[str]) -> None:
    """An invitation, an answer, or both."""
    person: Row = random.choice([*({"customer_id": one} for one in known), {"email": "ann@x.org"}, {"email": "nobody@new.org"}])
    asked, metric, low, high = moment(random), *random.choice(SCALES)
    common = person | {"survey_id": random.choice([None, "yearly", "after_call"]), "channel": random.choice([None, "email"])}
    if random.random() < 0.6:
        tables.setdefault("survey_invitations", []).append({"invitation_id": f"i{number}", "sent_at": asked} | common)
    if random.random() < 0.7:
        said = {"metric": metric, "score": random.randint(low, high), "scale_min": low, "scale_max": high}
        said |= {"responded_at": asked + timedelta(hours=random.choice([0, 5, 900])), "sent_at": random.choice([None, asked])}
        said |= {"touchpoint": random.choice([None, "support"]), "comment": random.choice(COMMENTS)}
        tables.setdefault("survey_responses", []).append({"response_id": f"r{number}"} | common | said)
