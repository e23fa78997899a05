"""Activation: who is sent, what is remembered, and what a crash, a refusal or a withdrawn consent does to it."""

import stat
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from orchestration.activation import ActivationError, StateError, forget, state, synchronise
from orchestration.destinations import make
from orchestration.destinations.base import Answer, Destination, Outcome, Result
from orchestration.destinations.limits import Limits
from tests.fakes.webhook_receiver import SECRET, receiving

COLUMNS = """customer_key VARCHAR, external_id VARCHAR, churn_probability DOUBLE, plan VARCHAR, as_of_date DATE, is_erased BOOLEAN,
    can_profile BOOLEAN"""


class Nightly:
    """A release with one audience, as `rows` have it."""

    def __init__(self, folder, rows, night=1, table="sync_fake__customer_scores", columns=COLUMNS):
        self.id, self.created_at, self.tables = f"r{night}", datetime(2026, 2, night, tzinfo=UTC), (table,)
        self.file = folder / f"{self.id}.parquet"
        with duckdb.connect() as connection:
            connection.execute(f"CREATE TABLE audience ({columns})")
            connection.executemany(f"INSERT INTO audience VALUES ({', '.join('?' * len(rows[0]))})", rows) if rows else None
            connection.execute(f"COPY audience TO '{self.file}' (FORMAT parquet)")

    def table_file(self, name):
        assert name in self.tables
        return self.file


class Fake(Destination):
    """A destination that remembers. `answer` may be replaced by a test."""

    type, channels, name, address = "fake", (), "fake", "memory"
    limits = Limits(max_records=2, max_bytes=100_000, max_record_bytes=1_000)

    def __init__(self):
        self.batches, self.has = [], {}
        self.answer = lambda batch: Answer(batch.outcomes(Result.ACKNOWLEDGED))

    def preflight(self):
        """Always fine."""

    def send(self, batch):
        self.batches.append(batch)
        answer = self.answer(batch)
        taken = {outcome.external_id for outcome in answer.outcomes if outcome.result == Result.ACKNOWLEDGED}
        self.has |= {record.external_id: record.fields for record in batch.records if record.external_id in taken}
        return answer

    @property
    def sent(self):
        return [record.external_id for batch in self.batches for record in batch.records]


@pytest.fixture
def fake():
    return Fake()


@pytest.fixture
def night(tmp_path, fake):
    """One night: rows of the audience → report, having sent to the fake."""
    counter = iter(range(1, 28))

    def run(rows, **options):
        release = Nightly(tmp_path, rows, next(counter))
        fake.batches.clear()
        usual = {"state_folder": tmp_path / "state", "max_change_share": 1.0, "live": True}
        return synchronise(release, fake, "customer_scores", **{**usual, **options})

    return run


def customer(number, score=0.5, plan="pro", erased=False, withdrawn=False, as_of="2026-01-31"):
    return [f"k{number}", f"x{number}", score, plan, as_of, erased, None if withdrawn is None else not withdrawn]


def log(tmp_path):
    query = f"SELECT external_id, outcome, code, release_id FROM '{tmp_path}/state/sync_log/*.parquet' ORDER BY attempted_at, external_id"
    return duckdb.execute(query).fetchall()


def test_the_first_night_sends_everyone_and_the_second_of_the_same_sends_nothing(night, fake):
    rows = [customer(number) for number in range(5)]
    first = night(rows)
    assert sorted(fake.sent) == ["x0", "x1", "x2", "x3", "x4"]
    assert (first.decisions, first.outcomes, first.calls, first.ok) == ({"upsert": 5}, {"acknowledged": 5, "suppressed": 0}, 3, True)
    second = night(rows)
    assert (fake.sent, second.decisions, second.calls) == ([], {"unchanged": 5}, 0)


def test_only_what_changed_is_sent(night, fake):
    night([customer(1), customer(2), customer(3)])
    night([customer(1), customer(2, plan="free"), customer(3)])
    assert fake.sent == ["x2"]
    assert fake.has["x2"]["plan"] == "free"


