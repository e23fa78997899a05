"""What nobody foresaw, told without quoting it: messages of such errors may hold values of rows, or what a vendor answered.

Comes in: an exception. Goes out: its kind and where in the project it happened, or what the system says of its disk and files. Logs and
Dagster's history outlive the rows that an error quotes, so that they get no more than this; what it says in full is for whoever asks with
--debug, on the terminal alone.
"""

from __future__ import annotations

import inspect
import logging
import os
import sqlite3
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar, cast

from expectations.masking import masked
from orchestration.plain_words import in_plain_words, tells_of_a_damaged_file, tells_of_a_full_disk

LOGGER = "rapport.unforeseen"  # hears what such errors say; nothing listens to it but --debug
_HERE = Path(__file__).parent
_BESIDE = tuple(_HERE.parent / package for package in ("ml", "expectations"))
_OURS = ("orchestration", "ml", "expectations", "dagster")  # who words errors for people, and quotes no values in them
_FULL_DISK = "No space left on device"
Work = TypeVar("Work", bound=Callable[..., Any])


class UnforeseenError(Exception):
    """In the place of an error that nobody foresaw: `in_words` of it, with its traceback."""


def quoting_nothing(work: Work) -> Work:
    """`work`, for Dagster to run: it writes down what an error says, and what that was raised from, for ever and in several places."""

    @wraps(work)
    def generator(*arguments: Any, **named: Any) -> Iterator[Any]:
        with unquoted():
            yield from work(*arguments, **named)

    @wraps(work)
    def function(*arguments: Any, **named: Any) -> Any:
        with unquoted():
            return work(*arguments, **named)

    return cast(Work, generator if inspect.isgeneratorfunction(work) else function)


@contextmanager
def unquoted() -> Iterator[None]:
    """An error leaves the block as it is if it is worded for people, else as UnforeseenError; the same goes for what it was raised from."""
    try:
        yield
    except BaseException as error:
        if isinstance(error, Exception):
            logging.getLogger(LOGGER).debug("In full:", exc_info=error)
        told = _unquoted(error)
        raise told from told.__cause__


def _unquoted(error: BaseException) -> BaseException:
    reason = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    is_worded = not isinstance(error, Exception) or type(error).__module__.partition(".")[0] in _OURS
    told = error if is_worded else UnforeseenError(in_words(error)).with_traceback(error.__traceback__)
    told.__cause__ = _unquoted(reason) if reason else None
    return told


@contextmanager
def shown(is_wanted: bool) -> Iterator[None]:
    """Show on the terminal, if that is wanted, what such errors say in full."""
    logger, handler = logging.getLogger(LOGGER), logging.StreamHandler()
    if is_wanted:
        logger.setLevel(logging.DEBUG)
        logger.addHandler(handler)
    try:
        yield
    finally:
        logger.setLevel(logging.NOTSET)
        logger.removeHandler(handler)


def in_words(error: BaseException) -> str:
    """What the system said, if it is the cause; else only where it happened: other messages may quote values of rows."""
    causes = [error]
    while (following := causes[-1].__cause__ or causes[-1].__context__) is not None:
        causes.append(following)
    said = next((words for words in map(_of_the_system, reversed(causes)) if words), None)
    if said is not None:
        return in_plain_words(masked(" ".join(said.split())))
    return f"{place(error)}; run again with --debug to see where it comes from"


def _of_the_system(error: BaseException) -> str | None:
    """What is said of disk, memory and files, which names files and no values. Not every OSError is the system's: some libraries derive
    theirs from it, and word them with what a server answered.
    """
    if isinstance(error, OSError) and error.errno and error.errno > 0:
        return str(OSError(error.errno, os.strerror(error.errno), error.filename, None, error.filename2))
    if isinstance(error, sqlite3.Error) or _is_of_the_machine(error) or tells_of_a_damaged_file(str(error)):
        return str(error)
    return _FULL_DISK if isinstance(error, OSError) and tells_of_a_full_disk(str(error)) else None


def _is_of_the_machine(error: BaseException) -> bool:
    """What DuckDB says of disk and memory; by name, so that no command loads DuckDB only to fail."""
    kind = type(error)
    said = kind.__name__ in ("IOException", "OutOfMemoryException") or "no space left" in str(error).lower()
    return kind.__module__.partition(".")[0] in ("duckdb", "_duckdb") and said


def place(error: BaseException) -> str:
    """Such as `KeyError at sources/stripe/account.py:39`: the innermost line that is ours."""
    ours = [(name, frame.lineno) for frame in traceback.extract_tb(error.__traceback__) if (name := _named(Path(frame.filename)))]
    where = " at {}:{}".format(*ours[-1]) if ours else ""
    return f"{type(error).__name__}{where}"


def _named(file: Path) -> Path | None:
    if file != Path(__file__) and file.is_relative_to(_HERE):
        return file.relative_to(_HERE)
    return file.relative_to(_HERE.parent) if any(file.is_relative_to(package) for package in _BESIDE) else None


def frames(error: BaseException) -> str:
    """The whole traceback, for a log, without what the error says."""
    return "".join(traceback.format_tb(error.__traceback__))
