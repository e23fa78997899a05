"""A company of a few exported rows."""

from pathlib import Path

import pytest

from tests.orchestration.landing.exporting import Company


@pytest.fixture
def company(tmp_path: Path) -> Company:
    return Company(tmp_path)
