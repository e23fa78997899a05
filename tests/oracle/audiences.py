"""Who is in which audience and what its receiver is told, from `customer_360` and what the documentation says of each audience.

Comes in: a company whose `customer_360` was built (and is compared elsewhere), with what models said by customer. Goes out: one row per
customer of an audience, by audience.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pandas as pd
from company import MARKETING, Company
from identity import _email, _plain
from permissions import CHANNELS, ranked

Row = dict[str, Any]
BY_ADDRESS = ("hubspot", "klaviyo", "mailchimp")


def expected(company: Company, destination: str, audience: str) -> list[Row]:
    """`sync_<destination>__<audience>`."""
    everyone = [_plainly(row) for row in company.marts["customer_360"].to_dict("records")]
    channels = MARKETING.get(destination)
    told = [row for row in everyone if audience == "suppression_list" or row["can_profile"]]
    told = [row for row in told if channels is None or any(row[f"can_{name}"] for name in channels)]
    ids, addresses = external_ids(company), addresses_of(company)
    found = []
    for row, fields in _AUDIENCES[audience](told, company):
        one = row["customer"]
        sent = {"customer": one, "external_id": ids[one], "as_of_date": pd.Timestamp(company.facts.as_of)} | fields
        sent |= {"email": addresses.get(one)} if destination in BY_ADDRESS else {}
        found.append(sent | ({"has_marketing_consent": True} if channels else {}))
    return found


def external_ids(company: Company) -> dict[Any, str]:
    """The id of the CRM's record that is believed first; of who is in no CRM, the billing account's."""
    found = {}
    for one, records in ranked(company.facts, company.customers).items():
        crm = [row["customer_id"] for row in records if "acquisition_channel" in row]
        found[one] = (crm or [row["billing_customer_id"] for row in records])[0]
    return found


def addresses_of(company: Company) -> dict[Any, str]:
    """The address of whoever is not deleted, where nobody else has it in any spelling."""
    records = ranked(company.facts, company.customers)
    holders: dict[str | None, set[Any]] = {}
    for one, rows in records.items():
        for row in rows:
            holders.setdefault(_email(_plain(row["email"])), set()).add(one)
    found = known_addresses(company)
    return {one: address for one, address in found.items() if _email(address) and len(holders[_email(address)]) == 1}


def known_addresses(company: Company) -> dict[Any, str]:
    """The address that the record believed first states, of whoever has a record that is not deleted."""
    found = {}
    for one, rows in ranked(company.facts, company.customers).items():
        stated = [_plain(row["email"]) for row in rows if _plain(row["email"])]
        if stated and any(row["deleted_at"] is None for row in rows):
            found[one] = stated[0]
    return found


Told = Iterator[tuple[Row, Row]]


def _scores(rows: list[Row], company: Company) -> Told:
    for row in rows:
        yield (
            row,
            {
                "churn_probability": _rounded(row["churn_probability"], 4), "churn_risk_band": row["churn_risk_band"],
                "clv_predicted": _rounded(row["clv_predicted"], 2), "next_best_action": row["next_best_action"], "nps": row["last_nps"],
                "lifecycle_stage": row["lifecycle_stage"],
            },
        )  # fmt: skip


def _at_risk(rows: list[Row], company: Company) -> Told:
    for row in rows:
        if row["is_active"] and row["churn_risk_band"] == "high" and not row["is_holdout"]:
            yield row, {"at_risk": True, "at_risk_next_action": row["next_best_action"]}


def _promoters(rows: list[Row], company: Company) -> Told:
    for row in rows:
        if row["is_active"] and (row["last_nps"] or 0) >= 9 and _age(row, company) <= 90 and not (row["tickets_open"] or row["is_holdout"]):
            yield row, {"ask_for_referral": True, "promoter_nps": row["last_nps"], "promoter_answered_on": row["last_nps_at"].normalize()}


def _detractors(rows: list[Row], company: Company) -> Told:
    """Owed to the holdout as well."""
    loops = company.marts["fct_feedback"].query("metric == 'nps' and `group` == 'detractor'")
    due = {
        (row["customer"], row["said_at"]): row["closed_loop_due_at"] for row in loops.to_dict("records") if pd.isna(row["followed_up_at"])
    }
    for row in rows:
        if row["last_nps"] is not None and row["last_nps"] <= 6 and _age(row, company) <= 30:
            call_by = due.get((row["customer"], row["last_nps_at"]))
            fields = {"call_detractor": True, "detractor_nps": row["last_nps"], "detractor_answered_on": row["last_nps_at"].normalize()}
            if call_by is not None:
                yield row, fields | {"detractor_call_by": call_by.normalize()}


def _win_back(rows: list[Row], company: Company) -> Told:
    for row in rows:
        if row["lifecycle_stage"] == "lapsed" and row["clv_historic"] > 0 and not row["is_holdout"]:
            last = row["last_order_at"]
            last = None if last is None else last.normalize()
            yield row, {"win_back": True, "win_back_value": _rounded(row["clv_historic"], 2), "win_back_last_order_on": last}


def _loyal_high_value(rows: list[Row], company: Company) -> Told:
    """At least four fifths of the other active customers are worth less."""
    active = [row for row in rows if row["is_active"]]
    for row in active:
        worth = row["clv_total"]
        below = sum((other["clv_total"] is None) > (worth is None) or _less(other["clv_total"], worth) for other in active)
        is_upper = len(active) > 1 and 5 * below >= 4 * (len(active) - 1)
        if is_upper and row["lifecycle_stage"] == "loyal" and not row["is_holdout"]:
            yield row, {"loyal_high_value": True, "loyal_value": _rounded(worth, 2)}


def _suppression_list(rows: list[Row], company: Company) -> Told:
    for row in rows:
        suppressed = {f"suppress_{channel}": not row[f"can_{channel}"] for channel in CHANNELS}
        if any(suppressed.values()):
            yield row, suppressed


_AUDIENCES: dict[str, Callable[[list[Row], Company], Told]] = {
    "customer_scores": _scores, "at_risk": _at_risk, "promoters": _promoters, "detractors": _detractors, "win_back": _win_back,
    "loyal_high_value": _loyal_high_value, "suppression_list": _suppression_list,
}  # fmt: skip


def _age(row: Row, company: Company) -> int:
    """Days since the last answer."""
    return int((pd.Timestamp(company.facts.as_of) - row["last_nps_at"].normalize()).days)


def _less(one: Any, other: Any) -> bool:
    return one is not None and other is not None and one < other


def _rounded(value: Any, digits: int) -> Any:
    return None if value is None else Decimal(str(value)).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


def _plainly(row: Row) -> Row:
    """Missing values as None."""
    return {name: None if not hasattr(value, "__len__") and pd.isna(value) else value for name, value in row.items()}
