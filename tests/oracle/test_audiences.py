"""Every audience, and every mart that shows what models said, beside what the documentation says of it."""

from __future__ import annotations

import hashlib
from datetime import date
from random import Random
from typing import Any

import everything
import harness
import pandas as pd
import pyarrow as pa
import pytest
from audiences import expected, known_addresses
from company import MARTS, Company
from comparing import assert_same
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from permissions import not_profiled

from orchestration.warehouse.incoming import write_scores
from tests.oracle.compiled import defaults

pytestmark = pytest.mark.thorough

ORACLE = settings.get_profile("oracle")
SETTINGS: dict[str, Any] = {"business_model": "contractual", "destinations": ("hubspot", "klaviyo", "mailchimp")}
SHOWN = ["customer_360", "fct_feedback", "fct_churn_scores", "fct_next_best_actions", "metric_customer_health", "fct_survey_responses"]


def _built(random: Random) -> tuple[Company, dict[str, dict[str, dict[str, Any]]]]:
    """A company whose models said something by chance of some of its customers, and what they said by table and key."""
    tables, as_of = everything.company(random)
    project = harness.project(**SETTINGS)
    keys = sorted(project.marts(["dim_customers"], tables, as_of)["dim_customers"]["customer_key"])
    said = {name: {key: make(random, key, as_of) for key in keys if random.random() < 0.8} for name, make in _MODELS.items()}
    names = [node.name for node in project.nodes.values() if node.schema == "marts" and node.name.startswith("sync_")]
    wanted = [*MARTS, *SHOWN, *sorted(set(names) - {"sync_log"})]
    with harness.empty_warehouse() as connection:
        harness.land(connection, tables)
        for name, rows in said.items():
            if rows:
                write_scores(connection, name, pa.Table.from_pylist(list(rows.values())))
        project.build(connection, wanted, as_of)
        marts = {name: connection.sql(f"FROM {project.nodes[name].relation}").df() for name in wanted}
    return Company(tables, as_of, marts, business_model="contractual"), said


def _clv(random: Random, key: str, as_of: date) -> dict[str, Any]:
    predicted = random.choice([0.0, 12.125, 40.5, 900.25])
    return {
        "customer_key": key, "as_of_date": as_of, "clv_predicted": predicted, "clv_predicted_low": predicted / 2, "p_alive": 0.5,
        "clv_predicted_high": 2 * predicted, "expected_purchases": 1.5, "expected_order_value": None, "model": "sbg", "model_version": "v",
    }  # fmt: skip


def _churn(random: Random, key: str, as_of: date) -> dict[str, Any]:
    return {
        "customer_key": key, "as_of_date": as_of, "horizon_days": 90, "churn_probability": random.choice([0.03125, 0.5, 0.987654]),
        "risk_band": random.choice(["low", "high", "high"]), "model_version": "v",
        "reasons": random.choice([["tickets_open"], ["mrr", "plan"]]),
    }  # fmt: skip


def _action(random: Random, key: str, as_of: date) -> dict[str, Any]:
    return {
        "customer_key": key, "as_of_date": as_of, "action": random.choice(["nothing", "offer"]), "aims_at": None,
        "channel": random.choice([None, "email"]), "reason": random.choice(["value", "drawn"]),
        "expected_value": 1.0, "expected_uplift": 0.1, "propensity": 0.5, "is_holdout": random.random() < 0.2,
        "policy_version": "p", "model_version": "v",
    }  # fmt: skip


_MODELS = {"clv_scores": _clv, "churn_scores": _churn, "next_best_actions": _action}


# Shrinking would build hundreds of companies; one that fails is small enough to read.
@settings(ORACLE, phases=[Phase.explicit, Phase.generate])
@given(st.randoms(use_true_random=False, note_method_calls=False))
def test_who_is_in_an_audience_and_what_is_told_of_them(random: Random) -> None:
    company, said = _built(random)
    _check_scores(company, said)
    _check_hashes(company)
    for name in (name for name in company.marts if name.startswith("sync_")):
        destination, audience = name.removeprefix("sync_").split("__")
        assert_same(company.marts[name], expected(company, destination, audience), ["customer"])


