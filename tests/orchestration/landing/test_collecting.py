"""Looking for cycles seldom: while a source lands, and not a moment longer."""

import gc
from collections.abc import Iterator

import pytest

from orchestration.landing.collecting import seldom_collected

USUAL = (700, 10, 10)


@pytest.fixture(autouse=True)
def _as_python_begins() -> Iterator[None]:
    before = gc.get_threshold()
    gc.unfreeze()
    gc.set_threshold(*USUAL)
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


def _landing_that_fails() -> None:
    with seldom_collected():
        assert gc.get_threshold()[0] > 10 * USUAL[0]
        assert gc.get_freeze_count() > 0
        raise KeyError


def test_afterwards_cycles_are_looked_for_as_before_whatever_happened() -> None:
    with pytest.raises(KeyError):
        _landing_that_fails()
    assert (gc.get_threshold(), gc.get_freeze_count()) == (USUAL, 0)


def test_a_night_that_looks_even_more_seldom_goes_on_doing_so() -> None:
    gc.freeze()
    gc.set_threshold(100_000, 50, 200)
    with seldom_collected():
        assert gc.get_threshold() == (100_000, 50, 200)
    assert gc.get_threshold() == (100_000, 50, 200)
    assert gc.get_freeze_count() > 0
