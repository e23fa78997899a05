"""What `erase` asks before it begins: what is wanted, of whom, and whether that is meant."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from orchestration.settings import ConfigurationError


def named(wanted: list[str], file: Path | None) -> list[str]:
    """The names on the command line, then those of `file`, one a line. Raises ConfigurationError when it cannot be read."""
    if file is None:
        return wanted
    try:
        return [*wanted, *(line.strip() for line in file.read_text(encoding="utf-8").splitlines() if line.strip())]
    except OSError as error:
        raise ConfigurationError(f"--from-file {file}: {error.strerror}") from error


def require_one_wish(options: argparse.Namespace) -> None:
    """Raise ConfigurationError where two options of `erase` exclude each other: one of them would be passed over without a word."""
    wishes = [f"--{name}" for name in ("verify", "expired", "lift") if getattr(options, name)]
    whom = [f"--{name.replace('_', '-')}" for name in ("customer", "contact", "from_file") if getattr(options, name)]
    if len(wishes) > 1:
        raise ConfigurationError(f"erase: {wishes[0]} and {wishes[1]} are two things to do; run one after the other")
    if whom and wishes and wishes != ["--lift"]:
        raise ConfigurationError(f"erase: {wishes[0]} asks nobody's name, and {whom[0]} gives one; run one after the other")
    if not wishes and whom[:2] == ["--customer", "--contact"]:
        raise ConfigurationError("erase: --customer and --contact exclude each other: customers here are people, or else companies")


def require(anything: object) -> None:
    """Raise ConfigurationError when nobody is named."""
    if not anything:
        raise ConfigurationError("erase: name whom, with --customer ID, --contact ID or --from-file FILE")


def require_somebody(question: str) -> None:
    """Raise ConfigurationError where nobody sits who could be asked."""
    if not sys.stdin.isatty():
        raise ConfigurationError(f"erase: {question} Nobody can be asked here; say so with --yes")


def agrees(question: str) -> bool:
    """Whether whoever sits there says yes. Raises ConfigurationError where nobody does."""
    require_somebody(question)
    return input(f"{question} [y/N] ").strip().lower() == "y"
