"""Streams that tell what changed: what they hold after any nights is what a full export of the same rows would hold."""

import random
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest

from orchestration import landing
from orchestration.contract import INPUT_TABLES
from orchestration.landing import TableLoad, completed_files
from orchestration.sources import SOURCES, SourceError
from orchestration.sources.streams import Reading, Stream, StreamSource

LINES = INPUT_TABLES["billing_invoice_lines"]
FIXED = {"billing_customer_id": "c", "kind": "recurring", "issued_at": "2026-01-01", "currency": "USD"}


class Scripted(StreamSource):
    """`parts` says, part by part, what tonight's reading is: rows (line → amount, invoice), whether complete, invoices it speaks of."""

    type = "scripted"
    parts: dict[str, Any] = {}  # noqa: RUF012

    @classmethod
    def from_settings(cls, settings: Any) -> "Scripted":
        return cls()

    def check(self) -> None:
        """Always there."""

    def streams(self, table: str) -> list[Stream]:
        return [Stream(part, lambda _, __, said=said: self._read(said)) for part, said in self.parts.items()]

    def _read(self, said: Any) -> Reading:
        if said is None:
            raise SourceError("down")
        rows, complete, invoices = said
        made = [
            {**FIXED, "invoice_line_id": line, "amount": str(amount), "invoice_id": invoice} for line, (amount, invoice) in rows.items()
        ]
        scope = ("invoice_id", list(invoices)) if invoices else None
        return Reading(made, lambda: {"seen": len(made)}, complete, scope)


