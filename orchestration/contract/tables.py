"""The canonical input tables. A column may be added; it is never renamed or given another meaning."""

from __future__ import annotations

from orchestration.contract import billing, crm, surveys
from orchestration.contract.model import Table

INPUT_TABLES: dict[str, Table] = {table.name: table for table in (*crm.TABLES, *billing.TABLES, *surveys.TABLES, billing.EXCHANGE_RATES)}

# The days up to the newest fact of a table that tell how often there is news.
DAYS_OF_A_RHYTHM = 28
# What a living company has news of nearly every day.
EVERY_DAY = ("crm_interactions", "billing_invoice_lines", "billing_payments")
