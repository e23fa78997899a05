"""The company divided among its systems.

Comes in: how large it is. Goes out: accounts of vendors, and the files that are left. Nothing is told twice but who the customers are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from examples.acme import exports
from examples.acme.vendors import billing, surveys
from examples.acme.vendors.crm import Crm
from examples.fakes.hubspot import HubspotAccount
from examples.fakes.stripe import StripeAccount
from examples.fakes.typeform import TypeformAccount

_ELSEWHERE = ("billing_customers", "billing_subscriptions", "billing_invoice_lines", "billing_payments", "survey_responses")
# What Acme's own system knows of those who sign in; the rest of a customer is in HubSpot.
_SIGN_IN = ["customer_id", "created_at", "deleted_at", "email", "phone", "merged_into_customer_id"]


@dataclass(frozen=True)
class Systems:
    """Where everything of the company lies: `files` are input tables by name."""

    hubspot: HubspotAccount
    stripe: StripeAccount
    typeform: TypeformAccount
    files: Mapping[str, pa.Table]


def divided(tables: Mapping[str, pa.Table]) -> Systems:
    """The company of these input tables in its systems."""
    rows: dict[str, list[dict[str, Any]]] = {name: table.to_pylist() for name, table in tables.items()}
    crm, files = Crm(), {}
    for name in sorted(rows.keys() - set(_ELSEWHERE), key=lambda name: name != "crm_customers"):
        files[name] = pa.Table.from_pylist(crm.rest(name, rows[name]), tables[name].schema)
    files["crm_customers"] = files["crm_customers"].select(_SIGN_IN)
    return Systems(crm.account, billing.account(rows), surveys.account(rows["survey_responses"]), files)


def write(tables: Mapping[str, pa.Table], folder: Path) -> None:
    """The tables as files of the input contract."""
    exports.clear(folder)
    for name, rows in tables.items():
        exports.write_parquet(folder / f"{name}.parquet", rows)
