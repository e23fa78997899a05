"""What `serving:` of the configuration may say: the places, beside this machine, in which a release is served.

Comes in: the file's mappings. Goes out: frozen settings, one a target.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from orchestration.configuration.parts import Name, Part, PositiveInt, Secret, Text

# With a release's id and fingerprint behind it; a name of PostgreSQL's may have 63 characters.
_Schema = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,12}$")]


def _open_place(value: str) -> str:
    """`value`, a folder or a URL. Raises ValueError for one that holds a password: places are shown in messages."""
    if re.search("://[^/@]*:[^/@]*@", value):
        raise ValueError("holds a password; credentials of an object store are those of the environment")
    return value


class PostgresTarget(Part):
    """Tables in a schema of each release, views in `schema` that all lead to the served one."""

    type: Literal["postgres"]
    url: Secret
    name: Name = "postgres"
    schema_: _Schema = Field("marts", alias="schema")
    reader: Name | None = None
    personal: bool = False
    kept: PositiveInt = 2


class ParquetTarget(Part):
    """The Parquet files and the manifest of each release, in a folder or an object store that fsspec reaches."""

    type: Literal["parquet"]
    url: Annotated[Text, AfterValidator(_open_place)]
    name: Name = "parquet"
    personal: bool = False
    kept: PositiveInt = 14


Serving = Annotated[PostgresTarget | ParquetTarget, Field(discriminator="type")]
