"""Extraction as assets: one per input table, landed by every source that has it.

Comes in: the sources of the configuration. Goes out: new and changed rows in landing. A part that cannot be read fails the
step in one line after everything else has landed.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from functools import partial
from logging import Logger
from pathlib import Path
from typing import Any

import dagster as dg

from expectations.masking import masked
from orchestration import landing, unforeseen
from orchestration.assets.metadata import OWNERS
from orchestration.contract import INPUT_TABLES, Table
from orchestration.landing import TableLoad
from orchestration.night import Night
from orchestration.plain_words import counted
from orchestration.resources import NIGHTS, ONE_NIGHT_A_RUN, WAREHOUSE_POOL, NightResource
from orchestration.unforeseen import quoting_nothing


def _spec(table: Table) -> dg.AssetSpec:
    columns = [
        dg.TableColumn(column.name, column.type, column.description, constraints=dg.TableColumnConstraints(nullable=not column.required))
        for column in table.columns
    ]
    return dg.AssetSpec(
        ["landing", table.name],
        group_name="extract",
        description=f"{table.grain}, as landed: all versions, in append-only Parquet.",
        owners=OWNERS,
        kinds={"dlt", "parquet"},
        metadata={"dagster/column_schema": dg.TableSchema(columns)},
        partitions_def=NIGHTS,
    )


@dg.multi_asset(
    name="extract",
    specs=[_spec(table) for table in INPUT_TABLES.values()],
    can_subset=True,
    pool=WAREHOUSE_POOL,
    backfill_policy=ONE_NIGHT_A_RUN,
)
@quoting_nothing
def landing_tables(context: dg.AssetExecutionContext, night: NightResource) -> Iterator[dg.MaterializeResult]:
    """Land what changed at every source, then say which parts could not be read."""
    tonight = night.of(context)
    wanted = [INPUT_TABLES[key.path[-1]] for key in context.selected_asset_keys]
    refusals: list[str] = []
    loads = list(_extracted(tonight, sorted(wanted, key=lambda table: table.name), context.log, refusals.append))
    for notice in (notice for load in loads for notice in _notices(load, tonight.settings.tuning.extra_dimensions)):
        context.log.warning(masked(notice))  # an export may be named after a customer, and a pivoted table has a column each
    held = {(row["source"], row["table"]): row for row in landing.summary(tonight.home.landing)}
    for table in wanted:
        mine = [load for load in loads if load.table == table.name]
        yield dg.MaterializeResult(asset_key=["landing", table.name], metadata=_metadata(mine, held))
    errors = [*refusals, *(f"{load.source}: {load.error}" for load in loads if load.error)]
    if errors:
        raise dg.Failure(masked("\n".join(errors)), allow_retries=False)


def _extracted(night: Night, tables: list[Table], log: Logger, refused: Callable[[str], None]) -> Iterable[TableLoad]:
    """Every source in turn; `refused` hears of one that refuses us as a whole, and the others land all the same."""
    for source in night.settings.sources:
        try:
            yield from landing.extract(
                night.settings.ready(source),
                tables,
                night.home.landing,
                night.home.state / "dlt",
                zone=night.settings.company.timezone,
                memory_gib=night.settings.tuning.memory_gib / 2,
                threads=night.settings.tuning.threads,
                may_vanish=night.settings.tuning.accept_vanished_tables,
                most_vanished=night.settings.tuning.max_vanished_share,
                tombstones=landing.Tombstones(night.home.erasures),
                texts_from=night.texts_from,
                tell=partial(_far, log.info, source.name),
            )
        except landing.SourceError as error:
            refused(f"{source.name}: {error}")
        except OSError:  # the disk, or a file of ours: of no source, and for all of them
            raise
        except Exception as error:  # an answer of a shape that nobody foresaw; what it says may be that answer, so only where is told
            where = unforeseen.place(error)
            log.error(f"{source.name}: {where}\n{unforeseen.frames(error)}")
            refused(f"{source.name}: what it answers is not understood ({where}); nothing of it landed, report this line as a bug")


def _far(tell: Callable[[str], None], source: str, line: str) -> None:
    tell(f"{source}: {line}")


def _notices(load: TableLoad, used: Collection[str]) -> Iterator[str]:
    """What the load found that nobody may miss: files that are not read, tables that vanished, columns that nobody uses."""
    yield from (f"{load.source}: {warning}" for warning in load.warnings)
    if load.erased:
        yield f"{load.source}: {counted(load.erased, 'row')} of {load.table} of people who were erased: still at the source, not landed"
    splits = used if load.table == "crm_customers" else ()
    unknown = [column for column in load.unknown_columns if column.lower() not in splits]
    if unknown:
        named = ", ".join(unknown[:8]) + (" …" if len(unknown) > 8 else "")
        yield f"{load.source}: {load.table} has columns that are not in the contract, kept in landing and not used: {named}"


def _metadata(loads: list[TableLoad], held: dict[tuple[str, str], dict[str, Any]]) -> dict[str, Any]:
    rows = [held[load.source, load.table] for load in loads if (load.source, load.table) in held]
    return {
        "dagster/row_count": sum(row["held_now"] for row in rows),
        "landed_tonight": sum(load.rows for load in loads),
        "removed_tonight": sum(load.tombstones for load in loads),
        "erased_people_not_landed": sum(load.erased for load in loads),
        "files_read": sum(load.files_read for load in loads),
        "files_unchanged": sum(load.files_skipped for load in loads),
        "unknown_columns": masked(", ".join(sorted({name for load in loads for name in load.unknown_columns}))) or "none",
        "absent_columns": ", ".join(sorted({name for load in loads for name in load.absent_columns})) or "none",
        "sources": [Path(load.source).name for load in loads],
    }
