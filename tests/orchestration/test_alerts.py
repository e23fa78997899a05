"""How a night ended reaches whom the configuration names, and nobody else; what cannot be told is one line and changes nothing."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dagster as dg
import pytest

from orchestration import alerts, run_history, served, settings
from orchestration.__main__ import main
from orchestration.commands import running, summary
from orchestration.home import Home
from orchestration.jobs import BY_COMMAND_LINE
from orchestration.night import RefusedError
from orchestration.sensors import nights_that_fail, nights_that_publish
from tests.fakes.webhook_receiver import SECRET, receiving

REFUSED = alerts.Ended(
    "2026-10-31", "refused", ("landing gate: crm_tickets: 4.1 % of its rows stepped aside",), "Release r1 is served", "run-1"
)
CHAT = '{type: chat, url: "${ALERTS_URL}"}'


@pytest.fixture
def receiver() -> Iterator[Any]:
    """A chat: it verifies nothing, and answers 200 unless it was told otherwise."""
    with receiving() as receiver:

        def take(handler: Any) -> tuple[int, dict[str, str], bytes]:
            body = handler.rfile.read(int(handler.headers["content-length"]))
            receiver.requests.append(json.loads(body))
            answer: tuple[int, dict[str, str], bytes] = receiver.answers.pop(0) if receiver.answers else (200, {}, b"ok")
            return answer

        receiver.take = take
        yield receiver


def configured(folder: Path, *said: str) -> settings.Settings:
    config = folder / "config.yaml"
    config.write_text(
        "company: {name: Acme, business_model: contractual, reporting_currency: USD}\nsources: [{type: files, path: exports}]\nhome: home\n"
        f"alerts: [{', '.join(said)}]\n"
    )
    return settings.load(config)


@pytest.fixture
def chat(tmp_path: Path, receiver: Any, monkeypatch: pytest.MonkeyPatch) -> settings.Settings:
    monkeypatch.delenv("RAPPORT_HOME", raising=False)
    monkeypatch.setenv("ALERTS_URL", receiver.url)
    monkeypatch.setenv("RAPPORT_CONFIG", str(tmp_path / "config.yaml"))
    return configured(tmp_path, CHAT)


def told(receiver: Any) -> list[str]:
    assert all(list(body) == ["text"] for body in receiver.requests)
    return [body["text"] for body in receiver.requests]


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


@dg.op
def gate() -> None:
    """A gate that refuses."""
    raise RefusedError("mart gate", ["metric_mrr_movements: the parts do not sum"])


@dg.op
def step() -> None:
    """A step that works."""


def ran(operation: dg.OpDefinition, instance: dg.DagsterInstance, **tags: str) -> dg.RunStatusSensorContext:
    @dg.job(name="nightly")
    def nightly() -> None:
        operation()

    done = nightly.execute_in_process(instance=instance, raise_on_error=False, tags={"dagster/partition": "2026-10-31", **tags})
    ended = next(event for event in done.all_events if event.is_failure or event.event_type is dg.DagsterEventType.RUN_SUCCESS)
    return dg.build_run_status_sensor_context("alerts", ended, instance, done.dagster_run)


def test_a_night_of_the_ui_is_told_by_its_sensor_and_one_of_the_command_line_is_not_told_twice(
    chat: settings.Settings, receiver: Any
) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        nights_that_fail(ran(gate, instance))
        nights_that_fail(ran(gate, instance, **BY_COMMAND_LINE))
        nights_that_publish(ran(step, instance))
    assert told(receiver) == [
        "Acme, the night of 2026-10-31: refused.\n• mart gate: metric_mrr_movements: the parts do not sum\n"
        "Nothing was published before either."
    ]


def test_a_night_of_the_command_line_that_was_killed_could_not_tell_it(chat: settings.Settings, receiver: Any) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        dead = instance.create_run_for_job(
            dg.JobDefinition(name="nightly", graph_def=dg.GraphDefinition(name="nightly", node_defs=[step])),
            status=dg.DagsterRunStatus.STARTED,
            tags={"dagster/partition": "2026-10-31", **BY_COMMAND_LINE},
        )
        assert run_history.close_dead(instance) == [dead.run_id]
        ended = next(
            entry.dagster_event for entry in instance.all_logs(dead.run_id) if entry.dagster_event and entry.dagster_event.is_failure
        )
        nights_that_fail(dg.build_run_status_sensor_context("alerts", ended, instance, instance.get_run_by_id(dead.run_id)))
    (said,) = told(receiver)
    assert said.startswith("Acme, the night of 2026-10-31: failed.\n• the process of this run was killed")


def test_without_anybody_to_tell_the_sensors_do_nothing(chat: settings.Settings, receiver: Any, tmp_path: Path) -> None:
    configured(tmp_path)
    with dg.DagsterInstance.ephemeral() as instance:
        nights_that_fail(ran(gate, instance))
    assert receiver.requests == []


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
