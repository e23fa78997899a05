"""Nights that send to one destination."""

import pytest

from orchestration.activation import synchronise
from tests.orchestration.activation.sending.nightly import Nightly


@pytest.fixture
def night(tmp_path, fake):
    """One night: rows of the audience → report, having sent to the fake."""
    counter = iter(range(1, 28))

    def run(rows, **options):
        release = Nightly(tmp_path, rows, next(counter))
        fake.batches.clear()
        usual = {"state_folder": tmp_path / "state", "max_change_share": 1.0, "live": True}
        return synchronise(release, fake, "customer_scores", **{**usual, **options})

    return run
