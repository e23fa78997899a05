"""The nightly job, and running it without the UI: the same assets, in this process."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Literal

import dagster as dg
from dagster._core.execution.plan.objects import StepFailureData
from dagster._utils.error import SerializableErrorInfo

from expectations.masking import masked
from orchestration.hearing import LOGGER, Progress, heard
from orchestration.home import Home, write_private
from orchestration.plain_words import in_plain_words
from orchestration.resources import NIGHTS, RETENTION

_FORGETTING = dg.AssetSelection.groups("privacy")
# In process: DuckDB takes one writing process, and a process per step would collide on its file.
nightly = dg.define_asset_job(
    "nightly",
    selection=dg.AssetSelection.all() - _FORGETTING,
    partitions_def=NIGHTS,
    executor_def=dg.in_process_executor,
    description="One night, end to end: extract, gate, build, gate, model, build, gate, publish, sync",
)

retention = dg.define_asset_job(
    RETENTION,
    selection=_FORGETTING,
    executor_def=dg.in_process_executor,
    description="Erases people whom every source has deleted for longer than the configuration keeps them",
)

# A machine that is too busy to answer for a minute fails what waits in the queue, nights of a backfill too, unless it is asked again.
# A run whose process died before it had started, or while it was stopped, is closed after ten minutes; `killed_runs` closes the others.
_INSTANCE = """\
telemetry: {enabled: false}
nux: {enabled: false}
compute_logs: {module: dagster._core.storage.noop_compute_log_manager, class: NoOpComputeLogManager}
concurrency: {runs: {max_concurrent_runs: 1}, pools: {default_limit: 1}}
run_queue: {max_user_code_failure_retries: 10, user_code_failure_retry_delay: 60}
run_monitoring: {enabled: true, start_timeout_seconds: 600, cancel_timeout_seconds: 600}
storage: {custom: {module: orchestration.event_log, class: PooledStorage, config: {base_dir: %s}}}
"""

BY_COMMAND_LINE = {"rapport/started_by": "command line"}  # the tag of a run that tells its end itself
_INTERRUPTED = "DagsterExecutionInterruptedError"
_OURS = ("orchestration.", "ml.", "expectations.")
_GATES = ("landing_gate", "mart_gate", "audience_gate")

Status = Literal["published", "refused", "misconfigured", "failed"]
_STATUS: dict[str, Status] = {"RefusedError": "refused", "DagsterAssetCheckFailedError": "refused", "ConfigurationError": "misconfigured"}


@dataclass(frozen=True)
class Outcome:
    """What became of a night: published, refused by a blocking check, or failed; why, and what else was noticed, a line each."""

    run_id: str
    status: Status
    reasons: tuple[str, ...]
    failed_step: str | None = None
    notices: tuple[str, ...] = ()


def instance(home: Home) -> dg.DagsterInstance:
    """Dagster's storage under the home: runs from the command line are seen in the UI and the other way round."""
    prepare_instance(home)
    return dg.DagsterInstance.from_config(str(home.dagster))


def prepare_instance(home: Home) -> None:
    """Write the settings of Dagster's storage, telemetry off; a home that was moved is written anew where it is."""
    write_private(home.dagster / "dagster.yaml", _INSTANCE % json.dumps(str(home.dagster.resolve())))


def run_night(home: Home, as_of: date, progress: Progress, log: Path) -> Outcome:
    """Run the nightly job for `as_of` in this process; the whole log goes to `log`."""
    from orchestration.definitions import defs

    job = defs.resolve_job_def("nightly")
    with instance(home) as storage, heard(log, progress) as notices:
        result = job.execute_in_process(
            instance=storage,
            partition_key=as_of.isoformat(),
            raise_on_error=False,
            run_config={"loggers": {"night": {}}},
            tags=BY_COMMAND_LINE,
        )
        return replace(outcome_of(result.run_id, result.all_events), notices=tuple(notices))


@dg.logger
def night_logger(_: dg.InitLoggerContext) -> logging.Logger:
    """A logger without handlers of its own; `run_night` adds them."""
    logger = logging.getLogger(LOGGER)
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    return logger


def outcome_of(run_id: str, events: Sequence[dg.DagsterEvent]) -> Outcome:
    """What became of a run of the nightly job, from what happened in it."""
    if any(event.event_type is dg.DagsterEventType.RUN_SUCCESS for event in events):
        return Outcome(run_id, "published", ())
    failures = [event for event in events if event.is_step_failure]
    if not failures:  # the run never got as far as a step
        broken = [event.message or "" for event in events if event.is_failure]
        return Outcome(run_id, "failed", tuple(broken) or ("the run stopped before its first step",))
    status, told = _told(failures[0].step_failure_data)
    reasons = _objections(events) if status == "refused" else ()
    # Steps that need not each other, such as the syncs of two destinations, may fail in one night; each has its own reason.
    further = tuple(reason for failure in failures[1:] for reason in _told(failure.step_failure_data)[1])
    return Outcome(run_id, status, (reasons or told) + further, failures[0].step_key)


def _told(failure: StepFailureData) -> tuple[Status, tuple[str, ...]]:
    """What became of the night by the step that failed, and why: a step that fails in several ways says each on a line of its own."""
    causes = list(_causes(failure.error))
    if any(error.cls_name == _INTERRUPTED for error in causes):
        return "failed", ("stopped by a signal; run again, nothing has to be cleaned up first",)
    # What ours was raised from is a detail. Steps raise nothing else; what Dagster itself stumbles over may be others' (its storage).
    cause = next((error for error in causes if error.message.startswith(_OURS)), causes[-1] if causes else None)
    description = failure.user_failure_data.description if failure.user_failure_data else None
    status = _STATUS.get(cause.cls_name or "", "failed") if cause else "failed"
    said = description or (masked(_bare(cause)) if cause else "")  # what others say may quote the value that they stumbled over
    return status, tuple(map(in_plain_words, said.splitlines())) or ("",)


def _objections(events: Sequence[dg.DagsterEvent]) -> tuple[str, ...]:
    """What the blocking asset checks that failed say, a line a table; Dagster's own message only counts them."""
    checks = (event.asset_check_evaluation_data for event in events if event.event_type is dg.DagsterEventType.ASSET_CHECK_EVALUATION)
    failed = (check for check in checks if not check.passed and check.severity is dg.AssetCheckSeverity.ERROR)
    return tuple(f"{check.check_name.replace('_', ' ')}: {check.description}" for check in failed if check.check_name in _GATES)


def _bare(error: SerializableErrorInfo) -> str:
    """The message on one line, without the name of its class in front."""
    message = " ".join(error.message.split())
    return message.partition(f"{error.cls_name}: ")[2] or message


def _causes(error: SerializableErrorInfo | None) -> Iterator[SerializableErrorInfo]:
    """The error and what it was raised from, the first cause last."""
    while error is not None:
        yield error
        error = error.cause or error.context
