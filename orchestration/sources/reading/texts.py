"""Texts as spreadsheets, databases and web pages leave them: what stands around a value, what says that there is none.

Comes in: SQL of a raw text. Goes out: SQL of what was meant by it, and SQL that tells whether anything was. Only what nobody can see or
mean is taken away: blanks and invisible characters around a value, two ways to write one letter, `NULL` where a number or an id belongs.
"""

from __future__ import annotations

from orchestration.contract import Column
from orchestration.sql_text import literal

_BLANKS = " \t\r\n"
_UNUSUAL_BLANKS = "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
# No width, the marks of writing directions, a byte order mark in the middle of a file: copied along, and seen by nobody.
INVISIBLE = "\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\ufeff"
SPACES = _BLANKS + _UNUSUAL_BLANKS + INVISIBLE
_NUL = "chr(0)"  # fills fields of a fixed width up; PostgreSQL has no text with it, and stops whoever hands one over
# How databases and data frames write "nothing": no number and no time is one of these words, and nobody means anything else by them.
_NOTHING = ("NULL", "Null", "null", "(null)", "\\N", "<NA>", "None", "NaT")
# What people and spreadsheets write is an answer where a number belongs, and waits in quarantine; as an id it would be that of many.
_NO_ID = (*_NOTHING, "N/A", "n/a", "#N/A", "NA", "NaN", "nan", "-", "--")
_NO_DAY = ("0000-00-00", "0000-00-00 00:00:00")
_LONGEST_WORD = max(map(len, _NO_ID))
# What a spreadsheet shows of a number of many digits. Different ids become one so, and no other id has a plus behind an e.
_CUT = "[0-9]([.,][0-9]+)?[eE][+][0-9]+"
# Letters and signs of most languages, of which none is a blank, joins the letter before it, or has another way to be written (Unicode's
# quick check of NFC): a text of nothing else is as it should be, which costs a twentieth of making it so.
LETTERS = r"!-~\x{a1}-\x{2ff}\x{401}-\x{482}\x{48a}-\x{52f}\x{5d0}-\x{5ea}\x{621}-\x{64a}\x{1e00}-\x{1eff}"
LETTERS += r"\x{2010}-\x{2027}\x{20ac}\x{3041}-\x{3096}\x{30a1}-\x{30fc}\x{4e00}-\x{9fff}\x{ac00}-\x{d7a3}\x{1f300}-\x{1faff}"
_AS_IT_SHOULD_BE = f"[{LETTERS}]([{LETTERS}\\s\\x{{a0}}]*[{LETTERS}])?"


def outer(raw: str) -> str:
    """SQL for the text without what surrounds it."""
    return f"trim({raw}, {literal(SPACES)})"


def says_something(column: Column, raw: str) -> str:
    """SQL that is true where the text is neither nothing nor one of the words for it in a column of this kind."""
    words = _NO_ID if column.type == "text" else (*_NOTHING, *_NO_DAY)
    return f"list_transform([{outer(raw)}], lambda one: one NOT IN ({', '.join(map(literal, ('', *words)))}))[1]"


def text(column: Column, raw: str) -> str:
    """SQL for a text column. The tests before the work make it nearly free for the usual text, which needs none."""
    letters = f"nfc_normalize(replace({raw}, {_NUL}, ''))"
    if column.name.endswith("_id") or column.name == "email":
        letters = f"translate({letters}, {literal(INVISIBLE)}, '')"
    unusual = _word_of(column, f"nullif({outer(letters)}, '')")
    surrounded = _word_of(column, f"nullif(trim({raw}, {literal(_BLANKS)}), '')")
    is_surrounded = " OR ".join([f"{raw} < '!'", *(f"ends_with({raw}, {literal(blank)})" for blank in _BLANKS)])
    is_unusual = _both(f"strlen({raw}) <> length({raw})", f"NOT regexp_full_match({raw}, '{_AS_IT_SHOULD_BE}')")
    is_unusual = f"{is_unusual} OR contains({raw}, {_NUL})"
    as_written = f"WHEN {raw} IN ({_words(column)}) THEN {raw} " if _words(column) else ""  # one test says of it that none of the others is
    return f"CASE {as_written}WHEN {is_unusual} THEN {unusual} WHEN {is_surrounded} THEN {surrounded} ELSE {_word(column, raw)} END"


def _both(cheap: str, costly: str) -> str:
    """SQL that is true where both are. What AND connects DuckDB may reorder while it runs, by what it measures; CASE keeps the order."""
    return f"CASE WHEN {cheap} THEN {costly} ELSE false END"


def _word_of(column: Column, value: str) -> str:
    """The word of a value that is costly to tell. Said more than once it would be told for every row, needed or not, so it gets a name."""
    return f"list_transform([{value}], lambda one: {_word(column, 'one')})[1]"


def may_be_cut(column: Column) -> bool:
    """Whether a text column holds what a spreadsheet cuts off: ids of many digits."""
    return column.name.endswith("_id")


def _word(column: Column, value: str) -> str:
    """An id as it was before a data frame made 123.0 of it, or none where it was cut; a word of the contract as the contract writes it."""
    if column.name.endswith("_id"):
        # A list, because of so many words after IN DuckDB makes a join, which takes every row.
        is_none = _both(f"strlen({value}) <= {_LONGEST_WORD}", f"list_contains([{', '.join(map(literal, _NO_ID))}], {value})")
        is_whole = _both(f"ends_with({value}, '.0')", f"regexp_full_match({value}, '(0|[1-9][0-9]*)[.]0')")
        is_cut = _both(f"contains({value}, '+')", f"regexp_full_match({value}, '{_CUT}')")
        of_digits = f"CASE WHEN {is_whole} THEN left({value}, -2) WHEN {is_cut} THEN NULL ELSE {value} END"
        return f"CASE WHEN {is_none} THEN NULL WHEN {value} < ':' THEN {of_digits} ELSE {value} END"  # digits come before it
    words = _words(column)
    return f"CASE WHEN lower({value}) IN ({words}) THEN lower({value}) ELSE {value} END" if words else value


def _words(column: Column) -> str:
    return "" if column.name.endswith("_id") else ", ".join(map(literal, (*column.allowed, *column.known)))
