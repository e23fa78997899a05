"""Twelve companies and the people in them: the company is the customer, its people answer, allow and refuse each for themselves.

Company number n has n % 3 + 1 contacts, pays 10·n dollars a month from month (n % 4 + 1) of 2024, and the first three leave with May.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pandas as pd
import pytest
from company import Company
from pencil import account, subscription

from tests.oracle import harness

AS_OF = date(2024, 6, 30)
COMPANIES = range(1, 13)
NPS = {1: [10, 0], 4: [9, 9], 5: [6, 10, 10], 12: [7]}  # answers of the contacts of a company, in June
WANTED = ["customer_360", "metric_nps_monthly", "metric_mrr_movements", "metric_retention_monthly", "sync_mailchimp__customer_scores"]


def contact(company: int, number: int) -> str:
    return f"c{company:02}-{number}"


def tables() -> harness.Tables:
    people = [(company, number) for company in COMPANIES for number in range(company % 3 + 1)]
    made: dict[str, list[harness.Row]] = {"crm_customers": [], "survey_responses": [], "crm_consents": []}
    for company, number in people:
        name, address = f" Company {company} " if number else f"COMPANY {company}", f"{contact(company, number)}@company{company}.org"
        made["crm_customers"].append(
            {"customer_id": contact(company, number), "created_at": datetime(2023, 1, 2 + number), "company_name": name, "email": address}
            | {"country": "DE" if company % 2 else "US"}
        )
    # Two who say nothing of a company are customers of their own, and not one together.
    made["crm_customers"] += [{"customer_id": one, "created_at": datetime(2023, 1, 1), "company_name": None} for one in ("alone", "loner")]
    made["billing_customers"] = [account(f"b{company}", customer_id=contact(company, 0)) for company in COMPANIES]
    made["billing_subscriptions"] = [
        subscription(f"s{n}", datetime(2024, n % 4 + 1, 1), datetime(2024, 5, 31, 12) if n <= 3 else None, f"b{n}", unit_amount=10 * n)
        for n in COMPANIES
    ]
    answer = {"metric": "nps", "scale_min": 0, "scale_max": 10, "responded_at": datetime(2024, 6, 5)}
    for company, scores in NPS.items():
        made["survey_responses"] += [
            answer | {"response_id": f"r{company}-{n}", "customer_id": contact(company, n), "score": score}
            for n, score in enumerate(scores)
        ]
    said = {"channel": "email", "purpose": "marketing", "recorded_at": datetime(2024, 1, 1)}
    # The last contact's address is the company's, being the newest record. Of 4, only the first grants; of 5 the last; of 6 and 2 all.
    words = [("c04-0", "granted"), ("c05-2", "granted"), ("c06-0", "granted"), *((contact(2, n), "granted") for n in range(3))]
    made["crm_consents"] = [said | {"customer_id": one, "status": status} for one, status in words]
    # One of 2 takes it back for all: the company's address may be read by whoever refused.
    made["crm_consents"].append(said | {"customer_id": "c02-0", "status": "withdrawn", "recorded_at": datetime(2024, 2, 1)})
    return made


@pytest.fixture(scope="module")
def marts() -> dict[str, Any]:
    """The wanted marts; those with a customer_key say the company's number, None for who belongs to none."""
    found = harness.project(customer_level="company").marts([*WANTED, "customer_identities"], tables(), AS_OF)
    ids = found["customer_identities"]
    ids = ids[ids["record_type"].eq("crm") & ids["source_customer_id"].str.startswith("c")]
    numbers = {row.customer_key: int(row.source_customer_id[1:3]) for row in ids.itertuples()}
    for mart in found.values():
        if "customer_key" in mart:
            mart["company"] = mart["customer_key"].map(numbers)
        if "month" in mart:
            mart["month"] = pd.to_datetime(mart["month"])
    return found


def over_everyone(mart: pd.DataFrame, month: int) -> pd.DataFrame:
    """The rows of a month of 2024 over everyone."""
    return mart[mart["dimension"].eq("all") & mart["month"].eq(pd.Timestamp(2024, month, 1))]


@pytest.mark.parametrize("business_model", ["contractual", "non_contractual"])
def test_both_views_agree(business_model: str) -> None:
    Company.built(tables(), AS_OF, wide=True, business_model=business_model, customer_level="company").check()


def test_a_company_is_one_customer_however_its_name_is_written(marts: dict[str, Any]) -> None:
    wide = marts["customer_360"]
    assert sorted(wide["company"].dropna()) == list(COMPANIES)
    assert len(wide) == len(COMPANIES) + 2


def test_money_is_the_companys(marts: dict[str, Any]) -> None:
    wide = marts["customer_360"].dropna(subset="company").set_index("company")
    assert wide["mrr"].astype(float).to_dict() == {n: 0 if n <= 3 else 10 * n for n in COMPANIES}
    moved = marts["metric_mrr_movements"].set_index("month")
    by_month = {month: sum(10 * n for n in COMPANIES if n % 4 + 1 == month) for month in range(1, 5)}
    assert [float(moved["new_mrr"].loc[pd.Timestamp(2024, month, 1)]) for month in by_month] == list(by_month.values())
    assert float(moved["churned_mrr"].loc[pd.Timestamp(2024, 5, 1)]) == 10 + 20 + 30
    may = over_everyone(marts["metric_retention_monthly"], 5).iloc[0]
    assert (may["customers_at_start"], may["customers_churned"], may["customer_retention_rate"]) == (12, 3, 0.75)


def test_everybody_answers_and_the_latest_word_of_a_company_counts_once(marts: dict[str, Any]) -> None:
    june = over_everyone(marts["metric_nps_monthly"], 6).set_index("view")
    assert june.loc["period", ["responses", "promoters", "passives", "detractors"]].tolist() == [8, 5, 1, 2]
    assert june.loc["period", "nps"] == 100 * 3 / 8
    # One answer a customer: of several at one instant the one with the greatest id.
    assert june.loc["rolling_90d", ["responses", "promoters", "passives", "detractors"]].tolist() == [4, 2, 1, 1]
    assert marts["customer_360"].dropna(subset="last_nps").set_index("company")["last_nps"].to_dict() == {1: 0, 4: 9, 5: 10, 12: 7}


def test_marketing_goes_to_an_address_whose_owner_allowed_it(marts: dict[str, Any]) -> None:
    wide = marts["customer_360"].dropna(subset="company").set_index("company")
    assert set(wide.index[wide["can_email"]]) == {5, 6}
    assert set(marts["sync_mailchimp__customer_scores"]["company"]) == {5, 6}
