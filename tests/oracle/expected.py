"""Every mart of feedback and relationship beside its oracle: `disagreements` says where they differ, for a company and a night."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pandas as pd

from orchestration.contract import INPUT_TABLES
from tests.oracle import campaigns, customers, engagement, feedback, harness, identity, referrals, sources, surveys
from tests.oracle.differences import customers_by_key, differences
from tests.oracle.facts import Facts
from tests.oracle.people import KNOWN_BY, Night, People, known, people

Frames = dict[str, pd.DataFrame]
Oracle = Callable[[Frames, People, Night], pd.DataFrame]

MONTHLY = ("month", "dimension", "dimension_value")
ORACLES: dict[str, tuple[Oracle, tuple[str, ...]]] = {
    "fct_survey_responses": (lambda tables, who, night: surveys.survey_responses(tables, who), ("response_id",)),
    "metric_nps_monthly": (surveys.nps_monthly, ("month", "view", "dimension", "dimension_value")),
    "metric_csat_monthly": (lambda tables, who, night: surveys.satisfaction_monthly("csat", tables, who, night), MONTHLY),
    "metric_ces_monthly": (lambda tables, who, night: surveys.satisfaction_monthly("ces", tables, who, night), MONTHLY),
    "fct_feedback": (feedback.feedback, ("origin", "response_id", "ticket_id")),
    "fct_tickets": (lambda tables, who, night: feedback.tickets(tables, who), ("ticket_id",)),
    "metric_tickets_monthly": (feedback.tickets_monthly, MONTHLY),
    "metric_engagement_monthly": (engagement.engagement_monthly, MONTHLY),
    "int_customer_behaviour": (engagement.behaviour, ("customer",)),
    "metric_referrals_monthly": (referrals.referrals_monthly, MONTHLY),
    "metric_loyalty_monthly": (referrals.loyalty_monthly, ("month",)),
    "customer_360": (customers.customer_360, ("customer",)),
    "metric_campaign_performance": (campaigns.campaign_performance, ("campaign_id",)),
}
THEMES = "metric_feedback_themes_monthly"
# Tables whose rows wait in quarantine until the record that they belong to is known.
CHILDREN = dict.fromkeys(("crm_interactions", "crm_actions", "crm_loyalty_events", "crm_tickets"), "customer_id")
CHILDREN |= {"crm_referrals": "referrer_customer_id"}


def frames(tables: harness.Tables, night: Night) -> Frames:
    """Rows as typed frames with every column of the contract, as far as they are known on the night."""
    typed = {name: _typed(name, tables.get(name, [])) for name in INPUT_TABLES}
    typed = {name: known(name, rows, night) if name in KNOWN_BY else rows for name, rows in typed.items()}
    customers = typed["crm_customers"]["customer_id"]
    return typed | {name: typed[name][typed[name][column].isin(customers)] for name, column in CHILDREN.items()}


def _typed(name: str, rows: list[harness.Row]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=[column.name for column in INPUT_TABLES[name].columns], dtype=object)
    for column in INPUT_TABLES[name].columns:
        if column.type == "timestamp":
            frame[column.name] = pd.to_datetime(frame[column.name]).astype("datetime64[us]")
        elif column.type in ("decimal", "integer", "rate"):
            frame[column.name] = frame[column.name].astype(float)
    return frame


def disagreements(tables: harness.Tables, as_of: str, business_model: str, marts: Iterable[str], level: str = "contact") -> list[str]:
    """One line per difference between `marts` and what the oracle expects of them; every mart must be one of ORACLES or THEMES."""
    night, marts = Night(pd.Timestamp(as_of), business_model, level), list(marts)
    told = sources.told_apart(tables)
    rows = frames(told, night)
    joined = identity.customers(Facts(told, night.as_of.date(), customer_level=level))
    who = people(rows, night, _named(joined))
    variables = {} if level == "contact" else {"customer_level": level}
    built = harness.project(business_model, **variables).marts([*marts, "customer_identities"], tables, as_of)
    built = {name: sources.in_marts(mart) for name, mart in built.items()}
    named = customers_by_key(built.pop("customer_identities"))
    theirs, expected = set(named.values()), set(who.of_record.values())
    assert theirs == expected, f"customers only in the marts {theirs - expected}, only expected {expected - theirs}"
    return beside(built, rows, who, night, named)


def _named(joined: Mapping[identity.Record, identity.Record]) -> dict[str, str]:
    """Id of a record → the least id of the records of its customer."""
    least: dict[identity.Record, str] = {}
    for (_, record), customer in sorted(joined.items(), key=lambda pair: pair[0][1]):
        least.setdefault(customer, record)
    return {record: least[customer] for (_, record), customer in joined.items()}


def beside(built: Frames, rows: Frames, who: People, night: Night, named: Mapping[str, str]) -> list[str]:
    """One line per difference between the marts `built` and the oracle's; `named` gives the oracle's name of a customer key."""
    found = []
    for name, mart in built.items():
        expected, keys = _expected(name, rows, who, night, built)
        found += [f"{name}: {line}" for line in differences(_with_customers(mart, named), expected, keys)]
    return found


def _expected(name: str, rows: Frames, who: People, night: Night, built: Frames) -> tuple[pd.DataFrame, tuple[str, ...]]:
    if name == THEMES:
        keys: tuple[str, ...] = ("month", "metric", "theme")
        expected = feedback.themes_monthly(built["fct_feedback"], night)
    else:
        oracle, keys = ORACLES[name]
        expected = oracle(rows, who, night)
    return expected if len(expected) else pd.DataFrame(columns=[*keys]), keys


def _with_customers(mart: pd.DataFrame, named: Mapping[str, str]) -> pd.DataFrame:
    return mart.assign(customer=mart["customer_key"].map(named)) if "customer_key" in mart else mart


def value(frame: pd.DataFrame, column: str, **where: Any) -> Any:
    """The one value of `column` where the other columns are `where`."""
    for name, wanted in where.items():
        frame = frame[frame[name] == wanted]
    assert len(frame) == 1, f"{len(frame)} rows have {where}"
    return frame[column].iloc[0]
