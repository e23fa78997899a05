"""The configuration file and the environment, read once into one frozen Settings.

This is the only module that reads either. Secrets stay `${NAME}` references in Settings and are
resolved by `Settings.secret` when the work that needs them starts, never earlier.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from orchestration.configuration.actions import Action, read_actions
from orchestration.configuration.destinations import KINDS, Destination
from orchestration.configuration.file import ConfigurationError as ConfigurationError
from orchestration.configuration.file import in_words, parsed
from orchestration.configuration.parts import REFERENCE, Folder, Name, Part, PositiveInt, Secret, Share, Text, local
from orchestration.configuration.serving import Serving
from orchestration.configuration.sources import SOURCE_SETTINGS, Source
from orchestration.contract import INPUT_TABLES

DEFAULT_HOME = "data"
FIRST_NIGHT = date(1990, 1, 1)  # the first partition of the nightly job

_CAN_SPLIT = {"owner", "gender", "income_band", "birth_year"}  # of the contract's own columns, those that are no dimension yet
_NEVER_A_DIMENSION = {"plan", "channel", "touchpoint", "priority", "topic", "all", "customer_key", "month"} | (
    set(INPUT_TABLES["crm_customers"].column_names) - _CAN_SPLIT
)


class Company(Part):
    """Whose numbers these are."""

    name: Text
    business_model: Literal["contractual", "non_contractual"]
    reporting_currency: str
    timezone: str = "UTC"
    customer_level: Literal["contact", "company"] = "contact"

    @field_validator("reporting_currency")
    @classmethod
    def _currency_code(cls, value: str) -> str:
        if not re.fullmatch("[A-Z]{3}", value):
            raise ValueError(f"{value!r} is no currency code; write three capital letters such as USD")
        return value

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError(f"unknown time zone {value!r}; use a name such as Europe/Berlin")
        return value


class Tuning(Part):
    """The `settings:` of the file: every number a company may tune, with its default."""

    nps_min_responses: PositiveInt = Field(30, description="Below this many responses a score is shown as not reliable")
    nps_rolling_days: PositiveInt = Field(90, description="Width of the rolling NPS view, in days")
    closed_loop_working_days: PositiveInt = Field(2, description="Working days in which a detractor is to be followed up")
    churn_horizon_days: PositiveInt = Field(90, description="Window after the as-of date in which a customer may leave")
    clv_horizon_days: PositiveInt = Field(365, description="Horizon of predicted lifetime value, in days")
    annual_discount_rate: Annotated[float, Field(ge=0, lt=1)] = Field(0.10, description="Yearly rate that discounts future margin")
    gross_margin: Share = Field(1.0, description="Share of revenue that is margin")
    activity_window_days: PositiveInt = Field(90, description="Non-contractual: days in which a purchase makes a customer active")
    holdout_share: Share = Field(0.10, description="Share of customers who are never treated")
    exploration_share: Share = Field(
        0.10, description="Share of treated decisions that are drawn at random, so that the policy can be judged"
    )
    action_cooldown_days: int = Field(30, ge=0, description="Days after an action in which a customer is left alone")
    action_daily_capacity: PositiveInt | None = Field(None, description="Most actions a night may choose; none = no limit")
    max_contacts_per_30_days: PositiveInt = Field(8, description="Contact pressure: above it no further action is chosen")
    max_quarantined_share: Share = Field(0.02, description="Share of a table's rows that may be quarantined before its gate fails")
    accept_vanished_tables: tuple[str, ...] = Field(
        (), description="Input tables of which nearly all rows may be removed in one night; else that is taken for a broken export"
    )
    max_days_behind: PositiveInt = Field(
        7, description="Days without news from interactions or billing after which a source is called stale"
    )
    max_drift: float = Field(
        0.25, gt=0, description="Population stability index against the release before, above which a check warns that a column has drifted"
    )
    max_amount: float = Field(100_000_000, gt=0, description="An amount above this, in major units, is taken for an error of units")
    max_shared_contact_records: PositiveInt = Field(
        5, description="An e-mail or phone on more records than this is a shared mailbox, never a match"
    )
    max_records_per_customer: PositiveInt = Field(
        25, description="Parts (records that a source itself ties count as one) that e-mails and phones may tie to one customer"
    )
    max_audience_change_share: Share = Field(
        0.20, description="Circuit breaker: share of acknowledged customers that may change in one sync"
    )
    max_training_customers: PositiveInt = Field(20_000, description="Customers sampled for training; scoring always covers everyone")
    max_training_decisions: PositiveInt = Field(100_000, description="Past decisions sampled for learning the next best action")
    extra_dimensions: tuple[Name, ...] = Field(
        (), description="Further columns of crm_customers by which metrics are split, such as owner or a column of your own"
    )
    deleted_people_days: PositiveInt | None = Field(
        None, description="Days after which a person whom every source has deleted is erased here too; without it they stay as history"
    )
    releases_kept: PositiveInt = Field(14, description="Releases kept beside the current one")
    runs_kept: PositiveInt = Field(
        90, description="Finished runs that the Dagster UI remembers (a night's takes about 9 MB), and logs that are kept"
    )
    memory_gib: float = Field(8.0, gt=0, description="Memory that DuckDB may use before it spills to disk")
    threads: PositiveInt = Field(2, description="Threads that DuckDB and dbt may use")

    @field_validator("*", mode="before")
    @classmethod
    def _no_yes(cls, value: Any) -> Any:
        # YAML reads yes and no as true and false, and pydantic those as 1 and 0: `holdout_share: yes` would treat nobody.
        if isinstance(value, bool):
            raise ValueError("must not be yes, no, true or false; write a number or a list")
        return value

    @field_validator("extra_dimensions")
    @classmethod
    def _can_split(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        refused = sorted(name for name in value if name in _NEVER_A_DIMENSION or name.startswith("_"))
        if refused:
            raise ValueError(f"{refused[0]!r} cannot split a metric: it is one already, personal, an id, or a time")
        if len(set(value)) < len(value):
            raise ValueError("names a column twice")
        return value

    @field_validator("accept_vanished_tables")
    @classmethod
    def _known_tables(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        unknown = sorted(set(value) - set(INPUT_TABLES))
        if unknown:
            raise ValueError(f"{unknown[0]!r} is no input table; use names such as {', '.join(list(INPUT_TABLES)[:2])}")
        return value


class _File(Part):
    company: Company
    sources: tuple[Source, ...] = Field(min_length=1)
    destinations: tuple[Destination, ...] = ()
    serving: tuple[Serving, ...] = ()
    actions: Text | None = Field(None, description="YAML file of what may be done for customers; relative to this file")
    settings: Tuning = Tuning()
    hash_key: Secret | None = Field(
        None, description="Key of hashed personal values, `${NAME}` of the environment; without it one is made and kept with the landing"
    )
    home: Folder | None = Field(None, description="Where all state lies when RAPPORT_HOME is not set; relative to this file")

    @model_validator(mode="after")
    def _distinct_names(self) -> _File:
        for kind, parts in (("source", self.sources), ("destination", self.destinations), ("serving target", self.serving)):
            names = [part.name for part in parts]
            twice = {name for name in names if names.count(name) > 1}
            if twice:
                raise ValueError(f"two {kind}s are called {min(twice)!r}; give each its own `name`")
        return self


class Settings(BaseModel):
    """Everything a run needs to know, frozen. Paths are absolute."""

    model_config = ConfigDict(frozen=True)

    config_path: Path
    home: Path
    company: Company
    sources: tuple[Source, ...]
    destinations: tuple[Destination, ...]
    serving: tuple[Serving, ...] = ()
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
    try:
        settings.secret(settings.hash_key, environment) if settings.hash_key else None
    except ConfigurationError as error:
        raise ConfigurationError(f"{settings.config_path}: hash_key: {error}") from None
    for kind in ("sources", "destinations", "serving"):
        for number, part in enumerate(getattr(settings, kind)):
            said = part.model_dump()
            for key, value in [*said.items(), *((f"options.{key}", value) for key, value in (said.get("options") or {}).items())]:
                if _is_reference(value):
                    try:
                        settings.secret(value, environment)
                    except ConfigurationError as error:
                        raise ConfigurationError(f"{settings.config_path}: {kind}.{number}.{key}: {error}") from None


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


def chosen_config(named: str | None, environment: Mapping[str, str] | None = None) -> Path:
    """The configuration to use: the one named, else RAPPORT_CONFIG, else the one last run. Raises ConfigurationError without any."""
    environment = os.environ if environment is None else environment
    remembered = default_home(environment) / "state" / "last_config"
    if named or environment.get("RAPPORT_CONFIG"):
        return Path(named or environment["RAPPORT_CONFIG"])
    if remembered.exists():
        return Path(remembered.read_text(encoding="utf-8"))
    raise ConfigurationError("no configuration: name one with --config FILE or RAPPORT_CONFIG; `… init FOLDER` writes one")


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


def _validated(path: Path, content: dict[str, Any]) -> _File:
    filled = {key: value for key, value in content.items() if value is not None or key not in _File.model_fields}
    try:
        return _File.model_validate(filled)
    except ValidationError as error:
        parts: tuple[type[BaseModel], ...] = (_File, Company, Tuning, *SOURCE_SETTINGS, *KINDS)
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
