"""What nobody foresaw, told without quoting it: messages of such errors may hold values of rows, or what a vendor answered.

Comes in: an exception. Goes out: its kind and where in the project it happened.
"""

from __future__ import annotations

import sqlite3
import traceback
from pathlib import Path

from orchestration.plain_words import in_plain_words

_HERE = Path(__file__).parent


def in_words(error: BaseException) -> str:
    """What the system said, if it is the cause; else only where it happened: other messages may quote values of rows."""
    causes = [error]
    while (following := causes[-1].__cause__ or causes[-1].__context__) is not None:
        causes.append(following)
    system = next((cause for cause in reversed(causes) if isinstance(cause, OSError | sqlite3.Error) or _is_of_the_machine(cause)), None)
    if system is not None:
        return in_plain_words(" ".join(str(system).split()))
    return f"{place(error)}; run again with --debug to see where it comes from"


def _is_of_the_machine(error: BaseException) -> bool:
    """What DuckDB says of disk and memory names files and no values; by name, so that no command loads DuckDB only to fail."""
    kind = type(error)
    said = kind.__name__ in ("IOException", "OutOfMemoryException") or "no space left" in str(error).lower()
    return kind.__module__.partition(".")[0] in ("duckdb", "_duckdb") and said


def place(error: BaseException) -> str:
    """Such as `KeyError at sources/stripe/account.py:39`: the innermost line that is ours."""
    ours = [frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).is_relative_to(_HERE)]
    where = f" at {Path(ours[-1].filename).relative_to(_HERE)}:{ours[-1].lineno}" if ours else ""
    return f"{type(error).__name__}{where}"


def frames(error: BaseException) -> str:
    """The whole traceback, for a log, without what the error says."""
    return "".join(traceback.format_tb(error.__traceback__))
