"""Catching up: nights that the schedule missed are asked for once each, the oldest first."""

from datetime import UTC, date, datetime, timedelta

import dagster as dg

from orchestration import releases, settings
from orchestration.jobs import nightly

MOST_CAUGHT_UP = 14


def missing_nights(published: list[date], yesterday: date, most: int = MOST_CAUGHT_UP) -> list[date]:
    """The nights after the newest published one up to `yesterday` that have no release, oldest first, at most `most`.

    Nothing is missing before the first release: which night starts the history is for a person to say.
    """
    if not published:
        return []
    first = max(max(published) + timedelta(days=1), yesterday - timedelta(days=most - 1))
    return [first + timedelta(days=number) for number in range((yesterday - first).days + 1)]


@dg.sensor(job=nightly, minimum_interval_seconds=3600, description="Asks for every night since the last release that has none")
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
