"""What a run says while it works: to its log file in full, to the terminal step by step, and what a person should read at its end.

Comes in: the records of one logger. Goes out: lines in the log, calls of `progress`, and the list of notices.
"""

from __future__ import annotations

import io
import logging
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar, TextIO

from orchestration.home import OWNER_ONLY_FILE

LOGGER = "rapport.night"
# dbt's step warns of its own inner workings; what a source has to say is for whoever exports.
_NOTICED_IN = "extract"
_WARNING_STEPS = (_NOTICED_IN, "landing_gate", "mart_gate", "audience_gate")

Progress = Callable[[str, str, float], None]  # step, what became of it or how far it is, seconds


@contextmanager
def heard(log: Path, progress: Progress) -> Iterator[list[str]]:
    """Listen while the block runs; gives the list that notices are added to."""
    logger, notices = logging.getLogger(LOGGER), _Notices()
    os.close(os.open(log, os.O_CREAT | os.O_APPEND, OWNER_ONLY_FILE))
    to_file = _ToFile(log, notices)
    to_file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    handlers = (to_file, _Steps(progress), notices)
    for handler in handlers:
        logger.addHandler(handler)
    before, sys.unraisablehook = sys.unraisablehook, _log_unraisable
    screen, sys.stderr = sys.stderr, _Screen(sys.stderr)
    try:
        yield notices.lines
    finally:
        sys.unraisablehook, sys.stderr = before, screen
        for handler in handlers:
            logger.removeHandler(handler)
            handler.close()


def _log_unraisable(told: sys.UnraisableHookArgs) -> None:
    """What Python can only print, such as an error in a generator of dagster-dbt that a stop threw away, is the log's, not the screen's.

    Without its message, which may quote values of rows.
    """
    where = "".join(traceback.format_tb(told.exc_traceback))
    logging.getLogger(LOGGER).error("%s: %s\n%s", told.err_msg or "Exception ignored", told.exc_type.__name__, where)


class _Screen(io.TextIOBase):
    """Standard error without what Dagster says there of its own storage: a run that fails of it says so itself, in one line."""

    _OF_THE_STORAGE = "Exception while writing logger call to event log"

    def __init__(self, screen: TextIO) -> None:
        self._screen = screen

    def write(self, text: str) -> int:
        """Pass on what is for a person; the rest goes to the log."""
        if text.startswith(self._OF_THE_STORAGE):
            logging.getLogger(LOGGER).error(text.rstrip())
            return len(text)
        return self._screen.write(text)

    def flush(self) -> None:
        """As the screen does."""
        self._screen.flush()

    def fileno(self) -> int:
        """That of the screen: what is started inherits it."""
        return self._screen.fileno()

    def isatty(self) -> bool:
        """As the screen is."""
        return self._screen.isatty()


class _ToFile(logging.FileHandler):
    """The log; that it cannot be written is one notice, where Python would print a traceback for every record."""

    def __init__(self, log: Path, notices: _Notices) -> None:
        super().__init__(log, encoding="utf-8")
        self._notices = notices

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802, the name is Python's
        """Say it once."""
        self._say()

    def close(self) -> None:
        """What waits to be written may find no room either."""
        try:
            super().close()
        except OSError:
            self._say()

    def _say(self) -> None:
        line = f"{self.baseFilename}: the log is not whole ({sys.exc_info()[1]})"
        if line not in self._notices.lines:
            self._notices.lines.append(line)


class _Steps(logging.Handler):
    """Tells `progress` when a step starts, ends well or fails, and while the extraction goes on how far it is."""

    _WORDS: ClassVar[dict[str, str]] = {
        "STEP_START": "started",
        "STEP_SUCCESS": "done",
        "STEP_FAILURE": "failed",
        "STEP_SKIPPED": "skipped",
    }

    def __init__(self, progress: Progress) -> None:
        super().__init__()
        self._progress = progress
        self._started: dict[str, float] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Pass on what a record says about a step; other records are the file's."""
        told = getattr(record, "dagster_meta", {})
        event = told.get("dagster_event")
        if event is None and record.levelno == logging.INFO and told.get("step_key") == _NOTICED_IN:
            self._progress(_NOTICED_IN, told["orig_message"], record.created - self._started.get(_NOTICED_IN, record.created))
        if event is None or event.step_key is None or event.event_type_value not in self._WORDS:
            return
        word = self._WORDS[event.event_type_value]
        began = self._started.setdefault(event.step_key, record.created)
        self._progress(event.step_key, word, record.created - began)


class _Notices(logging.Handler):
    """Keeps what the extraction and the gates warn of."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a warning of ours as it was written, without what Dagster puts around it."""
        told = getattr(record, "dagster_meta", {})
        if record.levelno == logging.WARNING and told.get("step_key") in _WARNING_STEPS and told.get("dagster_event") is None:
            self.lines.append(told["orig_message"])
