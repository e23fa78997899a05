"""A file that cannot be read, or rows that cannot be true: a clear line, the exit code of the contract, and nothing lost."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import duckdb
import pandas as pd
import pytest

from orchestration.landing import summary
from tests.faults.conftest import CUSTOMERS, Said, Small

PAYMENTS = "payment_id,billing_customer_id,kind,status,occurred_at,amount,currency\n"
ACCOUNTS = "billing_customer_id,created_at\nb1,2026-01-01\n"


def parquet(rows: int) -> bytes:
    buffer = io.BytesIO()
    pd.DataFrame({"ticket_id": [str(row) for row in range(rows)], "customer_id": "c1", "opened_at": "2026-01-01"}).to_parquet(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("crm_tickets.csv", "", "crm_tickets.csv: the file is empty (0 bytes)"),
        ("crm_tickets.parquet", parquet(500)[:400], "crm_tickets.parquet: not a complete Parquet file"),
        ("crm_tickets.csv", 'ticket_id,customer_id,opened_at\nt1,c1,"2026-01-01\nt2,c1,2026-01-01\n', "a quote is never closed"),
        (
            "crm_tickets.csv",
            "ticket_id,customer_id,opened_at,topic\nt1,c1,2026-01-01,Zahlung für\n".encode("latin-1"),
            "not valid in the configured",
        ),
        ("crm_tickets.csv", "ticket_id,customer_id,opened_at,Topic,topic\nt1,c1,2026-01-01,a,b\n", "the column topic is there twice"),
        ("crm_tickets.csv", "ticket_id,opened_at\nt1,2026-01-01\n", "table crm_tickets needs the column customer_id"),
    ],
    ids=["empty", "truncated", "quote", "encoding", "twice", "column"],
)
def test_a_file_that_cannot_be_read(name: str, content: str | bytes, words: str, small: Small, say: Callable[..., Said]) -> None:
    said = say_of(small.export({name: content}), say)
    assert said.code == 1
    assert name in said.line(words)
    assert [(table["table"], table["rows"]) for table in summary(small.home / "landing")] == [("crm_customers", 28)]  # the others landed


@pytest.mark.parametrize(
    ("payment", "rule"),
    [
        ("p1,b1,payment,succeeded,2026-02-01,1000000000,USD\n", "amount_out_of_bounds 1"),
        ("p1,b1,payment,succeeded,2026-02-01,10,ZZQ\n", "unknown_currency 1"),
        ("p1,b1,payment,succeeded,01/02/2026,10,USD\n", "unparseable 1"),
    ],
    ids=["a billion", "currency", "date"],
)
def test_rows_that_cannot_be_true(payment: str, rule: str, small: Small, say: Callable[..., Said]) -> None:
    small.export({"billing_customers.csv": ACCOUNTS, "billing_payments.csv": PAYMENTS + payment})
    said = say()
    assert said.code == 3
    assert "landing gate: billing_payments" in said.line(rule)
    assert said.line("Nothing was published before either")
    assert kept(small) == [("p1", rule.split()[0])]


def test_the_refusal_is_told_again_by_status_and_quarantine(small: Small, say: Callable[..., Said]) -> None:
    small.export({"crm_customers.csv": CUSTOMERS.replace("2026-01-0", "1/2026/")})
    assert say().code == 3
    assert "crm_customers" in say("status").line("refused")
    assert say("quarantine").line("crm_customers").endswith("9")
    assert "created_at cannot be read" in say("quarantine", "--table", "crm_customers").line("c1 ")


def say_of(small: Small, say: Callable[..., Said]) -> Said:
    """The answer; a source that refuses us must not look like an empty one to the commands either."""
    said = say()
    assert say("status").line("nothing is published yet")
    return said


def kept(small: Small) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(small.home / "warehouse" / "rapport_build.duckdb"), read_only=True) as warehouse:
        return warehouse.execute("SELECT row_key, rule FROM ops.quarantined_rows").fetchall()
