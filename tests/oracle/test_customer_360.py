"""The wide row of a customer says of money what the facts behind it say, whatever makes customers active."""

from __future__ import annotations

from datetime import datetime

import pytest
from pencil import account, subscription

from tests.oracle import harness

LINE = {"invoice_id": "i", "kind": "one_off", "currency": "USD", "amount": 30, "invoice_status": "paid"}
TABLES = {
    "billing_customers": [account("buyer"), account("subscriber")],
    "billing_subscriptions": [subscription("s", datetime(2024, 1, 5), None, "subscriber")],
    "billing_invoice_lines": [LINE | {"invoice_line_id": "l", "billing_customer_id": "buyer", "issued_at": datetime(2024, 2, 1)}],
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
