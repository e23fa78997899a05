"""What can be known to be wrong before a night starts: found now, and not after an hour of work.

Comes in: the settings. Goes out: nothing, or a ConfigurationError that names the place in the file. No network is used.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from orchestration import dbt, starter
from orchestration.configuration.destinations import EveryDestination
from orchestration.configuration.parts import REFERENCE
from orchestration.configuration.sources import FilesSource
from orchestration.destinations import DestinationError
from orchestration.destinations.transport import checked_url
from orchestration.settings import ConfigurationError, Settings, check_secrets


def check(loaded: Settings) -> None:
    """Raise ConfigurationError for the first thing that no night could work with."""
    _check_currency(loaded)
    check_secrets(loaded)
    _check_destinations(loaded)
    _check_alerts(loaded)
    _check_sources(loaded)


def _check_currency(loaded: Settings) -> None:
    with (dbt.PROJECT / "seeds" / "currencies.csv").open(encoding="utf-8", newline="") as file:
        known = {row["currency"] for row in csv.DictReader(file)}
    currency = loaded.company.reporting_currency
    if currency not in known:
        raise ConfigurationError(f"{loaded.config_path}: company.reporting_currency: {currency} is no ISO 4217 currency")


def _check_destinations(loaded: Settings) -> None:
    """Every audience has a model, and a URL is one that may be called."""
    for number, destination in enumerate(loaded.destinations):
        place = f"{loaded.config_path}: destinations.{number}"
        check_audiences(destination, place)
        _check_addresses(destination, place)


def check_audiences(destination: EveryDestination, place: str) -> None:
    """Raise ConfigurationError, which begins with `place`, for an audience that has no model."""
    known = [path.stem.partition("__")[2] for path in sorted((dbt.PROJECT / "models").rglob(f"sync_{destination.type}__*.sql"))]
    unknown = next((audience for audience in destination.audiences if audience not in known), None)
    if unknown is not None:
        raise ConfigurationError(f"{place}.audiences: there is no audience {unknown!r} for {destination.type}; use {', '.join(known)}")


def _check_addresses(destination: EveryDestination, place: str) -> None:
    for key in destination.addresses:
        _check_url(getattr(destination, key, None), f"{place}.{key}", getattr(destination, "base_url", None))


def _check_alerts(loaded: Settings) -> None:
    for number, alert in enumerate(loaded.alerts):
        _check_url(alert.url, f"{loaded.config_path}: alerts.{number}.url")


def _check_url(url: str | None, place: str, base_url: str | None = None) -> None:
    if url is not None and not REFERENCE.match(url):
        try:
            checked_url(url, base_url)
        except DestinationError as error:
            raise ConfigurationError(f"{place}: {error}") from error


def _check_sources(loaded: Settings) -> None:
    """Refuse at once what no night could read: a folder that is missing, empty, or not filled in yet."""
    told = ((number, source) for number, source in enumerate(loaded.sources) if isinstance(source, FilesSource))
    exports = [(number, source) for number, source in told if "://" not in source.path]
    for number, source in exports:
        folder = Path(loaded.resolve(source.path))
        place = f"{loaded.config_path}: sources.{number}.path"
        if not folder.is_dir():
            raise ConfigurationError(f"{place}: there is no folder {folder}")
        if not any(_files(folder)):
            raise ConfigurationError(f"{place}: {folder} is empty; put one file or folder per table there, such as crm_customers.csv")
    filled = any(_has_rows(file) for _, source in exports for file in _source_files(loaded, source))
    if len(exports) == len(loaded.sources) and not filled:
        raise ConfigurationError(starter.nothing_filled_in(Path(loaded.resolve(exports[0][1].path))))


def _source_files(loaded: Settings, source: FilesSource) -> Iterator[Path]:
    return _files(Path(loaded.resolve(source.path)))


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".md" and not path.name.startswith("."))


def _has_rows(file: Path) -> bool:
    """Whether anything follows the header; only plain text can be seen through here, other formats count as filled."""
    if file.suffix != ".csv":
        return file.stat().st_size > 0
    with file.open("rb") as lines:
        next(lines, None)
        return any(line.strip() for line in lines)
