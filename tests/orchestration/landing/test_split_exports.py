"""A table is the rows of its files, however many those are."""

from __future__ import annotations

from pathlib import Path

from tests.orchestration.landing.exporting import HEADER, Company

PEOPLE = {str(number): f"name {number}" for number in range(1, 8)}
WHAT = "customer_id, created_at, full_name, _is_deleted, _bad_values"


def parted(company: Company) -> None:
    """The same people in three files of a folder, one with its columns in another order, one empty but for its header."""
    first, second = (dict(list(PEOPLE.items())[part]) for part in (slice(0, 4), slice(4, 7)))
    company.write(first, "crm_customers/a.csv")
    turned = "full_name,customer_id,created_at\n" + "".join(f"{name},{key},2025-01-01\n" for key, name in second.items())
    company.write(turned, "crm_customers/b.csv")
    company.write(HEADER, "crm_customers/c.csv")


def test_a_table_in_one_file_and_in_several_lands_alike(tmp_path: Path) -> None:
    whole, parts = Company(tmp_path / "whole"), Company(tmp_path / "parts")
    whole.write(PEOPLE)
    parted(parts)
    assert (whole.night().rows, parts.night().rows) == (7, 7)
    assert sorted(whole.rows(WHAT)) == sorted(parts.rows(WHAT))


def test_a_file_that_was_split_since_is_no_news(tmp_path: Path) -> None:
    company = Company(tmp_path)
    file = company.write(PEOPLE)
    company.night()
    file.unlink()
    parted(company)
    load = company.night()
    assert load.error is None
    assert load.tombstones == 0
    assert company.alive() == PEOPLE
