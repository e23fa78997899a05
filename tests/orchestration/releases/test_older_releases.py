"""Where an older release is served than the last one: after a rollback, or after nights of long ago were run again."""

from datetime import date

from orchestration import releases
from tests.orchestration.releases.making import publish


def test_nights_of_long_ago_that_are_run_again_do_not_push_out_the_last_one(warehouse, home):
    """It knows what the older ones cannot: who has withdrawn since."""
    last = publish(warehouse, home, as_of=date(2026, 3, 31))
    older = [publish(warehouse, home, as_of=date(2026, 1, day)) for day in (29, 30, 31)]
    assert releases.current(home).id == older[-1].id
    assert releases.prune(home, keep=1) == [older[0].id]
    assert releases.newest_known(home).id == last.id
    again = publish(warehouse, home, as_of=date(2026, 3, 31))
    assert releases.newest_known(home).id == again.id
    assert last.id in releases.prune(home, keep=1)


def test_a_refusal_that_a_release_has_followed_does_not_stand_again_after_a_rollback(warehouse, home):
    """`status` said that a night was refused which was published since, and no sync of the older release was let through."""
    first = publish(warehouse, home)
    releases.record_refusal(home, as_of=date(2026, 2, 1), stage="mart gate", reasons=["a key twice"])
    publish(warehouse, home, as_of=date(2026, 2, 1))
    releases.rollback(home, first.id)
    assert releases.standing_refusal(home) is None