@pytest.mark.parametrize("leaves", ["the audience", "for good"])
def test_of_two_acknowledgements_the_later_counts_though_the_clock_was_set_back(night, fake, tmp_path, monkeypatch, leaves):
    everybody = [customer(2), customer(3)]
    monkeypatch.setattr(state, "now", lambda: datetime(2026, 2, 9))
    night([customer(1), *everybody])
    night(everybody)  # cleared
    monkeypatch.setattr(state, "now", lambda: datetime(2026, 2, 8))
    night([customer(1), *everybody])  # comes back
    if leaves == "for good":
        assert forget(tmp_path / "state", {"k1"}, {"x1"}, lambda *_: None) == {"fake": 1}
    night(everybody)
    assert (fake.sent, set(fake.has["x1"].values())) == (["x1"], {None})


@pytest.mark.parametrize("change", [{"score": 0.50001}, {"as_of": "2026-02-01"}])
def test_jitter_and_the_date_of_the_night_are_no_change(night, fake, change):
    night([customer(1)])
    night([customer(1, **change)])
    assert fake.sent == []


def test_fields_are_the_audience_without_consent(night, fake):
    night([customer(1, score=float("nan"))])
    assert fake.has["x1"] == {"customer_key": "k1", "churn_probability": None, "plan": "pro", "as_of_date": "2026-01-31"}


def test_consent_is_enforced_at_the_boundary(tmp_path, night, fake):
    rows = [customer(1), customer(2, withdrawn=True), customer(3, erased=True), customer(4, withdrawn=None), customer(5, erased=None)]
    report = night(rows)
    assert fake.sent == ["x1"]
    assert report.suppressed == {"erased": 1, "profiling_withdrawn": 2, "unknown_customer": 1}
    assert {row[:3] for row in log(tmp_path) if row[1] == "suppressed"} == {
        ("x2", "suppressed", "profiling_withdrawn"), ("x3", "suppressed", "erased"),
        ("x4", "suppressed", "profiling_withdrawn"), ("x5", "suppressed", "unknown_customer"),
    }  # fmt: skip
    logged = len(log(tmp_path))
    night(rows)
    assert len(log(tmp_path)) == logged, "who is suppressed still is not news"


def test_withdrawn_and_vanished_customers_are_cleared_once(night, fake):
    night([customer(1), customer(2), customer(3)])
    report = night([customer(1), customer(2, withdrawn=True)])
    assert report.decisions == {"clear": 2, "unchanged": 1}
    assert {record.external_id: record.operation for batch in fake.batches for record in batch.records} == {"x2": "clear", "x3": "clear"}
    assert fake.has["x3"] == {"churn_probability": None, "plan": None, "as_of_date": None}
    assert night([customer(1), customer(2, withdrawn=True)]).decisions == {"gone": 1, "suppressed": 1, "unchanged": 1}
    night([customer(1), customer(2), customer(3)])
    assert sorted(fake.sent) == ["x2", "x3"], "and come back with their consent"


def test_marketing_needs_a_granted_channel(tmp_path):
    fake = Fake()
    fake.channels = ("email", "sms")
    columns = "customer_key VARCHAR, score DOUBLE, is_erased BOOLEAN, can_profile BOOLEAN, can_email BOOLEAN, can_sms BOOLEAN"
    rows = [["a", 1, False, True, True, False], ["b", 1, False, True, False, None], ["c", 1, False, True, None, True],
            ["d", 1, True, True, True, True], ["e", 1, False, False, True, True], ["f", 1, False, None, True, True]]  # fmt: skip
    release = Nightly(tmp_path, rows, columns=columns)
    report = synchronise(release, fake, "customer_scores", state_folder=tmp_path / "state", max_change_share=1, live=True)
    assert sorted(fake.sent) == ["a", "c"]
    assert report.suppressed == {"erased": 1, "no_consent": 1, "profiling_withdrawn": 2}


