"""Retention as an asset of its own: people whom every source has deleted for long enough are erased from the whole home.

Comes in: the home after a night. Goes out: receipts under `state/erasures/`. It rewrites what nights read, so it is no part of one, and
refuses to begin where somebody picked all assets: the lock keeps other runs out, not the other steps of its own.
"""

from collections.abc import Callable

import dagster as dg

from orchestration import last_run, settings
from orchestration.assets.metadata import OWNERS
from orchestration.home import Home, HomeError
from orchestration.plain_words import counted
from orchestration.privacy import erasure, retention
from orchestration.resources import RETENTION, WAREHOUSE_POOL, NightResource, night_of
from orchestration.unforeseen import quoting_nothing


@dg.asset(
    name="expired_people",
    key_prefix="privacy",
    group_name="privacy",
    description="Erasures of people whom every source has deleted for longer than `deleted_people_days`; without that setting, nobody's.",
    owners=OWNERS,
    kinds={"python"},
    pool=WAREHOUSE_POOL,
)
@quoting_nothing
def expired_people(context: dg.AssetExecutionContext, night: NightResource) -> dg.MaterializeResult:
    """Erase whoever is overdue; the resource holds the home meanwhile. Raises HomeError in a run that is a night, too."""
    if night_of(context.run):
        raise HomeError(
            f"this run is the night of {night_of(context.run)}, which reads what retention rewrites; the night goes on,"
            f" and the job `{RETENTION}` does the rest when it has ended"
        )
    loaded = settings.load(settings.chosen_config(None))
    done = _enforced(loaded, lambda step: context.log.info(f"erasing: {step}"))
    last_run.remember_retention(Home(loaded.home), ())
    days = loaded.tuning.deleted_people_days
    kept = (
        "no period is set: deleted people stay as history"
        if days is None
        else f"{counted(days, 'day')} after every source has deleted them"
    )
    return dg.MaterializeResult(
        metadata={
            "people": done.people,
            "kept": kept,
            "rows_without_text": done.texts,
            "receipts": dg.MetadataValue.json([path.name for path in done.receipts]),
        }
    )


def _enforced(loaded: settings.Settings, at: Callable[[str], None]) -> retention.Enforced:
    """Raises HomeError without the names of files, which may be of people: history of runs and alerts would keep them and hand them on."""
    try:
        return retention.enforce(loaded, Home.of(loaded), at)
    except erasure.NamedExportError:
        reason = "exports are named after people whose time is over; nothing of them is erased yet"
    except erasure.StillThereError:
        reason = "people whose time is over are still in files of this home"
    raise HomeError(f"{reason}; `python -m orchestration erase --expired` says which files these are, and what to do")
