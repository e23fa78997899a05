"""Catching up: nights that the schedule missed are asked for once each, the oldest first. Closing runs that were killed, so that nothing
waits for them. And telling how a night of the UI ended, or that retention failed.
"""

from datetime import UTC, date, datetime, timedelta

import dagster as dg

from orchestration import alerts, last_run, releases, run_history, served, settings
from orchestration.home import Home, HomeError
from orchestration.jobs import BY_COMMAND_LINE, Outcome, nightly, outcome_of
from orchestration.resources import RETENTION, is_whole_night, night_of
from orchestration.unforeseen import quoting_nothing

MOST_CAUGHT_UP = 14
# Not the job `nightly` alone: assets that somebody picks run in another one, and Dagster knows no code behind a run of the command line.
_ALL_RUNS = True


def missing_nights(published: list[date], yesterday: date, most: int = MOST_CAUGHT_UP) -> list[date]:
    """The nights after the newest published one up to `yesterday` that have no release, oldest first, at most `most`.

    Nothing is missing before the first release: which night starts the history is for a person to say.
    """
    if not published:
        return []
    first = max(max(published) + timedelta(days=1), yesterday - timedelta(days=most - 1))
    return [first + timedelta(days=number) for number in range((yesterday - first).days + 1)]


@dg.sensor(job=nightly, minimum_interval_seconds=3600, description="Asks for every night since the last release that has none")
@quoting_nothing
def missed_nights(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
    """One run request a missed night; the run key keeps a refused night from being asked for again."""
    loaded = settings.load(settings.chosen_config(None))
    published = [release.as_of for release in releases.intact(loaded.home)]
    today = datetime.now(UTC).astimezone(loaded.zone).date()
    # Last night belongs to the schedule; the sensor asks for what is older.
    nights = missing_nights(published, today - timedelta(days=2))
    if not nights:
        return dg.SkipReason("every night up to the last scheduled one has its release")
    return dg.SensorResult(run_requests=[dg.RunRequest(run_key=f"missed-{night}", partition_key=str(night)) for night in nights])


@dg.sensor(
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Closes runs whose process was killed: what waits in the queue would wait for them for ever",
)
@quoting_nothing
def killed_runs(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    """Close what says it goes on, or holds a slot, while nobody is at work in the home; the lock of the home tells that."""
    storage = context.instance
    if not (storage.get_runs(dg.RunsFilter(statuses=run_history.STARTED), limit=1) or run_history.slot_holders(storage)):
        return dg.SkipReason("no run says that it goes on")
    try:
        with Home(settings.load(settings.chosen_config(None)).home).exclusive("a look for runs that were killed"):
            closed = run_history.close_dead(storage)
    except HomeError as error:
        return dg.SkipReason(f"a run goes on: {error}")
    return dg.SkipReason(f"closed: {', '.join(closed)}" if closed else "slots of runs that are over were given back")


@dg.run_status_sensor(
    run_status=dg.DagsterRunStatus.FAILURE,
    monitor_all_code_locations=_ALL_RUNS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Tells whom `alerts` names that a night was refused or failed, or that the job `retention` failed",
)
@quoting_nothing
def nights_that_fail(context: dg.RunStatusSensorContext) -> dg.SkipReason:
    """A refused or failed night, whatever started it; one of the command line has told its end itself, unless it was killed. A retention
    that failed: nobody looks at six in the morning, and whose time is over is kept on.
    """
    return _tell_of_retention(context) if context.dagster_run.job_name == RETENTION else _tell(context)


@dg.run_status_sensor(
    run_status=dg.DagsterRunStatus.SUCCESS,
    monitor_all_code_locations=_ALL_RUNS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Tells whom `alerts` names that a night was published, where they want to know",
)
@quoting_nothing
def nights_that_publish(context: dg.RunStatusSensorContext) -> dg.SkipReason:
    """A published night, whatever started it but the command line."""
    return _tell(context)


def _tell_of_retention(context: dg.RunStatusSensorContext) -> dg.SkipReason:
    run_id, events, ended = _happened(context)
    loaded, outcome = settings.load(settings.chosen_config(None)), outcome_of(run_id, events)
    last_run.remember_retention(Home(loaded.home), outcome.reasons, at=ended)
    return _send(context, loaded, None, outcome)


def _tell(context: dg.RunStatusSensorContext) -> dg.SkipReason:
    run = context.dagster_run
    if not is_whole_night(run):
        return dg.SkipReason("no night: it would have published nothing")
    run_id, events, ended = _happened(context)
    if run.tags.items() >= BY_COMMAND_LINE.items() and not run_history.was_killed(events):
        return dg.SkipReason("the command line has told it")
    loaded = settings.load(settings.chosen_config(None))
    as_of, outcome = night_of(run) or "an unknown day", outcome_of(run_id, events)
    home = Home(loaded.home)
    if home.state.is_dir():  # else the night did not get as far as its home
        last_run.remember(home, as_of, run_id, outcome.status, outcome.reasons, at=ended)
    return _send(context, loaded, as_of, outcome)


def _happened(context: dg.RunStatusSensorContext) -> tuple[str, list[dg.DagsterEvent], datetime]:
    """The id of the run, what happened in it, and when the last of it did (UTC)."""
    run_id = context.dagster_run.run_id
    entries = [entry for entry in context.instance.all_logs(run_id) if entry.dagster_event]
    last = datetime.fromtimestamp(max(entry.timestamp for entry in entries), UTC)
    return run_id, [entry.get_dagster_event() for entry in entries], last


def _send(context: dg.RunStatusSensorContext, loaded: settings.Settings, as_of: str | None, outcome: Outcome) -> dg.SkipReason:
    if not loaded.alerts:
        return dg.SkipReason("the configuration names nobody under `alerts`")
    standing = served.in_words(Home(loaded.home))
    problems = alerts.tell(loaded, alerts.Ended(as_of, alerts.ending(outcome.status), outcome.reasons, standing, outcome.run_id))
    for problem in problems:
        context.log.error(problem)
    return dg.SkipReason("; ".join(problems) or "told")