def test_without_consent_columns_nothing_is_sent(tmp_path, fake):
    release = Nightly(tmp_path, [["a", 1.0]], columns="customer_key VARCHAR, score DOUBLE")
    with pytest.raises(ActivationError, match="consent cannot be checked, so nothing is sent; is_erased"):
        synchronise(release, fake, "customer_scores", state_folder=tmp_path, max_change_share=1, live=True)
    assert fake.sent == []


def with_customers(release, tmp_path, **tables):
    """The release with further tables, each as rows of SQL with the names of their columns."""
    for name, rows in tables.items():
        duckdb.execute(f"COPY (SELECT * FROM (VALUES {rows[0]}) AS t({rows[1]})) TO '{tmp_path}/{name}.parquet' (FORMAT parquet)")
    release.tables += tuple(tables)
    release.table_file = lambda name: tmp_path / f"{name}.parquet" if name in tables else release.file
    return release


def test_consent_may_come_from_the_customers_of_the_release(tmp_path, fake):
    release = Nightly(tmp_path, [["a", 1.0], ["b", 1.0], ["c", 1.0]], columns="customer_key VARCHAR, score DOUBLE")
    known = ("('a', false, true), ('b', false, false)", "customer_key, is_erased, can_profile")
    with_customers(release, tmp_path, dim_customers=known)
    report = synchronise(release, fake, "customer_scores", state_folder=tmp_path / "state", max_change_share=1, live=True)
    assert fake.sent == ["a"]
    assert report.suppressed == {"profiling_withdrawn": 1, "unknown_customer": 1}


@pytest.mark.parametrize("channels", [(), ("email",)])
def test_a_model_that_lets_everybody_through_is_not_believed(tmp_path, fake, channels):
    fake.channels = channels
    columns = "customer_key VARCHAR, score DOUBLE, is_erased BOOLEAN, can_profile BOOLEAN, can_email BOOLEAN"
    release = Nightly(tmp_path, [[one, 1.0, False, True, True] for one in "abcde"], columns=columns)
    with_customers(
        release, tmp_path,
        dim_customers=("('a', false), ('b', false), ('c', true), ('d', false)", "customer_key, is_erased"),
        customer_360=("('a', true, true), ('b', false, true), ('c', true, true)", "customer_key, can_profile, can_email"),
    )  # fmt: skip
    report = synchronise(release, fake, "customer_scores", state_folder=tmp_path / "state", max_change_share=1, live=True)
    assert fake.sent == ["a"]
    assert report.suppressed == {"erased": 1, "profiling_withdrawn": 2, "unknown_customer": 1}


@pytest.mark.parametrize(("field", "sent"), [("suppress_email BOOLEAN", ["a", "b"]), ("suppress_score DOUBLE", ["a"])])
def test_whom_not_to_write_to_is_told_of_who_withdrew_from_profiling_too(tmp_path, fake, field, sent):
    columns = f"customer_key VARCHAR, {field}, as_of_date DATE, is_erased BOOLEAN, can_profile BOOLEAN"
    rows = [["a", True, "2026-01-31", False, True], ["b", True, "2026-01-31", False, False], ["c", True, "2026-01-31", True, True]]
    release = Nightly(tmp_path, rows, columns=columns)
    synchronise(release, fake, "customer_scores", state_folder=tmp_path / "state", max_change_share=1, live=True)
    assert sorted(fake.sent) == sent


def test_a_crash_between_sending_and_acknowledging_loses_nothing(night, fake):
    def crash(batch):
        raise KeyboardInterrupt

    usual, fake.answer = fake.answer, crash
    rows = [customer(1), customer(2), customer(3)]
    with pytest.raises(KeyboardInterrupt):
        night(rows)
    crashed = fake.batches[0].id
    fake.answer = usual
    night(rows)
    assert sorted(fake.sent) == ["x1", "x2", "x3"]
    assert fake.batches[0].id == crashed, "the receiver can tell that it is the same batch"


