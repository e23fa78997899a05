"""Spoils a table on purpose: late rows, exact duplicates, corrected versions, and every kind of bad row of the contract. Pure.

Bad rows are additional rows, so the good ones still add up; what was planted is returned as truth.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from examples.acme.planting import as_text, plant, planted_rows

SMALLEST = 200  # a smaller table stays clean: one bad row would already be half a percent of it
LATE_SHARE, LEGACY_SHARE, REPEATED_SHARE, CORRECTED_SHARE = 0.005, 0.01, 0.002, 0.03


@dataclass(frozen=True)
class Delivery:
    """A table as it is exported: main part, rows that come later, rows as text from the old system, and the truth about the bad ones."""

    main: pa.Table
    later: pa.Table
    legacy: pa.Table
    planted: pa.Table


def spoil(rng: np.random.Generator, name: str, clean: pa.Table, chunk: int) -> Delivery:
    """Distribute the rows of `clean` over the parts and plant bad ones. Every good row is delivered, some of them twice."""
    if clean.num_rows < SMALLEST:
        return Delivery(clean, clean.slice(0, 0), as_text(clean.slice(0, 0)), planted_rows([], [], []))
    fate = rng.random(clean.num_rows)
    old, late = fate < LEGACY_SHARE, (fate >= LEGACY_SHARE) & (fate < LEGACY_SHARE + LATE_SHARE)
    repeated = fate > 1 - REPEATED_SHARE
    main, later = clean.filter(pa.array(~old & ~late)), clean.filter(pa.array(late | repeated))
    if name == "crm_customers":
        main, later = _corrected(rng, clean, ~old)
    bad, planted = plant(rng, name, clean, chunk)
    return Delivery(main, later, pa.concat_tables([as_text(clean.filter(pa.array(old))), bad]), planted)


def _corrected(rng: np.random.Generator, clean: pa.Table, kept: np.ndarray) -> tuple[pa.Table, pa.Table]:
    """(main, later): some records come first as they were when made, without an owner and in no region, and later as they are."""
    main = clean.filter(pa.array(kept))
    changed = pa.array(rng.random(main.num_rows) < CORRECTED_SHARE)
    changed = pc.and_(changed, pc.and_(pc.less(main["created_at"], main["updated_at"]), pc.is_null(main["deleted_at"])))
    later = main.filter(changed)
    for column, value in {
        "updated_at": main["created_at"],
        "region": pa.scalar(None, pa.string()),
        "owner": pa.scalar(None, pa.string()),
    }.items():
        main = main.set_column(main.column_names.index(column), column, pc.if_else(changed, value, main[column]))
    return main, later
