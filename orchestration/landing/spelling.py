"""E-mail addresses and phone numbers in the one spelling in which people are told apart: dbt's own macros, as SQL.

Comes in: names of columns. Goes out: SQL. There is one definition (docs/decisions/0011), in dbt_project/macros/identity/contact_keys.sql.
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from jinja2 import Environment

from orchestration.sql_text import literal

_PROJECT = Path(__file__).resolve().parent.parent.parent / "dbt_project"
_CODES = _PROJECT / "seeds" / "calling_codes.csv"


def email_key(column: str) -> str:
    """SQL for the e-mail address as it is compared; one that never matches anybody as it is written, in lower case."""
    plain = f"nullif(lower(trim({column})), '')"
    return f"coalesce({_macros().email_key(column)}, CASE WHEN contains({plain}, '@') THEN {plain} END)"


def phones(relation: str) -> str:
    """SELECT of the distinct `phone` and `country` of a relation with their `phone_key`; NULL for a number that never matches anybody."""
    codes = f"SELECT * FROM read_csv({literal(str(_CODES))}, header = true, all_varchar = true)"
    said = f"SELECT DISTINCT phone, upper(trim(country)) AS country, country AS country_said FROM {relation} WHERE phone IS NOT NULL"
    spelled = f"WITH calling_codes AS ({codes}), said AS ({said}), {_macros().with_phone_keys('said')}"
    return f"{spelled} SELECT phone, country_said, phone_key FROM phoned"


def international(key: str) -> str:
    """A `phone_key` with a blank behind the country's code, where it can be told: by that text is known how people write the number."""
    code = next((code for code in _calling_codes() if key.startswith(f"+{code}")), "")
    return f"+{code} {key[1 + len(code) :]}" if code else key


@cache
def _calling_codes() -> frozenset[str]:
    """Of no two of them one is the beginning of the other."""
    with _CODES.open(encoding="utf-8", newline="") as file:
        return frozenset(row["calling_code"] for row in csv.DictReader(file))


@cache
def _macros() -> Any:
    environment = Environment()
    dispatched = SimpleNamespace(dispatch=lambda name, _: lambda *values: getattr(module, f"default__{name}")(*values))
    environment.globals["adapter"] = dispatched
    files = ("portable/text.sql", "identity/contact_keys.sql")
    module: Any = environment.from_string("".join((_PROJECT / "macros" / file).read_text(encoding="utf-8") for file in files)).module
    return module