@pytest.fixture
def night(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setitem(SOURCES, "scripted", Scripted)

    def _night(**parts: Any) -> TableLoad:
        monkeypatch.setattr(Scripted, "parts", parts)
        settings = SimpleNamespace(type="scripted", name="scripted")
        return landing.extract(settings, [LINES], tmp_path / "landing", tmp_path / "dlt")[0]

    return _night


def _alive(tmp_path: Path) -> dict[str, float]:
    """Line → amount as staging sees it: the newest version of a key, unless a tombstone came after it."""
    paths = [path for _, _, path in completed_files(tmp_path / "landing")[LINES.name]]
    query = f"""SELECT invoice_line_id, amount::DOUBLE, _is_deleted, load_id, _row_number FROM read_parquet({paths}, union_by_name = true,
        hive_partitioning = true, hive_types_autocast = false) ORDER BY load_id, NOT _is_deleted, _row_number"""
    alive: dict[str, float] = {}
    for line, amount, deleted, *_ in duckdb.execute(query).fetchall():
        if deleted:
            alive.pop(line, None)
        else:
            alive[line] = amount
    return alive


def _full(rows: Mapping[str, Any]) -> Any:
    return rows, True, ()


def _told(rows: Mapping[str, Any], *invoices: str) -> Any:
    return rows, False, invoices


def test_what_is_named_as_gone_is_believed_and_what_a_full_reading_lacks_only_where_others_stay(night: Any, tmp_path: Path) -> None:
    night(events=_full({"a": (1, "in_1"), "b": (2, "in_2")}))
    load = night(events=_told({}, "in_1", "in_2"))
    assert (load.tombstones, load.warnings, _alive(tmp_path)) == (2, (), {})
    night(events=_full({"c": (3, "in_3")}))
    load = night(events=_full({}))
    assert (load.tombstones, _alive(tmp_path)) == (0, {"c": 3})
    assert "looks like a broken export" in load.warnings[0]


def test_what_is_not_told_stays_and_what_is_told_again_lands_nothing(night: Any, tmp_path: Path) -> None:
    night(lines=_full({"1": (5, "a"), "2": (6, "a"), "3": (7, "b")}))
    assert night(lines=_told({"2": (6, "a")})).load_id is None
    assert (night(lines=_told({"2": (9, "a")})).rows, _alive(tmp_path)) == (1, {"1": 5, "2": 9, "3": 7})
    assert night(lines=_told({})).load_id is None
    assert [row["held_now"] for row in landing.summary(tmp_path / "landing")] == [3]


def test_what_is_told_of_an_empty_stream_is_held(night: Any, tmp_path: Path) -> None:
    night(lines=_full({}))
    night(lines=_told({"1": (5, "a"), "2": (6, "a")}))
    assert [row["held_now"] for row in landing.summary(tmp_path / "landing")] == [2]
    night(lines=_told({"3": (7, "b")}))
    assert [row["held_now"] for row in landing.summary(tmp_path / "landing")] == [3]


def test_a_row_that_becomes_what_it_was_lands_again(night: Any, tmp_path: Path) -> None:
    for amount in (5, 6, 5):
        night(lines=_full({"1": (5, "a")}) if amount == 5 and not (tmp_path / "landing").exists() else _told({"1": (amount, "a")}))
    assert _alive(tmp_path) == {"1": 5}


def test_rows_that_a_scope_no_longer_has_vanish(night: Any, tmp_path: Path) -> None:
    night(lines=_full({"1": (5, "a"), "2": (6, "a"), "3": (7, "b")}))
    load = night(lines=_told({"2": (6, "a")}, "a", "never seen"))
    assert (load.rows, load.tombstones, _alive(tmp_path)) == (0, 1, {"2": 6, "3": 7})
    assert [row["held_now"] for row in landing.summary(tmp_path / "landing")] == [2]


def test_a_full_reading_finds_what_is_gone(night: Any, tmp_path: Path) -> None:
    night(lines=_full({"1": (5, "a"), "2": (6, "a")}))
    night(lines=_told({"3": (7, "b")}))
    night(lines=_full({"2": (6, "a"), "3": (7, "b")}))
    assert _alive(tmp_path) == {"2": 6, "3": 7}


def test_a_stream_that_fails_keeps_its_rows_and_its_place_while_others_land(night: Any, tmp_path: Path) -> None:
    night(lines=_full({"1": (5, "a")}), notes=_full({"9": (1, "z")}))
    load = night(lines=None, notes=_told({"9": (2, "z")}))
    assert (load.errors, _alive(tmp_path)) == (("down",), {"1": 5, "9": 2})


def test_a_key_that_another_stream_tells_too_vanishes_only_from_one(night: Any, tmp_path: Path) -> None:
    night(lines=_full({"1": (5, "a"), "2": (6, "a")}), notes=_full({"1": (5, "a")}))
    night(lines=_told({"2": (6, "a")}, "a"), notes=_told({"8": (1, "y")}))
    assert _alive(tmp_path) == {"1": 5, "2": 6, "8": 1}


def test_any_nights_leave_what_a_full_export_would(night: Any, tmp_path: Path) -> None:
    chance, held = random.Random(7), {"lines": {}, "notes": {}}  # type: ignore[var-annotated]
    night(lines=_full({}), notes=_full({}))
    for _ in range(8):
        told: dict[str, Any] = {}
        for part, low in (("lines", 0), ("notes", 50)):
            invoices = {str(chance.randrange(4)) for _ in range(chance.randrange(3))}
            kept = {line: row for line, row in held[part].items() if row[1] not in invoices or chance.random() < 0.6}
            fresh = {str(low + chance.randrange(12)): (chance.randrange(3), str(chance.randrange(4))) for _ in range(chance.randrange(5))}
            spoken = {line: row for line, row in {**kept, **fresh}.items() if row[1] in invoices or line in fresh}
            held[part] = {**kept, **fresh}
            told[part] = _full(held[part]) if chance.random() < 0.2 else _told(spoken, *invoices)
        night(**told)
        assert _alive(tmp_path) == {line: row[0] for part in held.values() for line, row in part.items()}
        assert sum(row["held_now"] for row in landing.summary(tmp_path / "landing")) == sum(map(len, held.values()))
