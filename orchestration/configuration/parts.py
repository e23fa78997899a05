"""The kinds of values that a configuration is made of, and what is said of one that does not fit.

Comes in: nothing. Goes out: the types that settings are declared with.
"""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

REFERENCE = re.compile(r"^\$\{([A-Za-z_][A-Za-z0-9_]*)\}$")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")
_CURRENCY = re.compile(r"[A-Z]{3}")


def _reference(value: str) -> str:
    if not REFERENCE.match(value):
        raise ValueError("a secret is written as ${NAME} and kept in the environment, never in the file")
    return value


def _name(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise ValueError(f"{value!r} is no name here; use lower-case letters, digits and underscores, a letter first, 41 signs at most")
    return value


def _currency(value: str) -> str:
    if not _CURRENCY.fullmatch(value):
        raise ValueError(f"{value!r} is no currency code; write three capital letters such as USD")
    return value


def local(value: str) -> str:
    """`value`, a path of this machine. Raises ValueError for anything else."""
    if "://" in value:
        raise ValueError("is a URL; give a folder of this machine, and copy or mount there what lies elsewhere")
    if "\0" in value:
        raise ValueError("holds a character that no path can have")
    return value


def place(value: str) -> str:
    """`value`, a folder of this machine or a URL. Raises ValueError for one that holds a credential, which would be shown in messages."""
    if "\0" in value:
        raise ValueError("holds a character that no path can have")
    if "://" in value and "@" in value.split("://", 1)[1].split("/")[0]:
        raise ValueError("holds a credential; give it in `options`, as a ${NAME} reference")
    return value


Name = Annotated[str, AfterValidator(_name)]
Currency = Annotated[str, AfterValidator(_currency)]
Share = Annotated[float, Field(ge=0, le=1)]
PositiveInt = Annotated[int, Field(gt=0)]
Days = Annotated[int, Field(gt=0, le=36_500)]  # a hundred years; of many more no calendar knows the beginning
Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Folder = Annotated[Text, AfterValidator(local)]
Place = Annotated[Text, AfterValidator(place)]
Secret = Annotated[str, AfterValidator(_reference)]


class Part(BaseModel):
    """A mapping of the file: frozen, and a key that it does not know is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
