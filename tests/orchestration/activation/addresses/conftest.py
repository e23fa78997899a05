"""Nights that send customers with addresses to a destination that knows people by them."""

import pytest

from orchestration.activation import synchronise
from tests.orchestration.activation.addresses.by_address import USUAL, ByAddress, Release
from tests.orchestration.destinations.conftest import place as place


@pytest.fixture
def night(tmp_path):
    """Customers of the audience and others → report, sent to `night.place`."""
    counter = iter(range(1, 1_000))

    def run(customers, others=None, **options):
        release = Release(tmp_path, customers, next(counter), others=others)
        run.place.sent.clear()
        return synchronise(release, run.place, "scores", state_folder=tmp_path / "state", **{**USUAL, **options})

    run.place = ByAddress()
    return run
