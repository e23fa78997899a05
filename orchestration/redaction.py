"""Identifiers of one person inside text, and their removal: the same rules for SQL and for bytes.

Comes in: ids, keys, e-mail addresses, phone numbers, names. Goes out: conditions and expressions in SQL, a pattern of Python.
An identifier counts where it stands alone: ann@x.org is not in joann@x.org, C12 not in C123. What is too short or too common to be told
from other text (an id of 42) is only ever looked for in columns that hold ids.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from orchestration.sql_text import literal

INSTEAD = "[erased]"
_SHORTEST = 6
_DIGITS = 7  # fewer digits alone are a quantity or a year as well


def is_telling(text: str) -> bool:
    """Whether `text` can be told from other text wherever it stands."""
    plain = text.strip()
    if plain.isdigit():
        return len(plain) > _DIGITS
    return len(plain) >= _SHORTEST and not plain.isspace()


@dataclass(frozen=True)
class Needles:
    """What of a person can be told from other text wherever it stands, in lower case."""

    texts: tuple[str, ...]

    @classmethod
    def of(cls, values: Iterable[str]) -> Needles:
        """The telling ones among `values`."""
        return cls(tuple(sorted({value.strip().lower() for value in values if is_telling(value)}, key=lambda text: (-len(text), text))))

    def mentions(self, columns: Sequence[str]) -> str:
        """SQL that is true for rows in which a column holds one of them; `columns` are expressions of text."""
        pattern = literal(self._re2)
        return (
            "(" + " OR ".join(f"coalesce(regexp_matches({column}, {pattern}), false)" for column in columns) + ")"
            if self.texts and columns
            else "false"
        )

    def without(self, column: str) -> str:
        """SQL for the text without them. Twice, for what stands next to each other shares the sign between."""
        if not self.texts:
            return column
        once = f"regexp_replace({column}, {literal(self._re2)}, '\\1{INSTEAD}\\3', 'g')"
        return f"regexp_replace({once}, {literal(self._re2)}, '\\1{INSTEAD}\\3', 'g')"

    @property
    def pattern(self) -> re.Pattern[bytes]:
        """The same for bytes of files that are text."""
        return re.compile(rb"(?i)(?<![\w.+-])(?:" + self._alternatives.encode() + rb")(?=\.?(?:$|[^\w.-]))")

    @property
    def _re2(self) -> str:
        return rf"(?i)(^|[^\w.+-])({self._alternatives})(\.?$|\.?[^\w.-])"

    @property
    def _alternatives(self) -> str:
        return "|".join(map(re.escape, self.texts))
