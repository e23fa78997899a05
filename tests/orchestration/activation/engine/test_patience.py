"""Who was not there, and what was not cleared, is asked for again in ever longer steps, and never given up."""

from datetime import datetime, timedelta

import pytest

from orchestration.activation import forget, state
from orchestration.destinations.base import Answer, Result, not_there
from tests.orchestration.activation.engine.scored import customer
from tests.orchestration.activation.memory import Fake

pytestmark = pytest.mark.thorough


@pytest.fixture
def calendar(monkeypatch):
    """Goes on by days, a few minutes more or less."""
    now = datetime(2026, 3, 1, 4, 0)
    monkeypatch.setattr(state, "now", lambda: now)

    def passed(days, minutes=0):
        nonlocal now
        now += timedelta(days=days, minutes=minutes)

    return passed


@pytest.fixture
def list_of(fake):
    """A destination with update_only that has nobody but those in the set."""
    there = set()
    usual = fake.answer
    taken = lambda batch: {one.external_id: one for one in usual(batch).outcomes}  # noqa: E731
    fake.answer = lambda batch: Answer(
        [taken(batch)[one.external_id] if one.external_id in there else not_there(one) for one in batch.records]
    )
    return there


def asked_on(due, fake, calendar, run, until):
    """The days, of those that are due and the ones before them, on which anybody was sent; then it is the day `until`.

    A night that asks for nobody leaves the state as it was, so that those between tell nothing.
    """
    days, today = [], 0
    for number, day in enumerate(sorted({near for one in due for near in (one - 1, one) if near >= 0})):
        calendar(day - today, minutes=(-7, 5)[number % 2])
        run()
        days += [day] if fake.sent else []
        today = day
    calendar(until - today)
    return days


def test_who_is_not_on_a_list_is_asked_for_after_one_two_four_and_then_every_seven_days(night, fake, list_of, calendar):
    rows = [customer(1), customer(2)]
    list_of |= {"x1"}
    assert night(rows, mode="update_only").decisions == {"upsert": 2}
    calendar(1)
    due = [0, 2, 6, 13, 20, 27]
    assert asked_on(due, fake, calendar, lambda: night(rows, mode="update_only"), until=30) == due
    list_of |= {"x2"}
    assert asked_on([4], fake, calendar, lambda: night(rows, mode="update_only"), until=8) == [4]
    assert fake.has["x2"]["churn_probability"] == 0.5
    assert night(rows, mode="update_only").decisions == {"unchanged": 2}


def test_a_changed_field_is_no_reason_to_ask_and_a_person_or_a_mode_that_makes_records_is(night, fake, list_of, calendar):
    night([customer(1)], mode="update_only")
    report = night([customer(1, score=0.9)], mode="update_only")
    assert (report.decisions, report.calls, report.ok) == ({"absent": 1}, 0, True)
    night([customer(1)], mode="update_only", only="k1")
    assert fake.sent == ["x1"]
    night([customer(1)], mode="update_only", retry_dead=True)
    assert fake.sent == ["x1"]
    assert night([customer(1)], mode="update_only", live=False).decisions == {"absent": 1}
    list_of |= {"x1"}
    assert night([customer(1)], mode="upsert").decisions == {"upsert": 1}
    assert night([customer(1, score=0.9)], mode="update_only").decisions == {"upsert": 1}, "it was there last"


def test_another_address_is_looked_for_at_once(night, calendar):
    fake = Fake(needs_email=True)
    fake.answer = lambda batch: Answer([not_there(one) for one in batch.records])
    night([customer(1)], mode="update_only", destination=fake)
    assert night([customer(1)], mode="update_only", destination=fake).decisions == {"absent": 1}
    moved = customer(1)
    moved[2] = "elsewhere@example.com"
    assert night([moved], mode="update_only", destination=fake).decisions == {"upsert": 1}
    calendar(1)
    assert night([moved], mode="update_only", destination=fake).decisions == {"upsert": 1}, "and from the beginning"


def test_of_who_was_not_there_an_erasure_leaves_nothing(tmp_path, night, list_of, calendar):
    night([customer(1)], mode="update_only")
    forget(tmp_path / "state", ["k1"], ["x1"], lambda *_: None)
    assert b"x1" not in (tmp_path / "state" / "activation" / "fake.duckdb").read_bytes()


@pytest.mark.parametrize("is_erased", [True, False])
def test_a_clearing_that_is_refused_is_tried_again_until_it_is_taken(tmp_path, night, fake, calendar, is_erased):
    night([customer(1), customer(2)])
    rows = [customer(1)]
    if is_erased:
        forget(tmp_path / "state", ["k2"], ["x2"], lambda *_: None)
    usual, fake.answer = fake.answer, lambda batch: Answer(batch.outcomes(Result.REJECTED, "invalid_resource"))
    assert night(rows).outcomes["rejected"] == 1
    assert night(rows).decisions == {"dead": 1, "unchanged": 1}, "the same day once"
    calendar(1)
    due = [0, 2, 6, 14, 30, 60, 90]
    assert asked_on(due, fake, calendar, lambda: night(rows), until=92) == due
    fake.answer = usual
    calendar(30)
    assert night(rows).forgotten == int(is_erased)
    assert fake.has["x2"]["churn_probability"] is None
    assert "dead" not in night(rows).decisions
