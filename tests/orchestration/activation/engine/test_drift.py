"""What somebody changed or deleted at a destination: found every few days, counted, and sent again."""

from dataclasses import replace
from datetime import timedelta

import duckdb
import pytest

from orchestration.activation import BREAKERS, history, judged, state
from orchestration.destinations.base import Answer, Holdings, Outcome, Result, not_there
from orchestration.destinations.holdings import alike
from orchestration.destinations.limits import Limits
from tests.orchestration.activation.engine.scored import customer
from tests.orchestration.activation.memory import Fake

ROWS = [customer(number, score=number / 10) for number in range(6)]


class Told(Fake):
    """Can be asked what it holds."""

    reading = Limits(max_records=2, max_bytes=1, max_record_bytes=1, windows=((1, 10),))
    lacks, refused = "", False

    def __init__(self, **options):
        super().__init__(**options)
        self.questions = []

    def held(self, audience, records):
        self.questions.append([record.external_id for record in records])
        by_id = {(record.remote_id or f"remote-{record.external_id}").removeprefix("remote-"): record.external_id for record in records}
        told = {key: self.named(self.has[one]) if one in self.has else None for one, key in by_id.items()}
        return Holdings({} if self.lacks else told, 3, self.lacks, self.refused)


@pytest.fixture
def fake():
    return Told()


@pytest.fixture
def weeks(monkeypatch):
    """How many days from today a night is."""
    today, moved = state.now, timedelta()

    def go(days):
        nonlocal moved
        moved += timedelta(days=days)
        monkeypatch.setattr(state, "now", lambda: today() + moved)

    return go


def log(tmp_path):
    query = f"SELECT external_id, outcome, code FROM '{tmp_path}/state/sync_log/*.parquet' WHERE code LIKE '%_there' ORDER BY ALL"
    return duckdb.execute(query).fetchall()


def test_what_was_changed_or_deleted_there_is_sent_again_after_a_week_and_not_before(tmp_path, night, fake, weeks):
    night(ROWS, compare_days=7)
    fake.has["x1"] = {**fake.has["x1"], "plan": "changed by somebody"}
    del fake.has["x2"]
    weeks(6)
    assert night(ROWS, compare_days=7).comparison is None
    weeks(1)
    report = night(ROWS, compare_days=7)
    assert (report.decisions, sorted(fake.sent), report.ok) == ({"unchanged": 4, "upsert": 2}, ["x1", "x2"], True)
    assert fake.has["x1"]["plan"] == fake.has["x2"]["plan"] == "pro"
    assert [one.remote_id for one in fake.batches[0].records] == ["remote-x1", ""], "whose record is gone has no id any more"
    assert log(tmp_path) == [("x1", "retryable", "changed_there"), ("x2", "retryable", "missing_there")]
    told = history(report, state.now())
    assert {name: told[name] for name in ("compared", "changed_there", "missing_there", "reading_calls")} == {
        "compared": 6, "changed_there": 1, "missing_there": 1, "reading_calls": 3,
    }  # fmt: skip
    fake.has["x1"] = {**fake.has["x1"], "plan": "once more"}
    weeks(6)
    assert night(ROWS, compare_days=7).comparison is None, "a week after the last comparison"
    weeks(1)
    assert night(ROWS, compare_days=7).comparison.changed == 1


