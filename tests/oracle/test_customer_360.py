"""The wide row of a customer says of money what the facts behind it say, whatever makes customers active."""

from __future__ import annotations

from datetime import date, datetime

import pandas as pd
import pytest
from pencil import account, subscription

from tests.oracle import harness

LINE = {"invoice_id": "i", "kind": "one_off", "currency": "USD", "amount": 30, "invoice_status": "paid"}
BOUGHT = {"invoice_line_id": "l", "billing_customer_id": "buyer", "issued_at": datetime(2024, 2, 1)}
TABLES = {
    "billing_customers": [account("buyer"), account("subscriber")],
    "billing_subscriptions": [subscription("s", datetime(2024, 1, 5), None, "subscriber")],
    "billing_invoice_lines": [LINE | BOUGHT],
}


@pytest.mark.parametrize("business_model", ["contractual", "non_contractual"])
def test_who_subscribes_and_never_bought_is_shown_with_what_they_pay(business_model: str) -> None:
    wanted = ["customer_360", "fct_subscription_months", "customer_identities"]
    marts = harness.project(business_model).marts(wanted, TABLES, "2024-02-29")
    names = marts["customer_identities"].set_index("customer_key")["source_customer_id"]
    wide = marts["customer_360"].assign(name=lambda rows: rows["customer_key"].map(names)).set_index("name")
    months = marts["fct_subscription_months"]
    tonight = months[months["month"].astype(str).str.startswith("2024-02")]
    assert wide["mrr"].astype(float).to_dict() == {"buyer": 0, "subscriber": 10}
    assert wide["orders"].to_dict() == {"buyer": 1, "subscriber": 0}
    assert float(wide["mrr"].sum()) == float(tonight["mrr"].sum())


@pytest.mark.parametrize("business_model", ["contractual", "non_contractual"])
def test_an_order_worth_less_than_a_millionth_is_a_purchase_everywhere(business_model: str) -> None:
    """One yen that is a tenth of a millionth of a dollar: the wide row counted none, the segments one."""
    tables = {
        "exchange_rates": [{"currency": "JPY", "rate_date": date(2000, 1, 1), "rate_to_reporting": 1e-7}],
        "billing_customers": [account("buyer")],
        "billing_invoice_lines": [LINE | BOUGHT | {"amount": 1, "currency": "JPY"}],
    }
    wanted = ["customer_360", "dim_customer_segments", "fct_orders"]
    marts = harness.project(business_model).marts(wanted, tables, "2024-02-29")
    assert list(marts["fct_orders"]["is_purchase"]) == [True]
    assert list(marts["dim_customer_segments"]["frequency"]) == [1]
    assert list(marts["customer_360"]["orders"]) == [1]
    assert list(marts["customer_360"]["last_order_at"]) == [pd.Timestamp(2024, 2, 1)]
