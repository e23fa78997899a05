"""Whose name it is: what others wrote of a person goes in any order of its words, and a namesake keeps theirs however it is written."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from orchestration import landing, settings
from orchestration.__main__ import main
from orchestration.contract import INPUT_TABLES
from orchestration.home import Home

CONFIG = """company: {name: Acme, business_model: contractual, reporting_currency: USD}
sources: [{type: files, path: exports}]
home: home
"""


def erased(folder: Path, name: str, others: str, said: str) -> tuple[str, str]:
    """Erase the first of two people, called `name`; the full name of the other and what they wrote, as they are landed after it."""
    (folder / "config.yaml").write_text(CONFIG)
    (folder / "exports").mkdir()
    people = f'named-01,2026-01-01,"{name}"\nother-02,2026-01-02,"{others}"\n'
    (folder / "exports" / "crm_customers.csv").write_text(f"customer_id,created_at,full_name\n{people}")
    (folder / "exports" / "crm_tickets.csv").write_text(f'ticket_id,customer_id,opened_at,text\nt1,other-02,2026-01-03,"{said}"\n')
    home, loaded = Home(folder / "home"), settings.load(folder / "config.yaml", {})
    home.prepare()
    landing.extract(loaded.ready(loaded.sources[0]), INPUT_TABLES.values(), home.landing, home.state / "dlt")
    assert main(["erase", "--customer", "named-01", "--yes", "--config", str(folder / "config.yaml")]) == 0
    read = "SELECT {} FROM read_parquet('{}/files/{}/**/*.parquet', union_by_name = true)"
    ((held,),) = duckdb.execute(read.format("full_name", home.landing, "crm_customers")).fetchall()
    ((told,),) = duckdb.execute(read.format("text", home.landing, "crm_tickets")).fetchall()
    return held, told


@pytest.mark.parametrize("others", ["ADA ABBOTT", "Ada  Abbott", "ada abbott", "Abbott, Ada"])
def test_a_namesake_keeps_their_name_however_it_is_written(tmp_path: Path, others: str) -> None:
    """The record of somebody else said `[erased]` in the place of their own name."""
    assert erased(tmp_path, "Ada Abbott", others, "Ada Abbott called") == (others, "Ada Abbott called")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Ada Abbott", "ABBOTT, Ada called"),
        ("Abbott, Ada", "Ada Abbott called"),
        ("Jan van der Berg", "van der Berg, Jan called"),
    ],
)
def test_a_name_goes_in_any_order_in_which_lists_have_it(tmp_path: Path, name: str, said: str) -> None:
    assert erased(tmp_path, name, "Bob Best", said) == ("Bob Best", "[erased] called")