def test_what_was_deleted_there_stays_so_where_the_configuration_says_so(tmp_path, night, fake, weeks):
    night(ROWS, recreate=False)
    assert {record.stays_gone for batch in fake.batches for record in batch.records} == {False}, "who is new is made"
    fake.has["x1"] = {**fake.has["x1"], "plan": "changed by somebody"}
    del fake.has["x2"]
    usual = fake.answer
    absent = {"x2": Outcome("x2", Result.SUPPRESSED, "not_there")}
    fake.answer = lambda batch: Answer([absent.get(one.external_id, one) for one in usual(batch).outcomes])
    weeks(7)
    report = night(ROWS, compare_days=7, recreate=False)
    assert (report.comparison.changed, report.comparison.missing, report.ok) == (1, 1, True)
    assert {(r.external_id, r.stays_gone, r.remote_id) for batch in fake.batches for r in batch.records} == {
        ("x1", True, "remote-x1"), ("x2", True, "remote-x2"),
    }  # fmt: skip
    assert log(tmp_path) == [("x1", "retryable", "changed_there"), ("x2", "retryable", "missing_there"), ("x2", "suppressed", "not_there")]
    weeks(7)
    assert night(ROWS, compare_days=7, recreate=False).comparison.missing == 0, "told once"
    night([ROWS[0], customer(1, score=0.9), *ROWS[2:]], recreate=False)
    assert {(r.external_id, r.stays_gone) for batch in fake.batches for r in batch.records} == {("x1", True), ("x2", True)}


def test_whoever_is_sent_anyway_and_what_moves_every_night_is_not_compared(night, fake, weeks):
    night(ROWS)
    fake.has["x1"] = {**fake.has["x1"], "as_of_date": "2020-01-01"}
    weeks(7)
    report = night([customer(0, score=0.9), *ROWS[1:]], compare_days=7)
    assert fake.questions == [["x1", "x2", "x3", "x4", "x5"]]
    assert (report.decisions, report.comparison.changed) == ({"unchanged": 5, "upsert": 1}, 0)


def test_what_could_not_be_sent_again_stays_to_be_sent(night, fake, weeks):
    night(ROWS)
    fake.has["x1"] = {}
    weeks(7)
    usual, fake.answer = fake.answer, lambda batch: Answer(batch.outcomes(Result.RETRYABLE, "busy"))
    night(ROWS, compare_days=7)
    fake.answer = usual
    assert night(ROWS, compare_days=7).decisions == {"unchanged": 5, "upsert": 1}
    assert len(fake.questions) == 1


def test_more_drift_than_a_night_may_change_is_refused_until_somebody_means_it(tmp_path, night, fake, weeks):
    many = [customer(number) for number in range(40)]
    fake.limits = replace(fake.limits, max_records=100)
    night(many)
    before, fake.has = fake.has, {key: fields for key, fields in fake.has.items() if int(key[1:]) >= 20}
    weeks(7)
    for _ in range(2):
        report = night(many, compare_days=7, max_change_share=0.49)
        assert report.refused.startswith("0 of 40 records compared hold something else there and 20 are not there any more")
        assert report.refused.endswith("[drift]")
        assert (fake.sent, log(tmp_path)) == ([], [])
    assert night(many, compare_days=7, max_change_share=0.49, overrides=("drift",)).ok
    assert fake.has == before
    fake.has = {key: fields for key, fields in fake.has.items() if int(key[1:]) >= 19}
    weeks(7)
    assert night(many[:21], compare_days=7, max_change_share=0.49, overrides=("audience_shrank", "change_share")).ok, "so few, by hand"


def test_a_destination_that_does_not_tell_is_asked_again_and_the_sync_goes_on(night, fake, weeks):
    night(ROWS)
    weeks(7)
    fake.lacks = "its token needs one more scope"
    report = night([*ROWS, customer(9)], compare_days=7)
    verdict = judged(report, state.now())
    assert (fake.sent, report.ok, verdict.passed, verdict.blocks) == (["x9"], True, False, False)
    assert verdict.reason == "what it holds was not compared: its token needs one more scope"
    fake.lacks, fake.refused = "the same", True
    assert night(ROWS, compare_days=7, allowed=["k9"]).comparison.lacks, "asked again at once"
    fake.lacks, fake.refused = "", False
    assert night(ROWS, compare_days=7, allowed=["k9"]).comparison is None, "a right that we lack is asked about every week"
    weeks(7)
    assert night(ROWS, compare_days=7, allowed=["k9"]).comparison.records == 6


