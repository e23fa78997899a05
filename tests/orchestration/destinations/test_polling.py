"""Waiting for a vendor's job: never much longer than the job takes, and not for ever."""

from itertools import count

import pytest

from orchestration.destinations.polling import polled


def waited(seconds):
    """Seconds until a job that takes `seconds` was found done or given up, how often it was asked for, and whether it was done."""
    clock, asked = [0.0], count()

    def sleep(pause):
        clock[0] += pause

    def ask():
        next(asked)
        return clock[0] >= seconds

    done = polled(ask, bool, sleep)
    return clock[0], next(asked), done


@pytest.mark.parametrize("seconds", [0, 0.5, 3, 10.1, 21, 33, 60, 250, 1100])
def test_a_job_that_is_done_waits_for_a_fifth_of_its_time_at_most(seconds):
    took, asked, done = waited(seconds)
    assert done
    assert seconds <= took <= max(seconds * 1.2, seconds + 1.0)
    assert asked < 110


def test_after_twenty_minutes_the_next_sync_asks():
    took, _, done = waited(10_000)
    assert not done
    assert 1200 <= took <= 1215
