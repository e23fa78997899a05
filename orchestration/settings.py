"""The configuration file and the environment, read once into one frozen Settings.

This is the only module that reads either. Secrets stay `${NAME}` references in Settings and are
resolved by `Settings.secret` when the work that needs them starts, never earlier.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, ValidationError

from orchestration.configuration.actions import Action, read_actions
from orchestration.configuration.alerts import ChatAlert, EveryAlert, WebhookAlert
from orchestration.configuration.destinations import KINDS, Destination
from orchestration.configuration.file import ConfigurationError as ConfigurationError
from orchestration.configuration.file import in_words, parsed
from orchestration.configuration.parts import REFERENCE, Part, local
from orchestration.configuration.serving import Serving
from orchestration.configuration.shape import Company as Company
from orchestration.configuration.shape import File
from orchestration.configuration.sources import SOURCE_SETTINGS, Source
from orchestration.configuration.tuning import Tuning as Tuning

DEFAULT_HOME = "data"
FIRST_NIGHT = date(1990, 1, 1)  # the first partition of the nightly job


class Settings(BaseModel):
    """Everything a run needs to know, frozen. Paths are absolute."""

    model_config = ConfigDict(frozen=True)

    config_path: Path
    home: Path
    company: Company
    sources: tuple[Source, ...]
    destinations: tuple[Destination, ...]
    serving: tuple[Serving, ...] = ()
    alerts: tuple[EveryAlert, ...] = ()
    hash_key: str | None = None
    actions: tuple[Action, ...] = ()
    tuning: Tuning

    @cached_property
    def zone(self) -> ZoneInfo:
        """The company's time zone."""
        return ZoneInfo(self.company.timezone)

    def resolve(self, path: str) -> str:
        """`path` of the configuration as an absolute path; a URL as it is."""
        return path if "://" in path else str((self.config_path.parent / path).resolve())

    def ready(self, part: Part) -> Any:
        """`part` of the configuration as work needs it: its path absolute, its secrets in the place of their references."""
        said = part.model_dump()
        filled: dict[str, Any] = {key: self.secret(value) for key, value in said.items() if _is_reference(value)}
        if isinstance(options := said.get("options"), dict):
            filled["options"] = {key: self.secret(value) if _is_reference(value) else value for key, value in options.items()}
        if "path" in said:
            filled["path"] = self.resolve(said["path"])
        return part.model_copy(update=filled)

    @staticmethod
    def secret(value: str, environment: Mapping[str, str] | None = None) -> str:
        """The value behind a `${NAME}` reference. Raises ConfigurationError when NAME is not set."""
        match = REFERENCE.match(value)
        if match is None:
            raise ConfigurationError("a secret is written as ${NAME} and kept in the environment, never in the file")
        found = (os.environ if environment is None else environment).get(match[1])
        if not found:
            raise ConfigurationError(f"the environment variable {match[1]} is not set; the configuration refers to it")
        return found


def _is_reference(value: Any) -> bool:
    return isinstance(value, str) and REFERENCE.match(value) is not None


def check_secrets(settings: Settings, environment: Mapping[str, str] | None = None) -> None:
    """Raise ConfigurationError, with its place in the file, for the first reference to a variable that is not set.

    A night finds that out before it starts, and not when all of its work is done.
    """
    for place, reference in _references(settings):
        try:
            settings.secret(reference, environment)
        except ConfigurationError as error:
            raise ConfigurationError(f"{settings.config_path}: {place}: {error}") from None


def _references(settings: Settings) -> Iterator[tuple[str, str]]:
    """(place in the file, reference) of every secret that a night needs."""
    if settings.hash_key:
        yield "hash_key", settings.hash_key
    for kind in ("sources", "destinations", "serving", "alerts"):
        for number, part in enumerate(getattr(settings, kind)):
            said = part.model_dump()
            options = {f"options.{key}": value for key, value in (said.get("options") or {}).items()}
            yield from ((f"{kind}.{number}.{key}", value) for key, value in {**said, **options}.items() if _is_reference(value))


