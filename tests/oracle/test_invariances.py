"""What must not matter does not: the order of rows, the names of records, the year, the unit of money, who else there is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from random import Random
from typing import Any

import everything
import pandas as pd
import pytest
from harness import Row, Tables
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from invariance import Frames, all_marts, changes, later, priced, renamed, reversed_ids, shuffled

pytestmark = pytest.mark.thorough

YEARS, UNITS = 28, 100
# Money, as the marts name it; what is divided by money is none.
MONEY = re.compile(
    r"(^|_)(mrr|net_amount|net_amount_reporting|movement_amount|monetary|clv_historic|cost|cost_amount)$|margin|attributed_revenue"
)
# Both business models and both kinds of customers; each is built seven times.
COMPANIES = [{"business_model": "contractual"}, {"business_model": "non_contractual", "customer_level": "company"}]
ORACLE = settings.get_profile("oracle")
of_any_company = pytest.mark.parametrize("company", COMPANIES, ids=lambda company: " ".join(company.values()))
by_chance = given(st.randoms(use_true_random=False, note_method_calls=False))
# Shrinking would build hundreds of companies; one that fails is small enough to read.
few = settings(ORACLE, max_examples=max(ORACLE.max_examples // 6, 1), phases=[Phase.explicit, Phase.generate])


@of_any_company
@few
@by_chance
def test_one_company_told_in_other_ways(company: dict[str, Any], random: Random) -> None:
    tables, as_of = everything.company(random)
    marts = all_marts(tables, as_of, **company)
    assert changes(marts, all_marts(shuffled(random, tables), as_of, **company)) == []
    years_later = all_marts(later(tables, YEARS), as_of.replace(year=as_of.year + YEARS), **company)
    assert changes(marts, years_later, _years_later) == []
    ids = reversed_ids(tables)
    named_otherwise = all_marts(renamed(tables, ids), as_of, **company)
    assert changes(_without_keys(marts), _without_keys(named_otherwise, {other: own for own, other in ids.items()})) == []
    _check_a_stranger(tables, as_of, marts, company)


@of_any_company
@few
@by_chance
def test_one_company_in_other_money(company: dict[str, Any], random: Random) -> None:
    tables, as_of = everything.company(random)
    # What is given back is rounded to whole cents of the order: twice a rounded amount is not twice the amount, rounded.
    tables["billing_payments"] = [row for row in tables.get("billing_payments", []) if row["kind"] == "payment"]
    tables = priced(tables, 100)  # so that a millionth, which is where money ends, is nothing beside any of it
    marts = _without_cents(all_marts(tables, as_of, **company))
    assert changes(marts, _without_cents(all_marts(priced(tables, 2), as_of, **company)), _doubled) == []
    redenominated = _without_cents(all_marts(priced(tables, UNITS, "EUR"), as_of, **company))
    assert changes(marts, redenominated, _in_new_euros) == []


def _years_later(name: str, row: Row) -> Row:
    def told(column: str, value: Any) -> Any:
        is_moment = isinstance(value, date) and not pd.isna(value)
        if is_moment:
            return pd.Timestamp(value) + pd.Timedelta(days=1461 * YEARS // 4)
        return value + YEARS if column == "birth_year" and not pd.isna(value) else value

    return {column: told(column, value) for column, value in row.items()}


def _without_cents(marts: Frames) -> Frames:
    """Without values that destinations get in whole cents: twice a rounded one is not twice the value, rounded."""
    rounded = {name: [column for column in mart if name.startswith("sync_") and column.endswith("_value")] for name, mart in marts.items()}
    return {name: mart.drop(columns=rounded[name]) for name, mart in marts.items()}


def _doubled(name: str, row: Row) -> Row:
    is_money = row.get("basis") == "revenue" and name == "metric_cohort_retention"
    money = ("cohort_size", "retained") if is_money else [column for column in row if MONEY.search(column)]
    return row | {column: 2 * row[column] for column in money if not pd.isna(row[column])}


def _in_new_euros(name: str, row: Row) -> Row:
    is_euros = name == "fct_orders" and row["currency"] == "EUR"
    return row | {"net_amount": UNITS * row["net_amount"]} if is_euros else row


def _without_keys(marts: Frames, own_ids: Mapping[str, str] | None = None) -> Frames:
    """Customers named by their records, which `own_ids` may call otherwise.

    The key says which of them is the least, and whom chance holds out goes by the key.
    """
    identities, own = marts["customer_identities"], own_ids or {}
    records = identities[identities["valid_to"].isna()].groupby("customer_key")["source_customer_id"].agg(sorted)
    named = {key: " ".join(sorted(own.get(one, one) for one in ids)) for key, ids in records.items()}
    told = {name: mart for name, mart in marts.items() if name not in ("dim_customer_key_redirects", "customer_identities")}
    told = {name: mart.drop(columns="is_holdout", errors="ignore") for name, mart in told.items()}
    told = {
        name: mart.assign(external_id=mart["external_id"].replace(own)) if "external_id" in mart else mart for name, mart in told.items()
    }
    return {
        name: mart.assign(customer_key=mart["customer_key"].map(named)) if "customer_key" in mart else mart for name, mart in told.items()
    }


def _check_a_stranger(tables: Tables, as_of: date, marts: Frames, company: dict[str, Any]) -> None:
    """Who is only known, and never did anything, adds a row wherever all customers have one, and a prospect; nothing else changes."""
    stranger = {"customer_id": "zzz", "created_at": datetime(2023, 2, 1), "email": "zzz@zzz.org"}
    joined = all_marts(tables | {"crm_customers": [*tables["crm_customers"], stranger]}, as_of, **company)
    identities = joined["customer_identities"]
    (key,) = identities.loc[identities["source_customer_id"] == "zzz", "customer_key"]
    for name in ("data_reconciliation", "metric_lifecycle_monthly"):
        before, after = marts.pop(name), joined.pop(name)
        counted = "staged" if name == "data_reconciliation" else "stage_customers_at_end"
        if name == "metric_lifecycle_monthly":
            assert len(before) == 0 or set(after["month"]) >= set(before["month"])
            before, after = (rows[rows["month"].astype(str).str[:7] == f"{as_of:%Y-%m}"] for rows in (before, after))
        assert after[counted].sum() == before[counted].sum() + 1
    theirs = {name: mart[mart["customer_key"] != key] if "customer_key" in mart else mart for name, mart in joined.items()}
    assert changes(marts, theirs) == []
    assert set(joined["dim_customers"]["customer_key"]) - set(theirs["dim_customers"]["customer_key"]) == {key}
