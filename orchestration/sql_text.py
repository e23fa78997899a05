"""Text inside SQL: values and names that come from elsewhere, so that none of them ends a statement. Where parameters work, use those."""

from __future__ import annotations


def literal(value: object) -> str:
    """`value`, a text, a path or a day, as a literal in quotes."""
    return "'" + str(value).replace("'", "''") + "'"


def identifier(name: str) -> str:
    """`name` as a quoted identifier: `interval` and `text` are ones too."""
    return '"' + name.replace('"', '""') + '"'
