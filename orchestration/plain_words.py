"""Counts and durations in words; and what DuckDB, SQLite and the operating system say, with what to do about it.

Comes in: a number, or a message of one line. Goes out: words; of a message what it means for whoever runs the house.
"""

from __future__ import annotations

import re

# How the operating system, SQLite and DuckDB say that nothing more can be written.
_DISK_IS_FULL = ("no space left", "disk quota", "file too large", "disk is full", "out of disk", "disk i/o error", "could not write")
# How DuckDB says that a Parquet file is not what it was; often without saying which.
_DAMAGED_PARQUET = (
    "no magic bytes",
    "failed to read file",
    "decompression failure",
    "failed to decompress",
    "tprotocolexception",
    "out of buffer",
    "page size mismatch",
    "parquet file is likely corrupted",
    "don't know what type",
)
_DAMAGED_WAREHOUSE = (
    "not a valid duckdb database",
    "could not read enough bytes",
    "corrupt",
    "checksum",
    "is a directory",
    "serialization",
)
_DAMAGED_HISTORY = ("file is not a database", "database disk image is malformed")
# How Python says that a file is somebody else's, or that the disk takes nothing.
_FORBIDDEN = re.compile(r"\[Errno (?:13|30)\] ([A-Z][a-z -]+): '([^']+)'")
_LANDED = re.compile(r"""["']([^"']*/landing/[^"']*\.parquet)["']""")


# Of rows that are gone at the source: the night says it of a table, and the screen looks for it where such rows may be what refuses.
KEPT_ROWS = "this looks like a broken export, so they stay"
_OTHERWISE = {"person": "people"}


def counted(number: int, what: str) -> str:
    """1 row, 1,234 rows; 1 person, 2 people."""
    return f"{number:,} {what if number == 1 else _OTHERWISE.get(what, f'{what}s')}"


def lasting(hours: float) -> str:
    """How long something has been or will be, in the unit that people would take."""
    if hours < 1:
        return counted(round(hours * 60), "minute")
    return counted(round(hours), "hour") if hours < 48 else counted(round(hours / 24), "day")


def tells_of_a_full_disk(message: str) -> bool:
    """Whether it says that nothing more can be written."""
    said = message.lower()
    return any(sign in said for sign in _DISK_IS_FULL)


def tells_of_a_damaged_file(message: str) -> bool:
    """Whether a Parquet file is not what it was; `in_plain_words` then says only which."""
    said = message.lower()
    return any(sign in said for sign in _DAMAGED_PARQUET)


def in_plain_words(message: str) -> str:
    """`message`, and what to do when it means that the disk is full, or a file of the home is damaged or somebody else's."""
    said = message.lower()
    if tells_of_a_full_disk(said) and "free some space" not in said:  # the release has said it already
        return f"{message}: is the disk full? Free some space and run again; what has landed stays, and the last release is still served"
    if tells_of_a_damaged_file(said):
        place = _LANDED.search(message)
        which = f"{place[1]}: this landed file" if place else "a file in landing/ of the home"
        return f"{which} is damaged; restore it from a backup, or remove the whole landing to read all sources anew"
    if "rapport_build.duckdb" in said and any(sign in said for sign in _DAMAGED_WAREHOUSE):
        return f"{message} Remove that file and run again: all of it is built anew from landing"
    if any(sign in said for sign in _DAMAGED_HISTORY):
        return (
            f"the run history of Dagster is damaged ({message}); remove the folder dagster/ of the home and run again: only history is lost"
        )
    if found := _FORBIDDEN.fullmatch(message):
        return f"{found[2]}: {found[1]}; run this as the user who runs the nights, or give that user what lies there"
    return message
