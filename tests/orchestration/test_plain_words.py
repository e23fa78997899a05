"""What the machine says, in words that say what to do."""

from __future__ import annotations

import pytest

from orchestration.plain_words import counted, in_plain_words, lasting

LANDED = "/home/landing/files/crm_tickets/load_id=1/a.parquet"
WAREHOUSE = "/home/warehouse/rapport_build.duckdb"


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("database or disk is full", "is the disk full? Free some space"),
        (f'Failed to write "{WAREHOUSE}": No space left on device', "is the disk full? Free some space"),
        (f"Invalid Input Error: No magic bytes found at end of file '{LANDED}' LINE 1: SELECT", f"{LANDED}: this landed file is damaged"),
        (f'Failed to read file "{LANDED}": Snappy decompression failure', f"{LANDED}: this landed file is damaged; restore it"),
        ("Out of buffer", "a file in landing/ of the home is damaged; restore it"),
        (f'IO Error: The file "{WAREHOUSE}" exists, but it is not a valid DuckDB database file!', "Remove that file and run again"),
        (f'IO Error: Could not read enough bytes from file "{WAREHOUSE}": attempted', "Remove that file and run again"),
        ("[Errno 13] Permission denied: '/home/state'", "/home/state: Permission denied; run this as the user who runs the nights"),
        ("[Errno 30] Read-only file system: '/home/state'", "/home/state: Read-only file system; run this as"),
        ("file is not a database", "remove the folder dagster/ of the home and run again"),
        ("database disk image is malformed", "remove the folder dagster/ of the home and run again"),
    ],
)
def test_what_to_do_is_said(message: str, words: str) -> None:
    said = in_plain_words(message)
    assert words in said
    assert "\n" not in said


TOLD = "no release is built: the disk is full: free some space and run again; the last release is still served"


@pytest.mark.parametrize("message", [f"Permission denied: {LANDED}", f"Could not set lock on file {WAREHOUSE}", TOLD, "anything else"])
def test_what_is_clear_stays_as_it_is(message: str) -> None:
    assert in_plain_words(message) == message


def test_one_is_not_many() -> None:
    told = (counted(1, "person"), counted(0, "person"), counted(1, "row"), counted(1234, "row"))
    assert told == ("1 person", "0 people", "1 row", "1,234 rows")
    assert [lasting(hours) for hours in (1 / 60, 0.5, 1.2, 47, 49)] == ["1 minute", "30 minutes", "1 hour", "47 hours", "2 days"]