def _check_scores(company: Company, said: dict[str, dict[str, dict[str, Any]]]) -> None:
    """Everybody's scores are shown everywhere, but those of whoever withdrew from profiling nowhere."""
    marts, silent = company.marts, not_profiled(company.facts, company.customers)
    known = marts["dim_customers"][["customer_key", "customer"]].itertuples(index=False)
    profiled = [(key, one) for key, one in known if one not in silent]
    clv, churn, actions = ({one: said[name][key] for key, one in profiled if key in said[name]} for name in _MODELS)
    values = marts["metric_customer_clv"].set_index("customer")
    for one, row in values.iterrows():
        predicted = clv.get(one, {}).get("clv_predicted")
        total = None if predicted is None else float(row["clv_historic"]) + predicted
        assert_same(
            pd.DataFrame([row]).assign(customer=[one]), [{"customer": one, "clv_predicted": predicted, "clv_total": total}], ["customer"]
        )
    shown = [
        {"customer": one, "clv_predicted": clv.get(one, {}).get("clv_predicted"), "clv_total": row["clv_total"]}
        | {"churn_probability": churn.get(one, {}).get("churn_probability"), "churn_risk_band": churn.get(one, {}).get("risk_band")}
        | {"next_best_action": actions.get(one, {}).get("action"), "expected_purchases": clv.get(one, {}).get("expected_purchases")}
        | {f"next_best_action_{name}": actions.get(one, {}).get(name) for name in ("channel", "reason")}
        | ({"is_holdout": actions[one]["is_holdout"]} if one in actions else {})
        for one, row in values.iterrows()
    ]
    for rows in ([row for row in shown if "is_holdout" in row], [row for row in shown if "is_holdout" not in row]):
        mart = marts["customer_360"]
        assert_same(mart[mart["customer"].isin([row["customer"] for row in rows])], rows, ["customer"])
    wide = {row["customer"]: row for row in marts["customer_360"].to_dict("records")}
    said_at = marts["fct_survey_responses"].groupby("customer")["responded_at"].max()
    silence = {one: (pd.Timestamp(company.facts.as_of) - moment.normalize()).days for one, moment in said_at.items()}
    health = [
        {"customer": one, "churn_probability": row["churn_probability"], "clv_predicted": clv.get(one, {}).get("clv_predicted")}
        | {"value_at_risk": clv[one]["clv_predicted"] * row["churn_probability"] if one in clv else None}
        | {"churn_risk_band": row["risk_band"]}
        # A night scores whoever is active, and tells what they said; here others are scored as well.
        | ({"days_since_last_answer": silence.get(one)} if wide[one]["is_active"] else {})
        | {name: wide[one][name] for name in ("last_nps", "last_csat", "tickets_open") if wide[one]["is_active"]}
        for one, row in churn.items()
    ]
    assert_same(marts["metric_customer_health"], health, ["customer"])
    for name, column in (("customer_360", "churn_reasons"), ("metric_customer_health", "reasons")):
        reasons = marts[name].set_index("customer")[column].dropna()
        assert {one: list(named) for one, named in reasons.items()} == {one: row["reasons"] for one, row in churn.items()}
    assert sorted(marts["fct_next_best_actions"]["customer"]) == sorted(actions)


def _check_hashes(company: Company) -> None:
    salt, known = defaults()["hash_salt"], known_addresses(company)
    hashes = {one: hashlib.sha256(f"{salt}|{address}".encode()).hexdigest() for one, address in known.items()}
    rows = [{"customer": one, "primary_email_hash": hashes.get(one)} for one in company.everyone]
    assert_same(company.marts["dim_customers"], rows, ["customer"])
