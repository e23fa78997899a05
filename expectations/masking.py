"""What looks like personal data inside a key of a row: sources may well know their customers by address or number.

Comes in: text that names a row, or says what became of it. Goes out: the same, of each address and phone number its first sign alone.
Checks, refusals and logs outlive the rows they are about, and nobody guards them as the rows are guarded. A number is told from an id by
how it is written: after a +, after 00, or in the groups that people dial; an id of digits alone stays.
"""

from __future__ import annotations

import re

# Not inside the address of a server: user@host in postgresql://user@host is neither a person's nor a mailbox.
_ADDRESS = re.compile(r"(?<![\w.+/:-])([\w+])[\w.+%'&-]*@[\w-]+(?:\.[\w-]+)+")
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
