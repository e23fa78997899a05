"""Looking for cycles seldom: while a source lands, and not a moment longer."""

import gc

import pytest

from orchestration.landing.collecting import seldom_collected


def _landing_that_fails() -> None:
    usual = gc.get_threshold()[0]
    with seldom_collected():
        assert gc.get_threshold()[0] > 10 * usual
        assert gc.get_freeze_count() > 0
        raise KeyError


def test_afterwards_cycles_are_looked_for_as_before_whatever_happened() -> None:
    usual = gc.get_threshold()
    with pytest.raises(KeyError):
        _landing_that_fails()
    assert (gc.get_threshold(), gc.get_freeze_count()) == (usual, 0)
