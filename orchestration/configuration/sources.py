"""What `sources:` of the configuration may say: one class a kind of source.

Comes in: the file's mappings. Goes out: frozen settings. Nothing heavy is imported here: every command reads settings first.
"""

from __future__ import annotations

import codecs
import re
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, field_validator, model_validator

from orchestration.configuration.parts import REFERENCE, Name, Part, Place, PositiveInt, Secret, Text
from orchestration.configuration.surveys import QualtricsSource, SurveymonkeySource, TypeformSource
from orchestration.configuration.vendors import HubspotSource, SalesforceSource, StripeSource, ZendeskSource
from orchestration.contract import INPUT_TABLES

# Options of a store that are not for everybody to read.
_SECRET_OPTION = re.compile(r"key|secret|token|password|credential|sas", re.IGNORECASE)


class FilesSource(Part):
    """Exports as files: `<table>.csv`, `.tsv`, `.json`, `.parquet`, `.xlsx` and their like, or a folder `<table>/` of such files."""

    type: Literal["files"]
    path: Place = Field(description="A folder, or the URL of a place in an object store, such as s3://bucket/exports")
    name: Name = "files"
    encoding: str = "utf-8"
    decimal: Literal[".", ","] = Field(".", description="What stands before the fraction of a number in CSV and in texts of a workbook")
    thousands: Literal["", ".", ",", " ", "'"] | None = Field(
        None,
        description="What stands between thousands; by default nothing where decimals have a point, . ' or a blank where they have a comma",
    )
    options: dict[Name, bool | int | Text] = Field(
        {}, description="What fsspec's class for the store takes, such as `key`, `secret` and `endpoint_url`; credentials are references"
    )
    timeout_minutes: PositiveInt | None = Field(
        None,
        description="How long a store may take to list, or for one object; by default ten minutes, or two and a second for every 32 kB",
    )
    settle_seconds: Annotated[int, Field(ge=0, le=600)] = Field(
        2,
        description="How long whoever writes a file of a folder may pause: one that landed before is read when it has rested for so long",
    )

    @field_validator("options")
    @classmethod
    def _secrets_are_references(cls, value: dict[str, Any]) -> dict[str, Any]:
        told = next((name for name, said in value.items() if _SECRET_OPTION.search(name) and not REFERENCE.match(str(said))), None)
        if told is not None:
            raise ValueError(f"{told} is written as ${{NAME}} and kept in the environment, never in the file")
        return value

    @model_validator(mode="after")
    def _marks_differ(self) -> FilesSource:
        if self.thousands == self.decimal:
            raise ValueError(f"`decimal` and `thousands` cannot both be {self.decimal!r}")
        return self

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, value: str) -> str:
        try:
            codecs.lookup(value)
        except LookupError:
            raise ValueError(f"unknown encoding {value!r}; use a name such as utf-8, latin-1 or utf-16") from None
        return value


class SqlTable(Part):
    """Where an input table lies in a database: columns of the contract (or your own) → columns there, where the names differ."""

    table: Text
    columns: dict[Name, Text | None] = Field({}, description="null: not to be read, although there is a column of that name")
    cursor: Text | None = Field(None, description="Column that grows with every change, such as updated_at")
    mode: Literal["incremental", "full"] | None = Field(None, description="incremental where there is a cursor, else full")
    lag_minutes: int = Field(60, ge=0, description="How long a transaction may take before its rows can be seen")
    full_every_days: PositiveInt = Field(7, description="Days after which an incremental table is read in full, to find what was deleted")

    @model_validator(mode="after")
    def _has_cursor(self) -> SqlTable:
        if self.mode == "incremental" and self.cursor is None:
            raise ValueError("mode incremental needs a `cursor`: a column that grows with every change")
        return self


class SqlSource(Part):
    """Tables or views of a database."""

    type: Literal["sql"]
    url: Secret
    tables: dict[Text, SqlTable] = Field(min_length=1, description="Input table → where it lies")
    name: Name = "sql"
    timeout_minutes: PositiveInt = Field(120, description="How long the database may take for all rows of one table")

    @field_validator("tables")
    @classmethod
    def _known_tables(cls, value: dict[str, SqlTable]) -> dict[str, SqlTable]:
        unknown = sorted(set(value) - set(INPUT_TABLES))
        if unknown:
            raise ValueError(f"{unknown[0]!r} is no input table; use names such as {', '.join(list(INPUT_TABLES)[:2])}")
        return value


_Vendor = HubspotSource | QualtricsSource | SalesforceSource | StripeSource | SurveymonkeySource | TypeformSource | ZendeskSource
_Source = FilesSource | SqlSource | _Vendor
SOURCE_SETTINGS: tuple[type[Part], ...] = get_args(_Source)
Source = Annotated[_Source, Field(discriminator="type")]
