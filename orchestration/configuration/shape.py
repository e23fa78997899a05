"""The configuration file as a whole: its parts, by the names that they have in it."""

from __future__ import annotations

from typing import Literal
from zoneinfo import available_timezones

from pydantic import Field, field_validator, model_validator

from orchestration.configuration.alerts import Alert
from orchestration.configuration.destinations import Destination
from orchestration.configuration.parts import Currency, Folder, Part, Secret, Text
from orchestration.configuration.serving import Serving
from orchestration.configuration.sources import Source
from orchestration.configuration.tuning import Tuning


class Company(Part):
    """Whose numbers these are."""

    name: Text = Field(description="Stands on the page, in messages and in the home, which belongs to this company alone")
    business_model: Literal["contractual", "non_contractual"] = Field(
        description="contractual: subscriptions make a customer active; non_contractual: orders do"
    )
    reporting_currency: Currency = Field(description="ISO 4217 code; amounts in others are converted by `exchange_rates`")
    timezone: str = Field("UTC", description="In which times without a zone are read, such as Europe/Berlin; months end in UTC")
    customer_level: Literal["contact", "company"] = Field(
        "contact", description="Whether a customer is a contact in the CRM or its company"
    )

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value not in available_timezones() - {"localtime"}:  # that of a machine, which DuckDB does not know
            raise ValueError(f"unknown time zone {value!r}; use a name such as Europe/Berlin")
        return value


class File(Part):
    """What the file may hold; anything else in it is an error."""

    company: Company = Field(description="Whose numbers these are: the table below")
    sources: tuple[Source, ...] = Field(min_length=1, description="Where rows come from: [sources](sources.md)")
    destinations: tuple[Destination, ...] = Field((), description="Where audiences are sent: [destinations](destinations.md)")
    serving: tuple[Serving, ...] = Field((), description="Further places that get the release: [operations](operations.md#serving-further)")
    alerts: tuple[Alert, ...] = Field((), description="Who is told how a night ended: [operations](operations.md#who-is-told)")
    actions: Text | None = Field(
        None, description="YAML file of what may be done for customers, relative to this file: [models](models.md#next-best-action)"
    )
    settings: Tuning = Field(Tuning(), description="What may be tuned: the last table")
    hash_key: Secret | None = Field(
        None, description="Key of hashed personal values, `${NAME}` of the environment; without it one is made and kept with the landing"
    )
    home: Folder | None = Field(None, description="Where all state lies when RAPPORT_HOME is not set; relative to this file")

    @model_validator(mode="after")
    def _distinct_names(self) -> File:
        kinds = {"source": self.sources, "destination": self.destinations, "serving target": self.serving, "alert": self.alerts}
        for kind, parts in kinds.items():
            names = [part.name for part in parts]
            twice = {name for name in names if names.count(name) > 1}
            if twice:
                raise ValueError(f"two {kind}s are called {min(twice)!r}; give each its own `name`")
        return self