def load(config_path: str | Path, environment: Mapping[str, str] | None = None) -> Settings:
    """Read `config_path`. Raises ConfigurationError with one line: file, place in the file, what to do."""
    environment = os.environ if environment is None else environment
    path = Path(config_path).resolve()
    file = _validated(path, parsed(path))
    return Settings(
        config_path=path,
        home=_home(path, file.home, environment),
        company=file.company,
        sources=file.sources,
        destinations=file.destinations,
        serving=file.serving,
        alerts=file.alerts,
        hash_key=file.hash_key,
        actions=read_actions(path, file.actions),
        tuning=file.settings,
    )


def base_environment() -> dict[str, str]:
    """The environment as it is, for processes that this one starts."""
    return dict(os.environ)


def hand_to_children(values: Mapping[str, str]) -> None:
    """Put `values` into the environment of the processes that this one starts from now on."""
    os.environ.update(values)


def replace_environment(values: Mapping[str, str]) -> None:
    """Be a process that was started with `values` and nothing else as its environment."""
    os.environ.clear()
    os.environ.update(values)


def hand_modules_to_children(folder: Path) -> None:
    """Let the Python processes that this one starts find the modules in `folder` first."""
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(folder), os.environ.get("PYTHONPATH")]))


def hush_in_children(beginnings: Iterable[str]) -> None:
    """Let the Python processes that this one starts warn of nothing that begins so; commas and colons would end a beginning."""
    hushed = [f"ignore:{beginning}" for beginning in beginnings]
    os.environ["PYTHONWARNINGS"] = ",".join(filter(None, [os.environ.get("PYTHONWARNINGS"), *hushed]))


def chosen_config(named: str | None, environment: Mapping[str, str] | None = None) -> Path:
    """The configuration to use: the one named, else RAPPORT_CONFIG, else the one last run. Raises ConfigurationError without any."""
    environment = os.environ if environment is None else environment
    remembered = default_home(environment) / "state" / "last_config"
    if named or environment.get("RAPPORT_CONFIG"):
        return Path(named or environment["RAPPORT_CONFIG"])
    if remembered.exists():
        return Path(remembered.read_text(encoding="utf-8"))
    raise ConfigurationError(
        "no configuration: name one with --config FILE or RAPPORT_CONFIG; `python -m orchestration init FOLDER` writes one"
    )


def default_home(environment: Mapping[str, str] | None = None) -> Path:
    """The home folder of runs whose configuration names none. Raises ConfigurationError when RAPPORT_HOME is a URL."""
    environment = os.environ if environment is None else environment
    try:
        return Path(local(environment.get("RAPPORT_HOME") or DEFAULT_HOME)).resolve()
    except ValueError as error:
        raise ConfigurationError(f"RAPPORT_HOME: {error}") from None


def _home(path: Path, named: str | None, environment: Mapping[str, str]) -> Path:
    if environment.get("RAPPORT_HOME") or named is None:
        return default_home(environment)
    return (path.parent / named).resolve()


def _validated(path: Path, content: dict[str, Any]) -> File:
    filled = {key: value for key, value in content.items() if value is not None or key not in File.model_fields}
    try:
        return File.model_validate(filled)
    except ValidationError as error:
        parts: tuple[type[BaseModel], ...] = (File, Company, Tuning, ChatAlert, WebhookAlert, *SOURCE_SETTINGS, *KINDS)
        raise ConfigurationError(f"{path}: {in_words(error, content, [key for part in parts for key in part.model_fields])}") from error


def as_of_date(text: str | None, settings: Settings, today: date) -> date:
    """The as-of date of a run; without one, yesterday: the last day that is over. A future one is refused."""
    if text is None:
        return today - timedelta(days=1)
    try:
        chosen = datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError:
        raise ConfigurationError(f"--as-of {text}: write the date as YYYY-MM-DD") from None
    if chosen > today:
        raise ConfigurationError(f"--as-of {text}: lies in the future; today is {today}")
    if chosen < FIRST_NIGHT:
        raise ConfigurationError(f"--as-of {text}: no night before {FIRST_NIGHT} can be run")
    return chosen
