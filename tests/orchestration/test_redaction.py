"""An identifier is found where it stands alone, in SQL and in bytes alike, and never inside a longer one."""

from __future__ import annotations

import duckdb
import pytest

from orchestration.redaction import INSTEAD, Needles

NEEDLES = Needles.of(["Ann@x.example", "C0000012", "+49 170 5550123", "42", "20261031"])
TEXTS = [
    ("write to ann@X.example.", f"write to {INSTEAD}."),
    ("<ann@x.example>,C0000012", f"<{INSTEAD}>,{INSTEAD}"),
    ("C0000012 C0000012 C0000012", f"{INSTEAD} {INSTEAD} {INSTEAD}"),
    ('{"phone": "+49 170 5550123"}', f'{{"phone": "{INSTEAD}"}}'),
    ("joann@x.example, ann@x.example.org, C00000123, xC0000012", "joann@x.example, ann@x.example.org, C00000123, xC0000012"),
    ("42 is a number", "42 is a number"),
]


@pytest.mark.parametrize(("text", "cleared"), TEXTS)
def test_sql_and_bytes_say_the_same(text: str, cleared: str) -> None:
    query = f"SELECT {NEEDLES.mentions(['said'])}, {NEEDLES.without('said')} FROM (SELECT ? AS said)"
    assert duckdb.execute(query, [text]).fetchone() == (text != cleared, cleared)
    assert NEEDLES.pattern.sub(INSTEAD.encode(), text.encode()).decode() == cleared


def test_nobody_is_found_by_nothing() -> None:
    nothing = Needles.of(["7", " ", "1234567"])
    assert nothing.texts == ()
    assert duckdb.execute(f"SELECT {nothing.mentions(['said'])}, {nothing.without('said')} FROM (SELECT 'a 7' AS said)").fetchone() == (
        False,
        "a 7",
    )
