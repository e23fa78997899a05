"""Windows over time: half-open, settled, without gap or overlap."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from orchestration.sources.base import Window, next_window

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
SINCE = datetime(2026, 1, 1, tzinfo=UTC)
SETTLE = timedelta(minutes=5)


def test_the_first_window_starts_where_the_history_is_wanted_from() -> None:
    assert next_window(None, since=SINCE, now=NOW, settle=SETTLE) == Window(SINCE, NOW - SETTLE)


def test_the_next_window_starts_exactly_where_the_last_one_ended() -> None:
    first = next_window(None, since=SINCE, now=NOW, settle=SETTLE)
    assert first is not None
    following = next_window(first.end, since=SINCE, now=NOW + timedelta(hours=1), settle=SETTLE)
    assert following is not None
    assert following.start == first.end


def test_nothing_is_read_before_it_has_settled() -> None:
    assert next_window(NOW - timedelta(minutes=4), since=SINCE, now=NOW, settle=SETTLE) is None
    assert next_window(NOW - SETTLE, since=SINCE, now=NOW, settle=SETTLE) is None


@given(st.integers(1, 10_000), st.integers(1, 500))
def test_split_windows_touch_and_cover_the_whole(minutes: int, span: int) -> None:
    whole = Window(SINCE, SINCE + timedelta(minutes=minutes))
    parts = list(whole.split(timedelta(minutes=span)))
    assert (parts[0].start, parts[-1].end) == (whole.start, whole.end)
    assert all(left.end == right.start for left, right in pairwise(parts))
    assert all(part.end - part.start <= timedelta(minutes=span) for part in parts)
