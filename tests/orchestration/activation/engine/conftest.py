"""Nights that send scored customers to one destination."""

import pytest

from orchestration.activation import synchronise
from tests.orchestration.activation.engine.scored import Release


@pytest.fixture
def night(tmp_path, fake):
    counter = iter(range(1, 1_000))

    def run(rows, allowed=(), destination=fake, **options):
        destination.batches.clear()
        usual = {"state_folder": tmp_path / "state", "max_change_share": 1.0, "live": True}
        release = Release(tmp_path, rows, next(counter), [*allowed, *(row[0] for row in rows)])
        return synchronise(release, destination, "scores", **{**usual, **options})

    return run