def test_a_dry_run_tells_what_it_takes_and_who_is_asked_for_by_a_person_or_of_an_old_audience_is_not_compared(night, fake, weeks):
    night(ROWS)
    weeks(7)
    report = night(ROWS, compare_days=7, live=False)
    assert (report.comparison.records, report.comparison.calls, report.comparison.seconds) == (6, 3, 37.5)
    for options in ({"limit": 1}, {"only": "x1"}, {"retired": True}):
        assert night(ROWS, compare_days=7, live=False, **options).comparison is None
    assert fake.questions == []


def test_who_was_deleted_there_goes_by_their_address_again(night, weeks):
    fake = Told(needs_email=True)
    night(ROWS, destination=fake)
    del fake.has["x1"]
    moved = customer(1, score=0.1)
    moved[2] = "new@example.com"
    night([ROWS[0], moved, *ROWS[2:]], destination=fake)
    assert fake.batches[0].records[0].by_remote_id, "the address is a new one: the record they have there is meant"
    del fake.has["x1"]
    weeks(7)
    night([ROWS[0], moved, *ROWS[2:]], destination=fake, compare_days=7)
    assert [(one.email, one.by_remote_id) for one in fake.batches[0].records] == [("new@example.com", False)]


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        (0.25, "0.25"), (0.25, "0.2500"), (1250000.5, 1250000.5), (9, "9.0"), (9, 9.00001), (None, ""), (None, None), (True, "true"),
        (True, 1), (False, 0), (False, "False"), ("pro", "pro "), ("a\nb", "a\r\nb"), ("2026-01-31", "1769817600000"),
        ("2026-01-31T04:10:00Z", "2026-01-31T04:10:00.000+0000"), ("2026-01-31T04:10:00Z", "2026-01-31 04:10:00"),
    ],
)  # fmt: skip
def test_one_value_is_written_in_many_ways(sent, told):
    assert alike(sent, told)


@pytest.mark.parametrize(
    ("sent", "told"),
    [(0.25, "0.2502"), (0, None), (9, "nine"), (None, 0), (True, "false"), (False, None), ("pro", "Pro"), ("2026-01-31", "2026-02-01"),
     ("pro", None), ("2026-01-31T04:10:00Z", "2026-01-31T05:10:00Z"), ("12", "12.0")],
)  # fmt: skip
def test_another_value_is_another_value(sent, told):
    assert not alike(sent, told)


def staying_gone(fake):
    return {record.external_id: record.stays_gone for batch in fake.batches for record in batch.records if record.operation == "upsert"}


@pytest.mark.parametrize("elsewhere", [False, True])
def test_who_comes_back_or_joins_another_audience_was_there_already(tmp_path, night, fake, elsewhere):
    night(ROWS[:5], recreate=False)
    if elsewhere:
        with duckdb.connect(str(tmp_path / "state" / "activation" / "fake.duckdb")) as connection:
            connection.execute("UPDATE acknowledged SET audience = 'another one'")
    else:
        assert night(ROWS[1:5], recreate=False).decisions == {"clear": 1, "unchanged": 4}
    night(ROWS, recreate=False)
    assert {one: gone for one, gone in staying_gone(fake).items() if one in ("x0", "x5")} == {"x0": True, "x5": False}
    night([customer(0, score=0.7), *ROWS[1:]], recreate=True)
    assert staying_gone(fake) == {"x0": False}, "made again unless told otherwise"


def test_who_never_was_there_is_made_although_they_were_cleared_once(night, fake):
    usual = fake.answer
    fake.answer = lambda batch: Answer(batch.outcomes(Result.UNKNOWN, "no_answer"))
    night(ROWS[:1], recreate=False)
    fake.answer = lambda batch: Answer([not_there(one) for one in batch.records])
    assert night(ROWS[5:], recreate=False, overrides=BREAKERS).outcomes["acknowledged"] == 1
    fake.answer = usual
    night(ROWS[:1], recreate=False)
    assert staying_gone(fake) == {"x0": False}
