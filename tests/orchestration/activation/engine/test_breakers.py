"""What stops a sync before anything is sent: audiences that vanish, shrink or grow, and scores that shift."""

import duckdb
import pytest

from orchestration.activation import forget
from orchestration.activation.breakers import stability
from orchestration.destinations.base import Answer, Result
from orchestration.destinations.limits import Limits
from tests.orchestration.activation.engine.scored import customer
from tests.orchestration.activation.memory import Fake


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
