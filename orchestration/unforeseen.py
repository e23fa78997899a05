"""What nobody foresaw, told without quoting it: messages of such errors may hold values of rows, or what a vendor answered.

Comes in: an exception. Goes out: its kind and where in the project it happened.
"""

from __future__ import annotations

import traceback
from pathlib import Path

_HERE = Path(__file__).parent


def place(error: BaseException) -> str:
    """Such as `KeyError at sources/stripe/account.py:39`: the innermost line that is ours."""
    ours = [frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).is_relative_to(_HERE)]
    where = f" at {Path(ours[-1].filename).relative_to(_HERE)}:{ours[-1].lineno}" if ours else ""
    return f"{type(error).__name__}{where}"


def frames(error: BaseException) -> str:
    """The whole traceback, for a log, without what the error says."""
    return "".join(traceback.format_tb(error.__traceback__))
