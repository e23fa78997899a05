"""Where a release is made of what: a warehouse of two marts, and a home that has nothing yet."""

import pytest

from tests.orchestration.releases.making import make_warehouse


@pytest.fixture
def warehouse(tmp_path):
    return make_warehouse(tmp_path / "warehouse" / "acme.duckdb", 1)


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home"
