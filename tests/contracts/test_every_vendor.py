"""What every source over HTTP does when its vendor misbehaves, asked of all of them alike."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

import pytest

from examples.fakes.vendor import CUT_OFF, GARBLED, Vendor
from orchestration.configuration.sources import QualtricsSource
from orchestration.sources import SourceError
from orchestration.sources.salesforce import org
from tests.fakes.accounts import ACCOUNTS, WRONG, Account
from tests.orchestration.sources.nights import Nights, killed_after, landed, without_waiting

Answered = Callable[..., Any]
DEFINITIONS = ("fields", "pages")  # of a form or survey: what is wrong there is an error
VENDORS = [*(kind for kind in ACCOUNTS if kind != "sql"), "salesforce in bulk"]


def _faults() -> list[Any]:
    in_a_while = format_datetime(datetime.now(UTC) + timedelta(seconds=600), usegmt=True)
    of_somebody_else = (200, {"content-type": "text/html"})  # an empty object, where a list or an export was asked for
    return [(429, {}), (429, {"retry-after": "7"}), (429, {"retry-after": in_a_while}), (500, {}), CUT_OFF, of_somebody_else, GARBLED]


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    with without_waiting(monkeypatch) as made:
        yield made


@pytest.fixture(params=VENDORS)
def account(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    kind, *in_bulk = request.param.split()
    if in_bulk:
        monkeypatch.setattr(org, "MOST_BY_REST", 0)
    with ACCOUNTS[kind]() as opened:
        yield opened


def _rows(nights: Nights, tables: list[str]) -> dict[str, Any]:
    """What staging would see; when a record was found to be gone is another time in every run."""
    return {table: {key: {**row, "deleted_at": "deleted_at" in row} for key, row in nights.rows(table).items()} for table in tables}


def _with_oddities(answer: Answered) -> Answered:
    """The same answers, with things in their lists that are no records."""

    def spoilt(*asked: Any) -> Any:
        told = answer(*asked)
        lists = {key: value for key, value in told.items() if isinstance(value, list) and value} if isinstance(told, dict) else {}
        return {**told, **{key: [None, *value, "busy"] for key, value in lists.items() if key not in DEFINITIONS}} if lists else told

    return spoilt


def test_nothing_on_the_way_changes_what_lands_and_a_night_without_news_lands_nothing(
    account: Account, waits: list[float], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    undisturbed, disturbed = (Nights(tmp_path / name, account.settings) for name in ("undisturbed", "disturbed"))
    tables = list(landed(undisturbed.night()))
    # Each good answer but the first comes after one or two bad ones, all kinds of them in turn.
    account.vendor.faults = [None, *chain.from_iterable((*pair, None) for pair in pairwise(_faults()))] * len(account.vendor.asked)
    with monkeypatch.context() as patched:
        patched.setattr(account.vendor, "answer", _with_oddities(account.vendor.answer))
        loads = disturbed.night()
    assert {load.error for load in loads.values()} == {None}
    assert isinstance(account.settings, QualtricsSource) or any(
        "null and no object" in line for load in loads.values() for line in load.warnings
    )
    assert _rows(disturbed, tables) == _rows(undisturbed, tables)
    assert 7.0 in waits
    assert any(300 < wait <= 600 for wait in waits)
    account.vendor.faults = []
    assert landed(disturbed.night()) == {}  # there is no news


def test_a_night_after_a_killed_one_lands_what_it_would_have(
    account: Account, waits: list[float], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    undisturbed = Nights(tmp_path / "undisturbed", account.settings)
    tables = list(landed(undisturbed.night()))
    calls = len(account.vendor.asked)
    nights = Nights(tmp_path / "killed", account.settings)
    with monkeypatch.context() as patched:
        killed_after(calls * 2 // 3, patched)
        with pytest.raises(KeyboardInterrupt):
            nights.night()
    nights.night()
    assert _rows(nights, tables) == _rows(undisturbed, tables)


def test_a_refusal_is_one_line_without_the_credential(account: Account, waits: list[float], tmp_path: Path) -> None:
    calls = len(account.vendor.asked)
    with pytest.raises(SourceError) as caught:
        Nights(tmp_path, account.refused_settings).night()
    assert "401" in str(caught.value)
    assert WRONG not in str(caught.value)
    assert len(account.vendor.asked) == calls + 1


def test_a_vendor_that_is_down_is_given_up_in_time_and_nothing_lands(account: Account, waits: list[float], tmp_path: Path) -> None:
    nights = Nights(tmp_path, account.settings)
    account.vendor.faults = [None] + [(503, {})] * 1000
    loads = nights.night()
    errors = [load.error for load in loads.values() if load.error]
    assert errors
    assert all("503" in error for error in errors)
    assert sum(waits) < 60 * 30
    assert landed(loads) == {}


def test_a_vendor_that_asks_to_wait_for_hours_is_not_waited_for(account: Account, waits: list[float], tmp_path: Path) -> None:
    account.vendor.faults = [(429, {"retry-after": "86400"})] * 1000
    with pytest.raises(SourceError) as caught:
        Nights(tmp_path, account.settings).night()
    assert "429, after 1 try;" in str(caught.value)
    assert sum(waits) < 60


def test_an_empty_account_is_no_error(account: Account, waits: list[float], tmp_path: Path) -> None:
    emptied: Vendor = type(account.vendor)()
    account.vendor.__dict__ |= {name: value for name, value in emptied.__dict__.items() if name not in ("url", "asked")}
    nights = Nights(tmp_path, account.settings)
    loads = nights.night()
    assert ({load.error for load in loads.values()}, landed(loads)) == ({None}, {})
