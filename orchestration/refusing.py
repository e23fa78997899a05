"""A refused night, written down where people look: why in `state/refusals.jsonl`, and every check of it, in words, as a page.

Comes in: a Night whose checks are recorded, the stage that refused it, its reasons. Goes out: both files; no values of rows.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from orchestration import releases, report
from orchestration.home import Home, write_private
from orchestration.night import Night, RefusedError
from orchestration.sql_text import literal

_CHECKS = "data_quality"


def page(home: Home) -> Path:
    """Where the checks of the last refused night are."""
    return home.logs / "refused.html"


def refused(night: Night, stage: str, reasons: Sequence[str]) -> RefusedError:
    """Write down that `stage` refused the night; returns the error to raise."""
    record(night, stage, reasons)
    return RefusedError(stage, list(reasons))


def record(night: Night, stage: str, reasons: Sequence[str]) -> None:
    """Write down that `stage` refused the night, where `status` and the pages find it."""
    refusal = releases.record_refusal(night.home.root, as_of=night.as_of, stage=stage, reasons=reasons)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"{_CHECKS}.parquet"
        with night.warehouse() as connection:
            results = f"SELECT * FROM ops.check_results WHERE as_of_date <= DATE '{night.as_of}'"
            connection.execute(f"COPY ({results}) TO {literal(file)} (FORMAT parquet)")
        run = _Run(night.run_id, night.as_of, datetime.now(UTC), file)
        write_private(page(night.home), report.render_checks(run, company=night.settings.company.name, refusal=refusal))


@dataclass(frozen=True)
class _Run:
    """A run that published nothing, as the page of checks takes a release."""

    id: str
    as_of: date
    created_at: datetime
    checks: Path
    tables: tuple[str, ...] = (_CHECKS,)

    def table_file(self, _: str) -> Path:
        """The record of checks is all there is."""
        return self.checks
