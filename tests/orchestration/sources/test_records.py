"""Rows of a stream on their way into Parquet: whatever kind their values are of, and whatever breaks on the way."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from orchestration.contract import INPUT_TABLES
from orchestration.sources import Bench, SourceError
from orchestration.sources.reading import records
from orchestration.sources.reading.newest import Newest, milliseconds
from orchestration.sources.reading.records import Written, as_batches, text_array, write_batches
from orchestration.sources.reading.values import from_seconds, in_major

TICKETS = INPUT_TABLES["crm_tickets"]
MANY = 45_000  # more than two batches


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'Europe/Berlin'")
    return Bench(connection, tmp_path)


def _rows(count: int = MANY) -> Iterator[dict[str, Any]]:
    return ({"ticket_id": str(number), "customer_id": 7, "opened_at": "2026-01-01T12:00:00"} for number in range(count))


def _written(rows: Iterator[dict[str, Any]], bench: Bench, target: Path, gone: Any = ("", ())) -> Written:
    return write_batches(TICKETS, "tickets", as_batches(rows, TICKETS.column_names), (), target, bench, 11, gone)


def test_a_row_is_the_same_row_in_few_rows_as_in_many(bench: Bench, tmp_path: Path) -> None:
    """Of few rows the columns in which nothing is told are not typed."""
    rows = [{"ticket_id": str(number), "opened_at": "soon", "tier": None} for number in range(3)]
    both = []
    for name, size in (("few", 3), ("many", 1)):
        batches = (batch.slice(start, size) for batch in as_batches(rows, (*TICKETS.column_names, "tier")) for start in range(0, 3, size))
        write_batches(TICKETS, "tickets", batches, ("tier",), tmp_path / name, bench, 1)
        both.append(bench.connection.sql(f"FROM read_parquet('{tmp_path / name}')").to_arrow_table())
    assert both[0].equals(both[1])
    assert both[0].column("_bad_values").to_pylist() == ['{"opened_at":"soon"}'] * 3


def test_rows_keep_their_order_from_batch_to_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "_CHUNK", 2)
    monkeypatch.setattr(records, "_JOINED", 2)
    batches = list(as_batches(({"ticket_id": number, "topic": None} for number in range(11)), ("ticket_id", "topic")))
    assert [batch.num_rows for batch in batches] == [4, 4, 3]
    assert [value for batch in batches for value in batch.column("ticket_id").to_pylist()] == [str(number) for number in range(11)]
    assert list(as_batches([], ("ticket_id",))) == []


def test_rows_are_numbered_as_they_come_and_times_without_a_zone_are_the_configured_ones(bench: Bench, tmp_path: Path) -> None:
    target = tmp_path / "rows.parquet"
    assert _written(_rows(), bench, target) == Written(target, MANY, MANY)
    query = f"SELECT min(opened_at)::VARCHAR, max(opened_at)::VARCHAR, bool_and(_row_number = ticket_id::INT + 11) FROM '{target}'"
    assert duckdb.execute(query).fetchone() == ("2026-01-01 11:00:00", "2026-01-01 11:00:00", True)


def test_what_was_said_to_be_gone_is_left_out_and_what_came_twice_is_there_once(bench: Bench, tmp_path: Path) -> None:
    rows = iter([*_rows(3), {"ticket_id": "1", "customer_id": "8"}, {"customer_id": "9"}])
    written = _written(rows, bench, tmp_path / "rows.parquet", ("ticket_id", {"2": True}))
    assert (written.rows, written.read) == (3, 5)
    found = duckdb.execute(f"SELECT ticket_id, customer_id FROM '{written.data}' ORDER BY ALL").fetchall()
    assert found == [("0", "7"), ("1", "8"), (None, "9")]


def test_what_breaks_while_rows_come_is_raised_as_it_is(bench: Bench, tmp_path: Path) -> None:
    def broken() -> Iterator[dict[str, Any]]:
        yield from _rows()
        raise SourceError("GET /list gets no answer")

    with pytest.raises(SourceError, match="GET /list gets no answer"):
        _written(broken(), bench, tmp_path / "rows.parquet")
    assert bench.connection.execute("SELECT 1").fetchone() == (1,)


def test_a_disk_that_cannot_be_written_stops_the_reading(bench: Bench, tmp_path: Path) -> None:
    with pytest.raises(duckdb.IOException):
        _written(_rows(10_000_000), bench, tmp_path / "nowhere" / "rows.parquet")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["a", None, ""], ["a", None, ""]),
        ([1, None, -3], ["1", None, "-3"]),
        ([1, 2.5, True], ["1", "2.5", "true"]),
        ([2.0, 1], ["2.0", "1"]),
        ([2**70, 1], [str(2**70), "1"]),
        ([{"a": "é"}, b"\xff", "\ud800"], ['{"a": "é"}', "ff", "?"]),
        ([], []),
        (["é", "é", "é"], ["é", "é", "é"]),
        ([None, None], [None, None]),
        ([7, 7, 7], ["7", "7", "7"]),
        ([1, True, 1], ["1", "true", "1"]),
        ([0.0, -0.0, 0.0], ["0.0", "-0.0", "0.0"]),
        ([2**70, 2**70], [str(2**70), str(2**70)]),
        (["\ud800", "\ud800"], ["?", "?"]),
    ],
)
def test_values_of_any_kind_become_text(values: list[Any], expected: list[Any]) -> None:
    assert text_array(values).to_pylist() == expected


@pytest.mark.parametrize(("amount", "exponent"), [(0, 2), (-5, 2), (123456, 2), (12, 0), (12, 3), ("10.5", 2), (None, 2), (True, 2)])
def test_amounts_are_exact(amount: Any, exponent: int) -> None:
    expected = {"10.5": "0.105", None: None, True: True}.get(amount) if type(amount) is not int else f"{amount / 10**exponent:.{exponent}f}"
    assert in_major(amount, exponent) == expected


@pytest.mark.parametrize("seconds", [0, 86_399, 951_782_400, 1_700_000_000, 253_402_300_799, 1.5])
def test_seconds_are_what_the_calendar_says(seconds: float) -> None:
    assert from_seconds(seconds) == datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


@pytest.mark.parametrize("value", [True, None, -1, 253_402_300_800, "yesterday"])
def test_what_is_no_time_stays_as_it_is(value: Any) -> None:
    assert from_seconds(value) == value


def test_the_next_night_goes_back_to_the_newest_change_or_to_when_reading_began() -> None:
    stamps = [
        "2026-01-02T10:00:00Z",
        "2026-01-01T10:00:00Z",
        "nonsense, nonsense Z",
        "2026-01-02T10:30:00+00:00",
        None,
        "2026-01-02T10:00:01Z",
    ]
    newest, of_lists, of_column = Newest(None), Newest(None), Newest(None)
    assert list(newest.watched(stamps, lambda one: one)) == stamps
    assert list(of_lists.all_watched([stamps, []], list)) == [stamps, []]
    of_column.see(pa.array(stamps))
    assert of_lists.before(timedelta()) == of_column.before(timedelta()) == newest.before(timedelta())
    assert newest.until(datetime(2026, 1, 3, tzinfo=UTC)) == milliseconds("2026-01-02T10:30:00Z")
    began = datetime(2026, 1, 2, 9, tzinfo=UTC)
    assert newest.until(began) == int(began.timestamp() * 1000)
    assert newest.before(timedelta(hours=1)) == milliseconds("2026-01-02T09:30:00Z")
