"""Why a gate refuses a night, in words: a line each, for the terminal, `status`, alerts and the asset check.

Comes in: an expectation that blocks. Goes out: what was asked, what became of it, which rows, what it protects and who is asked.
"""

from __future__ import annotations

from expectations.base import CheckResult
from expectations.wording import in_words

_SHOWN = 3


def reason(result: CheckResult) -> str:
    """One line, with the keys of up to three rows; of what a command or a setting is the answer to, that one."""
    if result.suite == "landing:quarantined_share":
        table = result.table_name
        named = f"{table}: {result.observed}; `python -m orchestration quarantine --table {table}` names them"
        return f"{named}; mend the source, or, if so many may step aside, raise `settings: {{max_quarantined_share: …}}`"
    if result.expectation.startswith("Rewritten("):
        name = f"{result.table_name}.{result.column}"
        return f"{name}: {result.observed}; mend the source, or, if it is right, `settings: {{accept_rewritten: [{name}]}}`"
    rows = f", such as {', '.join(result.examples[:_SHOWN])}" if result.examples else ""
    found = f": {result.observed}{rows}".rstrip("?.: ")
    return f"{result.table_name}: '{in_words(result.expectation)}' {result.status}{found}. {result.description}"
