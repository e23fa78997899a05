"""Each registered destination in turn, with a stand-in for its vendor."""

import pytest

from orchestration.destinations import DESTINATIONS, make
from tests.contracts.destinations.asking import KINDS, arrived, rows
from tests.fakes.destinations import VENDORS
from tests.fakes.receiver import serving
from tests.fakes.webhook_receiver import SECRET, receiving


@pytest.fixture(params=sorted(DESTINATIONS))
def kind(request):
    return request.param


@pytest.fixture
def place(kind, tmp_path):
    """How to make the destination, what arrived there (external id → fields), and the vendor."""
    if kind == "webhook":
        with receiving() as receiver:
            yield {"name": "w", "url": receiver.url, "secret": SECRET}, lambda: receiver.state, receiver
    elif kind == "files":
        yield {"name": "f", "path": str(tmp_path / "out"), "format": "jsonl"}, lambda: arrived(tmp_path / "out"), None
    elif kind == "sql":
        yield {"name": "s", "url": f"sqlite:///{tmp_path / 'out.db'}"}, lambda: rows(tmp_path / "out.db"), None
    else:
        with serving(VENDORS[kind]()) as vendor:
            yield {"name": "v", **vendor.options, "base_url": vendor.url, "sleep": lambda _: None}, vendor.arrived, vendor


@pytest.fixture
def destination(place, kind):
    made = make(kind, **place[0])
    made.kinds = KINDS
    yield made
    made.close()


@pytest.fixture
def vendor(place):
    return place[2]
