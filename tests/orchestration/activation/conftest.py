"""A destination that is only in memory."""

import pytest

from tests.orchestration.activation.memory import Fake


@pytest.fixture
def fake():
    return Fake()
