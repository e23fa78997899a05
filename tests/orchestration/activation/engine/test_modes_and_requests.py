"""Modes of an audience, what a person may ask for, and who is cleared there."""

import pytest

from orchestration.activation import ActivationError, forget
from orchestration.destinations.base import Answer, DestinationError, Result
from tests.orchestration.activation.engine.scored import customer
from tests.orchestration.activation.memory import Fake


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
