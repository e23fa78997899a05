"""Whose retention is over: everybody all of whose records every source has deleted for long enough, and nobody else."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

import pytest
from nights import Nights

from orchestration.privacy import retention

AS_OF = date(2024, 10, 31)
LONG_AGO, LATELY = datetime(2024, 9, 1), datetime(2024, 10, 30)


def record(customer: str, deleted_at: datetime | None = None) -> dict[str, object]:
    return {"customer_id": customer, "created_at": datetime(2024, 1, 1), "deleted_at": deleted_at}


def account(customer: str, deleted_at: datetime | None = None) -> dict[str, object]:
    own = {"billing_customer_id": f"account of {customer}", "customer_id": customer}
    return own | {"created_at": datetime(2024, 1, 1), "currency": "USD", "deleted_at": deleted_at}


@pytest.fixture(scope="module")
def company() -> Nights:
    """Loads land on 1 and 2 September and on 20 October."""
    nights = Nights.of(business_model="contractual")
    crm = [record("gone", LONG_AGO), record("gone lately", LATELY), record("here"), record("pays", LONG_AGO), record("closed", LONG_AGO)]
    crm += [record("vanished"), record("vanished lately"), record("came back"), record("came back and went", LONG_AGO)]
    billing = [account("pays"), account("closed", LONG_AGO)]
    nights.land(0, {"crm_customers": [(row, False) for row in crm], "billing_customers": [(row, False) for row in billing]})
    missed = [(record(name), True) for name in ("vanished", "came back", "came back and went")]
    nights.land(1, {"crm_customers": missed})
    back = [(record("came back"), False), (record("came back and went", LATELY), False)]
    nights.land(49, {"crm_customers": [*back, (record("vanished lately"), True)]})
    nights.full.build(nights.connection, ["int_identity_spans", "stg_files__crm_customers", "stg_files__billing_customers"], AS_OF)
    nights.connection.execute("CREATE OR REPLACE TABLE ops.night AS SELECT DATE '2024-10-31' AS as_of_date")
    return nights


def names(company: Nights, keys: Iterable[str]) -> set[str]:
    query = (
        "SELECT source_customer_id FROM intermediate.int_identity_spans WHERE record_type = 'crm' AND list_contains($keys, customer_key)"
    )
    return {name for (name,) in company.connection.execute(query, {"keys": list(keys)}).fetchall()}


@pytest.mark.parametrize(
    ("days", "whom"),
    [
        (30, {"gone", "closed", "vanished"}),
        (5, {"gone", "closed", "vanished", "vanished lately"}),
        (1, {"gone", "closed", "vanished", "vanished lately"}),  # 30 October is no whole day before the 31st has begun
        (90, set()),
    ],
)
def test_everybody_whom_every_source_has_deleted_for_longer(company: Nights, days: int, whom: set[str]) -> None:
    assert names(company, retention.overdue_in(company.connection, days)) == whom
