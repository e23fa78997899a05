"""How two workers share the suite: by file, except that the tests of one published company stay together.

Building that company takes a minute, so one worker builds it for all of them, and begins with it: what takes longest starts first.
"""

from __future__ import annotations

import gc
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import ml  # before scikit-learn is imported anywhere: three workers on two cores must not spin  # noqa: F401
from orchestration.lasting import made_to_stay

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xdist.scheduler import LoadScopeScheduling
    from xdist.workermanage import NodeManager

ONE_COMPANY = "tests/end_to_end"
# Folders that take minutes, in the order in which a worker should begin them; whatever is not named is quick and fills the end.
LONG_FIRST = (ONE_COMPANY, "tests/dbt", "tests/oracle", "tests/faults", "tests/examples")


@pytest.fixture(scope="session", autouse=True)
def _exports_are_whole() -> Iterator[None]:
    """Nights of tests read files that were written a moment ago, and nobody writes on."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("orchestration.sources.reading.rest.sleep", lambda _: None)
        yield


@pytest.fixture(scope="session", autouse=True)
def _commands_are_left_alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No night of a test is what commands without a configuration look at in this checkout afterwards."""
    yield
    last = Path(__file__).resolve().parents[1] / "data" / "state" / "last_config"
    assert not last.exists() or str(tmp_path_factory.getbasetemp()) not in last.read_text(encoding="utf-8")


def pytest_configure() -> None:
    """Tests make little garbage that counting references leaves: looking for it as often as Python does takes a tenth of the suite."""
    gc.set_threshold(200_000, 20, 20)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Test modules and all that they import stay to the end: no worker looks through them for garbage, now or during a test."""
    with made_to_stay():
        return (yield)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long folders first; within them the order in which they were collected."""
    items.sort(key=lambda item: _place(item.nodeid))


def _place(nodeid: str) -> int:
    return next((place for place, folder in enumerate(LONG_FIRST) if nodeid.startswith(folder)), len(LONG_FIRST))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: NodeManager) -> LoadScopeScheduling:
    """A scheduler that hands out whole files, and all files of the one company as if they were one."""
    from xdist.scheduler import LoadScopeScheduling

    class ByCompany(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return ONE_COMPANY if nodeid.startswith(ONE_COMPANY) else nodeid.split("::", 1)[0]

    config.option.loadscopereorder = False  # by number of tests would put the long ones last
    return ByCompany(config, log)
