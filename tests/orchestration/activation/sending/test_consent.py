"""Consent at the boundary: who may not be profiled, may not be written to or was erased is not sent, whatever a model says."""

import duckdb
import pytest

from orchestration.activation import ActivationError, synchronise
from orchestration.destinations.base import Answer, Result
from tests.orchestration.activation.memory import Fake
from tests.orchestration.activation.sending.nightly import Nightly, customer, log


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


@pytest.mark.parametrize("mode", ["mirror", "upsert"])
def test_who_has_withdrawn_since_an_older_release_was_made_is_not_sent_from_it(tmp_path, fake, mode):
    """After a rollback, or where a night of long ago is run again; whom the newer one does not know may be sent nothing either."""
    fake.channels = ("email",)
    columns = "customer_key VARCHAR, score DOUBLE, is_erased BOOLEAN, can_profile BOOLEAN, can_email BOOLEAN"
    usual = {"state_folder": tmp_path / "state", "max_change_share": 1, "mode": mode, "live": True}
    rows = [[one, 1.0, False, True, True] for one in "abcd"]
    synchronise(Nightly(tmp_path, rows, columns=columns), fake, "customer_scores", **usual)
    assert sorted(fake.sent) == ["a", "b", "c", "d"]
    (tmp_path / "later").mkdir()
    later = Nightly(tmp_path / "later", [], night=2, table="no_audience")
    known = (
        "('a', false, true, true), ('b', false, false, true), ('c', false, true, false)",
        "customer_key, is_erased, can_profile, can_email",
    )
    with_customers(later, tmp_path / "later", dim_customers=known)
    report = synchronise(Nightly(tmp_path, rows, columns=columns), fake, "customer_scores", later=later, **usual)
    assert report.decisions == {"clear": 3, "unchanged": 1}
    assert [one for one, fields in sorted(fake.has.items()) if fields["score"] is not None] == ["a"]


@pytest.mark.parametrize(("field", "sent"), [("suppress_email BOOLEAN", ["a", "b"]), ("suppress_score DOUBLE", ["a"])])
def test_whom_not_to_write_to_is_told_of_who_withdrew_from_profiling_too(tmp_path, fake, field, sent):
    columns = f"customer_key VARCHAR, {field}, as_of_date DATE, is_erased BOOLEAN, can_profile BOOLEAN"
    rows = [["a", True, "2026-01-31", False, True], ["b", True, "2026-01-31", False, False], ["c", True, "2026-01-31", True, True]]
    release = Nightly(tmp_path, rows, columns=columns)
    synchronise(release, fake, "customer_scores", state_folder=tmp_path / "state", max_change_share=1, live=True)
    assert sorted(fake.sent) == sent


def test_who_may_have_been_sent_and_then_withdraws_is_cleared(night, fake):
    usual, fake.answer = fake.answer, lambda batch: Answer(batch.outcomes(Result.UNKNOWN, "no_answer"))
    report = night([customer(1)])
    assert not report.ok
    fake.answer = usual
    assert night([customer(1, withdrawn=True)]).decisions == {"clear": 1}
    assert night([customer(1, withdrawn=True)]).decisions == {"suppressed": 1}
