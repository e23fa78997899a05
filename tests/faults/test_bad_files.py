"""A file that cannot be read, or rows that cannot be true: a clear line, the exit code of the contract, and nothing lost."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import duckdb
import pandas as pd
import pytest

from orchestration.landing import summary
from tests.faults.conftest import CONFIG, CUSTOMERS, Said, Small

PAYMENTS = "payment_id,billing_customer_id,kind,status,occurred_at,amount,currency\n"
TICKETS = "ticket_id,customer_id,opened_at\n"
ACCOUNTS = "billing_customer_id,created_at\nb1,2026-01-01\n"


def parquet(rows: int) -> bytes:
    buffer = io.BytesIO()
    pd.DataFrame({"ticket_id": [str(row) for row in range(rows)], "customer_id": "c1", "opened_at": "2026-01-01"}).to_parquet(buffer)
    return buffer.getvalue()


REFERRALS = "referral_id,referrer_customer_id,referred_at"
UNREADABLE: dict[str, tuple[str | bytes, str]] = {
    "crm_tickets.csv": ("", "crm_tickets.csv: the file is empty (0 bytes)"),
    "survey_invitations.parquet": (parquet(500)[:400], "survey_invitations.parquet: not a complete Parquet file"),
    "crm_referrals.csv": (f'{REFERRALS}\nr1,c1,"2026-01-01\nr2,c1,2026-01-01\n', "a quote is never closed"),
    "crm_campaigns.csv": ("campaign_id,name\n1,Frühling\n".encode("latin-1"), "not valid in the configured"),
    "billing_customers.csv": ("billing_customer_id,Topic,topic\nb1,a,b\n", "the column topic is there twice"),
    "exchange_rates.csv": ("currency,rate_date\nEUR,2026-01-01\n", "table exchange_rates needs the column rate_to_reporting"),
}


def test_files_that_cannot_be_read_are_named_all_at_once(small: Small, say: Callable[..., Said]) -> None:
    said = say_of(small.export({name: content for name, (content, _) in UNREADABLE.items()}), say)
    assert said.code == 1
    for name, (_, words) in UNREADABLE.items():
        assert name in said.line(words)
    assert [(table["table"], table["rows"]) for table in summary(small.home / "landing")] == [("crm_customers", 28)]  # the others landed


def test_a_source_that_refuses_as_a_whole_hides_no_file_of_another(
    small: Small, say: Callable[..., Said], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each on its own line: all in one was a paragraph, and of the files nobody heard before the database was there again."""
    monkeypatch.setenv("SHOP", "sqlite:////nowhere/shop.db")
    shop = '{type: sql, name: shop, url: "${SHOP}", tables: {crm_tickets: {table: tickets}}}'
    small.configure(CONFIG.replace("sources: [", f"sources: [{shop}, "))
    small.export({"crm_referrals.csv": f'{REFERRALS}\nr1,c1,"2026-01-01\n', "notes.csv": "a\n1\n"})
    said = say()
    assert said.code == 1
    assert said.line("shop: ").startswith("shop: the database cannot be read")
    assert said.line("a quote is never closed").startswith("files: ")
    assert said.line("notes.csv")


