"""The sensors that tell of nights hear of each once, whoever started it, and of nothing that is no night."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.definitions.sensor_definition import SensorEvaluationContext
from dagster._core.remote_origin import ManagedGrpcPythonEnvCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin

from orchestration import jobs, last_run, run_history, settings
from orchestration.definitions import defs
from orchestration.home import Home
from orchestration.jobs import BY_COMMAND_LINE
from orchestration.night import RefusedError
from orchestration.resources import RELEASE
from orchestration.sensors import nights_that_fail, nights_that_publish
from tests.chats import configured, told


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


class Listening:
    """Dagster's storage as its daemon hears of runs: by their place in it, and by the code that they were started from, if any."""

    _code = ManagedGrpcPythonEnvCodeLocationOrigin(
        LoadableTargetOrigin(module_name="orchestration.definitions"), location_name="orchestration.definitions"
    )
    everything = frozenset(defs.resolve_asset_graph().materializable_asset_keys)

    def __init__(self, storage: dg.DagsterInstance) -> None:
        self._storage, self._cursors = storage, dict.fromkeys(("nights_that_fail", "nights_that_publish"), "")
        self.hear()  # where it begins to listen

    def hear(self) -> None:
        """Turns of both sensors until there is nothing new."""
        for name, cursor in self._cursors.items():
            repository = defs.get_repository_def()
            while True:
                with SensorEvaluationContext(
                    None, instance=self._storage, cursor=cursor, sensor_name=name, repository_name=repository.name,
                    repository_def=repository, code_location_origin=self._code,
                ) as context:  # fmt: skip
                    done = repository.get_sensor_def(name).evaluate_tick(context)
                assert not done.dagster_run_reactions, done
                if done.cursor in (None, cursor):
                    break
                self._cursors[name] = cursor = done.cursor

    def run(self, job: str, picked: frozenset[dg.AssetKey] | None, *, by_command_line: bool = False, **tags: str) -> dg.DagsterRun:
        """A run that goes on."""
        origin = RemoteJobOrigin(RemoteRepositoryOrigin(self._code, "__repository__"), job)
        run = dg.DagsterRun(
            job_name=job,
            status=dg.DagsterRunStatus.STARTED,
            asset_selection=picked,
            remote_job_origin=None if by_command_line else origin,
            tags={**tags, **(BY_COMMAND_LINE if by_command_line else {})},
        )
        return self._storage.add_run(run)


@pytest.fixture
def listening(chat: settings.Settings) -> Iterator[tuple[dg.DagsterInstance, Listening]]:
    home = Home(chat.home)
    home.prepare()
    with jobs.instance(home) as storage:
        yield storage, Listening(storage)


OF_A_BACKFILL = {"dagster/asset_partition_range_start": "2026-10-30", "dagster/asset_partition_range_end": "2026-10-30"}
OF_A_JOB = {"dagster/partition": "2026-10-30"}


@pytest.mark.parametrize(
    ("job", "picked", "tags"),
    [
        ("nightly", None, OF_A_JOB),
        ("nightly", Listening.everything, OF_A_JOB),
        ("__ASSET_JOB", Listening.everything, OF_A_JOB),  # all assets, materialized for one night
        ("__ASSET_JOB", Listening.everything, OF_A_BACKFILL),
    ],
)
def test_a_night_is_told_once_whoever_started_it(
    job: str, picked: Any, tags: dict[str, str], listening: tuple[dg.DagsterInstance, Listening], receiver: Any
) -> None:
    storage, ears = listening
    storage.report_run_failed(ears.run(job, picked, **tags), "the disk is full")
    ears.hear()
    ears.hear()
    assert told(receiver) == ["Acme, the night of 2026-10-30: failed.\n• the disk is full\nNothing was published before either."]


def test_a_killed_night_of_the_command_line_is_heard_of(listening: tuple[dg.DagsterInstance, Listening], receiver: Any) -> None:
    """Dagster knows no code that such a run was started from."""
    storage, ears = listening
    dead = ears.run("nightly", None, by_command_line=True, **OF_A_JOB)
    assert run_history.close_dead(storage) == [dead.run_id]
    ears.hear()
    assert [text.splitlines()[0] for text in told(receiver)] == ["Acme, the night of 2026-10-30: failed."]


@pytest.mark.parametrize(("job", "is_picked"), [("nightly", True), ("__ASSET_JOB", True)])
def test_a_part_that_would_publish_nothing_is_no_night(
    job: str, is_picked: bool, listening: tuple[dg.DagsterInstance, Listening], receiver: Any, tmp_path: Path
) -> None:
    """Who builds one table, to look at it, has neither published a night nor failed one."""
    storage, ears = listening
    configured(tmp_path, '{type: chat, url: "${ALERTS_URL}", when: [published, failed]}')
    selected = Listening.everything - {RELEASE, dg.AssetKey(["release", "page"])} if is_picked else None
    storage.report_run_failed(ears.run(job, selected, **OF_A_JOB), "the disk is full")
    done = ears.run(job, selected, **OF_A_JOB)
    storage.report_dagster_event(dg.DagsterEvent("PIPELINE_SUCCESS", job, message="done"), done.run_id)
    ears.hear()
    assert told(receiver) == []
    assert not (Home(tmp_path / "home").state / "last_run.json").exists()


def test_a_retention_that_fails_is_told_and_one_that_does_its_work_is_not(
    listening: tuple[dg.DagsterInstance, Listening], receiver: Any, tmp_path: Path
) -> None:
    """It runs at six in the morning, when nobody looks; whose time was over stayed, and nobody heard of it."""
    storage, ears = listening
    configured(tmp_path, '{type: chat, url: "${ALERTS_URL}", when: [published, failed]}')
    storage.report_run_failed(ears.run("retention", None), "the disk is full")
    done = ears.run("retention", None)
    storage.report_dagster_event(dg.DagsterEvent("PIPELINE_SUCCESS", "retention", message="done"), done.run_id)
    ears.hear()
    ears.hear()
    assert told(receiver) == ["Acme, retention: failed.\n• the disk is full\nNothing was published before either."]
    assert not (Home(tmp_path / "home").state / "last_run.json").exists()  # which `status` reads the last night from
    failed = last_run.failed_retention(Home(tmp_path / "home"))
    assert failed is not None
    assert failed.reasons == ("the disk is full",)


def test_without_anybody_to_tell_the_sensors_do_nothing(chat: settings.Settings, receiver: Any, tmp_path: Path) -> None:
    configured(tmp_path)
    with dg.DagsterInstance.ephemeral() as instance:
        nights_that_fail(ran(gate, instance))
    assert receiver.requests == []
