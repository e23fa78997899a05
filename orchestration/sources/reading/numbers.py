"""How numbers are written in a text, as DuckDB SQL: with a decimal point or a comma, and with what between thousands.

Comes in: SQL of a raw text. Goes out: SQL that tells whether it is a number, and SQL of the same number as DuckDB casts it. Which of two
ways a file has is said by whoever exports it and never guessed: 1.234 is a fraction in one office and more than a thousand in the next.
Thousands stand in groups of three behind a first one without a leading zero, so 12.5 and 0.123 are no thousands in any of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from orchestration.sql_text import literal

_BLANKS = " \u00a0\u2009\u202f"
# What is said → every character that is meant by it: spreadsheets write several kinds of blanks and of apostrophes.
_MEANT = {"": (), ".": (".",), ",": (",",), " ": (_BLANKS,), "'": ("'\u2019",)}
_WITH_COMMA = (".", " ", "'")  # none of them can be anything else where the fraction has a comma


@dataclass(frozen=True)
class Numbers:
    """`decimal`: what stands before the fraction. `thousands`: what between thousands, nothing for none; None for whatever is clear."""

    decimal: str = "."
    thousands: str | None = None

    @property
    def are_plain(self) -> bool:
        """Whether DuckDB casts them as they are."""
        return self.decimal == "." and not self.thousands

    def integer(self) -> str:
        """The pattern of a whole number; 3.0 is how a spreadsheet or a data frame writes 3."""
        return f"[+-]?{self._whole()}([{self.decimal}]0*)?"

    def fraction(self) -> str:
        """The pattern of any number."""
        mark = f"[{self.decimal}]"
        return f"[+-]?({self._whole()}({mark}[0-9]*)?|{mark}[0-9]+)([eE][+-]?[0-9]+)?"

    def cast_of(self, value: str) -> str:
        """SQL of the number as DuckDB casts it."""
        if self.are_plain:
            return value
        return f"translate({value}, {literal(self.decimal + ''.join(self._between()))}, '.')"

    def written(self, number: float) -> str:
        """A number that was none of text, in this spelling."""
        return str(number).replace(".", self.decimal)

    def _between(self) -> Sequence[str]:
        said = self.thousands if self.thousands is not None else "".join(_WITH_COMMA) if self.decimal == "," else ""
        return [characters for one in said for characters in _MEANT[one]]

    def _whole(self) -> str:
        grouped = "".join(f"|[1-9][0-9]{{0,2}}([{between}][0-9]{{3}})+" for between in self._between())
        return f"([0-9]+{grouped})" if grouped else "[0-9]+"


PLAIN = Numbers()