def test_who_may_have_been_sent_and_then_withdraws_is_cleared(night, fake):
    usual, fake.answer = fake.answer, lambda batch: Answer(batch.outcomes(Result.UNKNOWN, "no_answer"))
    report = night([customer(1)])
    assert not report.ok
    fake.answer = usual
    assert night([customer(1, withdrawn=True)]).decisions == {"clear": 1}
    assert night([customer(1, withdrawn=True)]).decisions == {"suppressed": 1}


@pytest.mark.parametrize("result", [Result.RETRYABLE, Result.UNKNOWN])
def test_what_was_not_acknowledged_is_sent_again(night, fake, result):
    usual, fake.answer = fake.answer, lambda batch: Answer(batch.outcomes(result, "busy"))
    assert not night([customer(1)]).ok
    fake.answer = usual
    assert night([customer(1)]).ok
    assert fake.sent == ["x1"]


def test_a_dead_letter_waits_for_a_change(night, fake):
    usual, fake.answer = fake.answer, lambda batch: Answer(batch.outcomes(Result.REJECTED, "invalid_plan"))
    night([customer(1)])
    fake.answer = usual
    report = night([customer(1)])
    assert (fake.sent, report.decisions) == ([], {"dead": 1})
    night([customer(1)], retry_dead=True)
    assert fake.sent == ["x1"]
    assert night([customer(1, plan="free")]).decisions == {"upsert": 1}


def test_outcomes_that_do_not_cover_the_batch_are_unknown(night, fake):
    fake.answer = lambda batch: Answer([Outcome(batch.records[0].external_id, Result.ACKNOWLEDGED)])
    report = night([customer(1), customer(2)])
    assert report.outcomes["unknown"] == 2


def test_the_circuit_breaker_compares_with_what_was_acknowledged(night, fake):
    night([customer(number) for number in range(10)], max_change_share=0.2)
    grown = [customer(number) for number in range(100)]
    assert night(grown, max_change_share=0.2).ok, "customers never sent do not count"
    changed = [customer(number, score=0.9 if number < 21 else 0.5) for number in range(100)]
    report = night(changed, max_change_share=0.2)
    assert fake.sent == []
    assert "21% of the customers sent before would change" in report.refused
    assert not report.ok
    assert night([], max_change_share=0.2).refused, "an audience that vanished is refused too"
    assert night(changed, max_change_share=0.2, overrides=("change_share",)).ok


def test_a_dry_run_sends_nothing_writes_nothing_and_masks(tmp_path, night, fake):
    report = night([customer(1, plan="enterprise"), customer(2), customer(3)], live=False)
    assert fake.sent == []
    assert not (tmp_path / "state").exists()
    assert (report.decisions, report.calls, report.ok) == ({"upsert": 3}, 2, True)
    assert report.sample[0] == {
        "external_id": "x1…", "operation": "upsert",
        "fields": {"as_of_date": "20…", "churn_probability": 0.5, "customer_key": "k1…", "plan": "en…"},
    }  # fmt: skip
    night([customer(1)])
    assert night([customer(1, plan="free")], live=False).decisions == {"upsert": 1}


def test_the_log_has_every_attempt(tmp_path, night, fake):
    night([customer(1)])
    fake.answer = lambda batch: Answer(batch.outcomes(Result.REJECTED, "invalid_plan"))
    night([customer(1), customer(2)])
    assert log(tmp_path) == [("x1", "acknowledged", None, "r1"), ("x2", "rejected", "invalid_plan", "r2")]
    columns = [row[0] for row in duckdb.execute(f"DESCRIBE SELECT * FROM '{tmp_path}/state/sync_log/*.parquet'").fetchall()]
    assert columns == ["destination", "audience", "customer_key", "external_id", "outcome", "code", "release_id", "attempted_at"]


def test_state_and_log_are_for_the_owner_only(tmp_path, night):
    night([customer(1)])
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) & 0o077 for path in (tmp_path / "state").rglob("*") if path.is_file()}
    assert modes
    assert set(modes.values()) == {0}


