"""Files: changed records as CSV or JSON Lines in a folder, for a system that picks files up.

Comes in: batches. Goes out: one file per batch, `<folder>/<audience>/<release id>-<batch id>.csv` (or `.jsonl`), owner-only, under
its final name only when it is complete; sending a batch again replaces the same file. Every line has `external_id`, `operation`
(`upsert`; or `clear`: forget what was sent before, the fields are empty), `release_id`, then the audience's fields. In CSV a list or
an object is JSON, NULL is an empty field, and text that a spreadsheet would run as a formula starts with an apostrophe.
"""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from orchestration.destinations.base import Answer, Batch, Destination, DestinationError, Record, Result
from orchestration.destinations.limits import Limits, limits_of

_OWN = ("external_id", "operation", "release_id")


class FilesDestination(Destination):
    """A folder on this machine."""

    type: ClassVar[str] = "files"
    channels: tuple[str, ...] = ()
    limits: ClassVar[Limits] = limits_of("files")

    def __init__(
        self,
        *,
        name: str,
        path: str,
        format: str = "csv",  # noqa: A002 (the key in the configuration)
        mode: str = "upsert",
        consent: Sequence[str] = (),
    ) -> None:
        if format not in ("csv", "jsonl"):
            raise DestinationError(f"destination {name}: format {format!r} is neither csv nor jsonl")
        self.name, self.channels = name, tuple(consent)
        self._folder, self._format = Path(path), format

    @property
    def address(self) -> str:
        """The folder."""
        return str(self._folder)

    def preflight(self) -> None:
        """Check that the folder can be made and written to."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise DestinationError(f"destination {self.name}: {self._folder} cannot be made: {error.strerror}") from error
        if not os.access(self._folder, os.W_OK | os.X_OK):
            raise DestinationError(f"destination {self.name}: {self._folder} cannot be written to; check its owner")

    def send(self, batch: Batch) -> Answer:
        """Write the batch as one file."""
        lines = [self._line(batch, record) for record in batch.records]
        content = _csv(lines) if self._format == "csv" else _json_lines(lines)
        path = self._folder / batch.audience / f"{batch.release_id}-{batch.id[:16]}.{self._format}"
        try:
            _write(path, content)
        except OSError as error:
            return Answer(batch.outcomes(Result.RETRYABLE, "cannot_write"), stop=f"{path.parent} cannot be written to: {error.strerror}")
        return Answer(batch.outcomes(Result.ACKNOWLEDGED))

    def our_name(self, field: str) -> str:
        """The field's own name."""
        return field

    def _line(self, batch: Batch, record: Record) -> dict[str, Any]:
        own = dict(zip(_OWN, (record.external_id, record.operation, batch.release_id), strict=True))
        fields = {self.name_of(field): value for field, value in record.fields.items()}
        return {**own, **{name: value for name, value in fields.items() if name not in own}}

    def forget(self, external_ids: Collection[str]) -> int:
        """Rewrite the files that nobody has picked up yet, without the lines of `external_ids`."""
        taken = 0
        for path in sorted([*self._folder.glob("*/*.csv"), *self._folder.glob("*/*.jsonl")]):
            taken += _without(path, external_ids)
        return taken

    def close(self) -> None:
        """Nothing is held."""


def _without(path: Path, external_ids: Collection[str]) -> int:
    content = path.read_bytes().decode()  # as it is: reading a text turns ends of lines within a value into others
    if path.suffix == ".jsonl":
        lines = [f"{line}\n" for line in content.split("\n") if line]  # JSON leaves other ends of lines, such as U+2028, as they are
        kept = [line for line in lines if json.loads(line)["external_id"] not in external_ids]
        removed, rest = len(lines) - len(kept), "".join(kept)
    else:
        header, *rows = list(csv.reader(io.StringIO(content, newline="")))
        named = {str(_cell(one)) for one in external_ids}
        kept_rows = [row for row in rows if row[0] not in named]
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([header, *kept_rows])
        removed, rest = len(rows) - len(kept_rows), text.getvalue()
    if removed:
        _write(path, rest)
    return removed


def _json_lines(lines: Sequence[Mapping[str, Any]]) -> str:
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


def _csv(lines: Sequence[Mapping[str, Any]]) -> str:
    fields = sorted({name for line in lines for name in line} - set(_OWN))
    text = io.StringIO()
    writer = csv.DictWriter(text, [*_OWN, *fields], lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in line.items()} for line in lines)
    return text.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return "'" + value  # a spreadsheet would run it as a formula
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value


def _write(path: Path, content: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    waiting = path.with_name(f".{path.name}.part")
    handle = os.open(waiting, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(waiting, path)
