"""An amount whose rate is missing refuses the night and is named, wherever it stands."""

from __future__ import annotations

import sys
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "oracle"))
import harness

CHECK, NIGHT = "assert_needed_rates_are_known", "2024-03-31"
PAID = {"payment_id": "p", "billing_customer_id": "b", "invoice_id": "i", "kind": "payment", "status": "succeeded"}
LINE = {"invoice_line_id": "l", "invoice_id": "i", "billing_customer_id": "b", "kind": "one_off", "invoice_status": "paid"}


def company(**paid: Any) -> harness.Tables:
    """An invoice of 10 dollars, and what was paid for it."""
    return {
        "billing_customers": [{"billing_customer_id": "b"}],
        "billing_invoice_lines": [LINE | {"issued_at": datetime(2024, 3, 4), "amount": 10, "currency": "USD"}],
        "billing_payments": [PAID | {"amount": 9, "currency": "CHF", "occurred_at": datetime(2024, 3, 5)} | paid],
        "exchange_rates": [{"currency": "CHF", "rate_date": date(2024, 3, 5), "rate_to_reporting": 1.1}],
    }


@pytest.mark.parametrize(
    ("paid", "needed"),
    [({}, []), ({"occurred_at": datetime(2024, 3, 2)}, ["CHF of 2024-03-02"]), ({"currency": "SEK"}, ["SEK of 2024-03-05"])],
)
def test_money_that_was_received(paid: dict[str, Any], needed: list[str]) -> None:
    told = harness.project().complaints(CHECK, company(**paid), NIGHT)
    assert [row["advice"] for row in told] == [f"exchange_rates needs a rate for {one} or before" for one in needed]


def test_what_an_action_of_the_companys_own_costs() -> None:
    """It counted as free of charge, and was preferred to everything that costs something."""
    project = harness.project()
    with project.built(project.nodes[CHECK].reads, company(), NIGHT) as warehouse:
        assert project.found_by(CHECK, warehouse, NIGHT) == []
        _list_in_euros(warehouse)
        (told,) = project.found_by(CHECK, warehouse, NIGHT)
    assert told["advice"] == "exchange_rates needs a rate for EUR of 2024-03-31 or before"


def _list_in_euros(warehouse: duckdb.DuckDBPyConnection) -> None:
    """As own_actions() lists it."""
    catalogue = "intermediate.int_action_catalogue"
    warehouse.execute(f"UPDATE {catalogue} SET currency = 'EUR', cost = NULL WHERE action = 'success_call'")