def test_what_nobody_foresaw_of_one_source_quotes_nothing_and_stops_no_other(
    small: Small, say: Callable[..., Said], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ended the night with the message of the error alone, `'created'`, which may as well be what a vendor answered of somebody."""

    someone = "ann@example.org"  # a traceback shows lines of code, so not in the line that raises it

    def misunderstood(source: Any) -> None:
        if str(source.path).endswith("shop"):
            raise KeyError(someone)

    monkeypatch.setattr("orchestration.sources.files.Files.check", misunderstood)
    (small.folder / "shop").mkdir()
    (small.folder / "shop" / "crm_tickets.csv").write_text(TICKETS)
    small.configure(CONFIG.replace("sources: [", "sources: [{type: files, name: shop, path: shop}, "))
    said = say()
    assert said.code == 1
    assert said.line("shop: what it answers is not understood (KeyError at landing/__init__.py:")
    assert [(table["source"], table["rows"]) for table in summary(small.home / "landing")] == [("files", 28)]
    (log,) = small.home.glob("logs/*.log")
    assert "landing/__init__.py" in log.read_text()
    written = b"".join(
        path.read_bytes() for folder in ("logs", "state", "dagster") for path in small.home.rglob(f"{folder}/**/*") if path.is_file()
    )
    assert someone.encode() not in said.text.encode() + written


def test_rows_that_cannot_be_true(small: Small, say: Callable[..., Said]) -> None:
    rows = ("2026-02-01,1000000000,USD", "2026-02-01,10,ZZQ", "01/02/2026,10,USD")
    payments = "".join(f"p{number},b1,payment,succeeded,{row}\n" for number, row in enumerate(rows, 1))
    small.export({"billing_customers.csv": ACCOUNTS, "billing_payments.csv": PAYMENTS + payments})
    said = say()
    assert said.code == 3
    refusal = said.line("landing gate: billing_payments")
    broken = {"p1": "amount_out_of_bounds", "p2": "unknown_currency", "p3": "unparseable"}
    assert all(f"{rule} 1" in refusal for rule in broken.values())
    assert said.line("Nothing was published before either")
    assert said.line("Mend it at its source and run the same night again")
    assert dict(kept(small)) == broken


def test_one_bad_row_of_a_small_table_refuses_and_the_line_says_how_few_there_are(small: Small, say: Callable[..., Said]) -> None:
    small.export({"crm_tickets.csv": TICKETS + "".join(f"t{day},c{day},2026-02-01\n" for day in range(1, 10)) + "t10,nobody,2026-02-01\n"})
    said = say()
    assert said.code == 3
    refusal = "landing gate: crm_tickets: 1 of 10 rows of files are bad: 10.00%, 2.00% allowed (orphan 1)"
    names = "`python -m orchestration quarantine --table crm_tickets` names them; mend the source, or, if so many may step aside,"
    assert said.line(refusal).endswith(f"{names} raise `settings: {{max_quarantined_share: …}}`")


def test_a_bad_file_that_is_gone_is_let_go_as_the_screen_says(small: Small, say: Callable[..., Said]) -> None:
    """It said that the table had to be named in the settings, and below that nothing had to be cleaned up first."""
    small.export({"crm_tickets.csv": TICKETS + "".join(f"t{day},nobody,2026-02-01\n" for day in range(1, 10))})
    assert say().code == 3
    (small.folder / "exports" / "crm_tickets.csv").unlink()
    said = say()
    assert (said.code, "cleaned up" in said.text) == (3, False)
    setting = "settings: {accept_vanished_tables: [crm_tickets]}"
    assert said.line("9 of 9 rows are gone at the source").endswith(f"if they are meant to go, `{setting}`")
    assert said.line("the same night again").startswith(
        "Where it is among the rows that are gone at the source, let those go as Noticed says;"
    )
    small.configure(CONFIG + setting + "\n").export({"crm_referrals.csv": f"{REFERRALS}\nr1,nobody,2026-01-01\n"})
    said = say()
    assert said.line("rows of files are bad").startswith("landing gate: crm_referrals:")
    assert said.line("the same night again").startswith("Mend it at its source")


def test_what_lies_there_and_is_not_used_is_on_the_screen(small: Small, say: Callable[..., Said]) -> None:
    small.export(
        {"crm_ticket.csv": TICKETS, "crm_tickets.csv": TICKETS.replace("\n", ",Shoe Size,ann@x.org\n") + "t1,nobody,2026-02-01,42,1\n"}
    )
    said = say()
    assert said.code == 3
    assert said.line("Noticed: files: crm_ticket.csv: not read, no input table has this name; did you mean crm_tickets?")
    unused = "Noticed: files: crm_tickets has columns that are not in the contract, kept in landing and not used: "
    assert said.line(unused).endswith("not used: Shoe Size, a…@…"), "a pivoted table has a column a customer"


def test_an_export_that_is_named_after_a_customer_is_told_without_the_address(small: Small, say: Callable[..., Said]) -> None:
    """Logs and run history outlive it, and an erasure that comes later finds the person in them."""
    small.export({"ann.smith@example.org.csv": TICKETS})
    (small.folder / "exports" / "crm_tickets").mkdir()
    (small.folder / "exports" / "crm_tickets" / "ann.smith@example.org.csv").write_text(TICKETS + 't1,nobody,"2026-02-01\n')
    said = say()
    assert said.line("not read").startswith("Noticed: files: a…@…: not read, no input table has this name")
    assert said.line("a quote is never closed").startswith("files: crm_tickets/a…@…: line 2: ")
    written = [path for folder in ("logs", "dagster", "state") for path in (small.home / folder).rglob("*") if path.is_file()]
    assert [path.name for path in written if b"ann.smith@example" in path.read_bytes()] == []


def test_a_column_of_customers_that_splits_metrics_is_used_whatever_its_case(small: Small, say: Callable[..., Said]) -> None:
    small.configure(CONFIG + "settings: {extra_dimensions: [tier]}\n")
    small.export({"crm_customers.csv": CUSTOMERS.replace("email\n", "email,Tier\n").replace(".org\n", ".org,gold\n")})
    small.export({"crm_tickets.csv": TICKETS.replace("\n", ",tier\n") + "t1,nobody,2026-02-01,gold\n"})
    said = say()
    assert (
        said.line("not in the contract")
        == "Noticed: files: crm_tickets has columns that are not in the contract, kept in landing and not used: tier"
    )


def test_the_refusal_is_told_again_by_status_and_quarantine(small: Small, say: Callable[..., Said]) -> None:
    small.export({"crm_customers.csv": CUSTOMERS.replace("2026-01-0", "1/2026/")})
    assert say().code == 3
    assert say("status").line("at the landing gate")
    assert "9 of 28 rows of files are bad" in say("status").line("crm_customers: ")
    assert say("status").line("quarantine   9 rows of crm_customers (unparseable 9)")
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
