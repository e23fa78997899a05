"""Keys of rows in checks: what looks like an address or a phone number is masked, what is an id, a day or a path is not."""

import pandas as pd
import pytest

from expectations import gates
from expectations.base import Owner, Suite
from expectations.masking import masked, masked_key


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("ann.smith+shop@mail.example.co.uk", "a…@…"),
        ("order of ann@example.com | 7", "order of a…@… | 7"),
        ("+49 171 2345678", "+…"),
        ("+4917123456789", "+…"),
        ("00491712345678", "0…"),
        ("0171 2345678", "0…"),
        ("0171/234 56 78", "0…"),
        ("(555) 123-4567", "(…"),
        ("555-123-4567 | c1", "5… | c1"),
        ("+49 171 2345678, bob@example.com", "+…, b…@…"),
        ("crm_tickets/ann@example.com.csv: line 2", "crm_tickets/a…@…: line 2"),
    ],
)
def test_addresses_and_numbers_are_masked(text: str, told: str) -> None:
    assert masked(text) == told


@pytest.mark.parametrize(
    "text",
    [
        "C12345678",
        "10023456789",
        "0000012345",
        "INV-2024-0001-000123",
        "INV-555-123-4567",
        "2026-01-31",
        "01-02-2024",
        "2026-01-31 10:00:00+00:00",
        "2026-01-31T10:00:00.123456Z",
        "550e8400-e29b-41d4-a716-446655440000",
        "1,234,567.50",
        "-1234567.89",
        "postgresql://reader@db.example.org:5432/marts",
        "postgresql://reader:secret@db.example.org/marts",
        "/data/acme/landing/_log/crm/20260131T100000.000000Z.json",
        "192.168.100.2001",
    ],
)
def test_ids_days_amounts_and_places_stay(text: str) -> None:
    assert masked(text) == text


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("491712345678", "…5678"),
        ("01712345678", "…5678"),
        ("91234567", "…4567"),
        ("Erika Mustermann", "E…"),
        ("mustermann, erika", "m…"),
        ("erika.mustermann", "e…"),
        ("erika.mustermann2", "e…"),
        ("Jean-Luc O’Neill", "J…"),
        ("王小明", "王…"),
        ("Ólafur", "Ó…"),
        ("ann@example.com", "a…@…"),
        ("+49 171 2345678", "+…"),
        ("C12345678", "C12345678"),
        ("cus_NffrFeUfNV2Hib", "cus_NffrFeUfNV2Hib"),
        ("1234567", "1234567"),
        ("0035g00000XyZabAAB", "0035g00000XyZabAAB"),
        ("550e8400-e29b-41d4-a716-446655440000", "550e8400-e29b-41d4-a716-446655440000"),
        ("(none)", "(none)"),
    ],
)
def test_ids_of_people_that_may_be_a_number_or_a_name_are_masked(value: str, told: str) -> None:
    for column in ("customer_id", "billing_customer_id", "source_customer_id", "external_id"):
        assert masked_key(column, value) == told


@pytest.mark.parametrize("column", ["ticket_id", "dimension_value", "customer_key", "day"])
def test_what_names_no_person_stays(column: str) -> None:
    assert [masked_key(column, value) for value in ("123456789012", "Pro Plan", "2026-01-31")] == ["123456789012", "Pro Plan", "2026-01-31"]


def test_a_failing_check_masks_keys_that_are_addresses() -> None:
    suite = Suite("mart", "things", ("source_customer_id",), (Owner("somebody").filled("amount", "Sums need it."),))
    frame = pd.DataFrame({"source_customer_id": ["ann@example.com", "c2", "Ann Lee", None], "amount": [None] * 4})
    (result,) = gates.validate(suite, frame)
    assert result.examples == ["a…@…", "c2", "A…", "(missing)"]
