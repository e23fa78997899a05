"""The configuration file as a whole: its parts, by the names that they have in it."""

from __future__ import annotations

import re
from typing import Literal
from zoneinfo import available_timezones

from pydantic import Field, field_validator, model_validator

from orchestration.configuration.alerts import Alert
from orchestration.configuration.destinations import Destination
from orchestration.configuration.parts import Folder, Part, Secret, Text
from orchestration.configuration.serving import Serving
from orchestration.configuration.sources import Source
from orchestration.configuration.tuning import Tuning


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


class File(Part):
    """What the file may hold; anything else in it is an error."""

    company: Company
    sources: tuple[Source, ...] = Field(min_length=1)
    destinations: tuple[Destination, ...] = ()
    serving: tuple[Serving, ...] = ()
    alerts: tuple[Alert, ...] = ()
    actions: Text | None = Field(None, description="YAML file of what may be done for customers; relative to this file")
    settings: Tuning = Tuning()
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
