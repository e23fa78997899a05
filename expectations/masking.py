"""What looks like personal data inside a key of a row: sources may well know their customers by address or number.

Comes in: text that names a row, or says what became of it. Goes out: the same, of each address and phone number its first sign alone.
Checks, refusals and logs outlive the rows they are about, and nobody guards them as the rows are guarded. A number is told from an id by
how it is written: after a +, after 00, or in the groups that people dial. In a column of people's ids nobody can tell: there digits alone
keep their last four, by which a row is found again, and what may be a name its first sign.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

# Not inside the address of a server: user@host in postgresql://user@host is neither a person's nor a mailbox. The name of a file may be.
_ADDRESS = re.compile(r"(?<![\w.+:-])(?<!//)([\w+])[\w.+%'&-]*@[\w-]+(?:\.[\w-]+)+")
_NUMBERS = (
    r"\+[1-9][\d ()./-]{6,18}\d",
    r"00[1-9]\d{7,12}",
    r"0[1-9]\d{1,4}[ /-]\d{3}[\d /-]{0,9}\d",
    r"\(\d{2,5}\)[ \d./-]{5,12}\d",
    r"\d{3}[-. ]\d{3}[-. ]\d{4}",
)
_NUMBER = re.compile(rf"(?<![\w.+:/-])({'|'.join(_NUMBERS)})(?![\w-])")


def masked(text: str) -> str:
    """`text` without what looks like an e-mail address or a phone number: `a…@…`, `+…`."""
    return _NUMBER.sub(lambda found: f"{found[1][0]}…", _ADDRESS.sub(r"\1…@…", text))


# What source systems make up has a digit in it and no space; what a person is called or types has not.
_DIGITS_ALONE = re.compile(r"\d{8,15}")
_NAME = re.compile(r"[^\W\d_]+(?:[\s.,'’_-]+[^\W\d_]+)+[\s._-]*\d*|[^\W\d_]{2,}\.?")
_LAST = 4


def masked_key(column: str, value: str) -> str:
    """`value` of `column`, one of those that name a row: `masked`, and of an id of people also what may be a number or a name."""
    if not (column == "external_id" or column.endswith("customer_id")):
        return masked(value)
    plain = value.strip()
    if _DIGITS_ALONE.fullmatch(plain):
        return f"…{plain[-_LAST:]}"
    return f"{plain[0]}…" if _NAME.fullmatch(plain) else masked(value)


def told_key(key: Iterable[tuple[str, object]]) -> str:
    """How a row is named to people: the parts of its key, each with the name of its column, masked and in order; None is a missing one."""
    return " | ".join("(missing)" if value is None else masked_key(column, str(value)) for column, value in key)
