"""What a crash, a refusal or a lost answer leaves behind: attempts in the log, dead letters, and what the next night does."""

import stat
from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import duckdb
import pytest

from orchestration.activation import ActivationError, StateError, synchronise
from orchestration.destinations.base import Answer, DestinationError, Outcome, Result
from tests.orchestration.activation.sending.nightly import Nightly, customer, log


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
    columns = {row[0] for row in duckdb.execute(f"DESCRIBE SELECT * FROM '{tmp_path}/state/sync_log/*.parquet'").fetchall()}
    kept = ("destination", "audience", "customer_key", "external_id", "operation", "outcome", "code", "release_id", "attempted_at")
    assert columns == set(kept)


def test_the_log_tells_a_clearing_from_a_write(tmp_path, night):
    night([customer(1), customer(2)])
    night([customer(1, score=0.9), customer(3, withdrawn=None)])
    query = f"SELECT external_id, operation, outcome FROM '{tmp_path}/state/sync_log/*.parquet' ORDER BY attempted_at, external_id"
    told = [("x1", "upsert"), ("x2", "upsert"), ("x3", None), ("x1", "upsert"), ("x2", "clear")]
    assert [row[:2] for row in duckdb.execute(query).fetchall()] == told


def test_state_and_log_are_for_the_owner_only(tmp_path, night):
    night([customer(1)])
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) & 0o077 for path in (tmp_path / "state").rglob("*") if path.is_file()}
    assert modes
    assert set(modes.values()) == {0}


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


def test_the_report_is_about_the_release(tmp_path, fake):
    release = Nightly(tmp_path, [customer(1)])
    report = synchronise(release, fake, "customer_scores", state_folder=Path(tmp_path), max_change_share=1)
    assert (report.release_id, report.released_at, report.live) == ("r1", "2026-02-01T00:00:00+00:00", False)
    assert replace(report, refused="why").ok is False


@pytest.mark.parametrize(("count", "taken", "again"), [(12, 0, 12), (12, 1, 0), (9, 0, 0)])
def test_where_nothing_is_taken_many_that_are_refused_are_sent_again(night, fake, count, taken, again):
    """As where a field of the destination's is deleted, or gets another type, between the question for it and the records."""
    usual, rows = fake.answer, [customer(number) for number in range(1, count + 1)]
    refused = {row[1] for row in rows[taken:]}
    told = {True: Result.REJECTED, False: Result.ACKNOWLEDGED}
    fake.answer = lambda batch: Answer([Outcome(one.external_id, told[one.external_id in refused]) for one in batch.records])
    report = night(rows)
    assert ("took nothing and refused" in report.refused) == bool(again)
    fake.answer = usual
    assert night(rows).decisions.get("upsert", 0) == again
    assert night(rows).decisions.get("dead", 0) == (0 if again else count - taken)


@pytest.mark.parametrize("lost", ["field", "type"])
def test_who_was_refused_since_a_field_is_gone_is_sent_again_though_others_were_taken_before(night, fake, lost):
    usual, rows = fake.answer, [customer(number) for number in range(1, 4)]
    told = {"x1": Result.ACKNOWLEDGED}
    fake.answer = lambda batch: Answer([Outcome(one.external_id, told.get(one.external_id, Result.REJECTED)) for one in batch.records])
    with pytest.MonkeyPatch.context() as patch:
        if lost == "field":
            patch.setattr(fake, "there", lambda names: set(names) - {"crmp_plan"})
        else:
            patch.setattr(fake, "check_fields", Mock(side_effect=DestinationError("crmp_plan is of another type")))
        report = night(rows)
    assert "crmp_plan" in report.refused
    assert "2 records were refused since, and are sent again" in report.refused
    fake.answer = usual
    assert night(rows).decisions.get("upsert", 0) == 2
