"""What DuckDB says of an error, without the values that it broke at.

Comes in: its message. Goes out: the same for what is wrong with a query, a file or the machine; of all else (a value that cannot be
converted, a key that comes twice) the kind of the error, and of the wordings known here what is no value. Pure, and light: dbt's process
begins with it.
"""

from __future__ import annotations

import re

_OF_THE_QUERY = {"Parser Error", "Binder Error", "Catalog Error", "Dependency Error", "IO Error", "Out of Memory Error", "Interrupt Error"}
# From the first quote to the last one of the message: a value may hold quotes and line breaks itself. What does not parse is told twice.
_AT_A_VALUE = re.compile(
    r"""(?P<what>[\w :.()-]+\ (?:(?<!parse\ )string|value|format:|range:|Input:|key))\ ['"].*['"]
    t?(?P<wanted>(?:,\ expected\ format\ is\ \([^\n]*?\))?(?:\ (?:be\ cast\ )?to\ [A-Za-z][\w(),\[\]\ ]*?)?)
    (?P<column>\ when\ casting\ from\ source\ column\ \w+)?$""",
    re.DOTALL | re.VERBOSE | re.MULTILINE,
)
_OVERFLOW = re.compile(r"[\w ]+: Overflow in \w+ of \w+")


def without_values(message: str) -> str:
    """`message` without what may be a value of a row: '…' stands for it."""
    kind = message.partition(":")[0].strip()
    if kind in _OF_THE_QUERY:
        return message
    if found := _AT_A_VALUE.match(message):
        return f"{found['what']} '…'{found['wanted']}{found['column'] or ''}"
    found = _OVERFLOW.match(message)
    return found[0] if found else f"{kind if kind.endswith('Error') else 'Error'}; what it says may quote values of rows, and is not told"
