"""The engine around a destination: modes, jobs, breakers, what a person may ask for, and crashes anywhere."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from unittest.mock import patch

import duckdb
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestration.activation import ActivationError, book, forget, synchronise
from orchestration.activation.breakers import stability
from orchestration.activation.recording import record
from orchestration.destinations.base import Answer, Destination, DestinationError, Outcome, Result
from orchestration.destinations.limits import Limits

COLUMNS = """customer_key VARCHAR, external_id VARCHAR, email VARCHAR, churn_probability DOUBLE, plan VARCHAR, is_erased BOOLEAN,
    can_profile BOOLEAN"""


class Release:
    """One audience, and who may be profiled: keys of `allowed`."""

    def __init__(self, folder, rows, night, allowed=()):
        self.id, self.created_at = f"r{night}", datetime(2026, 2, 1, night % 24, night // 24, tzinfo=UTC)
        self.folder = folder
        self.tables = ("sync_fake__scores", "dim_customers", "customer_360") if allowed else ("sync_fake__scores",)
        keys = sorted(set(allowed))
        with duckdb.connect() as connection:
            connection.execute(f"CREATE TABLE sync_fake__scores ({COLUMNS})")
            if rows:  # as one table: a row at a time takes a second for a thousand
                connection.register("listed", pa.table({f"c{at}": list(column) for at, column in enumerate(zip(*rows, strict=True))}))
                connection.execute("INSERT INTO sync_fake__scores FROM listed")
            connection.execute(
                "CREATE TABLE dim_customers AS SELECT unnest($keys::VARCHAR[]) AS customer_key, false AS is_erased", {"keys": keys}
            )
            connection.execute(
                "CREATE TABLE customer_360 AS SELECT unnest($keys::VARCHAR[]) AS customer_key, true AS can_profile", {"keys": keys}
            )
            for table in self.tables:
                connection.execute(f"COPY {table} TO '{self.table_file(table)}' (FORMAT parquet)")

    def table_file(self, name):
        return self.folder / f"{self.id}_{name}.parquet"


class Fake(Destination):
    """Remembers what it was sent; tells ids of its own."""

    type, channels, name, address = "fake", (), "fake", "memory"
    limits = Limits(max_records=2, max_bytes=100_000, max_record_bytes=1_000)

    def __init__(self, needs_email=False):
        self.batches, self.has, self.asked, self.needs_email = [], {}, [], needs_email
        self.answer = lambda batch: Answer(
            [Outcome(one.external_id, Result.ACKNOWLEDGED, "", f"remote-{one.external_id}") for one in batch.records]
        )

    def prepare(self, kinds):
        self.asked.append(dict(kinds))

    def send(self, batch):
        self.batches.append(batch)
        self.has |= {record.external_id: record.fields for record in batch.records}
        return self.answer(batch)

    @property
    def sent(self):
        return [record.external_id for batch in self.batches for record in batch.records]


def customer(number, score=0.5, email=True):
    return [f"k{number}", f"x{number}", f" X{number}@Example.com" if email else None, score, "pro", False, True]


@pytest.fixture
def fake():
    return Fake()


@pytest.fixture
def night(tmp_path, fake):
    counter = iter(range(1, 1_000))

    def run(rows, allowed=(), destination=fake, **options):
        destination.batches.clear()
        usual = {"state_folder": tmp_path / "state", "max_change_share": 1.0, "live": True}
        release = Release(tmp_path, rows, next(counter), [*allowed, *(row[0] for row in rows)])
        return synchronise(release, destination, "scores", **{**usual, **options})

    return run


def everything_under(folder):
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def test_mirror_clears_who_leaves_and_the_other_modes_keep_them(night, fake):
    night([customer(1), customer(2)])
    assert night([customer(1)], allowed=["k2"], mode="upsert").decisions == {"kept": 1, "unchanged": 1}
    assert night([customer(1)], allowed=["k2"], mode="update_only").decisions == {"kept": 1, "unchanged": 1}
    assert night([customer(1)], allowed=[], mode="upsert").decisions == {"clear": 1, "unchanged": 1}, (
        "who may not be sent any more is cleared"
    )
    night([customer(1), customer(2)])
    assert night([customer(1)], allowed=["k2"], mode="mirror").decisions == {"clear": 1, "unchanged": 1}


@pytest.mark.parametrize("mode", ["mirror", "upsert", "update_only"])
def test_whom_the_outside_knows_by_another_id_leaves_nothing_under_the_old_one(night, fake, mode):
    night([customer(1), customer(2)], mode=mode)
    merged = customer(1)
    merged[1] = "x2"  # the systems say that both are one: by the second one's id
    assert night([merged], mode=mode).decisions == {"clear": 1, "upsert": 1}
    assert {key for key, fields in fake.has.items() if fields["churn_probability"] is not None} == {"x2"}
    night([customer(1), customer(2)], mode=mode)
    assert {key: fields["customer_key"] for key, fields in fake.has.items()} == {"x1": "k1", "x2": "k2"}, "and apart again"


def test_fields_are_made_ready_before_the_first_record_and_only_then(night, fake):
    night([customer(1)], live=False)
    assert fake.asked == []
    night([customer(1)])
    assert fake.asked == [{"customer_key": "text", "churn_probability": "number", "plan": "text"}]
    night([customer(1)])
    assert len(fake.asked) == 1


def test_an_address_identifies_and_is_neither_field_nor_remembered(tmp_path, night):
    fake = Fake(needs_email=True)
    report = night([customer(1), customer(2, email=False)], destination=fake)
    assert [(one.external_id, one.email, "email" in one.fields) for one in fake.batches[0].records] == [("x1", "x1@example.com", False)]
    assert report.suppressed == {"no_email": 1}
    assert "example.com" not in str(night([customer(3)], live=False, destination=fake).sample)
    assert b"xample.com" not in everything_under(tmp_path / "state")


def test_a_release_without_addresses_says_when_there_will_be_some(night):
    with pytest.raises(ActivationError, match="before a destination of type fake was configured, and the next night's will"):
        night([customer(1, email=False)], destination=Fake(needs_email=True))


def test_who_is_cleared_is_named_by_the_destinations_own_id_also_after_an_erasure(tmp_path, night, fake):
    night([customer(1), customer(2)])
    forget(tmp_path / "state", ["k2"], ["x2"], lambda *_: None)
    assert night([customer(1)]).decisions == {"clear": 1, "unchanged": 1}
    assert [(one.external_id, one.operation, one.remote_id) for one in fake.batches[0].records] == [("x2", "clear", "remote-x2")]
    assert fake.has["x2"] == {"customer_key": None, "churn_probability": None, "plan": None}
    assert b"remote-x2" not in everything_under(tmp_path / "state"), "and then nothing is left of them"


def test_who_was_erased_is_cleared_also_on_a_night_that_is_refused(tmp_path, night, fake):
    night([customer(number) for number in range(10)])
    forget(tmp_path / "state", ["k9"], ["x9"], lambda *_: None)
    report = night([customer(number, score=0.9) for number in range(9)], max_change_share=0.2)
    assert "[change_share]" in report.refused
    assert (fake.sent, report.forgotten) == (["x9"], 1)


def test_limit_and_only_leave_out_the_others(night, fake):
    rows = [customer(number) for number in range(5)]
    assert night(rows, limit=2).decisions == {"left_out": 3, "upsert": 2}
    assert fake.sent == ["x0", "x1"]
    night(rows, only="k3")
    assert fake.sent == ["x3"]
    night(rows, only="x4")
    assert fake.sent == ["x4"]
    assert night(rows).decisions == {"unchanged": 4, "upsert": 1}


def test_a_job_is_written_down_before_it_is_asked_about_and_resumed(tmp_path, night, fake):
    fake.limits = Limits(max_records=10, max_bytes=100_000, max_record_bytes=1_000)
    fake.answer = lambda batch: Answer([], job="j1")

    def crash(job):
        raise KeyboardInterrupt

    fake.finish = crash
    rows = [customer(number) for number in range(3)]
    with pytest.raises(KeyboardInterrupt):
        night(rows)
    seen = []

    def done(job):
        seen.append((job.id, [record.external_id for record in job.records]))
        return Answer([Outcome("x0", Result.ACKNOWLEDGED), Outcome("x1", Result.REJECTED, "bad"), Outcome("x2", Result.ACKNOWLEDGED)])

    fake.finish = lambda job: None
    report = night(rows)
    assert (report.ok, fake.sent) == (False, [])
    assert "still works on what it was sent" in report.refused
    fake.finish = done
    report = night(rows)
    assert seen == [("j1", ["x0", "x1", "x2"])]
    assert (fake.sent, report.decisions) == ([], {"dead": 1, "unchanged": 2})
    log = duckdb.execute(f"SELECT external_id, outcome FROM '{tmp_path}/state/sync_log/*.parquet' ORDER BY ALL").fetchall()
    assert log == [("x0", "acknowledged"), ("x1", "rejected"), ("x2", "acknowledged")]


def test_of_several_jobs_each_is_settled_by_its_own_answer(night, fake):
    fake.answer = lambda batch: Answer([], job=f"job of {batch.records[0].external_id}")
    fake.finish = lambda job: None if job.id == "job of x2" else Answer(job.outcomes(Result.ACKNOWLEDGED))
    rows = [customer(number) for number in range(6)]
    assert night(rows).outcomes == {"suppressed": 0, "acknowledged": 4}
    asked = []
    fake.finish = lambda job: asked.append(job.id) or Answer(job.outcomes(Result.ACKNOWLEDGED))
    assert night(rows).decisions == {"unchanged": 6}
    assert asked == ["job of x2"]


def test_a_job_that_cannot_be_asked_about_keeps_no_other_one_waiting(night, fake):
    fake.answer = lambda batch: Answer([], job=f"job of {batch.records[0].external_id}")

    def finish(job):
        if job.id == "job of x0":
            raise DestinationError("no answers")
        return Answer(job.outcomes(Result.ACKNOWLEDGED))

    fake.finish = finish
    rows = [customer(number) for number in range(6)]
    report = night(rows)
    assert (report.refused, report.outcomes["acknowledged"], report.ok) == ("no answers", 4, False)
    assert night(rows).refused == "no answers", "and nothing is sent over it"
    assert fake.sent == []
    fake.finish = lambda job: Answer(job.outcomes(Result.ACKNOWLEDGED))
    assert night(rows).decisions == {"unchanged": 6}


def test_who_was_erased_is_cleared_where_the_fields_cannot_be_made_ready(tmp_path, night, fake):
    night([customer(1), customer(2)])
    forget(tmp_path / "state", ["k2"], ["x2"], lambda *_: None)

    def refuse(kinds):
        raise DestinationError("fields of another type are there")

    fake.prepare = refuse
    report = night([customer(1, score=0.9)])
    assert (report.refused, report.forgotten, fake.sent) == ("fields of another type are there", 1, ["x2"])


def test_who_was_forgotten_there_is_not_sent_again_because_a_field_has_changed(night):
    fake = Fake(needs_email=True)
    usual, fake.answer = fake.answer, lambda batch: Answer(batch.outcomes(Result.REJECTED, "forgotten_email"))
    night([customer(1)], destination=fake)
    assert night([customer(1, score=0.9)], destination=fake).decisions == {"dead": 1}
    fake.answer = usual
    elsewhere = customer(1)
    elsewhere[2] = "another@example.com"
    assert night([elsewhere], destination=fake).decisions == {"upsert": 1}, "another address is another matter"


def test_whom_a_person_asks_for_and_nobody_knows_is_told(night, fake):
    with pytest.raises(ActivationError, match="nobody in it, and nobody who was sent before, has this external id"):
        night([customer(1)], only="ann@example.com")
    night([customer(1), customer(2)])
    assert night([customer(1)], only="x2").decisions == {"clear": 1, "unchanged": 1}


def test_what_a_job_did_is_newer_than_what_was_acknowledged_before_it(night, fake):
    usual, rows, others = fake.answer, [customer(1, 0.2), customer(2, 0.7)], [customer(1, 0.7), customer(2, 0.2)]
    night(rows)
    fake.answer, fake.finish = lambda batch: Answer([], job="j1"), lambda job: None
    night(others)
    fake.answer, fake.finish = usual, lambda job: Answer(job.outcomes(Result.ACKNOWLEDGED))
    assert night(rows).decisions == {"upsert": 2}, "the job has made them the others"


def test_an_erasure_while_a_job_runs_leaves_the_others_in_their_places(tmp_path, night, fake):
    fake.limits = Limits(max_records=10, max_bytes=100_000, max_record_bytes=1_000)
    fake.answer, fake.finish = lambda batch: Answer([], job="j1"), lambda job: None
    night([customer(number) for number in range(3)])
    forget(tmp_path / "state", ["k1"], ["x1"], lambda *_: None)
    fake.finish = lambda job: Answer(
        [Outcome(one.external_id, Result.ACKNOWLEDGED if at != 2 else Result.REJECTED) for at, one in enumerate(job.records)]
    )
    fake.answer = lambda batch: Answer(batch.outcomes(Result.ACKNOWLEDGED))
    report = night([customer(0), customer(2)])
    assert report.decisions == {"clear": 1, "dead": 1, "unchanged": 1}
    assert [(one.external_id, one.operation) for one in fake.batches[0].records] == [("x1", "clear")], "who was sent by the job is cleared"


def test_three_batches_without_an_answer_end_the_sync(night, fake):
    fake.answer = lambda batch: Answer(batch.outcomes(Result.UNKNOWN, "no_answer"))
    report = night([customer(number) for number in range(20)])
    assert (len(fake.batches), report.refused) == (3, "3 batches in a row were not answered")


def test_an_empty_audience_clears_nobody_unless_it_is_meant(night, fake):
    night([customer(1)])
    report = night([])
    assert "[empty_audience]" in report.refused
    assert fake.batches == []
    assert night([], overrides=("empty_audience",)).decisions == {"clear": 1}


def test_of_an_audience_that_is_configured_no_more_only_who_may_not_be_told_of_is_cleared(tmp_path, night, fake):
    rows = [customer(number) for number in range(6)]
    night(rows)
    forget(tmp_path / "state", ["k5"], ["x5"], lambda *_: None)
    rows = [customer(number, score=0.9) for number in range(1, 7) if number != 5]
    rows[0][-1] = False  # k1 has withdrawn from profiling, k0 is no customer any more, k6 is new
    report = night(rows, retired=True, max_change_share=0.1, mode="mirror")
    assert (report.ok, report.forgotten, report.decisions) == (True, 1, {"clear": 3, "kept": 3})
    assert sorted(fake.sent) == ["x0", "x1", "x5"]
    assert fake.has["x2"]["churn_probability"] == 0.5
    assert night(rows, retired=True).decisions == {"gone": 1, "kept": 3, "suppressed": 1}


def test_an_audience_that_shrinks_is_refused_in_every_mode(night, fake):
    night([customer(number) for number in range(10)])
    report = night(
        [customer(number) for number in range(5)], allowed=[f"k{number}" for number in range(10)], mode="upsert", max_change_share=0.2
    )
    assert "50% of the customers sent before have left" in report.refused
    assert "[audience_shrank]" in report.refused


@pytest.mark.parametrize("mode", ["upsert", "update_only"])
def test_who_has_left_and_keeps_what_they_had_leaves_once(tmp_path, night, fake, mode):
    """They add up over the years: counted every night, they would have every night refused."""
    usual = {"allowed": [f"k{number}" for number in range(20)], "mode": mode, "max_change_share": 0.2}
    rows = [customer(number) for number in range(20)]
    night(rows, **usual)
    half = rows[:10]
    assert night(half, **usual).refused
    assert night(half, **usual, overrides=["audience_shrank"]).ok
    for left in (half, half[:8], half[:7], half[:6], half[:5]):
        assert night(left, **usual).ok, "a fifth of those who were in it last"
    assert "[audience_shrank]" in night(half[:3], **usual).refused, "of five, not of twenty, two have left"
    assert night([], **usual, overrides=["audience_shrank", "empty_audience"]).ok
    assert night([], **usual).ok, "who is kept is not there to be emptied"
    back = night([customer(number, score=0.9) for number in range(20)], **usual)
    assert (back.ok, back.change_share, back.decisions) == (True, 0.0, {"upsert": 20}), "who comes back joins"
    night([], **usual, overrides=["audience_shrank", "empty_audience"])
    assert forget(tmp_path / "state", ["k1"], ["x1"], lambda *_: None) == {"fake": 1}
    assert night([], **usual).decisions == {"clear": 1, "kept": 19}
    with duckdb.connect(str(tmp_path / "state" / "activation" / "fake.duckdb")) as connection:
        assert ("x1",) not in connection.execute("SELECT external_id FROM kept").fetchall()


def test_an_audience_that_grows_past_its_bound_is_refused_by_its_name(night, fake):
    fake.limits = Limits(max_records=1_000, max_bytes=10_000_000, max_record_bytes=1_000)
    few, many = [customer(number) for number in range(50)], [customer(number) for number in range(400)]
    night(few, max_growth=4)
    report = night(many, max_growth=4)
    assert "350 customers would join the 50 sent before" in report.refused
    assert "[audience_grew]" in report.refused
    assert (fake.batches, report.change_share) == ([], 0.0)
    assert night(many[:250], max_growth=4).ok, "four times as many are within the bound"
    assert night([*many, *(customer(number) for number in range(400, 2_000))], overrides=("audience_grew",), max_growth=4).ok


def test_who_was_never_sent_is_no_growth_before_a_sync_was_complete_nor_among_few(night, fake):
    few, many = [customer(number) for number in range(10)], [customer(number) for number in range(1_000)]
    fake.limits = Limits(max_records=100, max_bytes=10_000_000, max_record_bytes=1_000)
    usual, fake.answer = fake.answer, lambda batch: Answer(usual(batch).outcomes, stop="no more tonight")
    assert night(many, max_growth=0.5).refused == "no more tonight"
    fake.answer = usual
    assert night(many, max_growth=0.5).ok, "the first sync goes on"
    other = Fake()
    other.name, other.limits = "other", fake.limits
    night(few, destination=other, max_growth=0.5)
    assert night(many[:200], destination=other, max_growth=0.5).ok, "190 of 10"
    assert "[audience_grew]" in night(many, destination=other, max_growth=0.5).refused


def test_scores_that_have_shifted_are_refused_by_their_name(night, fake):
    fake.limits = Limits(max_records=1_000, max_bytes=10_000_000, max_record_bytes=1_000)
    night([customer(number, score=number % 20 / 100) for number in range(300)])
    moved = [customer(number, score=0.8 + number % 20 / 100) for number in range(300)]
    report = night(moved)
    assert "the distribution of churn_probability has shifted" in report.refused
    assert "does another model score, or a base rate in its place?" in report.refused
    assert night(moved, overrides=("score_shift",)).ok
    assert night(moved).ok


def test_who_was_erased_is_no_shift_and_no_change(tmp_path, night, fake):
    fake.limits = Limits(max_records=1_000, max_bytes=10_000_000, max_record_bytes=1_000)
    everybody = [customer(number, score=number % 20 / 100) for number in range(300)]
    night(everybody)
    gone = range(0, 300, 3)
    forget(tmp_path / "state", [f"k{number}" for number in gone], [f"x{number}" for number in gone], lambda *_: None)
    report = night([one for number, one in enumerate(everybody) if number % 3], max_change_share=0.2)
    assert (report.ok, report.decisions, report.change_share) == (True, {"clear": 100, "unchanged": 200}, 0)


def test_scores_that_all_move_a_little_are_sent_and_stop_nothing(night, fake):
    night([customer(number, score=0.31 + number / 1_000) for number in range(10)])
    report = night([customer(number, score=0.32 + number / 1_000) for number in range(10)], max_change_share=0.2)
    assert (report.ok, report.decisions, report.change_share) == (True, {"upsert": 10}, 0)
    assert night([customer(number, score=0.7) for number in range(10)], max_change_share=0.2).change_share == 1


def test_stability_is_that_of_the_textbook():
    assert stability({0: 500, 9: 500}, {0: 500, 9: 500}) == 0
    assert stability({0: 700, 9: 300}, {0: 500, 9: 500}) == pytest.approx(0.1694, abs=0.003)  # 0.2·ln(7/5) + 0.2·ln(5/3)
    assert stability({0: 10}, {9: 1_000}) == 0, "too few to tell"


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["fine", "crash before", "crash after", "crash writing", "unknown", "busy", "refused", "job", "job crash"]),
        st.dictionaries(st.integers(0, 5), st.sampled_from([0.1, 0.2, 0.3, None]), max_size=6),  # None: profiling is withdrawn
    ),
    min_size=1,
    max_size=4,
)


class Stormy(Fake):
    """Does what the step says, once a batch; what it holds is what a vendor would hold."""

    def __init__(self, side_by_side):
        super().__init__()
        self.step, self.jobs, self.withdrawn, self.side_by_side, self.alone = "fine", {}, set(), side_by_side, 0

    def keep(self, batch):
        self.has |= {record.external_id: record.fields.get("churn_probability") for record in batch.records}
        return [Outcome(record.external_id, Result.ACKNOWLEDGED) for record in batch.records]

    def send(self, batch):
        assert not self.withdrawn & {record.external_id for record in batch.records if record.operation == "upsert"}
        if self.step == "crash before":
            raise KeyboardInterrupt
        if self.step in ("busy", "refused"):
            return Answer(batch.outcomes(Result.RETRYABLE if self.step == "busy" else Result.REJECTED, "no"))
        outcomes = self.keep(batch)
        if self.step == "crash after":
            raise KeyboardInterrupt
        if self.step.startswith("job"):
            self.jobs[batch.id] = outcomes
            return Answer([], job=batch.id)
        return Answer(batch.outcomes(Result.UNKNOWN, "lost")) if self.step == "unknown" else Answer(outcomes)

    def finish(self, job):
        if self.step == "job crash":
            raise KeyboardInterrupt
        return Answer(self.jobs[job.id])


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS, st.sampled_from([1, 3]))
def test_whatever_happened_before_the_next_quiet_night_makes_it_right(tmp_path_factory, steps, side_by_side):
    folder, stormy = tmp_path_factory.mktemp("storm"), Stormy(side_by_side)
    wanted = {}
    for number, (step, scores) in enumerate([*steps, ("fine", {0: 0.1, 1: 0.7, 2: None})], start=1):
        stormy.step, wanted = step, {f"x{one}": score for one, score in scores.items() if score is not None}
        stormy.withdrawn = {f"x{one}" for one, score in scores.items() if score is None}
        release = Release(folder, [[*customer(one, score)[:-1], score is not None] for one, score in scores.items()], number)
        with suppress(KeyboardInterrupt), patch.object(book, "record", writing(step)):
            synchronise(
                release, stormy, "scores", state_folder=folder / "state", max_change_share=1, live=True, retry_dead=True,
                overrides=("empty_audience", "audience_shrank"),
            )  # fmt: skip
    assert {key: score for key, score in stormy.has.items() if score is not None} == wanted
    stormy.batches.clear()
    again = synchronise(release, stormy, "scores", state_folder=folder / "state", max_change_share=1, live=True)
    assert set(again.decisions) <= {"unchanged", "gone", "suppressed"}, json.dumps(again.decisions)


def writing(step):
    def crash(*_):
        raise KeyboardInterrupt

    return crash if step == "crash writing" else record