def test_batches_keep_to_both_limits(night, fake):
    fake.limits = Limits(max_records=3, max_bytes=1_200, max_record_bytes=1_000)
    night([customer(number, plan="p" * 120) for number in range(7)])
    assert all(len(batch.records) <= 3 and sum(record.size for record in batch.records) < 1_200 for batch in fake.batches)
    assert len(fake.sent) == len(set(fake.sent)) == 7


def test_a_record_beyond_the_limit_is_rejected_and_the_others_go_out(night, fake):
    report = night([customer(1), customer(2, plan="p" * 2_000), customer(3)])
    assert sorted(fake.sent) == ["x1", "x3"]
    assert report.outcomes == {"acknowledged": 2, "rejected": 1, "suppressed": 0}


def test_going_back_to_an_old_value_is_a_new_batch(night, fake):
    seen = []
    for plan in ("a", "b", "a", "b"):
        night([customer(1, plan=plan)])
        seen.append(fake.batches[0].id)
    assert len(set(seen)) == 4, "a receiver that drops repeated ids must not drop the way back"


def test_a_stop_leaves_the_rest_for_the_next_night(night, fake):
    usual = fake.answer
    fake.answer = lambda batch: Answer(batch.outcomes(Result.RETRYABLE, "http_401"), stop="the receiver answers 401")
    report = night([customer(number) for number in range(6)])
    assert (len(fake.batches), report.refused) == (1, "the receiver answers 401")
    fake.answer = usual
    assert night([customer(number) for number in range(6)]).outcomes["acknowledged"] == 6


def test_a_receiver_that_is_gone_is_not_called_again(night, fake):
    fake.answer = lambda batch: Answer(batch.outcomes(Result.RETRYABLE, "http_410"), stop="gone", disabled=True)
    night([customer(1)])
    assert "asked us to stop" in night([customer(1)]).refused
    assert fake.batches == []
    fake.address = "elsewhere"
    night([customer(1)])
    assert len(fake.batches) == 1


def test_errors_are_one_clear_line(tmp_path, night, fake):
    with pytest.raises(ActivationError, match="has no table sync_fake__vip"):
        synchronise(Nightly(tmp_path, []), fake, "vip", state_folder=tmp_path, max_change_share=1)
    with pytest.raises(ActivationError, match=": 1 row with the external_id of another"):
        night([customer(1), customer(1)])
    with duckdb.connect(str(tmp_path / "state" / "activation" / "fake.duckdb")):
        pass
    (tmp_path / "state" / "activation" / "fake.duckdb").write_bytes(b"not a database" * 1000)
    with pytest.raises(StateError, match="cannot be opened"):
        night([customer(1)])


def test_two_audiences_of_one_destination_do_not_mix(tmp_path, fake):
    for audience in ("customer_scores", "vip"):
        release = Nightly(tmp_path, [customer(1)], table=f"sync_fake__{audience}")
        report = synchronise(release, fake, audience, state_folder=tmp_path / "state", max_change_share=1, live=True)
        assert report.decisions == {"upsert": 1}


def test_a_thousand_customers_over_http(tmp_path):
    with receiving() as receiver:
        webhook = make("webhook", name="crm", url=receiver.url, secret=SECRET)
        release = Nightly(tmp_path, [customer(number) for number in range(1_000)], table="sync_webhook__customer_scores")
        options = {"state_folder": tmp_path / "state", "max_change_share": 1, "live": True}
        report = synchronise(release, webhook, "customer_scores", **options)
        assert (report.outcomes["acknowledged"], len(receiver.state)) == (1_000, 1_000)
        assert all(size <= 1_000_000 and len(body["data"]["records"]) <= 500 for _, body, size in receiver.requests)
        assert synchronise(release, webhook, "customer_scores", **options).calls == 0
        webhook.close()


def test_the_report_is_about_the_release(tmp_path, fake):
    release = Nightly(tmp_path, [customer(1)])
    report = synchronise(release, fake, "customer_scores", state_folder=Path(tmp_path), max_change_share=1)
    assert (report.release_id, report.released_at, report.live) == ("r1", "2026-02-01T00:00:00+00:00", False)
    assert replace(report, refused="why").ok is False
