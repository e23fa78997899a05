"""limits.toml: every number of every destination, and who states it."""

import pytest

from orchestration.destinations import DESTINATIONS
from orchestration.destinations.limits import limits_of, stated


@pytest.mark.parametrize("name", stated())
def test_every_number_says_who_states_it(name):
    numbers = dict(stated()[name])
    sources = numbers.pop("sources")
    assert set(sources) == set(numbers)
    assert all(len(source) > 3 for source in sources.values())


@pytest.mark.parametrize("name", stated())
def test_a_record_fits_into_a_call_and_windows_are_counts_in_seconds(name):
    limits = limits_of(name)
    assert limits.max_records > 0
    assert 0 < limits.max_record_bytes <= limits.max_bytes
    assert all(calls >= 1 and seconds > 0 for calls, seconds in limits.windows)


def test_each_destination_keeps_to_what_is_stated_under_its_type():
    assert {kind: made.limits for kind, made in DESTINATIONS.items()} == {kind: limits_of(kind) for kind in DESTINATIONS}
    beside = {name for name in stated() if name.split("_")[0] in DESTINATIONS}
    assert beside == set(stated()), "a limit of no destination"
