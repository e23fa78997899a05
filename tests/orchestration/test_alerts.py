"""How a night ended reaches whom the configuration names, and nobody else; what cannot be told is one line and changes nothing."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from orchestration import alerts, served, settings
from orchestration.__main__ import main
from orchestration.commands import running, summary
from orchestration.home import Home
from tests.chats import configured, told
from tests.fakes.webhook_receiver import SECRET, receiving

REFUSED = alerts.Ended(
    "2026-10-31", "refused", ("landing gate: crm_tickets: 4.1 % of its rows stepped aside",), "Release r1 is served", "run-1"
)


def test_a_chat_gets_one_message_with_the_reasons_and_what_is_served(chat: settings.Settings, receiver: Any) -> None:
    assert alerts.tell(chat, REFUSED) == []
    assert told(receiver) == [
        "Acme, the night of 2026-10-31: refused.\n• landing gate: crm_tickets: 4.1 % of its rows stepped aside\nRelease r1 is served."
    ]


def test_many_reasons_are_counted_and_not_poured_out() -> None:
    many = alerts.Ended("2026-10-31", "failed", tuple(f"reason {number}" for number in range(1, 8)), "Nothing was published before")
    assert alerts.in_words("Acme", many).splitlines()[5:] == ["• reason 5", "• 2 more", "Nothing was published before."]


def test_nobody_is_told_of_an_ending_that_they_did_not_ask_for(chat: settings.Settings, receiver: Any) -> None:
    assert alerts.tell(chat, alerts.Ended("2026-10-31", "published", (), "Release r2 is served")) == []
    assert receiver.requests == []


def test_a_service_gets_a_signed_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALERTS_SECRET", SECRET)
    with receiving() as receiver:
        receiver.apply = lambda *_: None
        loaded = configured(tmp_path, f'{{type: webhook, url: "{receiver.url}", secret: "${{ALERTS_SECRET}}", when: [published, refused]}}')
        assert alerts.tell(loaded, REFUSED) == []  # the receiver answers 401 to a signature that does not fit
    ((headers, body, _),) = receiver.requests
    assert headers["webhook-id"] == "night-run-1-refused"
    assert body["type"] == "night.refused"
    assert body["data"] == {
        "company": "Acme", "as_of": "2026-10-31", "ending": "refused", "reasons": list(REFUSED.reasons), "served": "Release r1 is served",
        "run_id": "run-1",
    }  # fmt: skip


def test_retention_is_no_night_to_a_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALERTS_SECRET", SECRET)
    with receiving() as receiver:
        receiver.apply = lambda *_: None
        loaded = configured(tmp_path, f'{{type: webhook, url: "{receiver.url}", secret: "${{ALERTS_SECRET}}"}}')
        assert alerts.tell(loaded, alerts.Ended(None, "failed", ("the disk is full",), "Release r1 is served", "run-2")) == []
    ((headers, body, _),) = receiver.requests
    assert headers["webhook-id"] == "retention-run-2-failed"
    assert (body["type"], body["data"]["as_of"]) == ("retention.failed", None)


def test_a_receiver_that_refuses_or_is_away_is_one_line_without_its_url(
    chat: settings.Settings, receiver: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver.answers = [(404, {}, b"no such hook")]
    assert alerts.tell(chat, REFUSED) == ["alerts: chat was not told: it answered 404"]
    monkeypatch.setenv("ALERTS_URL", "http://127.0.0.1:1/secret-path")
    assert alerts.tell(chat, REFUSED, sleep=lambda _: None) == ["alerts: chat was not told: there is no connection to it"]
    monkeypatch.setenv("ALERTS_URL", "http://example.org/secret-path")
    (problem,) = alerts.tell(chat, REFUSED)
    assert "only https is used" in problem
    assert "secret-path" not in problem


def test_a_night_that_cannot_start_is_told_too(chat: settings.Settings, receiver: Any, tmp_path: Path) -> None:
    with pytest.raises(settings.ConfigurationError, match="there is no folder"):
        running.run(chat, "2026-10-31")
    (text,) = told(receiver)
    assert text.startswith("Acme, the night of 2026-10-31: failed.\n• ")
    assert f"there is no folder {tmp_path / 'exports'}" in text
    assert text.endswith("Nothing was published before either.")


def test_a_night_that_takes_its_own_record_along_is_told_too(
    chat: settings.Settings, receiver: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A full disk stops Dagster's storage first: status then said nothing of the night, and nobody was told."""

    def full(*_: Any) -> int:
        raise sqlite3.OperationalError("database or disk is full")

    (tmp_path / "exports").mkdir()
    (tmp_path / "exports" / "crm_customers.csv").write_text("customer_id,created_at\nc1,2026-01-01\n")
    monkeypatch.setattr(running, "_night", full)
    monkeypatch.chdir(tmp_path)  # where the command remembers what was run
    assert main(["run", "--config", str(chat.config_path), "--as-of", "2026-10-31"]) == 1
    assert capsys.readouterr().err.startswith("rapport: database or disk is full: is the disk full? Free some space")
    (text,) = told(receiver)
    assert "failed.\n• database or disk is full: is the disk full?" in text
    assert main(["status", "--config", str(chat.config_path)]) == 0
    said = capsys.readouterr().out
    assert "failed       the night of 2026-10-31" in said
    assert "database or disk is full" in said


def test_a_variable_that_is_not_set_is_found_before_the_night(chat: settings.Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ALERTS_URL")
    with pytest.raises(settings.ConfigurationError, match=r"alerts\.0\.url: the environment variable ALERTS_URL is not set"):
        settings.check_secrets(chat)


@pytest.mark.parametrize(
    ("age", "most", "complaint"), [(30, 36, None), (50, 36, "status: the served release is 2 days old, more than 36 hours")]
)
def test_a_monitor_is_told_of_a_release_that_is_too_old(
    age: int, most: float, complaint: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = SimpleNamespace(created_at=datetime.now(UTC) - timedelta(hours=age))
    monkeypatch.setattr(served, "release", lambda _: made)
    assert summary.too_old(Home(tmp_path), most) == complaint


def test_a_monitor_is_told_that_nothing_is_published(chat: settings.Settings, capsys: pytest.CaptureFixture[str]) -> None:
    Home(chat.home).prepare()
    assert main(["status"]) == 0
    assert main(["status", "--max-age", "36"]) == 1
    assert capsys.readouterr().err == "rapport: status: nothing is published yet\n"


def test_a_home_that_nobody_may_read_does_not_hide_why_the_night_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(_: object) -> None:
        raise PermissionError(13, "Permission denied", "/home/releases/current")

    monkeypatch.setattr(served, "release", forbidden)
    assert served.in_words(Home(tmp_path)).startswith("/home/releases/current: Permission denied; run this as the user")
