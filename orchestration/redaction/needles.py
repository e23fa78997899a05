"""Identifiers of one person inside text, and their removal: the same rules for SQL and for bytes.

Comes in: ids, keys, e-mail addresses, phone numbers, names. Goes out: conditions and expressions in SQL, places in bytes.
An identifier counts where it stands alone: ann@x.org is not in joann@x.org, C12 not in C123; writing without spaces has no such borders.
What is too short or too common to be told from other text (an id of 42, a name of two Chinese signs) is only ever looked for in columns
that hold ids. It counts in every spelling that other formats give it: Jürgen is J\\u00fcrgen in JSON, ann@x.org is ann%40x.org in an
address of the web. A phone number that is given as +49 1705551234 counts however people write it: 0049-170/555 12 34, 0170 5551234.
An export may be named after somebody: of ann@x.org.csv the ending is no part.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import quote

import duckdb

from orchestration.redaction.spotting import ENDINGS, ENDS_OF_SIGNS, GAPS, NUMBER, Spotter
from orchestration.sql_text import literal

INSTEAD = "[erased]"
_SHORTEST = 6
_NORTH_AMERICA = "1"  # where nothing is dialled before a number at home
# One pattern of a hundred takes 0.1 s for 20,000 texts, one of 400 takes 4 and one of 3,000 takes 67: what RE2 keeps of it no longer fits.
_AT_ONCE = 64
_ROWS = 10_000
# People and programs put two blanks, a line break or one that does not break between the words of a name; each as JSON and HTML have it.
_BETWEEN_WORDS = r"(?:\s|\+|%20|" + "\N{NO-BREAK SPACE}" + r"|&nbsp;|\\+(?:[nrt]|u00a0))"
_MOST_BETWEEN = 4
# Who has ann@x.org gets what is sent to ann+shop@x.org, and records are tied by it all the same.
_TAG = r"(?:(?:\+|%2b)[\w.-]+)?"
_DIGITS = 7  # fewer digits alone are a quantity or a year as well


def is_telling(text: str) -> bool:
    """Whether `text` can be told from other text wherever it stands."""
    plain = text.strip()
    if plain.isdigit():
        return len(plain) > _DIGITS
    return sum(_weight(sign) for sign in plain) >= _SHORTEST


def _weight(sign: str) -> int:
    """A sign that is as wide as two tells as much: names of three Chinese or Korean signs are whole names."""
    return 2 if unicodedata.east_asian_width(sign) in "WF" else 1


@dataclass(frozen=True)
class Needles:
    """What of a person can be told from other text wherever it stands, in lower case."""

    texts: tuple[str, ...]

    @classmethod
    def of(cls, values: Iterable[str]) -> Needles:
        """The telling ones among `values`."""
        telling = {unicodedata.normalize("NFC", value.strip().lower()) for value in values if is_telling(value)}
        return cls(tuple(sorted(telling, key=lambda text: (-len(text), text))))

    def among(self, connection: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[str]) -> Needles:
        """Those of them that the text of a relation holds: of thousands one pass over it tells which few SQL is to ask for.

        columns  expressions of text, as in `mentions`
        """
        if len(self.texts) <= _AT_ONCE:
            return self
        there: set[str] = set()
        for column in columns:
            found = connection.execute(f"SELECT DISTINCT {column} AS said FROM {relation} WHERE {column} IS NOT NULL")
            while rows := found.fetchmany(_ROWS):
                there |= self.spotter.alone("\n".join(said for (said,) in rows).encode())
        return Needles(tuple(text for text in self.texts if text in there))

    def mentions(self, columns: Sequence[str]) -> str:
        """SQL that is true for rows in which a column holds one of them; `columns` are expressions of text."""
        tests = [f"coalesce(regexp_matches({column}, {literal(pattern)}), false)" for column in columns for pattern in self._re2]
        return f"({' OR '.join(tests)})" if tests else "false"

    def without(self, column: str) -> str:
        """SQL for the text without them. Twice, for what stands next to each other shares the sign between."""
        for pattern in (one for one in self._re2 for _ in range(2)):
            column = f"regexp_replace({column}, {literal(pattern)}, '\\1{INSTEAD}\\3', 'g')"
        return column

    def are_in(self, content: bytes) -> bool:
        """Whether one stands alone in bytes of text, in whatever spelling."""
        return next(self.spotter.spans(content), None) is not None

    def cleared(self, content: bytes) -> bytes:
        """Bytes of text without them."""
        kept, end = [], 0
        for start, after in self.spotter.spans(content):
            kept += [content[end:start], INSTEAD.encode()]
            end = after
        return b"".join([*kept, content[end:]]) if kept else content

    @cached_property
    def spotter(self) -> Spotter:
        """What finds them in bytes."""
        return Spotter({text: _spelled(text).encode() for text in self.texts})

    @cached_property
    def _re2(self) -> tuple[str, ...]:
        groups = (self.texts[first : first + _AT_ONCE] for first in range(0, len(self.texts), _AT_ONCE))
        begin, end = rf"(?i)(^|[^\w.+-]|{'|'.join(ENDS_OF_SIGNS)})(", rf")({ENDINGS}\.?(?:$|[^\w.-]))"
        return tuple(begin + "|".join(map(_spelled, group)) + end for group in groups)


def _spelled(text: str) -> str:
    number = NUMBER.fullmatch(text)
    if number:
        return _dialled(*number.groups())
    # With its last word in front a name is written `Abbott, Ada`, or with no blank behind the comma.
    return f"{_signs(',')}{_BETWEEN_WORDS}{{0,{_MOST_BETWEEN}}}".join("".join(map(_signs, part)) for part in text.split(", "))


def _dialled(code: str, inland: str) -> str:
    """A number from abroad and at home, as a pattern, with what people put between its digits."""
    gap = f"(?:[{re.escape(''.join(GAPS[:-1]))}]|{GAPS[-1]}){{0,2}}"  # a sign of two bytes is in no class of bytes
    # Messengers and forms write the code with nothing before it; few digits alone may be a quantity.
    abroad = r"(?:\+|00)?" if len(code + inland) > _DIGITS + 1 else r"(?:\+|00)"
    at_home = r"(?:\(?1" + gap + ")?" if code == _NORTH_AMERICA else "0" + gap
    return rf"(?:\(?{abroad}{gap.join(code)}{gap}(?:\(0\))?{gap}|{at_home}){gap.join(inland)}"


def _signs(sign: str) -> str:
    """A sign as plain text, JSON (also inside JSON), HTML and addresses of the web write it, as a pattern; small and capital."""
    if sign.isascii() and (sign.isalnum() or sign in "._-"):
        return re.escape(sign)
    if sign == " ":
        return f"{_BETWEEN_WORDS}{{1,{_MOST_BETWEEN}}}"
    spellings: list[str] = []
    for form in dict.fromkeys((sign, sign.upper(), unicodedata.normalize("NFD", sign), unicodedata.normalize("NFD", sign.upper()))):
        spellings += [re.escape(form), re.escape(quote(form, safe="")), re.escape(html.escape(form))]
        spellings += [rf"\\+u{ord(form):04x}", f"&#{ord(form)};", f"&#x{ord(form):x};"] if len(form) == 1 and form != "@" else []
    spellings += [r"\\+" + re.escape(sign)] if sign in '"/\\' else []
    return f"{_TAG if sign == '@' else ''}(?:{'|'.join(dict.fromkeys(spellings))})"
