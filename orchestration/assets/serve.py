"""Serving further as an asset: every target of the configuration gets the published release.

Comes in: the release that is served on this machine. Goes out: the same in PostgreSQL or an object store. A target that fails leaves
the release, the other targets and the syncs alone, and the run red.
"""

from typing import Any

import dagster as dg

from orchestration import releases
from orchestration.assets.metadata import OWNERS, markdown
from orchestration.resources import NIGHTS, ONE_NIGHT_A_RUN, RELEASE, NightResource
from orchestration.serving_targets import serve_all
from orchestration.unforeseen import quoting_nothing


@dg.asset(
    name="served",
    key_prefix="release",
    deps=[RELEASE],
    group_name="release",
    description="The release in the places that `serving` names: PostgreSQL, whose views switch in one transaction, or an object store.",
    owners=OWNERS,
    kinds={"postgres", "parquet"},
    partitions_def=NIGHTS,
    backfill_policy=ONE_NIGHT_A_RUN,
)
@quoting_nothing
def served(context: dg.AssetExecutionContext, night: NightResource) -> dg.MaterializeResult:
    """Hand the release on; raise in one line when a target did not get it."""
    tonight = night.of(context)
    accounts, failures = serve_all(tonight.settings, releases.current(tonight.home.root))
    if failures:
        raise dg.Failure("\n".join(failures), allow_retries=False)
    rows: list[tuple[Any, ...]] = [
        (name, one.release_id, one.tables, f"{one.rows:,}", "new" if one.is_new else "was there") for name, one in accounts.items()
    ]
    shown = markdown(("target", "release", "tables", "rows", ""), rows) if rows else "No target is configured: `serving` is empty."
    return dg.MaterializeResult(metadata={"targets": dg.MetadataValue.md(shown)})
